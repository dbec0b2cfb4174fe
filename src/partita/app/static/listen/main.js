// The page of a listener: trials and clips come from the server, and every answer is saved there at once.

import { ask, request } from "../server.js";

const base = `/listen/${document.body.dataset.token}`;
const { manifest, answered, ended } = await ask(`${base}/trials`).catch((error) => {
  document.getElementById("problem").textContent = error.message;
  throw error;
});

/** Show what the answers say, once the test has ended for this listener. */
async function showResults() {
  const { sentences } = await ask(`${base}/results`);
  const list = document.getElementById("results");
  list.replaceChildren(...sentences.map((words) => Object.assign(document.createElement("li"), { textContent: words })));
  list.hidden = !sentences.length;
}

runTrials({
  manifest,
  answered: new Set(answered),
  ended,
  clip: async (id) => (await request(`${base}/clips/${id}`)).arrayBuffer(),
  save: (answer) => ask(`${base}/answers`, { method: "POST", json: answer }),
  end: async () => {
    await ask(`${base}/end`, { method: "POST" });
    await showResults();
  },
});
if (ended) await showResults();
