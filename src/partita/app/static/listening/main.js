// The page of the owner of listening tests: make tests, see how far the listeners are, end a test, read it.

import { trying, whenSent } from "../refusals.js";
import { ask, Refusal } from "../server.js";

const WAIT_MS = 500, REFRESH_MS = 5000;
const $ = (id) => document.getElementById(id);

const checked = (selector) => [...document.querySelectorAll(`${selector}:checked`)].map((box) => box.value);

/** Show the choices of the chosen source of clips. */
function showSource() {
  const source = $("source").value;
  $("models").hidden = source !== "models";
  for (const part of document.querySelectorAll(".arms")) part.hidden = part.dataset.comparison !== source;
}

async function make() {
  const source = $("source").value, json = { questions: checked("[name=question]") };
  json.listeners = $("listeners").value.split(",").map((name) => name.trim()).filter(Boolean);
  if (source === "models") {
    Object.assign(json, { models: checked("[name=model]"), clips: Number($("clips").value), seconds: Number($("seconds").value) });
  } else {
    Object.assign(json, { comparison: source, arms: checked(`[data-comparison="${CSS.escape(source)}"] [name=arm]`) });
  }
  await follow(await ask("/blind/tests", { method: "POST", json }));
}

/** Wait until a test is made. */
async function follow(making) {
  while (making.state === "making") {
    $("status").textContent = making.clips ? `Drawing clip ${making.drawn + 1} of ${making.clips} …` : "Making the test …";
    await new Promise((resolve) => setTimeout(resolve, WAIT_MS));
    making = await ask(`/blind/making/${making.name}`);
  }
  if (making.state === "failed") throw new Refusal(making.message);
  $("status").textContent = "The test is ready: give each listener the link.";
  await list();
}

/** Show all tests, newest first. */
async function list() {
  const tests = await ask("/blind/tests");
  const before = document.activeElement?.dataset?.key;
  if (tests.length) $("tests").replaceChildren(...tests.map(article));
  if (before) document.querySelector(`[data-key="${CSS.escape(before)}"]`)?.focus();
}

function article(test) {
  const shown = $("test").content.firstElementChild.cloneNode(true);
  const part = (name) => shown.querySelector(`[data-${name}]`);
  part("title").textContent = test.title;
  part("state").textContent = test.ended ? "Ended. The key is open." : "Open. The key is sealed.";
  part("commitment").textContent = test.commitment ?? "";
  if (test.error) part("state").textContent = test.error;
  part("listeners").replaceChildren(...test.listeners.map((listener) => row(test, listener)));
  const end = part("end"), read = part("read"), input = shown.querySelector("input[type=file]");
  end.dataset.key = `end-${test.test}`;
  read.dataset.key = `read-${test.test}`;
  end.hidden = read.hidden = test.ended;
  end.addEventListener("click", () => trying(() => finish(test)));
  read.addEventListener("click", () => input.click());
  input.addEventListener("change", () => trying(() => take(test, input.files[0])));
  if (test.results) {
    const { sentences, more, consistency } = test.results;
    part("results").hidden = false;
    part("sentences").replaceChildren(...[...sentences, ...more, consistency].map((words) => text("li", words)));
  }
  return shown;
}

function row(test, listener) {
  const item = document.createElement("tr");
  const address = `/listen/${listener.token}`, offline = `/blind/tests/${test.test}/offline/${listener.token}.html`;
  item.append(text("td", listener.name), text("td", `${listener.answered} of ${listener.trials}`));
  for (const [words, href, key] of [["Open", address, "open"], ["Save as a page", offline, "save"]]) {
    const cell = document.createElement("td"), link = text("a", words);
    link.href = href;
    link.dataset.key = `${key}-${listener.token}`;
    link.setAttribute("aria-label", `${words}: the test of ${listener.name}`);
    if (key === "open") link.target = "_blank";
    cell.append(link);
    item.append(cell);
  }
  return item;
}

async function finish(test) {
  if (!confirm("End the test for all listeners? Nobody can answer afterwards.")) return;
  await ask(`/blind/tests/${test.test}/end`, { method: "POST" });
  await list();
}

async function take(test, file) {
  const read = await ask(`/blind/tests/${test.test}/answers`, { method: "POST", body: file });
  $("status").textContent = `${read.appended} new answers, ${read.known} were there already.`;
  await list();
}

function text(name, words) {
  return Object.assign(document.createElement(name), { textContent: words });
}

whenSent($("make"), make);
$("source").addEventListener("change", showSource);
showSource();
await trying(list);
await trying(async () => {
  for (const making of await ask("/blind/making")) await follow(making); // begun before a reload
});
setInterval(() => document.hidden || list().catch(() => {}), REFRESH_MS);
