"""Excerpts: the first words of a text."""

from __future__ import annotations

import re

TAG = re.compile(r"<[^<>]{1,200}>")
SENTENCE_PART = 0.6


def excerpt(text: object, max_length: int = 180) -> str:
    """Return the first words of ``text`` without markup, with an ellipsis where it was cut.

    Parameters
    ----------
    text : object
        Anything but text gives "".
    max_length : int
        In characters, ellipsis included; at least 1.

    Examples
    --------
    >>> excerpt("<p>Quantum gates are matrices.</p>", 20)
    'Quantum gates are…'
    """
    if not isinstance(text, str):
        return ""
    head = " ".join(TAG.sub(" ", text[: 8 * max_length + 400]).split())
    if len(head) <= max_length:
        return head
    cut = head[: max_length - 1]
    at = cut.rfind(" ")
    if at >= SENTENCE_PART * len(cut):  # languages without blanks are cut anywhere
        cut = cut[:at]
    return cut.rstrip(" ,;:.-") + "…"
