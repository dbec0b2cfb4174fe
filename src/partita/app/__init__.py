"""The local web page: play models, train them, compare arms and run blind listening tests.

- `server`: the application; `serving` runs it on a port and opens it.
- `web`: what all pages share: security, templates, errors.
- `uploads`: files that a visitor gives, decoded in a process with limits.
- `play`: draw clips, and send their sound while it is drawn.
- `compare`: clips of several models side by side.
- `train`: make corpora of recordings, train models on them, and show how it goes.
- `blind`: the blind listening test; `listening`: its pages.

This package does not know how models learn or how samples are drawn.
"""
