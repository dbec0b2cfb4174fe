// Send recordings to the server, one after the other.

import { ask, request, Refusal } from "../server.js";
import { plural, size } from "./words.js";

/** Sends files, and shows how far it is. */
export class Sender {
  /** @param {(share: number, words: string) => void} onProgress */
  constructor(onProgress) {
    this.onProgress = onProgress;
    this.running = false;
    addEventListener("beforeunload", (event) => {
      if (this.running) event.preventDefault();
    });
  }

  /** Stop after the file that is being sent. */
  cancel() {
    this.abort?.abort();
  }

  /**
   * Send files to a set.
   * @param {string} set @param {File[]} files
   * @returns {Promise<string[]>} what was refused, and why
   */
  async send(set, files) {
    const room = await ask("/train/sets");
    const refused = [], sent = [];
    let total = 0;
    for (const file of files) {
      if (file.size > room.most_bytes_of_a_file) refused.push(`${file.name} has ${size(file.size)}: give files of at most ${size(room.most_bytes_of_a_file)}.`);
      else sent.push(file);
    }
    for (const file of sent) total += file.size;
    if (total > room.bytes_left) {
      return [`These recordings have ${size(total)}. This page keeps ${size(room.most_bytes)} in all, and ${size(room.bytes_left)} are left: remove some first, or give fewer.`];
    }
    this.abort = new AbortController();
    this.running = true;
    try {
      await this.#sendAll(set, sent, total, refused);
    } finally {
      this.running = false;
    }
    return refused;
  }

  async #sendAll(set, files, total, refused) {
    let done = 0;
    for (const [number, file] of files.entries()) {
      this.onProgress(total ? done / total : 0, `Copying ${number + 1} of ${plural(files.length, "file")}: ${file.name}`);
      try {
        await request(`/train/sets/${encodeURIComponent(set)}/files`, {
          method: "POST",
          body: file,
          signal: this.abort.signal,
          headers: { "x-file-name": encodeURIComponent(file.name), "content-type": "application/octet-stream" },
        });
      } catch (error) {
        if (error.name === "AbortError") {
          refused.push(`Cancelled: ${plural(files.length - number, "file")} not copied.`);
          return;
        }
        if (!(error instanceof Refusal)) throw error;
        refused.push(error.message);
      }
      done += file.size;
    }
  }
}
