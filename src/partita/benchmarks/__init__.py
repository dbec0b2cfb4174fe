"""Speed and memory benchmarks, as `partita bench` prints them.

- `corpus.py`: preparation of recordings.
- `training.py`: a whole training step.
- `sampler.py`: samples per second of the sampler; `scaling.py`: cost over clips and receptive fields.
- `start_time.py`: time to the first block of samples.
- `precision.py`: bits per sample lost by storing weights in fewer bits.
- `machine.py`: the rates of the machine that the others are relative to.
"""
