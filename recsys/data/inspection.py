"""Data quality report: counts and findings about events, items and users."""

from __future__ import annotations

from typing import Any

import numpy as np
from pydantic import Field, PositiveFloat, PositiveInt

from recsys.core.arrays import NO_ROW
from recsys.core.clock import DAY, to_iso
from recsys.core.config import Config
from recsys.data.dataset import Dataset
from recsys.data.logs.events import EventLog
from recsys.data.tables.catalog import Catalog


class InspectionConfig(Config):
    """Thresholds of :func:`inspect_dataset`."""

    n_listed: PositiveInt = 5
    """Number of users and tags that are named."""
    cold_events: PositiveInt = 3
    """A user or an item with fewer events is cold."""
    flood_share: float = Field(default=0.1, gt=0, le=1)
    """A user floods with more than this share of all events that is also more than ..."""
    flood_factor: PositiveFloat = 10.0
    """... so many times the mean share of a user ..."""
    flood_per_hour: PositiveInt = 60
    """... or with more than so many events within an hour."""
    gap_factor: PositiveFloat = 20.0
    """A gap is suspicious if longer than a day and than so many times the mean gap."""


def inspect_dataset(data: Dataset, *, config: InspectionConfig | None = None) -> dict[str, Any]:
    """Return counts and findings as plain values.

    Parameters
    ----------
    data : Dataset
        Everything in common rows; the catalog and the people may be empty.
    config : InspectionConfig or None
        None means the defaults.

    Returns
    -------
    dict
        ``columns``, ``counts``, ``time``, ``kinds``, ``cold``, ``floods``, ``self_events``,
        ``gaps`` and ``catalog``.
    """
    config = InspectionConfig() if config is None else config
    events = data.events
    return {
        "columns": _columns(data),
        "counts": _counts(data),
        "time": _time(events),
        "kinds": _kinds(events),
        "cold": _cold(data, config),
        "floods": floods(events, config),
        "self_events": self_events(data),
        "gaps": gaps(events, config),
        "catalog": _catalog(data, config),
    }


def floods(events: EventLog, config: InspectionConfig) -> list[dict[str, Any]]:
    """Return the users with the most events, flooding ones first.

    A burst of one person shows as ``busiest_hour``: their most events within one hour of the clock.
    """
    per_user = np.bincount(events.user_rows, minlength=events.n_users)
    busiest = _busiest_hours(events)
    by_count = np.argsort(-per_user, kind="stable")[: config.n_listed]
    by_burst = np.argsort(-busiest, kind="stable")[: config.n_listed]
    rows = [row for row in dict.fromkeys([*by_count.tolist(), *by_burst.tolist()]) if per_user[row]]
    mean_share = 1 / max(int((per_user > 0).sum()), 1)
    found = []
    for row in rows:
        share = per_user[row] / max(events.n_events, 1)
        found.append(
            {
                "user_id": events.users.id(row),
                "n_events": int(per_user[row]),
                "share": round(float(share), 4),
                "busiest_hour": int(busiest[row]),
                "floods": bool(
                    share > max(config.flood_share, config.flood_factor * mean_share)
                    or busiest[row] > config.flood_per_hour
                ),
            }
        )
    found.sort(key=lambda one: (not one["floods"], -one["n_events"]))
    return [one for at, one in enumerate(found) if one["floods"] or at < config.n_listed]


def self_events(data: Dataset) -> dict[str, Any]:
    """Return how many events are of people on their own items, authoring left out."""
    events = data.events
    authoring = events.kinds.has_role("authoring")[events.kind_codes]
    authors = data.author_rows[events.item_rows]
    own = (authors != NO_ROW) & (authors == events.user_rows) & ~authoring
    rest = max(int((~authoring).sum()), 1)
    return {
        "n_events": int(own.sum()),
        "share": round(float(own.sum()) / rest, 4),
        "n_items_with_author": int((data.author_rows != NO_ROW).sum()),
    }


def gaps(events: EventLog, config: InspectionConfig) -> list[dict[str, Any]]:
    """Return the longest gaps between events; suspicious ones are marked."""
    times = np.unique(events.occurred_at[~np.isnat(events.occurred_at)])
    if len(times) < 3:
        return []
    lengths = np.diff(times) / DAY
    mean = float((times[-1] - times[0]) / DAY) / len(lengths)
    longest = np.argsort(-lengths, kind="stable")[:3]
    return [
        {
            "from": to_iso(times[at]),
            "to": to_iso(times[at + 1]),
            "days": round(float(lengths[at]), 3),
            "suspicious": bool(lengths[at] > max(1.0, config.gap_factor * mean)),
        }
        for at in longest.tolist()
    ]


