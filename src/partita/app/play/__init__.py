"""Draw clips for the local page, and send their sound while it is drawn.

- `request`: what a visitor asks for, and the command that does the same.
- `process`: the process that draws; `drawing` is what runs in it.
- `job`: one clip from the request to the finished sound; `queue` draws the jobs one after the other.
- `library`: the models that can be chosen.
- `routes`: the addresses.
"""
