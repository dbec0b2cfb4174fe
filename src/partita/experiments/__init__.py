"""Resumable recipes that prepare, train, draw, score and report.

`demo` trains two arms on recordings within a given time and writes a page with clips. `arena` compares arms
against a known data distribution. `folder` is the output folder that both use. Only the command line and the
benchmarks import this package; it does not know how commands are typed.
"""
