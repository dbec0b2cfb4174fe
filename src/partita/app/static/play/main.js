// The page that plays models: the form asks for a clip, the panel shows and plays it.

import { ask, Refusal } from "../server.js";
import { ClipPanel } from "./clip.js";
import { DrawForm } from "./form.js";

const $ = (id) => document.getElementById(id);
const showError = (words) => ($("error").textContent = words);
const form = new DrawForm($("draw"), showError);
const panel = new ClipPanel(
  (running) => ($("stop").disabled = !running),
  () => listEarlier().catch((error) => showError(error.message)),
);

$("draw").addEventListener("submit", async (event) => {
  event.preventDefault();
  showError("");
  try {
    const facts = await ask("/play/jobs", { method: "POST", json: await form.request() });
    panel.follow(facts, true);
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    showError(error.message);
  }
});

$("stop").addEventListener("click", () => panel.stop());

/** List the clips of this server, newest first; the current one too, so that a reload finds it. */
async function listEarlier() {
  const jobs = await ask("/play/jobs");
  const shown = jobs.filter((job) => job.samples > 0 || !["failed", "stopped"].includes(job.state));
  $("earlier-part").hidden = !shown.length;
  $("earlier").replaceChildren(
    ...shown.map((job) => {
      const item = document.createElement("li"), words = document.createElement("span"), button = document.createElement("button");
      words.textContent = `${job.request.model}, seed ${job.request.seed}, ${job.seconds.toFixed(1)} s`;
      button.type = "button";
      button.textContent = "Show";
      button.setAttribute("aria-label", `Show the clip with seed ${job.request.seed}`);
      button.addEventListener("click", () => panel.follow(job, false));
      item.append(words, button);
      return item;
    }),
  );
  return shown;
}

await form.describe();
try {
  const jobs = await listEarlier();
  if (jobs.length) panel.follow(jobs[0], false);
} catch (error) {
  if (!(error instanceof Refusal)) throw error;
  showError(error.message);
}
