"""Export a listener's test as one HTML file that works without a network.

The file holds what the listener would be served, with every clip as a `data:` URL, and nothing else: no key
and no name. Its content policy forbids all requests. The listener saves a JSON file, which
`answer_file.py` reads. This file opens no key.
"""

import base64
import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from partita import storage
from partita.app.blind.session import ListenerSession
from partita.errors import PartitaError

PACKAGE = "partita.app.blind"
SCRIPTS = ("player.js", "trials.js", "offline.js")
STYLE = "blind.css"


@dataclass(frozen=True, kw_only=True)
class _Page:
    """What the template shows."""

    policy: str
    style: Markup
    script: Markup
    data: Markup
    commitment: str


def export_offline(session: ListenerSession, path: Path) -> Path:
    """Write the test of one listener as an HTML file.

    Args:
        session: the listener's session.
        path: the file; it is replaced if it exists.

    Returns:
        The file.

    Raises:
        PartitaError: the file can't be written.
    """
    try:
        storage.write_text(path, offline_page(session))
    except OSError as error:
        raise PartitaError(f"{path} can't be written ({error.strerror}): write elsewhere") from error
    return path


def offline_page(session: ListenerSession) -> str:
    """Return the HTML of the offline page of one listener.

    Args:
        session: the listener's session.
    """
    environment = Environment(loader=PackageLoader(PACKAGE), autoescape=True, undefined=StrictUndefined)
    loader = environment.loader
    assert loader is not None
    sources = {name: loader.get_source(environment, name)[0] for name in (*SCRIPTS, STYLE)}
    script, style = "\n".join(sources[name] for name in SCRIPTS), sources[STYLE]
    page = _Page(
        policy=f"default-src 'none'; script-src {_hash(script)}; style-src {_hash(style)}; img-src data:;"
        " base-uri 'none'; form-action 'none'",
        style=Markup(style),
        script=Markup(script),
        data=Markup(_data(session)),
        commitment=str(session.manifest["commitment"]),
    )
    return environment.get_template("offline.html.j2").render(page=page)


def _data(session: ListenerSession) -> str:
    """Return the trials and clips as JSON that is safe inside a script element."""
    clips = {clip: _data_url(session.clip(clip)) for clip in session.clips}
    return json.dumps({"manifest": session.manifest, "clips": clips}).replace("<", "\\u003c")


def _data_url(data: bytes) -> str:
    return "data:audio/wav;base64," + base64.b64encode(data).decode("ascii")


def _hash(text: str) -> str:
    """Return the source expression of a content policy that allows this script or style.

    >>> _hash("")
    "'sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU='"
    """
    digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode("ascii")
    return f"'sha256-{digest}'"
