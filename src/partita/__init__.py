"""Partita: autoregressive models of raw audio, an adversary for them, and a measure of whether it helped."""
