"""Rollouts: how the generator's output becomes clips or waveforms that a loss or a judge can use.

`teacher_forced.py` samples every point after the real past, `free_running.py` draws clips sample by sample.
The package does not know schedules of the learning rate, or files.
"""
