// The form that says what to draw. It shows only what the chosen model takes.

import { ask, Refusal } from "../server.js";
import { UploadPlace } from "./uploads.js";

const SLIDERS = ["temperature", "frame_temperature", "top_p"];

/** The form, with the facts of the chosen model. */
export class DrawForm {
  /** @param {HTMLFormElement} form @param {(words: string) => void} onError */
  constructor(form, onError) {
    this.form = form;
    this.onError = onError;
    this.facts = null;
    this.places = {};
    for (const place of form.querySelectorAll("[data-upload]")) {
      this.places[place.dataset.upload] = new UploadPlace(place, onError);
    }
    for (const name of SLIDERS) {
      form.elements[name].addEventListener("input", () => this.#show(name));
      this.#show(name);
    }
    const wanted = new URLSearchParams(location.search).get("model");
    if ([...form.elements.model.options].some((option) => option.value === wanted)) form.elements.model.value = wanted;
    form.elements.model.addEventListener("change", () => this.describe());
  }

  /** Ask what the chosen model takes, and show it. */
  async describe() {
    const { form } = this, name = form.elements.model.value, about = form.querySelector("#about");
    if (!name) {
      about.textContent = "There is no model yet: train one.";
      return;
    }
    about.textContent = "Loading what this model takes …";
    try {
      const facts = await ask(`/play/models/${encodeURIComponent(name)}`);
      if (form.elements.model.value !== name) return; // another one was chosen meanwhile
      this.facts = facts;
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      about.textContent = "";
      this.facts = null;
      this.onError(error.message);
      return;
    }
    const { facts } = this;
    about.textContent = `${facts.title} · ${facts.sample_rate / 1000} kHz · ${facts.step} updates`;
    form.querySelector("#prompt-part").hidden = !facts.prompt;
    form.querySelector("#like-part").hidden = !facts.like;
    form.querySelector("#notes-part").hidden = !facts.notes;
    form.querySelector("#frame-part").hidden = !facts.frames;
    for (const name of ["temperature", "frame_temperature"]) {
      form.elements[name].value = facts[name];
      this.#show(name);
    }
    this.#labels(facts.labels);
  }

  /** @returns {Promise<object>} the request, when all files are with the server */
  async request() {
    await Promise.allSettled(Object.values(this.places).map((place) => place.busy));
    const { form, facts } = this, request = { model: form.elements.model.value, seconds: Number(form.elements.seconds.value) };
    request.seed = form.elements.seed.value === "" ? freshSeed() : Number(form.elements.seed.value);
    for (const [name, place] of Object.entries(this.places)) {
      if (place.value && facts?.[name]) request[name] = place.value;
    }
    for (const name of ["temperature", "frame_temperature"]) {
      const value = Number(form.elements[name].value);
      const used = facts && (name === "temperature" || facts.frames);
      if (used && Math.abs(value - facts[name]) > 0.006) request[name] = value;
    }
    if (Number(form.elements.top_p.value) < 1) request.top_p = Number(form.elements.top_p.value);
    const labels = [...form.querySelectorAll("[data-label]")].filter((select) => select.value);
    if (labels.length) request.label = Object.fromEntries(labels.map((select) => [select.dataset.label, select.value]));
    return request;
  }

  #show(name) {
    this.form.querySelector(`#${name}-now`).textContent = Number(this.form.elements[name].value).toFixed(2);
  }

  #labels(labels) {
    const box = this.form.querySelector("#labels");
    box.replaceChildren(
      ...Object.entries(labels).map(([name, values]) => {
        const part = document.createElement("div"), label = document.createElement("label");
        const select = document.createElement("select");
        label.textContent = name;
        label.htmlFor = select.id = `label-${name}`;
        select.dataset.label = name;
        select.append(new Option("any", ""), ...values.map((value) => new Option(value, value)));
        part.append(label, select);
        return part;
      }),
    );
    box.hidden = !Object.keys(labels).length;
  }
}

function freshSeed() {
  return crypto.getRandomValues(new Uint32Array(1))[0];
}
