"""Self-contained HTML pages: shell, escaping, safe links, file names and score bars."""

from recsys.pages.bar import Bar, score_bars
from recsys.pages.environment import render
from recsys.pages.excerpt import excerpt
from recsys.pages.file_name import page_name
from recsys.pages.link import safe_url

__all__ = ["Bar", "excerpt", "page_name", "render", "safe_url", "score_bars"]
