"""Validation of URLs before they become links."""

from __future__ import annotations

import unicodedata
from urllib.parse import urljoin, urlsplit

WEB_SCHEMES = frozenset({"http", "https"})


def safe_url(url: object, *, base: str | None = None) -> str | None:
    """Return an address that may stand in ``href``, or None where only plain text is safe.

    Parameters
    ----------
    url : object
        What the catalog holds; anything but text is not a link.
    base : str, optional
        A relative ``url`` is joined to it; with None a relative one is not a link.

    Returns
    -------
    str or None
        An ``http``, ``https`` or ``mailto`` address without blanks and control characters.

    Examples
    --------
    >>> safe_url("https://example.org/q/7?a=b")
    'https://example.org/q/7?a=b'
    >>> safe_url("q/7", base="https://example.org/")
    'https://example.org/q/7'
    >>> safe_url("javascript:alert(1)") is None
    True
    """
    if not isinstance(url, str) or not url.strip():
        return None
    url = url.strip()
    if any(one.isspace() or unicodedata.category(one) == "Cc" for one in url):
        return None  # browsers drop tabs and line ends, so "java\nscript:" would slip through
    try:
        whole = urljoin(base, url) if base else url
        parts = urlsplit(whole)
    except ValueError:
        return None
    if parts.scheme in WEB_SCHEMES:
        return whole if parts.netloc else None
    return whole if parts.scheme == "mailto" and parts.path else None
