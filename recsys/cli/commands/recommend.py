"""``recsys recommend``: lists for people."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from recsys.cli.console import Column, prose, say, shown, table
from recsys.cli.ids import as_known, given_ids
from recsys.cli.options import Json, K, Model, UserIds, UsersFile, Where
from recsys.cli.output import answer, check_json_file
from recsys.cli.progress import working

if TYPE_CHECKING:
    from recsys.serving import Recommendations, Recommender


BATCH = 1024
"""People per batch; bounds the memory."""

N_REASONS = 2
"""Reasons printed per item; JSON has all."""


def recommend(
    model: Model,
    *,
    user: UserIds = None,
    users_file: UsersFile = None,
    k: K = 10,
    where: Where = None,
    include_seen: Annotated[
        bool, typer.Option("--include-seen", help="Also what the person has seen.")
    ] = False,
    explain: Annotated[bool, typer.Option("--explain", help="Say why, item by item.")] = False,
    json_file: Json = None,
) -> None:
    """Print the best items of each person; newcomers get a list too."""
    check_json_file(json_file)
    if user is None and users_file is None:
        raise typer.BadParameter("give at least one person.", param_hint="--user")
    typed = given_ids(user, users_file, option="--user", column="user_id")

    from recsys.serving import Recommender

    loaded = Recommender.load(model)
    ids = as_known(typed, loaded.users)
    parts = []
    with working() as progress:
        for start in range(0, len(ids), BATCH):
            progress("recommend", start, len(ids))
            part = loaded.recommend(
                ids[start : start + BATCH],
                k,
                where=where,
                exclude_seen=not include_seen,
                explain=explain,
            )
            parts.append(part)
    record = [one for part in parts for one in part.to_records()]
    answer(record, json_file=json_file, show=lambda: _show(loaded, parts))


def _show(model: Recommender, parts: list[Recommendations]) -> None:
    for part in parts:
        for line in range(len(part)):
            show_list(model, part, line)


def show_list(model: Recommender, top: Recommendations, line: int, *, label: str = "") -> None:
    """Print one person's list.

    Parameters
    ----------
    model : Recommender
        For the titles.
    top : Recommendations
        The answer.
    line : int
        Which list of it.
    label : str
        Who the person is; empty is the id, and whether it is known.
    """
    known = "" if top.known[line] else " (not known: the newcomer list)"
    say(f"\n{label or shown(top.user_ids[line])}{known}")
    found = [place for place in range(top.k) if top.item_ids[line, place] is not None]
    if found:
        columns = (
            Column("#", 6, "right"),
            Column("item", 20),
            Column("title" if top.reasons is None else "title, and why", 90),
            Column("score", 10, "right"),
        )
        table(columns, _rows(model, top, line, found))
    if top.shortfall[line] is not None:
        prose(str(top.shortfall[line]))


def _rows(model: Recommender, top: Recommendations, line: int, found: list[int]) -> list[Any]:
    titles = titles_of(model, [top.item_ids[line, place] for place in found])
    rows: list[tuple[object, ...]] = []
    for place, title in zip(found, titles, strict=True):
        score = f"{top.scores[line, place]:.4f}"
        rows.append((place + 1, top.item_ids[line, place], title, score))
        if top.reasons is not None:
            why = "; ".join(one.text for one in top.reasons[line][place][:N_REASONS])
            rows.append(("", "", f"- {why}" if why else "", ""))
    return rows


def titles_of(model: Recommender, item_ids: list[Any]) -> list[Any]:
    """Return the titles of items, None where there is none."""
    titles = model.dataset.catalog.column("title")
    return [titles[row] for row in model.items.rows(item_ids)]
