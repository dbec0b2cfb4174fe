"""Networks as pure modules from tensors to tensors, and their sizes by name. Know nothing of files or
loops."""
