"""The pages of the blind listening test: the owner's, and that of each listener.

- `shelf`: the tests in the folder of the page.
- `making`: draw the clips of models for a test, and make it.
- `owner`: the addresses of the owner; `listener`: those behind the links of the listeners.

`partita.app.blind` has the design, the key, the answers and the statistics.
"""
