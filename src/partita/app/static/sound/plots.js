// Draw a waveform and a spectrogram of a clip while it arrives.

import { Spectrum } from "./fourier.js";

const SIZE = 512; // samples of a window
const FLOOR = -90, TOP = -15; // dB
// From dark to light in equal steps of lightness.
const COLOURS = [[10, 14, 13], [25, 45, 71], [27, 85, 107], [33, 128, 115], [108, 168, 91], [221, 197, 92], [255, 241, 209]];

/** Both pictures of one clip, whose length is known before. */
export class ClipPlots {
  /** @param {HTMLCanvasElement} wave @param {HTMLCanvasElement} spectrum */
  constructor(wave, spectrum) {
    this.wave = wave;
    this.spectrum = spectrum;
    this.clear(1);
  }

  /**
   * Begin a clip.
   * @param {number} samples of the whole clip
   * @param {number} share of the frequencies that the spectrogram shows, from 0 Hz on
   */
  clear(samples, share = 1) {
    this.total = samples;
    this.share = share;
    this.sound = new Float32Array(samples);
    this.count = 0;
    this.column = 0;
    this.transform = new Spectrum(SIZE);
    for (const canvas of [this.wave, this.spectrum]) {
      canvas.width = Math.round(canvas.clientWidth * Math.min(2, devicePixelRatio)) || 600;
      canvas.height = Math.round(canvas.clientHeight * Math.min(2, devicePixelRatio)) || 100;
    }
    this.base = null;
    this.#axis();
  }

  /** Add sound. @param {Float32Array} samples in [-1, 1] */
  add(samples) {
    const room = this.sound.length - this.count;
    this.sound.set(room < samples.length ? samples.subarray(0, room) : samples, this.count);
    this.count += Math.min(room, samples.length);
    const width = this.spectrum.width;
    const ready = Math.floor(((this.count - SIZE) / this.total) * width);
    if (this.count >= this.total) while (this.column < width) this.#draw(this.column++);
    else while (this.column < ready) this.#draw(this.column++);
  }

  /** Mark what is heard now. @param {number} sample */
  mark(sample) {
    const at = Math.round((sample / this.total) * this.wave.width);
    const context = this.wave.getContext("2d", { willReadFrequently: true });
    if (this.base) context.putImageData(this.base.image, this.base.at, 0);
    const left = Math.max(0, Math.min(at, this.wave.width - 2));
    this.base = { image: context.getImageData(left, 0, 2, this.wave.height), at: left };
    context.fillStyle = "#ffffff";
    context.fillRect(left, 0, 2, this.wave.height);
  }

  #axis() {
    const context = this.wave.getContext("2d", { willReadFrequently: true });
    context.fillStyle = "#3a4a45";
    context.fillRect(0, this.wave.height >> 1, this.wave.width, 1);
  }

  #draw(column) {
    const first = Math.floor((column / this.wave.width) * this.total);
    const last = Math.max(first + 1, Math.floor(((column + 1) / this.wave.width) * this.total));
    let low = 0, high = 0;
    for (let i = first; i < last && i < this.count; i++) {
      low = Math.min(low, this.sound[i]);
      high = Math.max(high, this.sound[i]);
    }
    const middle = this.wave.height / 2, context = this.wave.getContext("2d", { willReadFrequently: true });
    context.fillStyle = "#67d3bf";
    context.fillRect(column, middle - high * middle, 1, Math.max(1, (high - low) * middle));
    if (this.count < SIZE) return;
    const start = Math.max(0, Math.min(first, this.count - SIZE));
    const levels = this.transform.levels(this.sound, start);
    this.#paint(column, levels);
  }

  #paint(column, levels) {
    const height = this.spectrum.height, context = this.spectrum.getContext("2d");
    const image = context.createImageData(1, height);
    for (let y = 0; y < height; y++) {
      const bins = (levels.length - 1) * this.share;
      const from = ((height - 1 - y) / height) * bins, to = ((height - y) / height) * bins;
      let level = levels[Math.round((from + to) / 2)];
      for (let bin = Math.ceil(from); bin < to; bin++) level = Math.max(level, levels[bin]);
      const [red, green, blue] = colour((level - FLOOR) / (TOP - FLOOR));
      image.data.set([red, green, blue, 255], 4 * y);
    }
    context.putImageData(image, column, 0);
  }
}

/** Return the colour of a level. @param {number} share 0 to 1 */
export function colour(share) {
  const at = Math.max(0, Math.min(1, share)) * (COLOURS.length - 1);
  const index = Math.min(COLOURS.length - 2, Math.floor(at)), part = at - index;
  return COLOURS[index].map((value, i) => Math.round(value + part * (COLOURS[index + 1][i] - value)));
}
