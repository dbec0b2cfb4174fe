// Show what the server refuses, on pages that have the elements #status and #error.

import { Refusal } from "./server.js";

/** Show an error, or remove it. @param {string} words */
export function showError(words) {
  document.getElementById("error").textContent = words;
}

/** Run work, and show what the server refuses. @param {() => Promise<void>} work */
export async function trying(work) {
  showError("");
  try {
    await work();
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    document.getElementById("status").textContent = "";
    showError(error.message);
  }
}

/** Let a form do work when it is sent; its button waits. @param {HTMLFormElement | null} form */
export function whenSent(form, work) {
  form?.addEventListener("submit", async (event) => {
    event.preventDefault();
    const button = form.querySelector("button[type=submit]");
    button.disabled = true;
    try {
      await trying(work);
    } finally {
      button.disabled = false;
    }
  });
}
