"""Render the HTML templates of this package."""

from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined


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
    return environment.get_template(template).render(page=page)
