import numpy as np

from recsys.core.clock import to_utc
from recsys.data import Catalog, Dataset, EventLog
from recsys.digest import DigestConfig
from recsys.digest.facts import ItemFacts, since

EVENTS = EventLog.from_frame(
    {
        "user_id": ["ana", "bo", "bo"],
        "item_id": ["q1", "q2", "q9"],
        "kind": ["ask", "view", "view"],
    }
)
CATALOG = Catalog.from_frame(
    {
        "item_id": ["q1", "q2", "q3", "q4"],
        "title": ["One", None, "Three", "Four"],
        "url": ["https://example.org/1", "q/2", "javascript:x", None],
        "author_id": [None, "ana", "press", "press"],
        "author_name": [None, "Ana A.", None, None],
        "status": ["active", "active", "blocked", "active"],
        "published_at": ["2018-08-01", "2018-08-30", "2018-08-30", "2018-09-09"],
        "expires_at": [None, "2018-09-01T00:00:00Z", None, None],
    },
    item_tags={
        "item_id": ["q1", "q1", "q1"],
        "tag": ["gates", "noise", "hard"],
        "weight": [1.0, 3.0, 9.0],
        "family": ["topic", "topic", "level"],
    },
)
DATA = Dataset.join(EVENTS, CATALOG)
NOW = to_utc("2018-09-01T00:00:00Z")


def facts(**settings: object) -> ItemFacts:
    return ItemFacts(DATA, DigestConfig(**settings))


def test_an_author_is_one_author_whether_named_by_the_catalog_or_by_an_event() -> None:
    q1, q2, q3, q4, q9 = facts().author_of.tolist()
    assert q1 == q2
    assert q3 == q4 != q1
    assert q9 == -1


def test_an_author_is_called_by_name_if_there_is_one() -> None:
    assert [facts().author_name(row) for row in range(5)] == [
        "ana",
        "Ana A.",
        "press",
        "press",
        None,
    ]


def test_only_safe_addresses_are_kept() -> None:
    assert facts().urls.tolist()[:3] == ["https://example.org/1", None, None]
    joined = facts(base_url="https://app.example/").urls.tolist()
    assert joined[:4] == ["https://example.org/1", "https://app.example/q/2", None, None]


def test_topics_are_the_tags_of_the_topic_families() -> None:
    assert facts().topics.shape[1] == 2
    assert facts(topic_families=("level",)).topics.shape[1] == 1
    assert facts().tag_names(0) == ["noise", "gates"]


def test_blocked_expired_and_future_items_are_not_current() -> None:
    assert facts().current(NOW).tolist() == [True, False, False, False, True]


def test_an_age_limit_leaves_out_what_is_older_or_has_no_date() -> None:
    assert facts(max_age_days=31).current(NOW).tolist() == [True, False, False, False, False]
    assert not facts(max_age_days=7).current(NOW).any()


def test_the_age_filter_is_never_stricter_than_the_limit() -> None:
    moment = np.datetime64("2018-09-08T23:59:59", "us")
    assert since(moment, 0.5) == "published_at >= 2018-09-08"
