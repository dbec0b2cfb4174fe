"""Monitor a training run: progress display, validation scores, preview clips, warnings, TensorBoard.

The package does not change what a run learns. It knows no losses and no optimizer.
"""
