// The page that puts clips side by side: where they come from, and its keys.

import { UploadPlace } from "../play/uploads.js";
import { showError, trying, whenSent } from "../refusals.js";
import { ask, request, Refusal } from "../server.js";
import { Rows } from "./rows.js";

const WAIT_MS = 400;
const $ = (id) => document.getElementById(id);
const rows = new Rows();
const prompt = new UploadPlace(document.querySelector("[data-upload]"), showError);

whenSent($("draw"), async () => {
  const form = $("draw"), models = [...form.querySelectorAll("[name=model]:checked")].map((box) => box.value);
  if (!models.length) throw new Refusal("Choose at least one model.");
  await prompt.busy;
  const seed = form.elements.seed.value === "" ? crypto.getRandomValues(new Uint32Array(1))[0] : Number(form.elements.seed.value);
  const jobs = [];
  for (const model of models) {
    const json = { model, seed, seconds: Number(form.elements.seconds.value) };
    if (prompt.value) json.prompt = prompt.value;
    jobs.push(await ask("/play/jobs", { method: "POST", json }));
  }
  await showJobs(jobs);
});

/** Show drawn clips, and keep them in the address, so that a reload finds them. */
async function showJobs(jobs) {
  history.replaceState(null, "", `?${new URLSearchParams(jobs.map(({ job }) => ["job", job]))}`);
  const drawn = await finished(jobs);
  await showSounds(drawn, (job) => [job.request.model, `/play/jobs/${job.job}/clip.wav`]);
  const { seed, prompt: after } = drawn[0].request;
  $("status").textContent = `Seed ${seed}${after ? ", after the same prompt" : ""}.`;
}

whenSent($("finished"), () => showKept($("comparison").value, $("number").value));

/** Show the clips that a comparison has kept for a prompt. */
async function showKept(name, number) {
  history.replaceState(null, "", `?${new URLSearchParams({ of: name, number })}`);
  const { clips } = await ask(`/compare/of/${encodeURIComponent(name)}`);
  const arms = Object.keys(clips).filter((arm) => clips[arm].includes(Number(number)));
  await showSounds(arms, (arm) => [arm, `/compare/of/${encodeURIComponent(name)}/${number}/${encodeURIComponent(arm)}.flac`]);
  $("status").textContent = `${name}, prompt ${Number(number) + 1}: the prompt, then what follows.`;
}

/** Show what the address names: what was shown before a reload. */
async function showAgain() {
  const asked = new URLSearchParams(location.search), jobs = asked.getAll("job");
  if (jobs.length) await showJobs(await Promise.all(jobs.map((job) => ask(`/play/jobs/${encodeURIComponent(job)}`))));
  else if (asked.has("of")) await showKept(asked.get("of"), asked.get("number") ?? "0");
}

/** Wait until all clips are drawn. */
async function finished(jobs) {
  const last = [];
  for (let job of jobs) {
    while (["waiting", "drawing"].includes(job.state)) {
      $("status").textContent = `Drawing from ${job.request.model}, ${job.seconds.toFixed(1)} s …`;
      await new Promise((resolve) => setTimeout(resolve, WAIT_MS));
      job = await ask(`/play/jobs/${job.job}`);
    }
    if (job.state === "failed") throw new Refusal(`${job.request.model}: ${job.message}`);
    last.push(job);
  }
  return last;
}

async function showSounds(items, where) {
  $("status").textContent = "Loading …";
  const sounds = await Promise.all(
    items.map(async (item) => {
      const [name, address] = where(item);
      return { name, data: await (await request(address)).arrayBuffer() };
    }),
  );
  await rows.show(sounds);
}

/** Offer the prompts of the chosen comparison. */
async function offerPrompts() {
  const { clips } = await ask(`/compare/of/${encodeURIComponent($("comparison").value)}`);
  const numbers = [...new Set(Object.values(clips).flat())].sort((a, b) => a - b);
  $("number").replaceChildren(...numbers.map((number) => new Option(`${number + 1}`, `${number}`)));
}

if ($("comparison")) {
  $("comparison").addEventListener("change", offerPrompts);
  await offerPrompts();
}

addEventListener("keydown", (event) => {
  const typing = event.target.closest("input, select, textarea, button, a, summary");
  if (typing || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === " ") rows.toggle();
  else if (/^[1-9]$/.test(event.key)) rows.listen(Number(event.key) - 1);
  else if (event.key === "ArrowLeft") rows.seek(rows.position - 1);
  else if (event.key === "ArrowRight") rows.seek(rows.position + 1);
  else return;
  event.preventDefault();
});

await trying(showAgain);
