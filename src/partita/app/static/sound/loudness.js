// The loudness of a clip by ITU-R BS.1770-4, with the two filters of K-weighting as Web Audio has them.

const BLOCK = 0.4, STEP = 0.1; // seconds
const ABSOLUTE_GATE = -70, RELATIVE_GATE = -10; // LUFS, LU

/** The loudness of silence, in LUFS. */
export const SILENT = ABSOLUTE_GATE;

/** @param {AudioBuffer} clip with one channel @returns {Promise<number>} LUFS; -70 for silence */
export async function loudness(clip) {
  const context = new OfflineAudioContext(1, clip.length, clip.sampleRate);
  const source = new AudioBufferSourceNode(context, { buffer: clip });
  const shelf = new BiquadFilterNode(context, { type: "highshelf", frequency: Math.min(1682, clip.sampleRate / 2), gain: 4 });
  const pass = new BiquadFilterNode(context, { type: "highpass", frequency: 38, Q: 20 * Math.log10(0.5) });
  source.connect(shelf).connect(pass).connect(context.destination);
  source.start();
  const weighted = (await context.startRendering()).getChannelData(0);
  const length = Math.min(weighted.length, Math.round(BLOCK * clip.sampleRate));
  const step = Math.max(1, Math.round(STEP * clip.sampleRate)), powers = [];
  for (let start = 0; start + length <= weighted.length; start += step) {
    let sum = 0;
    for (let i = start; i < start + length; i++) sum += weighted[i] * weighted[i];
    powers.push(sum / length);
  }
  const level = (power) => -0.691 + 10 * Math.log10(power + 1e-12);
  const mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const loud = powers.filter((power) => level(power) > ABSOLUTE_GATE);
  if (!loud.length) return ABSOLUTE_GATE;
  const gate = level(mean(loud)) + RELATIVE_GATE;
  return level(mean(loud.filter((power) => level(power) > gate)));
}
