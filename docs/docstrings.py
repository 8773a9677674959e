"""What the docs build does with docstrings: reStructuredText marks become Markdown.

The docstrings are written for reading in an editor and by ``help()``: numpydoc, with roles such as
``:class:`TopK``` and paper keys such as ``[EASE2019]_``. mkdocstrings reads Markdown only.
"""

from __future__ import annotations

import re
from typing import Any

import griffe

ROLE = re.compile(r":(?:class|func|meth|mod|attr|data|exc|obj):`~?([^`]+)`")
INLINE_MATH = re.compile(r":math:`([^`]+)`")
KEY = re.compile(r"\[([A-Z][A-Za-z]*\d{4}[a-z]?)\]_")
MATH = re.compile(
    r"^(?P<indent> *)\.\. math::(?P<first>[^\n]*)\n(?P<more>(?:\n|(?P=indent) +[^\n]*\n)*)"
)


def to_markdown(text: str) -> str:
    """Return a docstring with roles, keys, formulas and literal blocks as Markdown.

    Examples
    --------
    >>> to_markdown("See :class:`~recsys.core.topk.TopK` and [EASE2019]_.")
    'See `TopK` and [EASE2019][ease2019].'
    """
    text = ROLE.sub(lambda role: f"`{role[1].rpartition('.')[2]}`", text)
    text = INLINE_MATH.sub(r"`\1`", text)
    text = KEY.sub(lambda key: f"[{key[1]}][{key[1].lower()}]", text)
    return re.compile(MATH.pattern, re.MULTILINE).sub(_formula, text)


def _formula(match: re.Match[str]) -> str:
    lines = [match["first"].strip(), *(line.strip() for line in match["more"].splitlines())]
    indent = match["indent"]
    body = "\n".join(f"{indent}{line}" for line in lines if line)
    return f"{indent}```text\n{body}\n{indent}```\n\n"


class Markdown(griffe.Extension):
    """Rewrites each docstring as it is read."""

    def on_object(self, *, obj: griffe.Object, **_: Any) -> None:
        """Rewrite the docstring of one object."""
        if obj.docstring is not None:
            obj.docstring.value = to_markdown(obj.docstring.value)
