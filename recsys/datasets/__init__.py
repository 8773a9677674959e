"""Data to try things on: two embedded sets, a made-up world, and readers of public sets."""

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
