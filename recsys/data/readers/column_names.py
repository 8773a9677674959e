"""Usual names of columns in other programs, and what each most likely is here."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping, Sequence

from recsys.core.errors import DataError, clip

MISSPELT = 0.88
"""Likeness of two names from which on one is taken for the other misspelt; tag and tags have .86,
and are columns of two sorts of files."""

USUAL_NAMES: Mapping[str, str] = {
    "user_id": "user uid member memberid customer customerid visitor visitorid person "
    "personid account accountid id profileid reviewerid authorid clientid subscriber subscriberid",
    "item_id": "item id iid product productid movie movieid article articleid post postid "
    "content contentid video videoid song songid track trackid book bookid asin isbn sku question "
    "questionid news newsid object objectid target targetid listing listingid",
    "occurred_at": "createdat created createddate createdon creationdate dateadded timestamp ts "
    "time datetime date eventtime eventtimestamp "
    "eventdate eventat unixtimestamp unixtime viewedat clickedat purchasedat orderedat "
    "orderdate ratedat loggedat happenedat insertedat performedat watchedat playedat",
    "kind": "eventtype event eventname action actiontype interactiontype interaction behavior "
    "behaviour behaviortype activity activitytype verb type feedbacktype",
    "value": "rating ratings score stars star weight count counts plays playcount nplays quantity "
    "qty duration watchtime dwelltime strength preference",
    "session_id": "session sessionid visitid",
    "event_id": "eventid eventuuid",
    "currency": "currencycode",
    "amount": "price revenue total amountpaid",
    "request_id": "requestid",
    "tag": "tagname label topic keyword category genre name",
    "weight": "score relevance count",
    "family": "tagfamily group tagtype",
    "rank": "position pos",
    "shown_at": "timestamp ts time datetime date createdat displayedat impressiontime servedat",
    "sent_at": "timestamp ts time datetime date createdat deliveredat",
    "propensity": "probability prob",
}
"""By column: names in lower case without other signs than letters and digits."""

COUNTS = ("count", "counts", "plays", "playcount", "nplays", "quantity", "qty", "weight")


def bare_name(name: str) -> str:
    """Return a name in lower case, letters and digits alone: createdAt, created_at -> createdat."""
    return re.sub(r"[^a-z0-9]", "", name.lower())


def likely_columns(names: Iterable[str], missing: Iterable[str]) -> dict[str, str]:
    """Return by missing column of a contract the name that most likely stands for it."""
    given = {bare_name(name): name for name in reversed(list(names))}
    found: dict[str, str] = {}
    for ours in missing:
        usual = [bare_name(ours), *USUAL_NAMES.get(ours, "").split()]
        theirs = next((given[one] for one in usual if one in given), None)
        if theirs is not None and theirs not in found.values():
            found[ours] = theirs
    return found


def check_columns(
    where: str, columns: Mapping[str, str], names: Sequence[str], contract: Sequence[str]
) -> None:
    """Raise if a pair of ``columns`` is misspelt or the wrong way round.

    Raises
    ------
    DataError
        With the pair to write.
    """
    for ours, theirs in columns.items():
        if ours in contract or theirs.partition(":")[0] == ours:
            continue
        if ours in names and theirs in contract and theirs not in names:
            raise DataError(
                f"columns of {where} must map our names to yours; got {ours!r}: {theirs!r}. Did "
                f"you mean {{{theirs!r}: {ours!r}}} (--columns {theirs}={ours})?"
            )
        near = nearest(str(ours), contract)
        if near:
            raise DataError(
                f"columns of {where} must name columns that are read; got {ours!r}. "
                f"Did you mean {near!r}?"
            )


def nearest(name: str, contract: Sequence[str]) -> str | None:
    """Return the column that a name all but spells."""
    close = difflib.get_close_matches(name.lower().strip(), contract, n=1, cutoff=MISSPELT)
    return close[0] if close else None


def unread_message(
    where: str, names: Sequence[str], contract: Sequence[str], *, is_log: bool
) -> str | None:
    """Return what to say of columns that nothing reads; None if there is nothing to say.

    Parameters
    ----------
    where : str
        The file or frame.
    names : sequence of str
        Its columns under our names.
    contract : sequence of str
        What is read.
    is_log : bool
        Whether further columns are dropped, not kept as attributes.
    """
    left = [one for one in names if one not in contract]
    missing = [one for one in contract if one not in names]
    optional = [one for one in missing if one not in ("user_id", "item_id")]
    likely = likely_columns(left, optional) if is_log else {}
    for name in left:
        near = nearest(name, missing)
        if near and near not in likely:
            likely[near] = name
    if not likely:
        return None
    unread = ", ".join(clip(repr(one), 40) for one in likely.values())
    pairs = ", ".join(f"{ours!r}: {theirs!r}" for ours, theirs in likely.items())
    option = ",".join(f"{ours}={theirs}" for ours, theirs in likely.items())
    first = next(iter(likely))
    counted = bare_name(likely.get("value", "")) in COUNTS
    label = "column" if len(likely) == 1 else "columns"
    return (
        f"{where}: the {label} {unread} {'is' if len(likely) == 1 else 'are'} not read. Did you "
        f"mean {first!r}? Write columns={{{pairs}}} (--columns {option})."
        + (" A rating also needs the kind 'rate'." if "value" in likely and not counted else "")
        + (" A count is no rating: give one row per act, with its time." if counted else "")
    )
