// One run: how far it is, its curve, its clips, and what can be done with it.

import { ask, Refusal } from "../server.js";
import { ClipList } from "./clips.js";
import { drawCurve } from "./curve.js";
import { STATES, duration, say } from "./words.js";

const WAIT_MS = 1500;
const RUNNING = ["starting", "training", "pausing"];
const $ = (id) => document.getElementById(id);
const address = (run, rest = "") => `/train/runs/${encodeURIComponent(run)}${rest}`;

/** The panel of the chosen run. */
export class RunPanel {
  /** @param {(facts: object) => void} onFacts called with each new state of the run */
  constructor(onFacts) {
    this.onFacts = onFacts;
    this.number = 0;
    this.clips = new ClipList($("clips"));
    $("pause").addEventListener("click", () => this.#act("/pause", $("go-on")));
    $("go-on").addEventListener("click", () => this.#act("/go-on", $("pause")));
    $("forget").addEventListener("click", () => this.#forget());
    $("copy").addEventListener("click", async () => {
      await navigator.clipboard.writeText($("command").textContent);
      say($("copy"), "Copied");
      setTimeout(() => say($("copy"), "Copy the command"), 1500);
    });
  }

  /** Show a run, and follow it while it is trained. @param {string} run */
  async follow(run) {
    const number = ++this.number;
    this.run = run;
    for (;;) {
      let wait = WAIT_MS;
      try {
        const facts = await ask(address(run));
        if (number !== this.number) return;
        this.#render(facts);
        this.onFacts(facts);
        if (!RUNNING.includes(facts.state)) return;
      } catch (error) {
        if (!(error instanceof Refusal)) throw error;
        if (number !== this.number) return;
        this.#reason(error.message);
        wait = 4 * WAIT_MS; // the server may come back
      }
      await new Promise((resolve) => setTimeout(resolve, document.hidden ? 4 * wait : wait));
      if (number !== this.number) return;
    }
  }

  /** Show that there is no run. */
  clear() {
    this.number += 1;
    this.run = "";
    $("run-part").hidden = $("now").hidden = true;
    $("no-run").hidden = false;
    say($("run-title"), "No training yet");
    say($("run-status"), "Give recordings, then press Train.");
  }

  #render(facts) {
    const { state } = facts, running = RUNNING.includes(state), { step } = facts;
    $("run-part").hidden = false;
    $("no-run").hidden = true;
    say($("run-title"), facts.run);
    say($("run-status"), this.#words(facts));
    const goesOn = facts.can_go_on && state === "stopped" ? " Go on continues from its last save." : "";
    this.#reason(facts.reason ? sentence(facts.reason) + goesOn : sentence(facts.troubles.at(-1) ?? ""));
    const total = 60 * facts.minutes, share = state === "done" ? 1 : total ? Math.min(1, facts.seconds / total) : 0;
    $("run-progress").value = share;
    say($("fact-left"), facts.left === null ? "–" : facts.left > 0 ? `at most ${duration(facts.left)}` : "ends now");
    say($("fact-step"), step ? step.toLocaleString("en") : "–");
    say($("fact-speed"), facts.updates_per_second ? `${facts.updates_per_second.toFixed(facts.updates_per_second < 10 ? 1 : 0)} updates/s` : "–");
    const bits = facts.bits ?? facts.curves.validation.at(-1)?.[1] ?? facts.curves.train.at(-1)?.[1];
    say($("fact-bits"), bits === undefined ? "–" : bits.toFixed(2));
    say($("sounds"), facts.sounds ? `After ${step.toLocaleString("en")} updates expect ${facts.sounds}.${facts.next ? ` Next: ${facts.next}.` : ""}` : "");
    $("now").hidden = !running;
    say($("now-link"), `${facts.run}: ${STATES[state]}${facts.left ? `, at most ${duration(facts.left)} left` : ""}`);
    this.#actions(facts, running);
    const words = drawCurve($("curve"), facts.curves);
    say($("curve-words"), words);
    this.clips.show(facts.run, facts.clips);
    $("clips-hint").hidden = facts.clips.length > 0;
    say($("clips-hint"), running ? "The first clips come after about a fifth of the time." : "There are none.");
    say($("log"), facts.log || "–");
    say($("folder-path"), facts.folder);
    say($("command"), facts.command || `partita train --resume ${facts.folder}`);
  }

  #words({ state, start, recordings, minutes }) {
    const about = [recordings && `on ${recordings}`, start && `from ${start}`, minutes && `for ${duration(60 * minutes)}`].filter(Boolean).join(", ");
    return `${STATES[state]}${about ? ` · ${about}` : ""}`;
  }

  #actions({ state, model, step, can_go_on: canGoOn }, running) {
    $("pause").hidden = !running;
    $("go-on").hidden = !canGoOn;
    say($("go-on"), state === "gone" || (state === "failed" && !step) ? "Try again" : "Go on");
    $("forget").hidden = !(state === "gone" || (!running && !model));
    $("play").hidden = !model || !step;
    say($("play"), state === "done" ? "Play this model" : "Play it as it is now");
    $("play").classList.toggle("primary", state === "done");
    if (model) $("play").href = `/?model=${encodeURIComponent(model)}`;
    if (this.focusNext && !this.focusNext.hidden) {
      if ([document.body, $("pause"), $("go-on")].includes(document.activeElement)) this.focusNext.focus();
      this.focusNext = null;
    }
  }

  #reason(words) {
    say($("run-reason"), words);
  }

  async #act(what, next) {
    this.#reason("");
    this.focusNext = next; // it is shown when the state has changed, and the pressed button is gone then
    try {
      await ask(address(this.run, what), { method: "POST" });
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      this.focusNext = null;
      this.#reason(error.message);
      return;
    }
    await this.follow(this.run);
  }

  async #forget() {
    try {
      await ask(address(this.run), { method: "DELETE" });
      this.clear();
      this.onFacts({ state: "gone" });
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      this.#reason(error.message);
    }
  }
}

function sentence(words) {
  if (!words) return "";
  return `${words.charAt(0).toUpperCase()}${words.slice(1)}${words.endsWith(".") ? "" : "."}`;
}
