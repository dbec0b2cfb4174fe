// Decode a WAV or FLAC file at its own sample rate; the browser would resample it to that of the loudspeakers.

/** @param {ArrayBuffer} data a whole file @returns {Promise<AudioBuffer>} */
export async function decode(data) {
  const context = new OfflineAudioContext(1, 1, sampleRate(new DataView(data)) ?? 48000);
  return context.decodeAudioData(data);
}

/** Return the sample rate in the header of a file, in Hz, or undefined. @param {DataView} file */
export function sampleRate(file) {
  const word = (at) => String.fromCharCode(...new Uint8Array(file.buffer, at, 4));
  if (file.byteLength > 44 && word(0) === "RIFF" && word(12) === "fmt ") return file.getUint32(24, true);
  if (file.byteLength > 42 && word(0) === "fLaC") return file.getUint32(18) >>> 12;
  return undefined;
}
