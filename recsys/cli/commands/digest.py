"""``recsys digest``: digests for all people who are due."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from recsys.cli.console import prose, say
from recsys.cli.ids import as_known, given_ids
from recsys.cli.inputs import typed_time
from recsys.cli.options import AsOf, ConfigFile, Json, Model, UserIds, UsersFile, Where
from recsys.cli.output import STDOUT, answer, check_json_file
from recsys.cli.progress import working
from recsys.cli.settings import load_config
from recsys.core.errors import ConfigError

Out = Annotated[
    Path | None,
    typer.Option("--out", metavar="FILE", help="The digests: .jsonl, .jsonl.gz, .json, .parquet."),
]

History = Annotated[
    Path | None,
    typer.Option(
        "--history", metavar="FILE", help="Who got what before: read, then grown. May be new."
    ),
]

Html = Annotated[
    Path | None,
    typer.Option("--html", metavar="DIR", help="Also a page per person, and index.html."),
]

Confirm = Annotated[
    Path | None,
    typer.Option(
        "--confirm",
        metavar="SENT",
        help="First note in --history that these were sent: the output file, or user_id[, issue].",
    ),
]

Resume = Annotated[bool, typer.Option("--resume", help="Continue an interrupted run.")]

Length = Annotated[
    int | None, typer.Option("-k", "--k", metavar="N", help="Items in a digest.", show_default="10")
]


def digest(  # noqa: PLR0913  # a command has as many options as it has
    model: Model,
    *,
    out: Out = None,
    confirm: Confirm = None,
    history: History = None,
    html: Html = None,
    as_of: AsOf = None,
    k: Length = None,
    where: Where = None,
    user: UserIds = None,
    users_file: UsersFile = None,
    resume: Resume = False,
    config: ConfigFile = None,
    json_file: Json = None,
) -> None:
    """Write a digest for everyone who is due, or confirm those sent."""
    check_json_file(json_file)
    if out == STDOUT:
        raise ConfigError("--out must name a file; digests are not written to stdout.")
    if out is None and confirm is None:
        raise typer.BadParameter("one of --out and --confirm must be given.")
    n_confirmed = None if confirm is None else _confirmed(confirm, history)
    if out is None:
        answer(
            {"n_confirmed": n_confirmed},
            json_file=json_file,
            show=lambda: say(f"Confirmed: {n_confirmed} people."),
        )
        return

    from recsys.digest import DigestConfig, run
    from recsys.serving import Recommender

    changes: dict[str, Any] = {"k": k, "where": where}
    settings = load_config(DigestConfig, config).replace(
        **{name: value for name, value in changes.items() if value is not None}
    )
    typed = given_ids(user, users_file, option="--user", column="user_id")
    everyone = user is None and users_file is None
    loaded = Recommender.load(model)
    with working() as progress:
        report = run(
            loaded,
            out=out,
            history=history,
            as_of=None if as_of is None else typed_time(as_of, option="--as-of"),
            config=settings,
            html=html,
            resume=resume,
            users=None if everyone else as_known(typed, loaded.users),
            progress=progress,
        )

    def show() -> None:
        if n_confirmed is not None:
            say(f"Confirmed: {n_confirmed} people.")
        prose(str(report))
        say(f"Written: {out}")
        if html is not None:
            say(f"Open {html / 'index.html'} in a browser ({report.n_pages} pages).")

    record: dict[str, Any] = dict(report.to_dict())
    if n_confirmed is not None:
        record["n_confirmed"] = n_confirmed
    answer(record, json_file=json_file, show=show)


def _confirmed(sent: Path, history: Path | None) -> int:
    """Note in the history what was sent, and return for how many people."""
    from recsys.digest import confirm

    if history is None:
        raise ConfigError("--confirm must come with --history, the file in which it is noted.")
    return confirm(history, sent)
