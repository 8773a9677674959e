"""Safe file names for any id."""

from __future__ import annotations

import hashlib
import re

PLAIN = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")
RESERVED = re.compile(r"con|prn|aux|nul|com[0-9]|lpt[0-9]")
MAX_SLUG = 40


def page_name(some_id: object) -> str:
    """Return the name of the page of ``some_id``: different for each id, harmless for each disk.

    A short lower-case id is its own name. Any other (capitals, which some disks do not tell
    apart, dots, slashes, emoji, a thousand characters, names that Windows reserves) becomes what
    is readable of it, a tilde and a hash.

    Examples
    --------
    >>> page_name("ana"), page_name(42)
    ('ana.html', '42.html')
    >>> page_name("../../etc/passwd")
    'etc-passwd~e5e710ea784151b5.html'
    """
    text = str(some_id)
    if PLAIN.fullmatch(text) and not RESERVED.fullmatch(text):
        return f"{text}.html"
    slug = re.sub(r"[^a-z0-9]+", "-", text.lower())[:MAX_SLUG].strip("-")
    mark = hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()
    return f"{slug}~{mark}.html"
