"""Run folders on disk: checkpoints, metrics and configs, and models loaded from them.

- `folder`: the folder of a run; `new_folder` makes one, `config_file` reads its config.
- `checkpoint`: checkpoints; `checkpoint_state`, `tensors` and `optimizer_state` are their parts.
- `metrics`: the metrics file.
- `config`: configs as TOML tables; `config_formats` reads older formats; `versions` lists package versions.
- `loading`: load a model and draw from it; `scorer`: load a discriminator that steers a model.

This package does not know how to train.
"""
