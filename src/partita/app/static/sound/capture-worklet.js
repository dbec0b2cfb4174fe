// Sends what the microphone gives to the page.

class Capture extends AudioWorkletProcessor {
  process([[input]]) {
    if (input) this.port.postMessage(input.slice());
    return true;
  }
}

registerProcessor("capture", Capture);
