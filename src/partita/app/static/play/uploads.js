// The places where a visitor gives a file: by dropping, choosing, or recording it.

import { ask, Refusal } from "../server.js";
import { Recorder } from "../sound/recording.js";

/** A place for one file. `value` is the name under which the server keeps it, or null. */
export class UploadPlace {
  /** @param {HTMLElement} place @param {(words: string) => void} onError */
  constructor(place, onError) {
    this.place = place;
    this.onError = onError;
    this.value = null;
    this.busy = null;
    this.says = place.querySelector("[data-says]");
    this.first = this.says.textContent;
    this.input = place.querySelector("input[type=file]");
    this.clearButton = place.querySelector("[data-clear]");
    this.recordButton = place.querySelector("[data-record]");
    place.querySelector("[data-pick]").addEventListener("click", () => this.input.click());
    this.input.addEventListener("change", () => this.input.files[0] && this.give(this.input.files[0]));
    this.clearButton.addEventListener("click", () => this.clear());
    this.recordButton?.addEventListener("click", () => this.#record());
    if (this.recordButton && !navigator.mediaDevices?.getUserMedia) this.recordButton.hidden = true;
    place.addEventListener("dragover", (event) => {
      event.preventDefault();
      place.classList.add("over");
    });
    place.addEventListener("dragleave", () => place.classList.remove("over"));
    place.addEventListener("drop", (event) => {
      event.preventDefault();
      place.classList.remove("over");
      if (event.dataTransfer.files[0]) this.give(event.dataTransfer.files[0]);
    });
  }

  /** Send a file to the server. @param {File} file */
  async give(file) {
    this.onError("");
    this.says.textContent = `Reading ${file.name} …`;
    this.busy = ask(`/uploads/${this.place.dataset.kind}`, {
      method: "POST",
      body: file,
      headers: { "x-file-name": encodeURIComponent(file.name), "content-type": "application/octet-stream" },
    });
    try {
      const found = await this.busy;
      this.show(found.upload, found.title, found.seconds);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      this.clear();
      this.onError(error.message);
    } finally {
      this.busy = null;
      this.input.value = "";
    }
  }

  /** Show a file that the server keeps. */
  show(name, title, seconds) {
    this.value = name;
    this.says.textContent = `${title}, ${seconds.toFixed(1)} s`;
    this.clearButton.hidden = false;
  }

  /** Forget the file. */
  clear() {
    this.value = null;
    this.says.textContent = this.first;
    this.clearButton.hidden = true;
  }

  async #record() {
    if (this.recorder) {
      const recorder = this.recorder;
      this.recorder = null;
      this.recordButton.textContent = "Record";
      this.recordButton.classList.remove("recording");
      await this.give(await recorder.stop());
      return;
    }
    const recorder = new Recorder();
    try {
      await recorder.start();
    } catch (error) {
      this.onError(`The microphone can't be used: ${error.message}`);
      return;
    }
    this.recorder = recorder;
    this.recordButton.textContent = "Stop recording";
    this.recordButton.classList.add("recording");
    this.says.textContent = "Recording …";
  }
}