def _columns(data: Dataset) -> dict[str, dict[str, str]]:
    """Return by table the columns that were read, and as what."""
    events: dict[str, str] = {
        "user_id": data.users.kind,
        "item_id": data.items.kind,
        "kind": "text",
    }
    if not np.isnan(data.events.values).all():
        events["value"] = "number"
    if data.events.has_times:
        events["occurred_at"] = "time"
    return {
        "events": events if data.events.n_events else {},
        "items": {one: data.catalog.sort(one) for one in data.catalog.table.column_names},
        "users": {one: data.people.sort(one) for one in data.people.table.column_names},
    }


def _counts(data: Dataset) -> dict[str, int]:
    events = data.events
    pairs = events.user_rows.astype(np.int64) * max(data.n_items, 1) + events.item_rows
    per_pair = np.unique(pairs, return_counts=True)[1]
    return {
        "n_events": events.n_events,
        "n_users": data.n_users,
        "n_items": data.n_items,
        "n_pairs": len(per_pair),
        "most_events_of_a_pair": int(per_pair.max(initial=0)),
        "n_users_with_events": len(np.unique(events.user_rows)),
        "n_items_with_events": len(np.unique(events.item_rows)),
        "n_repeated_events": events.n_dropped_duplicates,
    }


def _time(events: EventLog) -> dict[str, Any]:
    if not events.has_times:
        return {"first": None, "last": None, "n_without": events.n_events}
    return {
        "first": to_iso(events.first_time),
        "last": to_iso(events.last_time),
        "n_without": int(np.isnat(events.occurred_at).sum()),
    }


def _kinds(events: EventLog) -> list[dict[str, Any]]:
    counts = np.bincount(events.kind_codes, minlength=len(events.kinds))
    out = []
    for code in np.argsort(-counts, kind="stable").tolist():
        if not counts[code]:
            continue
        kind, mine = events.kinds.kinds[code], events.kind_codes == code
        values = events.values[mine]
        given = values[np.isfinite(values)]
        out.append(
            {
                "kind": kind.name,
                "role": kind.role,
                "weight": kind.weight,
                "n_events": int(counts[code]),
                "values": [float(given.min()), float(given.max())] if len(given) else None,
                "dates_only": _dates_only(events.occurred_at[mine]),
            }
        )
    return out


def _dates_only(times: Any) -> bool:
    """Say whether the times have no time of day: nine of ten at midnight."""
    given = times[~np.isnat(times)]
    return bool(len(given) and (given == given.astype("datetime64[D]")).mean() >= 0.9)


def _cold(data: Dataset, config: InspectionConfig) -> dict[str, Any]:
    events = data.events
    per_user = np.bincount(events.user_rows, minlength=data.n_users)
    per_item = np.bincount(events.item_rows, minlength=data.n_items)
    return {
        "fewer_than": config.cold_events,
        "users": _share(per_user < config.cold_events),
        "items": _share(per_item < config.cold_events),
        "users_without_events": int((per_user == 0).sum()),
        "items_without_events": int((per_item == 0).sum()),
    }


def _share(mask: Any) -> float:
    return round(float(mask.mean()), 4) if len(mask) else 0.0


def _catalog(data: Dataset, config: InspectionConfig) -> dict[str, Any]:
    catalog = data.catalog
    per_tag = np.bincount(catalog.tags.indices, minlength=len(catalog.tag_names))
    once = np.flatnonzero(per_tag == 1)
    bare = np.diff(catalog.tags.indptr) == 0
    for name in ("title", "text"):
        bare &= np.array([one is None for one in catalog.column(name)], np.bool_)
    return {
        "n_tags": len(catalog.tag_names),
        "n_tags_used_once": len(once),
        "tags_used_once": [catalog.tag_names[at] for at in once[: config.n_listed]],
        "items_without_tags_and_text": int(bare.sum()),
        "events_before_publication": _too_early(data.events, catalog),
    }


def _too_early(events: EventLog, catalog: Catalog) -> int:
    published = catalog.column("published_at").astype("datetime64[us]")
    return int((events.occurred_at < published[events.item_rows]).sum())


def _busiest_hours(events: EventLog) -> Any:
    """Return (n_users,) the most events of each person within one hour of the clock."""
    out = np.zeros(events.n_users, np.int64)
    given = ~np.isnat(events.occurred_at)
    # a date without a time of day says nothing of the hour
    given &= events.occurred_at != events.occurred_at.astype("datetime64[D]")
    hours = events.occurred_at[given].astype("datetime64[h]").astype(np.int64)
    if len(hours):
        hours -= hours.min()
        width = int(hours.max()) + 1
        keys, counts = np.unique(
            events.user_rows[given].astype(np.int64) * width + hours, return_counts=True
        )
        np.maximum.at(out, keys // width, counts)
    return out
