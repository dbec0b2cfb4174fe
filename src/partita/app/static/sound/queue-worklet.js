// Plays queued samples. While the queue is empty before its end it waits, until some sound is there again.

const AHEAD_SECONDS = 0.25; // gathered before the sound begins, and again after the queue ran empty
const REPORT_EVERY = 8; // blocks of 128 samples

class Queue extends AudioWorkletProcessor {
  constructor() {
    super();
    this.chunks = [];
    this.first = 0; // samples of the first chunk that are played already
    this.held = 0;
    this.played = 0;
    this.blocks = 0;
    this.last = false;
    this.running = false;
    this.done = false;
    this.port.onmessage = ({ data }) => {
      if (data.end) this.last = true;
      else {
        this.chunks.push(data.samples);
        this.held += data.samples.length;
      }
    };
  }

  process(_, [[output]]) {
    if (this.done) return false;
    if (!this.running && (this.last || this.held >= AHEAD_SECONDS * sampleRate)) this.running = true;
    if (this.running) this.fill(output);
    const ended = this.last && this.held === 0;
    if (ended || ++this.blocks % REPORT_EVERY === 0) this.port.postMessage({ played: this.played, ended });
    this.done = ended;
    return !ended;
  }

  fill(output) {
    let at = 0;
    while (at < output.length && this.held > 0) {
      const chunk = this.chunks[0];
      const count = Math.min(output.length - at, chunk.length - this.first);
      output.set(chunk.subarray(this.first, this.first + count), at);
      at += count;
      this.first += count;
      this.held -= count;
      if (this.first === chunk.length) {
        this.chunks.shift();
        this.first = 0;
      }
    }
    this.played += at;
    if (at < output.length && !this.last) this.running = false;
  }
}

registerProcessor("queue", Queue);
