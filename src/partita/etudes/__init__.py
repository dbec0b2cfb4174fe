"""The built-in synthetic corpus: studies for solo violin, composed and synthesized from a seed.

`render.write_etudes` writes them as sound files. This package knows neither corpora nor models.
"""
