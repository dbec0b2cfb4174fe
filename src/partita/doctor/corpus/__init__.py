"""What can be wrong with a corpus: one file for each thing, and `examine`, which does all of them.

- `excerpts`, `originals`: the sound that is measured, in the corpus and in the recordings that it was made
  from.
- `silence`, `clipping`, `offset`, `bandwidth`, `noise`, `polyphony`: faults of the sound; `spectrum` serves
  two.
- `duplicates`: sound in two splits. `amount`: too little or too quiet sound. `pitch`: against the network.
- `training_rate`: the time until tones on this machine.
"""
