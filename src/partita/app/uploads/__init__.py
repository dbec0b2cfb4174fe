"""Files that a visitor gives: kept under a name of the page's own, after a process with limits has read them.

- `decode`: what runs in that process.
- `sandbox`: starts the process and ends it if it takes too long.
- `store`: the files.
- `routes`: the addresses.
"""
