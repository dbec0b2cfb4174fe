"""Run folders on disk: checkpoints, metrics, resolved configs, and loading a model from them. Know nothing of
how to train.
"""
