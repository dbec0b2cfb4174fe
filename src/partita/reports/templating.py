"""Render the HTML templates of this package."""

from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

COLOURS = 8
"""Number of colours of arms in `templates/report.css`; more arms begin again with the first one."""


def render_template(template: str, page: Any) -> str:
    """Render a template to HTML. All text is escaped; an undefined variable is an error.

    Args:
        template: file name of the template.
        page: value of the variable `page` in the template.
    """
    environment = Environment(
        loader=PackageLoader("partita.reports"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["colour_class"] = colour_class
    return environment.get_template(template).render(page=page)


def colour_class(arm: int) -> str:
    """Return the CSS class that gives an arm its colour.

    Args:
        arm: index of the arm; below 0 for real sound, and for what all arms have in common.

    >>> colour_class(-1), colour_class(1), colour_class(9)
    ('real', 'arm-1', 'arm-1')
    """
    return "real" if arm < 0 else f"arm-{arm % COLOURS}"
