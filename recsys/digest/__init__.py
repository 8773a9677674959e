"""Digests for everyone who is due: composed, written whole, remembered."""

from recsys.digest.config import DigestConfig
from recsys.digest.history import confirm
from recsys.digest.job import digests, run
from recsys.digest.letter import Digest, Entry, EntryReason
from recsys.digest.recommends import Ranked, Recommends
from recsys.digest.tally import DigestCounts, DigestReport

Because = EntryReason
Tally = DigestCounts

__all__ = [
    "Because",
    "Digest",
    "DigestConfig",
    "DigestCounts",
    "DigestReport",
    "Entry",
    "EntryReason",
    "Ranked",
    "Recommends",
    "Tally",
    "confirm",
    "digests",
    "run",
]
