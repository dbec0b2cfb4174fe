// Requests to the server of this page. Errors have the server's own words.

/** Thrown when the server refuses a request, with its words. */
export class Refusal extends Error {}

/**
 * Make a request and return its JSON.
 * @param {string} address of this server
 * @param {{method?: string, json?: unknown, body?: BodyInit, headers?: Record<string, string>}} options
 */
export async function ask(address, { method = "GET", json, body, headers = {} } = {}) {
  const response = await request(address, {
    method,
    body: json === undefined ? body : JSON.stringify(json),
    headers: { ...(json === undefined ? {} : { "content-type": "application/json" }), ...headers },
  });
  return response.json();
}

/** Make a request and return the response; throw a Refusal if the server refuses or can't be reached. */
export async function request(address, options = {}) {
  let response;
  try {
    response = await fetch(address, {
      ...options,
      headers: { "x-partita": "1", accept: "application/json", ...options.headers },
    });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Refusal("The server of this page can't be reached. Is `partita serve` still running?");
  }
  if (response.ok) return response;
  const text = await response.text();
  let words = text;
  try {
    words = JSON.parse(text).error ?? text;
  } catch {
    // The guard answers in plain text.
  }
  throw new Refusal(words || `The server answered ${response.status}.`);
}
