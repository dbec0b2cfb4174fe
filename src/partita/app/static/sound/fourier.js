// The power spectrum of a window of sound, in decibels.

/** Computes spectra of windows of one length, a power of two. */
export class Spectrum {
  /** @param {number} size samples of a window, a power of two */
  constructor(size) {
    this.size = size;
    this.window = Float32Array.from({ length: size }, (_, i) => 0.5 - 0.5 * Math.cos((2 * Math.PI * i) / size));
    this.cos = Float32Array.from({ length: size / 2 }, (_, i) => Math.cos((2 * Math.PI * i) / size));
    this.sin = Float32Array.from({ length: size / 2 }, (_, i) => Math.sin((2 * Math.PI * i) / size));
    this.order = new Uint32Array(size);
    for (let i = 1; i < size; i++) this.order[i] = (this.order[i >> 1] >> 1) | (i & 1 ? size >> 1 : 0);
    this.re = new Float32Array(size);
    this.im = new Float32Array(size);
  }

  /**
   * Return the level of each frequency, in dB; 0 dB is a sine of full scale.
   * @param {Float32Array} samples at least `size` from `start` on
   * @param {number} start
   * @returns {Float32Array} size / 2 + 1 levels
   */
  levels(samples, start) {
    const { size, re, im } = this;
    for (let i = 0; i < size; i++) {
      re[this.order[i]] = samples[start + i] * this.window[i];
      im[i] = 0;
    }
    for (let half = 1; half < size; half *= 2) {
      const step = size / (2 * half);
      for (let begin = 0; begin < size; begin += 2 * half) {
        for (let k = 0, w = 0; k < half; k++, w += step) {
          const a = begin + k, b = a + half;
          const tr = re[b] * this.cos[w] + im[b] * this.sin[w];
          const ti = im[b] * this.cos[w] - re[b] * this.sin[w];
          re[b] = re[a] - tr;
          im[b] = im[a] - ti;
          re[a] += tr;
          im[a] += ti;
        }
      }
    }
    const levels = new Float32Array(size / 2 + 1);
    const scale = 16 / (size * size); // a sine of full scale has a peak of size / 4 under this window
    for (let i = 0; i < levels.length; i++) levels[i] = 10 * Math.log10((re[i] * re[i] + im[i] * im[i]) * scale + 1e-12);
    return levels;
  }
}
