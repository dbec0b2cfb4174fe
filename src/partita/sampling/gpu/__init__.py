"""The GPU engine: a persistent Triton kernel draws 16 clips per program.

`engine` is what the rest of Partita uses; it imports Triton only when clips are drawn. `packing` lays out
weights, and `kernel`, `layers` and `categorical` are the Triton functions. This package does not know the CPU
engine.
"""
