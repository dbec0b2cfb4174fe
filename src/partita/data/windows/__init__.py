"""Windows of classes for training and for scoring, each with the frames around it.

This package does not know models: the caller gives the lengths of windows and contexts.
"""

from partita.data.windows.reader import WindowBatch
from partita.data.windows.streams import TrainingWindows, every_window

__all__ = ["TrainingWindows", "WindowBatch", "every_window"]
