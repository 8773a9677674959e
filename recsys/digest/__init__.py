"""Digests for everyone who is due: composed, written whole, remembered."""

from recsys.digest.config import DigestConfig
from recsys.digest.history import confirm
from recsys.digest.job import digests, run
from recsys.digest.letter import Because, Digest, Entry
from recsys.digest.recommends import Ranked, Recommends
from recsys.digest.tally import DigestReport, Tally

__all__ = [
    "Because",
    "Digest",
    "DigestConfig",
    "DigestReport",
    "Entry",
    "Ranked",
    "Recommends",
    "Tally",
    "confirm",
    "digests",
    "run",
]
