// The first part of the page: sets of recordings, and what was made of them.

import { ask, Refusal } from "../server.js";
import { droppedFiles, usable } from "./dropping.js";
import { Sender } from "./sending.js";
import { plural, say, size } from "./words.js";

const WAIT_MS = 500;
const FIRST = "recordings";
const $ = (id) => document.getElementById(id);
const address = (set, rest = "") => `/train/sets/${encodeURIComponent(set)}${rest}`;

/** The sets of recordings; `set` is the chosen one, `ready` whether it can be trained on. */
export class Recordings {
  /** @param {string} wanted the set to begin with, or "" @param {() => void} onChange */
  constructor(wanted, onChange) {
    this.set = wanted;
    this.ready = false;
    this.onChange = onChange;
    this.number = 0;
    this.sender = new Sender((share, words) => this.#progress(share, words));
    this.#listen();
  }

  /** Show the sets and the chosen one. */
  async show() {
    const { sets } = await ask("/train/sets");
    if (!sets.includes(this.set)) this.set = sets[0] ?? "";
    $("sets-part").hidden = !sets.length;
    $("set").replaceChildren(...sets.map((name) => new Option(name, name, false, name === this.set)));
    await this.#follow();
  }

  #listen() {
    const drop = $("drop");
    $("pick-files").addEventListener("click", () => $("files").click());
    $("pick-folder").addEventListener("click", () => $("folder").click());
    for (const id of ["files", "folder"]) {
      $(id).addEventListener("change", async ({ target }) => {
        const files = usable([...target.files]);
        target.value = "";
        await this.#give(files);
      });
    }
    drop.addEventListener("dragover", (event) => {
      event.preventDefault();
      drop.classList.add("over");
    });
    drop.addEventListener("dragleave", () => drop.classList.remove("over"));
    drop.addEventListener("drop", async (event) => {
      event.preventDefault();
      drop.classList.remove("over");
      await this.#give(await droppedFiles(event.dataTransfer));
    });
    for (const kind of ["dragover", "drop"]) addEventListener(kind, (event) => event.preventDefault()); // a missed drop opens nothing
    $("cancel-upload").addEventListener("click", () => this.sender.cancel());
    $("set").addEventListener("change", () => this.#try(() => this.#choose($("set").value)));
    $("prepare").addEventListener("click", () => this.#try(() => this.#prepare()));
    $("new-set").addEventListener("click", () => this.#offerNew(true));
    $("new-cancel").addEventListener("click", () => this.#offerNew(false));
    $("new-set-part").addEventListener("submit", (event) => {
      event.preventDefault();
      this.#try(async () => {
        const { set } = await ask("/train/sets", { method: "POST", json: { title: $("new-title").value } });
        this.#offerNew(false);
        this.set = set;
        await this.show();
      });
    });
    $("remove-set").addEventListener("click", () => this.#try(() => this.#removeSet()));
  }

  #offerNew(shown) {
    $("new-set-part").hidden = !shown;
    $("sets-part").hidden = shown;
    $("new-title").value = "";
    (shown ? $("new-title") : $("new-set")).focus();
  }

  async #choose(set) {
    this.set = set;
    await this.#follow();
  }

  async #give(files) {
    if (this.sender.running) return this.#error("Recordings are being copied: wait until this is done, or cancel it.");
    if (!files.length) return this.#error("There are no files in it: give recordings, or a folder with recordings.");
    return this.#try(async () => {
      if (!this.set) this.set = (await ask("/train/sets", { method: "POST", json: { title: FIRST } })).set;
      const { set } = this;
      this.number += 1; // whatever followed a set ends
      say($("set-status"), `Copying ${plural(files.length, "file")} …`);
      $("cancel-upload").hidden = false;
      const refused = await this.sender.send(set, files);
      this.set = set;
      await ask(address(set, "/prepare"), { method: "POST" });
      await this.show();
      if (refused.length) this.#error(refused.slice(0, 3).join(" ") + (refused.length > 3 ? ` And ${refused.length - 3} more.` : ""));
    });
  }

  async #prepare() {
    await ask(address(this.set, "/prepare"), { method: "POST" });
    await this.#follow();
  }

  async #remove(file) {
    await ask(address(this.set, `/files/${encodeURIComponent(file)}`), { method: "DELETE" });
    await this.#prepare();
    $("kept-title").focus();
  }

  async #removeSet() {
    if (!confirm(`Remove this page's copies of all recordings in “${this.set}”? Your own files and your models stay.`)) return;
    await ask(address(this.set), { method: "DELETE" });
    this.set = "";
    await this.show();
  }

  /** Show the chosen set until nothing is being made of it. */
  async #follow() {
    const number = ++this.number, { set } = this;
    for (;;) {
      const facts = set ? await ask(address(set)) : { state: "empty", files: [], error: "" };
      if (number !== this.number) return;
      this.#render(facts);
      if (!["waiting", "preparing"].includes(facts.state)) return;
      await new Promise((resolve) => setTimeout(resolve, WAIT_MS));
      if (number !== this.number) return;
    }
  }

  #render(facts) {
    const { state, files } = facts, ready = state === "ready";
    const wasReady = this.ready;
    this.ready = ready && !facts.too_short;
    $("cancel-upload").hidden = true;
    $("progress-part").hidden = !["waiting", "preparing"].includes(state);
    if (state === "waiting") this.#progress(null, "Waiting …");
    if (state === "preparing") {
      const { done, total, name } = facts.progress;
      this.#progress(total ? done / total : null, `Preparing: ${name}`);
    }
    say($("set-status"), this.#words(facts));
    this.#error(facts.error && `These recordings can't be used: ${facts.error}`);
    if (facts.too_short) this.#error("This is too little sound to train on: give more recordings, a few minutes at least.");
    $("prepare-part").hidden = !["changed", "failed"].includes(state);
    $("splits").hidden = !ready;
    if (ready) for (const [split, seconds] of Object.entries(facts.seconds)) say($(`split-${split}`), minutes(seconds));
    const notes = ready ? [...facts.warnings, ...facts.notes] : [];
    $("notes").hidden = !notes.length;
    $("notes").replaceChildren(...notes.map((line) => item(line)));
    this.#skipped(ready ? facts.skipped : []);
    this.#kept(files, ready ? facts.kept : []);
    if (this.ready || wasReady !== this.ready) this.onChange();
  }

  #words({ state, files, kept, skipped }) {
    if (state === "empty") return "No recordings yet. A few minutes are the least, half an hour is good.";
    if (state === "changed") return `${plural(files.length, "recording")}, not prepared yet.`;
    if (state === "failed") return `${plural(files.length, "file")}.`;
    if (state !== "ready") return `Preparing ${plural(files.length, "file")} …`;
    return `${plural(kept.length, "recording")} kept${skipped.length ? `, ${skipped.length} skipped` : ""}. Ready to train.`;
  }

  #skipped(skipped) {
    $("skipped-part").hidden = !skipped.length;
    $("skipped-title").textContent = `${plural(skipped.length, "file")} skipped, and why`;
    $("skipped").replaceChildren(...skipped.map(({ name, reason }) => item(`${name}: ${reason}`)));
    $("skipped-part").open ||= skipped.length > 0 && skipped.length <= 3;
  }

  #kept(files, kept) {
    const lengths = new Map(kept.map(({ name, seconds }) => [name, seconds]));
    $("kept-part").hidden = !files.length;
    $("kept-title").textContent = plural(files.length, "file");
    $("kept").replaceChildren(
      ...files.map(({ name, size: bytes }) => {
        const seconds = lengths.get(name), line = item(seconds === undefined ? `${name}, ${size(bytes)}` : `${name}, ${minutes(seconds)}`);
        const button = document.createElement("button");
        button.type = "button";
        button.textContent = "Remove";
        button.setAttribute("aria-label", `Remove ${name}`);
        button.addEventListener("click", () => this.#try(() => this.#remove(name)));
        line.append(button);
        return line;
      }),
    );
  }

  #progress(share, words) {
    $("progress-part").hidden = false;
    if (share === null) $("progress").removeAttribute("value");
    else $("progress").value = share;
    say($("progress-label"), words);
  }

  #error(words) {
    say($("set-error"), words || "");
  }

  async #try(work) {
    this.#error("");
    try {
      await work();
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      $("progress-part").hidden = true;
      this.#error(error.message);
    }
  }
}

function minutes(seconds) {
  return seconds < 90 ? `${seconds.toFixed(0)} s` : `${(seconds / 60).toFixed(1)} min`;
}

function item(words) {
  const line = document.createElement("li"), span = document.createElement("span");
  span.textContent = words;
  line.append(span);
  return line;
}
