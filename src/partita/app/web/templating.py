"""Fill the templates of the local page. This file knows no page."""

from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse

from partita import __version__

ROOT = Path(__file__).parents[1]
TEMPLATES = (ROOT / "templates", ROOT / "blind" / "templates")
STATIC = ROOT / "static"
PAGES = {"Play": "/", "Train": "/train", "Compare": "/compare", "Blind test": "/blind"}
"""The pages in the menu: name -> path."""


@cache
def _environment() -> Environment:
    """Return what loads the templates; it compiles each once."""
    return Environment(
        loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )


def page(request: Request, template: str, *, status: int = 200, **values: Any) -> HTMLResponse:
    """Return a filled template.

    Args:
        request: the request that is answered.
        template: the name of the template.
        status: the HTTP status.
        values: what the template needs.
    """
    shared = {
        "pages": PAGES,
        "path": request.url.path,
        "version": __version__,
        "nonce": request.scope["state"]["nonce"],
    }
    return HTMLResponse(_environment().get_template(template).render(shared | values), status_code=status)
