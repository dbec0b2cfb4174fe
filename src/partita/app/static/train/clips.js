// The clips that a run has drawn along the way, each with a player. A clip that plays is not disturbed by new ones.

/** A list of clips, the newest first. */
export class ClipList {
  /** @param {HTMLElement} list */
  constructor(list) {
    this.list = list;
    this.run = "";
    this.rows = new Map();
  }

  /** @param {string} run @param {{step: number, files: string[]}[]} clips the newest first */
  show(run, clips) {
    if (run !== this.run) this.rows.clear();
    this.run = run;
    const shown = new Map(clips.map(({ step, files }) => [step, this.rows.get(step) ?? this.#row(step, files)]));
    const same = shown.size === this.list.children.length && [...shown.values()].every((row, at) => this.list.children[at] === row);
    this.rows = shown;
    if (same) return;
    for (const row of [...this.list.children]) if (![...shown.values()].includes(row)) row.remove();
    let after = null;
    for (const row of shown.values()) {
      const place = after ? after.nextSibling : this.list.firstChild;
      if (place !== row) this.list.insertBefore(row, place); // rows that stay are not moved, so they play on
      after = row;
    }
  }

  #row(step, files) {
    const row = document.createElement("li"), words = document.createElement("span"), players = document.createElement("div");
    words.textContent = `${step.toLocaleString("en")} updates`;
    for (const [number, file] of files.entries()) {
      const audio = document.createElement("audio");
      audio.controls = true;
      audio.preload = "none";
      audio.src = `/train/runs/${encodeURIComponent(this.run)}/clips/${file}`;
      audio.setAttribute("aria-label", `Clip ${number + 1} after ${step.toLocaleString("en")} updates`);
      audio.addEventListener("play", () => pauseOthers(audio));
      players.append(audio);
    }
    row.append(words, players);
    return row;
  }
}

function pauseOthers(playing) {
  for (const audio of document.querySelectorAll("audio")) if (audio !== playing) audio.pause();
}
