// One clip: draw its pictures and play it while it is drawn, then offer it as a finished sound.

import { ask, request, Refusal } from "../server.js";
import { PcmReader, StreamPlayer } from "../sound/playing.js";
import { ClipPlots } from "../sound/plots.js";
import WaveSurfer from "../vendor/wavesurfer/wavesurfer.esm.js";

const WAIT_MS = 400;
const $ = (id) => document.getElementById(id);

/** The panel of the clip that is drawn or shown now. */
export class ClipPanel {
  /** @param {(running: boolean) => void} onRunning @param {() => void} onFinished */
  constructor(onRunning, onFinished) {
    this.onRunning = onRunning;
    this.onFinished = onFinished;
    this.plots = new ClipPlots($("wave"), $("spectrum"));
    this.shown = 0;
    $("again").addEventListener("click", () => this.finished?.playPause());
    $("keep").addEventListener("click", () => this.#keep());
    $("copy").hidden = !navigator.clipboard; // browsers have none on an address of another computer
    $("copy").addEventListener("click", async () => {
      await navigator.clipboard.writeText($("command").textContent);
      $("copy").textContent = "Copied";
      setTimeout(() => ($("copy").textContent = "Copy the command"), 1500);
    });
  }

  /**
   * Show a clip from its first sample on, and follow it until it ends.
   * @param {object} facts of the job, as the server gives them
   * @param {boolean} aloud play it while it is drawn
   */
  async follow(facts, aloud) {
    const number = ++this.shown;
    await this.#leave();
    this.job = facts.job;
    this.#begin(facts);
    this.onRunning(!["done", "stopped", "failed"].includes(facts.state));
    try {
      facts = await this.#started(facts, number);
      if (number !== this.shown || !facts) return;
      if (facts.sample_rate && facts.state !== "failed") await this.#sound(facts, number, aloud);
      if (number !== this.shown) return;
      this.#end(await ask(`/play/jobs/${facts.job}`));
    } catch (error) {
      if (number === this.shown) {
        const lost = error instanceof TypeError; // the stream broke off
        $("status").textContent = $("running").textContent = "";
        $("error").textContent = lost ? "The server of this page went away. Is `partita serve` still running?" : error.message;
      }
      if (!(error instanceof Refusal || error instanceof TypeError)) throw error;
    } finally {
      if (number === this.shown) {
        this.onRunning(false);
        this.onFinished();
      }
    }
  }

  /** Ask the server to end the clip; what is drawn stays. */
  async stop() {
    this.stopped = true;
    await this.player?.close();
    if (!this.job) return;
    await ask(`/play/jobs/${this.job}/stop`, { method: "POST" }).catch((error) => ($("error").textContent = error.message));
  }

  #begin(facts) {
    const { request: asked } = facts;
    $("clip-title").textContent = `${asked.model}, seed ${asked.seed}`;
    $("command").textContent = facts.command;
    $("command-part").hidden = false;
    $("actions").hidden = $("player").hidden = true;
    $("wave").hidden = false;
    $("kept").textContent = facts.kept ? `Kept as ${facts.kept}` : "";
    $("error").textContent = "";
    this.stopped = false;
    this.player = null;
  }

  /** Wait until the first sound is drawn. */
  async #started(facts, number) {
    while (["waiting", "drawing"].includes(facts.state) && !facts.sample_rate) {
      if (facts.state === "drawing") $("status").textContent = "Loading the model …";
      else $("status").textContent = facts.before ? `Waiting for ${facts.before} other ${facts.before === 1 ? "clip" : "clips"} …` : "Waiting …";
      await new Promise((resolve) => setTimeout(resolve, WAIT_MS));
      if (number !== this.shown) return null;
      facts = await ask(`/play/jobs/${facts.job}`);
    }
    return facts;
  }

  async #sound(facts, number, aloud) {
    const rate = facts.sample_rate, finished = facts.state !== "drawing";
    this.plots.clear(finished ? Math.max(1, facts.samples) : Math.round(facts.request.seconds * rate));
    if (aloud && !finished) {
      this.player = new StreamPlayer(rate, (seconds) => number === this.shown && this.plots.mark(seconds * rate), () => {});
      this.player.start().catch((error) => ($("error").textContent = `The sound can't be played: ${error.message}`));
    }
    const response = await request(`/play/jobs/${facts.job}/sound`);
    $("status").textContent = finished ? "Loading …" : "Drawing …";
    const reader = response.body.getReader(), pcm = new PcmReader();
    let drawn = 0, begun = performance.now();
    for (;;) {
      const { done, value } = await reader.read();
      if (done || number !== this.shown) break;
      const samples = pcm.read(value);
      if (!drawn) begun = performance.now();
      drawn += samples.length;
      this.plots.add(samples);
      this.player?.push(samples);
      const spent = (performance.now() - begun) / 1000, speed = spent > 0.3 ? drawn / rate / spent : 0;
      $("running").textContent = `${(drawn / rate).toFixed(1)} s${speed ? `, ${speed.toFixed(1)} times real time` : ""}`;
    }
    this.player?.end();
    if (number !== this.shown) await reader.cancel();
  }

  #end(facts) {
    $("running").textContent = "";
    if (facts.state === "failed") {
      $("status").textContent = "";
      $("error").textContent = facts.message;
      return;
    }
    const speed = facts.times_real_time ? `, drawn ${facts.times_real_time.toFixed(1)} times as fast as it plays` : "";
    $("status").textContent = `${facts.seconds.toFixed(1)} s${speed}${facts.state === "stopped" ? ", stopped" : ""}`;
    if (!facts.samples) return;
    for (const form of ["wav", "flac"]) $(form).href = `/play/jobs/${facts.job}/clip.${form}`;
    $("actions").hidden = false;
    this.#offer(facts);
  }

  /** Show the finished clip in a player in which one can seek. */
  #offer(facts) {
    $("player").hidden = false;
    $("wave").hidden = true;
    this.finished = WaveSurfer.create({
      container: $("player"),
      url: `/play/jobs/${facts.job}/clip.wav`,
      height: 96,
      normalize: false,
      waveColor: "#67d3bf",
      progressColor: "#f0b65a",
      cursorColor: "#ffffff",
      cursorWidth: 2,
      cspNonce: document.querySelector("meta[name=csp-nonce]").content,
      backend: "WebAudio",
    });
    const says = (playing) => ($("again").textContent = playing ? "Pause" : "Play");
    says(false);
    this.finished.on("play", () => {
      this.player?.close();
      says(true);
    });
    this.finished.on("pause", () => says(false));
    this.finished.on("finish", () => says(false));
  }

  async #leave() {
    await this.player?.close();
    this.finished?.destroy();
    this.finished = null;
  }

  async #keep() {
    try {
      const facts = await ask(`/play/jobs/${this.job}/keep`, { method: "POST" });
      $("kept").textContent = `Kept as ${facts.kept}`;
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      $("error").textContent = error.message;
    }
  }
}
