"""The settings of a digest run."""

from __future__ import annotations

from string import Formatter
from typing import Literal

from pydantic import (
    Field,
    NonNegativeFloat,
    NonNegativeInt,
    PositiveFloat,
    PositiveInt,
    field_validator,
)

from recsys.core.config import Config

SUBJECT_FIELDS = ("n_items", "top_title", "issue", "user_id")


class DigestConfig(Config):
    """Settings of :func:`recsys.digest.run`.

    Examples
    --------
    >>> DigestConfig(k=5).subject
    '{n_items} picks for you'
    """

    k: PositiveInt = 10
    """Items in a digest; fewer only where no more can be found, and then it says why."""
    min_items: NonNegativeInt = 1
    """A digest with fewer items is not written; 0 writes even an empty one."""
    max_per_author: PositiveInt | None = 2
    """Items of one author in one digest; None: any number."""
    max_per_topic: PositiveInt | None = 4
    """Items that carry one topic tag in one digest; None: any number."""
    topic_families: tuple[str, ...] = ("topic",)
    """The tag families that count as topics."""
    period_days: PositiveFloat = 7.0
    """How long after a digest the next one is due."""
    grace_hours: NonNegativeFloat = 6.0
    """How much earlier than that a digest may come, so that a weekly job that starts a minute
    early does not skip a week; at most half of the period is used."""
    unconfirmed: Literal["count", "ignore"] = "count"
    """Whether a digest that was composed, but never confirmed as sent, counts as received."""
    candidates: PositiveInt = 100
    """Ranked items asked for each person, from which caps and history pick ``k``; people who come
    out short are asked again with five times as many."""
    max_age_days: PositiveFloat | None = None
    """Only items published in so many days before the run; None: of any age."""
    where: str | None = None
    """A filter that every item must pass, as in ``Recommender.recommend``; None: no filter."""
    explain: bool = True
    """Whether each item says why."""
    subject: str = "{n_items} picks for you"
    """The title; may use ``{n_items}``, ``{top_title}``, ``{issue}`` and ``{user_id}``."""
    name: str = "Weekly digest"
    """What the digest is called on its page."""
    base_url: str | None = Field(default=None, pattern=r"^https?://[^\s/]+")
    """Relative item addresses are joined to it; None: they are not links."""
    lang: str = Field(default="en", pattern=r"^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*$")
    """The language of the page's own words, for screen readers (BCP 47)."""
    chunk_size: PositiveInt = 2048
    """People worked on at a time: what memory depends on."""
    html_limit: NonNegativeInt = 1000
    """Pages written at most; the index says when there are more digests than pages."""

    @field_validator("subject")
    @classmethod
    def _subject_has_known_fields_only(cls, subject: str) -> str:
        try:
            parts = list(Formatter().parse(subject))
        except ValueError as err:
            raise ValueError(f"must be a format text such as '{{n_items}} picks' ({err})") from err
        for _, field, spec, conversion in parts:
            if field is not None and (field not in SUBJECT_FIELDS or spec or conversion):
                known = ", ".join(f"{{{name}}}" for name in SUBJECT_FIELDS)
                raise ValueError(f"may use only {known}")
        return subject
