"""The page that puts clips of several models side by side: drawn now, or kept by `partita compare`.

- `comparisons`: finished comparisons and their clips.
- `routes`: the addresses.
"""
