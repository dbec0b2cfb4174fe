/* Runs a test from the data in this page. Answers are kept in the browser and saved as a JSON file. */
"use strict";

(() => {
  const { manifest, clips } = JSON.parse(document.getElementById("test").textContent);
  const place = `partita-blind-${manifest.listener}`;
  const state = stored() || { answers: [], ended: false };
  const note = document.getElementById("storage");

  function stored() {
    try {
      return JSON.parse(localStorage.getItem(place));
    } catch {
      return null;
    }
  }

  function store() {
    try {
      localStorage.setItem(place, JSON.stringify(state));
      note.textContent = "Your answers are kept in this browser until you save them.";
    } catch {
      note.textContent = "This browser keeps nothing: save your answers before you close the page.";
    }
  }

  function bytesOf(id) {
    const text = atob(clips[id].slice(clips[id].indexOf(",") + 1));
    const bytes = new Uint8Array(text.length);
    for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
    return bytes.buffer;
  }

  function download() {
    const { listener, commitment } = manifest;
    const text = JSON.stringify({ format: manifest.format, listener, commitment, ...state }, null, 1);
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([text], { type: "application/json" }));
    link.download = `answers-${listener.slice(0, 8)}.json`;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10000);
  }

  for (const button of document.querySelectorAll(".save")) button.addEventListener("click", download);
  store();
  runTrials({
    manifest,
    answered: new Set(state.answers.map((answer) => answer.trial)),
    ended: state.ended,
    clip: async (id) => bytesOf(id),
    save: async (answer) => {
      state.answers.push(answer);
      store();
    },
    end: async () => {
      state.ended = true;
      store();
    },
  });
})();
