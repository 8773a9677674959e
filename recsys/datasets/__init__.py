"""Data sets: two embedded ones, a synthetic one, and readers of public splits."""

from recsys.datasets.community import load_community
from recsys.datasets.movies import load_movies
from recsys.datasets.public import PublicSplit, ml100k_split, read_split
from recsys.datasets.synthetic import synthetic_world

__all__ = [
    "PublicSplit",
    "load_community",
    "load_movies",
    "ml100k_split",
    "read_split",
    "synthetic_world",
]
