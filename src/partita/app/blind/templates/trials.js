/* Leads a listener through the trials of a test. It does not know where clips come from or answers go:
 *
 *   runTrials({ manifest, answered: Set of trial ids, ended, clip(id) -> Promise<ArrayBuffer>,
 *               save(answer) -> Promise, end() -> Promise })
 */
"use strict";

function runTrials({ manifest, answered, ended, clip, save, end }) {
  const byId = (id) => document.getElementById(id);
  const show = (id) => {
    for (const name of ["loading", "begin", "trial", "done", "ended"]) byId(name).hidden = name !== id;
  };
  const trials = manifest.passes.flatMap((pass) => pass.trials.map((trial) => ({ ...trial, pass })));
  const player = new ClipPlayer(manifest.sample_rate, refresh);
  const choices = [...document.querySelectorAll('input[name="choice"]')];
  const listen = [...document.querySelectorAll("[data-clip]")];
  let current = null;
  let shownAt = 0;
  let busy = false;

  const chosen = () => choices.find((choice) => choice.checked);
  const unplayed = () => Object.keys(current.clips).filter((letter) => !player.plays[letter]);
  const nameOf = (letter) => (letter === PROMPT ? "the prompt" : letter);

  function refresh() {
    for (const button of listen) {
      const letter = button.dataset.clip;
      button.hidden = !current || !(letter in current.clips);
      button.setAttribute("aria-pressed", String(player.playing && player.selected === letter));
    }
    byId("play").textContent = player.playing ? "Pause" : "Play";
    if (!current) return;
    const left = unplayed();
    const missing = left.length ? `Play ${left.map(nameOf).join(" and ")} first.` : chosen() ? "" : "Choose an answer.";
    byId("missing").textContent = missing;
    byId("next").setAttribute("aria-disabled", String(Boolean(missing) || busy));
    for (const choice of choices) choice.disabled = left.length > 0;
    byId("position").max = player.duration.toFixed(2);
    follow();
  }

  function follow() {
    const slider = byId("position");
    slider.value = player.position.toFixed(2);
    slider.setAttribute("aria-valuetext", `${player.position.toFixed(1)} of ${player.duration.toFixed(1)} seconds`);
    if (player.playing) requestAnimationFrame(follow);
  }

  function count() {
    byId("count").textContent = `${answered.size} of ${trials.length} answered`;
    byId("bar").max = trials.length;
    byId("bar").value = answered.size;
  }

  async function open() {
    player.clear();
    current = trials.find((trial) => !answered.has(trial.trial)) || null;
    count();
    if (ended || !current) {
      show(ended ? "ended" : "done");
      byId(ended ? "ended-title" : "done-title").focus();
      refresh();
      return;
    }
    show("loading");
    byId("retry").hidden = true;
    const files = {};
    try {
      for (const [letter, id] of Object.entries(current.clips)) files[letter] = await clip(id);
    } catch (error) {
      byId("problem").textContent = `The clips can't be loaded: ${error.message}`;
      byId("retry").hidden = false;
      byId("retry").focus();
      return;
    }
    byId("problem").textContent = "";
    player.load(files);
    for (const choice of choices) choice.checked = false;
    byId("question").textContent = current.pass.text;
    byId("number").textContent = `Trial ${answered.size + 1} of ${trials.length}`;
    show("trial");
    refresh();
    byId("question").focus();
    shownAt = performance.now();
  }

  async function next() {
    if (!current || busy || unplayed().length || !chosen()) return;
    busy = true;
    player.stop();
    refresh();
    const answer = {
      trial: current.trial,
      choice: chosen().value,
      seconds: Math.round(performance.now() - shownAt) / 1000,
      at: Date.now() / 1000,
      plays: player.plays,
      switches: player.switches,
    };
    try {
      await save(answer);
      answered.add(answer.trial);
      byId("problem").textContent = "";
      busy = false;
      await open();
    } catch (error) {
      busy = false;
      byId("problem").textContent = `${error.message} Try again.`;
      refresh();
    }
  }

  function choose(value) {
    const choice = choices.find((one) => one.value === value);
    if (choice.disabled) return;
    choice.checked = true;
    refresh();
  }

  for (const button of listen) button.addEventListener("click", () => player.select(button.dataset.clip));
  for (const choice of choices) choice.addEventListener("change", refresh);
  byId("play").addEventListener("click", () => player.toggle());
  byId("position").addEventListener("input", (event) => player.seek(Number(event.target.value)));
  byId("next").addEventListener("click", next);
  byId("start").addEventListener("click", open);
  byId("retry").addEventListener("click", open);
  for (const button of document.querySelectorAll(".end")) {
    button.addEventListener("click", async () => {
      if (!window.confirm("End the test? You can't answer afterwards.")) return;
      try {
        await end();
      } catch (error) {
        byId("problem").textContent = `${error.message} Try again.`;
        return;
      }
      ended = true;
      await open();
    });
  }

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey || byId("trial").hidden) return;
    const kind = event.target.closest("button, input") ? event.target.type : "";
    const letter = { a: "A", b: "B", x: "X", p: PROMPT }[event.key.toLowerCase()];
    if (letter && letter in current.clips) player.select(letter);
    else if (event.key === "1" || event.key === "2") choose(event.key === "1" ? "A" : "B");
    else if (event.key === " " && kind !== "radio" && kind !== "button") player.toggle();
    else if (event.key === "Enter" && kind !== "submit" && kind !== "button") next();
    else if (event.key === "ArrowLeft" && !["radio", "range"].includes(kind)) player.seek(player.position - 1);
    else if (event.key === "ArrowRight" && !["radio", "range"].includes(kind)) player.seek(player.position + 1);
    else return;
    event.preventDefault();
  });

  count();
  if (ended || answered.size) open();
  else show("begin");
}
