// The second part of the page: how to train, and what to expect of it on this computer.

import { ask, Refusal } from "../server.js";
import { say } from "./words.js";

const WAIT_MS = 250;
const KEPT = "partita-train-form";
const $ = (id) => document.getElementById(id);
const REACHED = { yes: "in this time", perhaps: "perhaps in this time", no: "not in this time" };
const EMPTY = "Give recordings first: then this page measures how fast this computer trains.";

/** The form of a training. */
export class Plan {
  /** @param {() => {set: string, ready: boolean}} recordings @param {(facts: object) => void} onStarted */
  constructor(recordings, onStarted) {
    this.recordings = recordings;
    this.onStarted = onStarted;
    this.form = $("train");
    this.unknown = [...$("milestones").querySelectorAll("li > span:first-child")].map((span) => ({ sounds: span.textContent }));
    this.number = 0;
    this.refused = new Set(); // what could not be measured; it is not tried again without being asked
    this.form.addEventListener("input", () => this.#changed());
    for (const button of $("presets").querySelectorAll("button")) {
      button.addEventListener("click", () => {
        this.form.elements.minutes.value = button.dataset.minutes;
        this.#changed();
      });
    }
    $("measure").addEventListener("click", () => this.#expect(true));
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#start();
    });
  }

  /** List the models to start from, and put back what was chosen before a reload. */
  async show() {
    const models = await ask("/train/starts");
    $("start").append(...models.map(({ name, title }) => new Option(`${name}: ${title}`, name)));
    const kept = JSON.parse(sessionStorage.getItem(KEPT) ?? "{}");
    for (const [name, value] of Object.entries(kept)) {
      if (name !== "start" || models.some((model) => model.name === value)) this.form.elements[name].value = value;
    }
    this.#fitSize();
  }

  /** The recordings have changed, or no run is trained any more. */
  update() {
    return this.#expect(false);
  }

  #request() {
    const { minutes, size, start, name } = this.form.elements;
    return { recordings: this.recordings().set, minutes: Number(minutes.value), size: size.value, start: start.value, name: name.value };
  }

  #changed() {
    const { minutes, size, start, name } = this.form.elements;
    sessionStorage.setItem(KEPT, JSON.stringify({ minutes: minutes.value, size: size.value, start: start.value, name: name.value }));
    this.#fitSize();
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.#expect(false), WAIT_MS);
  }

  /** A model to start from has its own size. */
  #fitSize() {
    $("size-part").disabled = this.form.elements.start.value !== "";
  }

  async #expect(anew) {
    const number = ++this.number, { set, ready } = this.recordings(), request = this.#request();
    if (!ready || !set) return this.#show({}, EMPTY);
    if (!this.form.elements.minutes.validity.valid) return this.#show({}, "Give the minutes as a whole number, at least 1.");
    try {
      let facts = await ask("/train/estimate", { method: "POST", json: request });
      if (number !== this.number) return;
      const key = request.start || request.size;
      if (facts.busy && (anew || !facts.sentence)) {
        return this.#show(facts, facts.sentence ?? `How fast this computer trains is measured when ${facts.busy} is paused or done.`);
      }
      if ((anew || !facts.sentence) && (anew || !this.refused.has(key))) {
        this.#show({}, "Measuring how fast this computer trains, for about half a minute …");
        this.refused.add(key);
        await ask("/train/speed", { method: "POST", json: request });
        this.refused.delete(key);
        facts = await ask("/train/estimate", { method: "POST", json: this.#request() });
      }
      if (number === this.number) this.#show(facts, facts.sentence ?? "The speed of this computer is not known.");
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      if (number === this.number) this.#show({}, `The speed can't be measured: ${error.message}`, true);
    }
  }

  #show(facts, words, again = false) {
    say($("expect"), words);
    const { milestones = [], note = "" } = facts;
    $("milestones").replaceChildren(
      ...(milestones.length ? milestones : this.unknown).map(({ sounds, when, reached }) => {
        const line = document.createElement("li"), what = document.createElement("span"), after = document.createElement("span");
        what.textContent = sounds;
        after.textContent = `after ${when ?? "…"}`;
        line.className = reached ?? "no";
        if (reached) {
          const hidden = document.createElement("span");
          hidden.className = "hidden-text";
          hidden.textContent = `, ${REACHED[reached]}, `;
          what.append(hidden);
        }
        line.append(what, after);
        return line;
      }),
    );
    say($("expect-note"), milestones.length ? `Other instruments may need half or twice as long. ${note}` : "");
    $("measure").hidden = !(milestones.length || again) || Boolean(facts.busy);
  }

  async #start() {
    say($("train-error"), "");
    $("go").disabled = true;
    try {
      if (!this.recordings().set) throw new Refusal("Give recordings first.");
      this.onStarted(await ask("/train/runs", { method: "POST", json: this.#request() }));
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      say($("train-error"), error.message);
    } finally {
      $("go").disabled = false;
    }
  }
}
