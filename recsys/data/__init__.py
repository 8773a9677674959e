"""Events, items and users: ids, readers, and interaction matrices."""

from recsys.data.dataset import Dataset
from recsys.data.event_kinds import EventKind, KindTable
from recsys.data.ids.id_map import IdMap, check_same_sort
from recsys.data.inspection import InspectionConfig, inspect_dataset
from recsys.data.interactions import (
    InteractionConfig,
    PositiveEvents,
    TimedEvents,
    interaction_matrix,
    interactions,
    negatives,
    positive_events,
    rating_range,
    seen,
    select_positive_events,
    superseded_ratings,
    taste_events,
    taste_of,
)
from recsys.data.logs.digest_history import DigestHistory
from recsys.data.logs.events import EventLog
from recsys.data.logs.exposures import ExposureLog
from recsys.data.logs.few_events import few_events
from recsys.data.readers.files import id_cells, read_source
from recsys.data.readers.source import BadRow, RowReport
from recsys.data.saved import load_dataset, save_dataset
from recsys.data.splits import random_per_user, split_by_time, split_by_user, split_last_n
from recsys.data.tables.attribute_types import FALSE_WORDS, TRUE_WORDS
from recsys.data.tables.attributes import load_table, save_table
from recsys.data.tables.catalog import Catalog
from recsys.data.tables.people import Consent, People
from recsys.data.tables.tags import TagTable

__all__ = [
    "FALSE_WORDS",
    "TRUE_WORDS",
    "BadRow",
    "Catalog",
    "Consent",
    "Dataset",
    "DigestHistory",
    "EventKind",
    "EventLog",
    "ExposureLog",
    "IdMap",
    "InspectionConfig",
    "InteractionConfig",
    "KindTable",
    "People",
    "PositiveEvents",
    "RowReport",
    "TagTable",
    "TimedEvents",
    "check_same_sort",
    "few_events",
    "id_cells",
    "inspect_dataset",
    "interaction_matrix",
    "interactions",
    "load_dataset",
    "load_table",
    "negatives",
    "positive_events",
    "random_per_user",
    "rating_range",
    "read_source",
    "save_dataset",
    "save_table",
    "seen",
    "select_positive_events",
    "split_by_time",
    "split_by_user",
    "split_last_n",
    "superseded_ratings",
    "taste_events",
    "taste_of",
]
