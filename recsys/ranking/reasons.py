"""Explanations: the largest parts of a score as sentences for the reader."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from string import Formatter
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from recsys.core.arrays import BoolArray, DoubleArray
from recsys.core.contribution import Contribution, Source
from recsys.core.errors import ConfigError, clip
from recsys.profiles import TagVocabulary

TEMPLATES: Mapping[str, str] = {
    "item": "because of “{title}”",
    "item.view": "because you viewed “{title}”",
    "item.like": "because you liked “{title}”",
    "item.bookmark": "because you bookmarked “{title}”",
    "item.share": "because you shared “{title}”",
    "item.comment": "because you commented on “{title}”",
    "item.answer": "because you answered “{title}”",
    "item.ask": "because you asked “{title}”",
    "item.rate": "because you rated “{title}”",
    "item.purchase": "because you bought “{title}”",
    "item.join": "because you joined “{title}”",
    "item.follow": "because you follow “{title}”",
    "item.favorite": "because “{title}” is a favorite of yours",
    "item.post": "because you posted “{title}”",
    "tag": "tag {tag}",
    "tag.followed": "you follow tag {tag}",
    "tag.format": "format {tag}",
    "tag.level": "level {tag}",
    "tag.language": "language {tag}",
    "tag.community": "community {tag}",
    "tag.author": "by {tag}",
    "tag.text": "about {tag}",
    "popularity": "popular",
    "popularity.now": "popular now",
    "popularity.week": "popular this week",
    "popularity.month": "popular this month",
    "freshness": "new",
    "other": "other signals",
}
"""The wording. ``{title}`` is an item's title or id, ``{tag}`` the name of a tag."""

_FIELD_OF = {"item": "title", "tag": "tag"}
_OPEN_FAMILIES = ("item.", "tag.")  # kinds of events and families of tags are the caller's
_MAX_TITLE = 80
_Cause: TypeAlias = tuple[Source, int]
_STOP_WORDS = frozenset(
    """
    a able about above actually after again against all almost also although always am among an
    and another any anyone anything are aren around as at away be became because become been
    before being below best better between both but by came can cannot come could couldn did didn
    do does doesn doing don done down during each either else enough etc even ever every
    few first for from further gave get gets getting give given go goes going gone good got had
    hadn has hasn have haven having he hello help her here hers herself hi him himself his how
    however if in instead into is isn it its itself just keep knew know last least less let like
    ll look looking lot made make makes making many may maybe me mean means might more most much
    must my myself need needs never no nor not nothing now of off often ok on once one ones only
    or other others our ours ourselves out over own perhaps please possible probably put quite
    rather re really right said same saw say says see seem seems seen several shall she should
    shouldn since so some someone something still such sure take tell than thank thanks that the
    their theirs them themselves then there therefore these they thing things think this those
    though thought through thus to together too took tried try trying two under until up upon us
    use used using ve very want wanted was wasn way we well went were weren what when where
    whether which while who whom whose why will with within without won would wouldn yes yet you
    your yours yourself yourselves
    """.split()  # noqa: SIM905  # a list of quoted words would be 300 lines
)
_ROUNDING = 1e-5
"""Share of a score below which a remainder is float32 rounding."""


@dataclass(frozen=True, slots=True)
class Reason:
    """One part of a score, in words.

    Attributes
    ----------
    text : str
        What to show.
    source : Source
        Where the part comes from; the rest of the score is ``Source.PERSON``.
    id : object or None
        The id of the item or the name of the tag; None for the others.
    value : float
        How much of the score it is.
    """

    text: str
    source: Source
    id: Any
    value: float


