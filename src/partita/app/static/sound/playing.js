// Play 16-bit PCM while it arrives, through an AudioWorklet.

const WORKLET = "/static/sound/queue-worklet.js";

/** Plays sound as it arrives; `position` is what is heard now. */
export class StreamPlayer {
  /** @param {number} sampleRate in Hz @param {(seconds: number) => void} onPosition @param {() => void} onEnd */
  constructor(sampleRate, onPosition, onEnd) {
    this.sampleRate = sampleRate;
    this.context = new AudioContext({ sampleRate });
    this.onPosition = onPosition;
    this.onEnd = onEnd;
    this.waiting = [];
    this.played = 0;
  }

  /** Begin to play; what was pushed before is played first. */
  async start() {
    if (!this.context.audioWorklet) return this.#startWithout();
    await this.context.audioWorklet.addModule(WORKLET);
    this.node = new AudioWorkletNode(this.context, "queue", { numberOfInputs: 0, outputChannelCount: [1] });
    this.node.port.onmessage = ({ data }) => {
      this.played = data.played;
      this.onPosition(data.played / this.sampleRate);
      if (data.ended) this.onEnd();
    };
    this.node.connect(this.context.destination);
    for (const message of this.waiting) this.node.port.postMessage(message);
    this.waiting = [];
    await this.context.resume();
  }

  /** @param {Float32Array} samples in [-1, 1] */
  push(samples) {
    this.#send({ samples });
  }

  /** No more sound comes. */
  end() {
    this.#send({ end: true });
  }

  /** Stop at once. */
  async close() {
    if (this.context.state !== "closed") await this.context.close();
  }

  /** Play block after block: worklets exist only on this computer's own address, or with encryption. */
  async #startWithout() {
    let end = this.context.currentTime + 0.3, last = false;
    const begun = end;
    const take = ({ samples, end: ended }) => {
      last ||= Boolean(ended);
      if (!samples?.length) return;
      const buffer = this.context.createBuffer(1, samples.length, this.sampleRate);
      buffer.copyToChannel(samples, 0);
      const source = new AudioBufferSourceNode(this.context, { buffer });
      source.connect(this.context.destination);
      end = Math.max(end, this.context.currentTime + 0.1);
      source.start(end);
      end += buffer.duration;
    };
    this.node = { port: { postMessage: take } };
    this.waiting.forEach(take);
    this.waiting = [];
    await this.context.resume();
    const report = () => {
      if (this.context.state === "closed") return;
      this.onPosition(Math.max(0, Math.min(this.context.currentTime, end) - begun));
      if (last && this.context.currentTime >= end) this.onEnd();
      else requestAnimationFrame(report);
    };
    report();
  }

  #send(message) {
    if (this.node) this.node.port.postMessage(message);
    else this.waiting.push(message);
  }
}

/** Convert little-endian 16-bit PCM, in pieces of any length, to samples in [-1, 1]. */
export class PcmReader {
  rest = new Uint8Array(0);

  /** @param {Uint8Array} bytes @returns {Float32Array} */
  read(bytes) {
    const whole = new Uint8Array(this.rest.length + bytes.length);
    whole.set(this.rest);
    whole.set(bytes, this.rest.length);
    const count = whole.length >> 1;
    this.rest = whole.slice(2 * count);
    const view = new DataView(whole.buffer, 0, 2 * count);
    const samples = new Float32Array(count);
    for (let i = 0; i < count; i++) samples[i] = view.getInt16(2 * i, true) / 32768;
    return samples;
  }
}
