"""Start a run from another model: from a run, or from a model that ships with the package.

- `like_model`: the settings with the model's shape and quantizer.
- `weights`: the model's weights for a new run, and what the run remembers of the model.
"""