@dataclass(frozen=True, slots=True)
class Wording:
    """Templates and limits of explanations.

    Attributes
    ----------
    templates : mapping of str to str
        Replaces some of ``TEMPLATES``, for another language say; ``item.<kind>`` may be any kind
        of event.
    popularity_half_life_days : float or None
        Says "now" up to 3 days, "this week" up to 14, "this month" up to 60, and nothing beyond
        or where None.
    max_reasons : int
        Most parts that are named, besides the rest.
    min_share : float
        Least share of the positive parts that is worth naming.

    Raises
    ------
    ConfigError
        If a template is unknown or has a field that is never filled.

    Examples
    --------
    >>> Wording({"tag": "Thema {tag}"}).text("tag", tag="Gatter")
    'Thema Gatter'
    """

    templates: Mapping[str, str] = field(default_factory=dict)
    popularity_half_life_days: float | None = None
    max_reasons: int = 3
    min_share: float = 0.02

    def __post_init__(self) -> None:
        for name, template in self.templates.items():
            _check_template(name, template)

    def text(self, *names: str, **values: str) -> str:
        """Return the first template of ``names`` that there is, filled."""
        for name in names:
            template = self.templates.get(name, TEMPLATES.get(name))
            if template is not None:
                return template.format(**values)
        raise ConfigError(f"there must be a template; none of {', '.join(names)} is known.")

    @property
    def popularity(self) -> str:
        """The name of the template for popularity."""
        days = self.popularity_half_life_days
        for limit, name in ((3, "now"), (14, "week"), (60, "month")):
            if days is not None and days <= limit:
                return f"popularity.{name}"
        return "popularity"


@dataclass(frozen=True, slots=True, eq=False)
class ReasonNames:
    """Names of the items and tags that contributions refer to, for one person.

    Attributes
    ----------
    item_id : callable
        Item row to id.
    title : callable
        Item row to title, or None.
    kind : callable
        Item row to the kind of event by which this person met it, or None.
    tags : TagVocabulary
        Names and families of tag rows.
    followed : frozenset of int
        Tag rows that this person declared.
    unnamed : frozenset of int
        Item rows that this person may not see: never named, though they moved the score.
    """

    item_id: Callable[[int], Any]
    title: Callable[[int], str | None]
    kind: Callable[[int], str | None] = field(default=lambda _: None)
    tags: TagVocabulary = field(default_factory=TagVocabulary.empty)
    followed: frozenset[int] = frozenset()
    unnamed: frozenset[int] = frozenset()

    def may_name(self, cause: _Cause) -> bool:
        """Return whether a cause may be named to this person; an English stop word is none."""
        source, row = cause
        if source == Source.TAG:
            is_word = self.tags.families[row] == "text" and row not in self.followed
            return not (is_word and self.tags.names[row] in _STOP_WORDS)
        return source != Source.PERSON and not (source == Source.ITEM and row in self.unnamed)


def word_reasons(
    contributions: Sequence[Contribution],
    *,
    n_items: int,
    names: ReasonNames,
    scores: npt.ArrayLike | None = None,
    wording: Wording | None = None,
) -> tuple[tuple[Reason, ...], ...]:
    """Return the reasons for the scores of some items, for one person.

    Parts of several blocks with one cause are added: a cause is named once. Of each item the
    largest positive parts are named, and all else, negative parts and what no part explains, is
    one last reason, so that the values of an item's reasons add up to its score.

    Parameters
    ----------
    contributions : sequence of Contribution
        Over the same ``n_items`` items.
    n_items : int
        How many items.
    names : ReasonNames
        What rows are called.
    scores : (n_items,) float or None
        What the reasons must add up to; None means the sum of the parts.
    wording : Wording or None
        None means English, three reasons.

    Returns
    -------
    tuple of n_items tuples of Reason
        Largest first, the rest last. A missing title is no error: the id stands for it.

    Examples
    --------
    >>> parts = [Contribution("als", Source.ITEM, [0, 1], [[0.5], [0.125]]),
    ...          Contribution("popular", Source.POPULARITY, [-1], [[0.25]])]
    >>> names = ReasonNames(item_id=lambda row: f"q{row}", kind={0: "answer"}.get,
    ...                     title={0: "What is a gate?"}.get)
    >>> for one in word_reasons(parts, n_items=1, names=names, scores=[1.0])[0]:
    ...     print(one.value, one.text)
    0.5 because you answered “What is a gate?”
    0.25 popular
    0.125 because of “q1”
    0.125 other signals
    """
    causes, values = _summed(contributions, n_items)
    totals = values.sum(axis=0) if scores is None else np.asarray(scores, dtype=np.float64)
    nameable = np.array([names.may_name(cause) for cause in causes], dtype=np.bool_)
    wording = wording or Wording()
    return tuple(
        _reasons_of(
            causes,
            values[:, item],
            _named(values[:, item], nameable, wording),
            total=float(totals[item]),
            speaker=_Speaker(names, wording),
        )
        for item in range(n_items)
    )


