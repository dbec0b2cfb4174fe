/* Plays the clips of a trial in step: all start at the same sample, and only the chosen one is audible. */
"use strict";

const PROMPT = "prompt";
const WAV_HEADER_BYTES = 44;
const SWITCH_SECONDS = 0.01;
const START_DELAY_SECONDS = 0.03;

class ClipPlayer {
  /* `changed` is called without arguments when what is played, or its state, changes. */
  constructor(sampleRate, changed) {
    this.sampleRate = sampleRate;
    this.changed = changed;
    this.context = null;
    this.clear();
  }

  /* Forget all clips and counts. */
  clear() {
    this.stop();
    this.samples = {};
    this.selected = null;
    this.offset = 0;
    this.plays = {};
    this.switches = 0;
  }

  /* Take the clips of a trial: the bytes of a WAV file, 16-bit mono, by letter. */
  load(files) {
    this.clear();
    for (const [letter, bytes] of Object.entries(files)) {
      const view = new DataView(bytes, WAV_HEADER_BYTES);
      const samples = new Float32Array(view.byteLength >> 1);
      for (let i = 0; i < samples.length; i++) samples[i] = view.getInt16(2 * i, true) / 32768;
      this.samples[letter] = samples;
      this.plays[letter] = 0;
    }
  }

  get playing() { return Boolean(this.sources); }

  get duration() {
    const first = Object.values(this.samples)[0];
    return first ? first.length / this.sampleRate : 0;
  }

  /* The position in seconds; a clip begins again when it has ended. */
  get position() {
    if (!this.playing) return this.offset;
    return Math.max(0, this.offset + this.context.currentTime - this.startedAt) % this.duration;
  }

  /* Make a clip audible, and start if nothing plays. The position stays, except to and from the prompt. */
  select(letter) {
    const before = this.selected;
    this.selected = letter;
    if (!this.playing) {
      if ((before === PROMPT) !== (letter === PROMPT)) this.offset = 0;
      this.start();
    } else if ((before === PROMPT) !== (letter === PROMPT)) {
      this.stop();
      this.offset = 0;
      this.start();
    } else if (before !== letter) {
      this.switches += 1;
      this.plays[letter] += 1;
      this.fade();
    }
    this.changed();
  }

  toggle() {
    if (this.playing) {
      this.offset = this.position;
      this.stop();
      this.changed();
    } else {
      this.select(this.selected || "A");
    }
  }

  seek(seconds) {
    const playing = this.playing;
    this.stop();
    this.offset = Math.min(Math.max(seconds, 0), Math.max(0, this.duration - 0.01));
    if (playing) this.begin();
    this.changed();
  }

  start() {
    this.plays[this.selected] += 1;
    this.begin();
  }

  begin() {
    this.context = this.context || newContext(this.sampleRate);
    this.context.resume();
    this.startedAt = this.context.currentTime + START_DELAY_SECONDS;
    this.sources = {};
    this.gains = {};
    for (const [letter, samples] of Object.entries(this.samples)) {
      if ((letter === PROMPT) !== (this.selected === PROMPT)) continue;
      const buffer = this.context.createBuffer(1, samples.length, this.sampleRate);
      buffer.copyToChannel(samples, 0);
      const source = new AudioBufferSourceNode(this.context, { buffer, loop: true });
      const gain = new GainNode(this.context, { gain: letter === this.selected ? 1 : 0 });
      source.connect(gain).connect(this.context.destination);
      source.start(this.startedAt, this.offset);
      this.sources[letter] = source;
      this.gains[letter] = gain;
    }
  }

  fade() {
    const now = this.context.currentTime;
    for (const [letter, { gain }] of Object.entries(this.gains)) {
      gain.cancelScheduledValues(now);
      gain.setValueAtTime(gain.value, now);
      gain.linearRampToValueAtTime(letter === this.selected ? 1 : 0, now + SWITCH_SECONDS);
    }
  }

  stop() {
    for (const source of Object.values(this.sources || {})) source.stop();
    for (const gain of Object.values(this.gains || {})) gain.disconnect();
    this.sources = this.gains = null;
  }
}

function newContext(sampleRate) {
  try {
    return new AudioContext({ sampleRate });
  } catch {
    return new AudioContext(); // this browser plays only at its own rate and converts the clips
  }
}
