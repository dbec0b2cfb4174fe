// Amounts and states in words.

/** @param {number} seconds @returns {string} for example "3 min 20 s" */
export function duration(seconds) {
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return both(Math.floor(whole / 60), "min", whole % 60, "s");
  const minutes = Math.round(whole / 60);
  return both(Math.floor(minutes / 60), "h", minutes % 60, "min");
}

function both(large, unit, small, rest) {
  return small ? `${large} ${unit} ${small} ${rest}` : `${large} ${unit}`;
}

/** @param {number} bytes @returns {string} */
export function size(bytes) {
  if (bytes >= 1 << 30) return `${(bytes / (1 << 30)).toFixed(1)} GB`;
  return bytes >= 1 << 20 ? `${(bytes / (1 << 20)).toFixed(1)} MB` : `${Math.ceil(bytes / 1024)} kB`;
}

/** @param {number} count @param {string} one */
export function plural(count, one) {
  return `${count.toLocaleString("en")} ${one}${count === 1 ? "" : "s"}`;
}

/** What the state of a run is called. */
export const STATES = {
  starting: "Starting …",
  training: "Training",
  pausing: "Saving, then it pauses …",
  paused: "Paused",
  stopped: "Stopped",
  failed: "Failed",
  done: "Done",
  gone: "Gone",
};

/** Replace the text of an element only if it differs, so that screen readers say only what is new. */
export function say(element, words) {
  if (element.textContent !== words) element.textContent = words;
}
