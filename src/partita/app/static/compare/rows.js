// Clips of equal loudness that play together, of which one is heard.

import { decode } from "../sound/decoding.js";
import { loudness, SILENT } from "../sound/loudness.js";
import { ClipPlots } from "../sound/plots.js";

const FADE = 0.01; // seconds from one clip to another
const $ = (id) => document.getElementById(id);

/** All clips that are side by side now. */
export class Rows {
  constructor() {
    this.clips = [];
    this.heard = 0;
    this.offset = 0; // seconds at which playing began, or goes on
    this.begun = null; // the context's time at which it began; null while it pauses
    $("play").addEventListener("click", () => this.toggle());
    $("position").addEventListener("input", () => this.seek(Number($("position").value)));
    addEventListener("resize", () => this.#cursor());
  }

  get length() {
    return Math.max(0, ...this.clips.map((clip) => clip.buffer.duration));
  }

  get position() {
    return this.begun === null ? this.offset : this.offset + this.context.currentTime - this.begun;
  }

  /** Show clips. @param {{name: string, data: ArrayBuffer}[]} given encoded sound */
  async show(given) {
    this.pause();
    this.context ??= new AudioContext();
    const decoded = [];
    for (const { name, data } of given) {
      const buffer = await decode(data);
      decoded.push({ name, buffer, lufs: await loudness(buffer) });
    }
    const heard = decoded.map(({ lufs }) => lufs).filter((lufs) => lufs > SILENT);
    const quietest = Math.min(...heard); // turning down never clips
    this.clips = decoded.map((clip) => ({ ...clip, level: clip.lufs > SILENT ? 10 ** ((quietest - clip.lufs) / 20) : 1 }));
    this.highest = Math.min(...decoded.map(({ buffer }) => buffer.sampleRate)) / 2;
    this.heard = 0;
    this.offset = 0;
    $("position").max = this.length;
    $("play").disabled = $("position").disabled = !this.clips.length;
    $("rows").replaceChildren(...this.clips.map((clip, index) => this.#row(clip, index)));
    for (const clip of this.clips) this.#plot(clip);
    this.listen(0);
    this.#cursor();
  }

  /** Play or pause. */
  toggle() {
    if (this.begun === null) this.play();
    else this.pause();
  }

  /** Play all clips together. */
  async play() {
    if (!this.clips.length) return;
    await this.context.resume();
    if (this.offset >= this.length - 0.01) this.offset = 0;
    const start = this.context.currentTime + 0.02;
    for (const [index, clip] of this.clips.entries()) {
      clip.gain = new GainNode(this.context, { gain: index === this.heard ? clip.level : 0 });
      clip.source = new AudioBufferSourceNode(this.context, { buffer: clip.buffer });
      clip.source.connect(clip.gain).connect(this.context.destination);
      clip.source.start(start, Math.min(this.offset, clip.buffer.duration));
    }
    this.begun = start;
    $("play").textContent = "Pause";
    this.#follow();
  }

  /** Pause; the position stays. */
  pause() {
    if (this.begun === null) return;
    this.offset = Math.min(this.position, this.length);
    this.begun = null;
    for (const clip of this.clips) clip.source.stop();
    $("play").textContent = "Play";
    this.#cursor();
  }

  /** Go to a position. @param {number} seconds */
  seek(seconds) {
    const playing = this.begun !== null;
    this.pause();
    this.offset = Math.max(0, Math.min(seconds, this.length));
    this.#cursor();
    if (playing) this.play();
  }

  /** Hear another clip at the same position. @param {number} index */
  listen(index) {
    if (!this.clips[index]) return;
    this.heard = index;
    for (const [number, clip] of this.clips.entries()) {
      clip.row.classList.toggle("heard", number === index);
      clip.choice.checked = number === index;
      if (this.begun === null) continue;
      const now = this.context.currentTime;
      clip.gain.gain.setValueAtTime(clip.gain.gain.value, now);
      clip.gain.gain.linearRampToValueAtTime(number === index ? clip.level : 0, now + FADE);
    }
  }

  #row(clip, index) {
    clip.row = document.createElement("div");
    clip.row.className = "clip";
    const label = document.createElement("label"), gain = document.createElement("span"), plots = document.createElement("div");
    clip.choice = Object.assign(document.createElement("input"), { type: "radio", name: "heard" });
    clip.choice.addEventListener("change", () => this.listen(index));
    label.className = "check";
    gain.className = "gain";
    const turned = clip.level < 0.995 ? `, turned down by ${(-20 * Math.log10(clip.level)).toFixed(1)} dB` : "";
    gain.textContent = `0 to ${this.highest / 1000} kHz${turned}`;
    label.append(clip.choice, `${index + 1}. ${clip.name}`, gain);
    plots.className = "plots";
    clip.wave = Object.assign(document.createElement("canvas"), { className: "plot wave" });
    clip.spectrum = Object.assign(document.createElement("canvas"), { className: "plot spectrum" });
    clip.cursor = Object.assign(document.createElement("div"), { className: "cursor" });
    for (const canvas of [clip.wave, clip.spectrum]) canvas.setAttribute("role", "img");
    clip.wave.setAttribute("aria-label", `Waveform of ${clip.name}`);
    clip.spectrum.setAttribute("aria-label", `Spectrogram of ${clip.name}`);
    plots.append(clip.wave, clip.spectrum, clip.cursor);
    plots.addEventListener("click", (event) => {
      const { left, width } = plots.getBoundingClientRect();
      this.listen(index);
      this.seek(((event.clientX - left) / width) * this.length);
    });
    clip.row.append(label, plots);
    return clip.row;
  }

  /** Draw both pictures; all clips have the scale of the longest one. */
  #plot(clip) {
    const plots = new ClipPlots(clip.wave, clip.spectrum);
    const rate = clip.buffer.sampleRate;
    plots.clear(Math.max(1, Math.round(this.length * rate)), this.highest / (rate / 2));
    plots.add(clip.buffer.getChannelData(0));
  }

  #cursor() {
    const seconds = Math.min(this.position, this.length);
    $("position").value = seconds;
    $("position").setAttribute("aria-valuetext", `${seconds.toFixed(1)} of ${this.length.toFixed(1)} seconds`);
    $("time").textContent = `${seconds.toFixed(1)} / ${this.length.toFixed(1)} s`;
    for (const clip of this.clips) clip.cursor.style.left = `${(100 * seconds) / (this.length || 1)}%`;
  }

  #follow() {
    if (this.begun === null) return;
    if (this.position >= this.length) this.pause();
    this.#cursor();
    if (this.begun !== null) requestAnimationFrame(() => this.#follow());
  }
}
