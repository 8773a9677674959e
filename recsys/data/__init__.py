"""Events, items and people: ids, readers, and the matrices made of them."""

from recsys.data.catalog import Catalog
from recsys.data.dataset import Dataset
from recsys.data.events import EventLog
from recsys.data.exposures import ExposureLog
from recsys.data.fewevents import few_events
from recsys.data.history import DigestHistory
from recsys.data.ids import IdMap
from recsys.data.interactions import (
    InteractionConfig,
    TimedEvents,
    interactions,
    negatives,
    rating_range,
    seen,
    taste_events,
    taste_of,
)
from recsys.data.kinds import EventKind, KindTable
from recsys.data.people import Consent, People
from recsys.data.rows import BadRow
from recsys.data.saved import load_dataset, save_dataset
from recsys.data.splits import random_per_user, split_by_time, split_by_user, split_last_n
from recsys.data.tables import load_table, save_table
from recsys.data.tags import TagTable

__all__ = [
    "BadRow",
    "Catalog",
    "Consent",
    "Dataset",
    "DigestHistory",
    "EventKind",
    "EventLog",
    "ExposureLog",
    "IdMap",
    "InteractionConfig",
    "KindTable",
    "People",
    "TagTable",
    "TimedEvents",
    "few_events",
    "interactions",
    "load_dataset",
    "load_table",
    "negatives",
    "random_per_user",
    "rating_range",
    "save_dataset",
    "save_table",
    "seen",
    "split_by_time",
    "split_by_user",
    "split_last_n",
    "taste_events",
    "taste_of",
]
