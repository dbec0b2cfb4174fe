// The learning curve of a run, as SVG with axes and a sentence that says the same.

const WIDTH = 640, HEIGHT = 280, LEFT = 62, RIGHT = 18, TOP = 16, BOTTOM = 46;
const NAMESPACE = "http://www.w3.org/2000/svg";
const SHOWN_FROM = 0.04; // the steep start does not set the range of the bits
const FEW = 20; // points with which the start does set it

/**
 * Draw a curve.
 * @param {SVGElement} svg @param {{train: number[][], validation: number[][]}} curves points of updates and bits
 * @returns {string} the curve in words
 */
export function drawCurve(svg, { train, validation }) {
  const points = [...train, ...validation];
  svg.replaceChildren();
  if (!points.length) return "The curve begins after the first updates.";
  const most = Math.max(...points.map(([step]) => step), 1);
  const late = points.length < FEW ? points : points.filter(([step]) => step >= SHOWN_FROM * most);
  const bits = (late.length ? late : points).map(([, value]) => value);
  const [low, high] = widened(Math.min(...bits), Math.max(...bits));
  const x = (step) => LEFT + (step / most) * (WIDTH - LEFT - RIGHT);
  const y = (value) => TOP + ((high - value) / (high - low)) * (HEIGHT - TOP - BOTTOM);
  const frame = element("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT - BOTTOM + 6}`, width: WIDTH, height: HEIGHT - BOTTOM + 6 }); // cuts what is above
  for (const value of roundNumbers(low, high)) {
    svg.append(element("line", { class: "grid", x1: LEFT, x2: WIDTH - RIGHT, y1: y(value), y2: y(value) }));
    svg.append(text(String(value), LEFT - 8, y(value) + 5, "end"));
  }
  for (const step of roundNumbers(0, most, innerWidth < 600 ? 3 : 6)) svg.append(text(step.toLocaleString("en"), x(step), HEIGHT - BOTTOM + 20, "middle"));
  svg.append(text("updates", (LEFT + WIDTH - RIGHT) / 2, HEIGHT - 6, "middle"));
  for (const [name, line] of Object.entries({ train, validation })) {
    const d = line.map(([step, value]) => `${x(step).toFixed(1)} ${y(value).toFixed(1)}`).join("L");
    if (line.length > 1) frame.append(element("path", { class: name, d: `M${d}` }));
  }
  for (const [step, value] of validation) frame.append(element("circle", { cx: x(step), cy: y(value), r: 4 }));
  svg.append(frame);
  return inWords(train, validation);
}

function inWords(train, validation) {
  const ends = (line) => `from ${line[0][1].toFixed(2)} to ${line.at(-1)[1].toFixed(2)} bits per sample`;
  const held = validation.length > 1 ? `On recordings that it does not learn from: ${ends(validation)}. ` : "";
  return held + (train.length ? `On your recordings: ${ends(train)}, after ${Math.round(train.at(-1)[0]).toLocaleString("en")} updates.` : "");
}

/** Round numbers from low to high, about so many. */
function roundNumbers(low, high, about = 5) {
  const rough = (high - low) / about, power = 10 ** Math.floor(Math.log10(rough));
  const distance = (factor) => Math.abs(Math.log((factor * power) / rough));
  const step = power * [1, 2, 5, 10].reduce((best, one) => (distance(one) < distance(best) ? one : best));
  const found = [];
  for (let k = Math.ceil(low / step - 1e-9); k * step <= high + 1e-9 * step; k++) found.push(Number((k * step).toPrecision(10)));
  return found;
}

function widened(low, high) {
  return high > low ? [low, high] : [low - 0.5, high + 0.5];
}

function text(words, x, y, anchor) {
  const found = element("text", { x, y, "text-anchor": anchor });
  found.textContent = words;
  return found;
}

function element(name, attributes) {
  const found = document.createElementNS(NAMESPACE, name);
  for (const [key, value] of Object.entries(attributes)) found.setAttribute(key, value);
  return found;
}
