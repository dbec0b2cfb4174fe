"""Write a page: one HTML file that is complete by itself and under 10 MB. This file knows no content."""

from pathlib import Path

from partita import storage

MAX_BYTES = 10_000_000


def write_page(path: str | Path, html: str) -> Path:
    """Write a page to a file, complete or not at all, and return its path.

    Args:
        path: the HTML file; its folder is created if necessary.
        html: the page.
    """
    path = Path(path)
    assert len(html.encode()) < MAX_BYTES, "a page is small enough to be sent by mail"
    path.parent.mkdir(parents=True, exist_ok=True)
    storage.write_text(path, html)
    return path
