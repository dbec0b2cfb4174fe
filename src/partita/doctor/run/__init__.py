"""What can be wrong with a run: one file for each thing, and `examine`, which does all of them.

- `recorded`: what the run has recorded. `age`, `learning`, `judge`: what that says.
- `previews`: the clips that training has drawn. `drawn`, `clips`: new clips beside real sound.
"""
