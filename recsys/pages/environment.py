"""Rendering of HTML templates, with everything escaped."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from recsys.pages.excerpt import excerpt
from recsys.pages.link import safe_url

if TYPE_CHECKING:
    from jinja2 import Environment


def render(template: str, **context: object) -> str:
    """Return a template filled in, everything escaped.

    Parameters
    ----------
    template : str
        A file in ``recsys/pages/templates``.
    context : objects
        The template's names. One that is missing is an error, not a blank.

    Returns
    -------
    str
        One whole page; it loads nothing from anywhere and runs no script.

    Examples
    --------
    >>> page = render("message.html", title="1 < 2", lines=[])
    >>> "1 &lt; 2" in page
    True
    """
    return _environment().get_template(template).render(context)


@cache
def _environment() -> Environment:
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("recsys.pages"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["safe_url"] = safe_url
    environment.filters["excerpt"] = excerpt
    return environment
