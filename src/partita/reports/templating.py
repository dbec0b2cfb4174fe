"""From a template of this room and what is to be shown to a page's HTML. Knows no page."""

from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined


def render_template(template: str, page: Any) -> str:
    """Return the HTML; every text is escaped, and a name that the template asks for in vain is an error.

    Args:
        template: the template's file name.
        page: what the template calls `page`.
    """
    environment = Environment(
        loader=PackageLoader("partita.reports"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template(template).render(page=page)
