"""Blind listening tests: A/B and ABX between arms, with a sealed key.

- `config.py`, `questions.py`: settings of a test; the questions.
- `sources.py`, `rendering.py`: clips of the same prompts; clips made equally long and loud.
- `order.py`: the balanced order of the trials of a listener.
- `creation.py`, `folder.py`, `key.py`: make a test; its folder; the key and the commitment to it.
- `session.py`, `answers.py`: what a listener sees and does; the file of answers, which only grows.
- `offline.py`, `answer_file.py`: a test as one HTML file; its answers read back.
- `results.py`, `wording.py`: shares, tests and consistency; the verdict as a sentence.

`templates/` has the page's parts and scripts. This package has no server and draws no clips.
"""
