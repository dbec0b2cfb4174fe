// The page that trains models: recordings, the plan, and the runs. The address keeps which set and run are shown.

import { ask, Refusal } from "../server.js";
import { Plan } from "./plan.js";
import { Recordings } from "./recordings.js";
import { RunPanel } from "./run.js";
import { STATES, say } from "./words.js";

const RUNNING = ["starting", "training", "pausing"];
const $ = (id) => document.getElementById(id);
const query = new URLSearchParams(location.search);

const recordings = new Recordings(query.get("recordings") ?? "", () => {
  keep();
  plan.update();
});
const plan = new Plan(
  () => recordings,
  (facts) => show(facts.run, true),
);
let lastState = "";
const panel = new RunPanel(async ({ run, state }) => {
  const key = `${run} ${state}`;
  if (key === lastState) return;
  lastState = key;
  await list();
  if (!RUNNING.includes(state)) plan.update();
});

/** Show a run, and bring it into view if a visitor has just asked for it. */
function show(run, asked = false) {
  lastState = "";
  panel.follow(run);
  keep();
  list();
  if (asked) $("run-title").focus();
}

function keep() {
  const kept = new URLSearchParams(Object.entries({ recordings: recordings.set, run: panel.run ?? "" }).filter(([, value]) => value));
  history.replaceState(null, "", `${location.pathname}${kept.size ? `?${kept}` : ""}`);
}

/** List all runs, the newest first. */
async function list() {
  const runs = await ask("/train/runs");
  $("runs-part").hidden = runs.length < 2;
  $("runs").replaceChildren(
    ...runs.map(({ run, state, step }) => {
      const line = document.createElement("li"), words = document.createElement("span"), button = document.createElement("button");
      words.textContent = `${run} · ${STATES[state]}${step ? ` · ${step.toLocaleString("en")} updates` : ""}`;
      button.type = "button";
      button.textContent = "Show";
      button.setAttribute("aria-label", `Show ${run}`);
      button.addEventListener("click", () => show(run, true));
      if (run === panel.run) line.setAttribute("aria-current", "true");
      line.append(words, button);
      return line;
    }),
  );
  return runs;
}

try {
  const runs = await list(), wanted = query.get("run");
  const chosen = runs.find(({ run }) => run === wanted) ?? runs.find(({ state }) => RUNNING.includes(state)) ?? runs[0];
  if (chosen) show(chosen.run);
  await plan.show();
  await recordings.show();
  keep();
} catch (error) {
  if (!(error instanceof Refusal)) throw error;
  say($("set-status"), "");
  say($("set-error"), error.message);
}
