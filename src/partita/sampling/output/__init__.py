"""Write drawn clips to files, pipes and devices.

- `plan` decides which files are written and protects files that are already there; `limits` checks the format
  and the disk space. Both run before a clip is drawn.
- `clip_files` writes files, by `growing_clips` (WAV) or `whole_clips` (other formats).
- `pipe` writes a stream; `devices` opens what it goes to.
- `provenance` marks files as drawn by Partita.

This package does not know models or the command line: it takes blocks of samples from any source.
"""
