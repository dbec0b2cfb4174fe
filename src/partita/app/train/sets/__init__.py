"""Sets of recordings that a visitor gives for training, and the corpora that are made of them.

- `recordings`: the files of each set.
- `preparing`: makes the corpora; `prepare_process` is what runs in a process with limits.
- `routes`: the addresses.

This package does not know what is trained.
"""