def _summed(
    contributions: Sequence[Contribution], n_items: int
) -> tuple[list[_Cause], DoubleArray]:
    place: dict[_Cause, int] = {}
    places = [
        place.setdefault((one.source, row), len(place))
        for one in contributions
        for row in one.rows.tolist()
    ]
    values = np.zeros((len(place), n_items), dtype=np.float64)
    if places:
        np.add.at(values, places, np.concatenate([one.values for one in contributions]))
    return list(place), values


def _named(values: DoubleArray, nameable: BoolArray, wording: Wording) -> list[int]:
    least = wording.min_share * values[values > 0].sum()
    worth = np.flatnonzero(nameable & (values > 0) & (values >= least))
    best = worth[np.argsort(-values[worth], kind="stable")][: wording.max_reasons]
    return [int(at) for at in best]


def _reasons_of(
    causes: Sequence[_Cause],
    values: DoubleArray,
    named: list[int],
    *,
    total: float,
    speaker: _Speaker,
) -> tuple[Reason, ...]:
    reasons = [speaker.reason(causes[at], float(values[at])) for at in named]
    rest = total - float(values[named].sum())
    if abs(rest) > _ROUNDING * float(np.abs(values).sum()):
        reasons.append(speaker.rest(rest))
    return tuple(reasons)


class _Speaker:
    """Words causes for one person."""

    def __init__(self, names: ReasonNames, wording: Wording) -> None:
        self._names = names
        self._wording = wording

    def rest(self, value: float) -> Reason:
        return Reason(self._wording.text("other"), Source.PERSON, None, value)

    def reason(self, cause: _Cause, value: float) -> Reason:
        source, row = cause
        if source == Source.ITEM:
            item_id = self._names.item_id(row)
            title = _shown(self._names.title(row)) or _shown(str(item_id))
            text = self._wording.text(f"item.{self._names.kind(row)}", "item", title=title)
            return Reason(text, source, item_id, value)
        if source == Source.TAG:
            tag = self._names.tags.names[row]
            return Reason(
                self._wording.text(*self._tag_templates(row), tag=tag), source, tag, value
            )
        if source == Source.POPULARITY:
            return Reason(self._wording.text(self._wording.popularity), source, None, value)
        return Reason(self._wording.text(str(source), "other"), source, None, value)

    def _tag_templates(self, row: int) -> tuple[str, ...]:
        by_family = (f"tag.{self._names.tags.families[row]}", "tag")
        return ("tag.followed", *by_family) if row in self._names.followed else by_family


def _shown(title: Any) -> str:
    if not isinstance(title, str):
        return ""
    return clip(" ".join(title[: 4 * _MAX_TITLE].split()), _MAX_TITLE)


def _check_template(name: str, template: str) -> None:
    family = name.partition(".")[0]
    is_open = name.startswith(_OPEN_FAMILIES)
    if name not in TEMPLATES and not is_open:
        near = difflib.get_close_matches(name, TEMPLATES, n=1)
        guess = f" Nearest: {near[0]!r}." if near else ""
        raise ConfigError(
            f"templates must have known names; {clip(name)!r} is none.{guess} "
            f"Known: {', '.join(TEMPLATES)}."
        )
    known = _FIELD_OF.get(family)
    try:
        fields = {part[1] for part in Formatter().parse(template)} - {None}
    except ValueError as err:
        raise ConfigError(
            f"the template {name!r} cannot be read: {err}. Double each brace."
        ) from err
    if fields - {known}:
        help_ = f"only {{{known}}} is filled" if known else "nothing is filled"
        raise ConfigError(f"the template {name!r} has a field that is unknown; {help_} there.")
