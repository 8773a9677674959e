"""The people."""

from pathlib import Path
from typing import Any

import pytest

from recsys.core.errors import DataError
from recsys.data.ids.id_map import IdMap
from recsys.data.tables.people import People

USERS: dict[str, Any] = {
    "user_id": ["ana", "bo", "cy"],
    "declared_tags": ["gates|noise", None, "noise"],
    "muted_tags": [None, "spam", None],
    "muted_authors": ["bo|cy", None, None],
    "consent": [None, "digest", "none"],
    "status": ["active", "banned", None],
    "joined_at": ["2018-01-01", None, None],
    "age": [30, None, 40],
}


def people(**changes: Any) -> People:
    return People.from_frame({**USERS, **changes})


def test_columns_are_aligned_with_rows() -> None:
    found = people()
    assert found.tag_names == ("gates", "noise")
    assert found.declared.toarray().tolist() == [[1, 1], [0, 0], [0, 1]]
    assert found.muted_tags.tolist() == [(), ("spam",), ()]
    assert found.muted_authors.tolist() == [("bo", "cy"), (), ()]
    assert found.communities.tolist() == [(), (), ()]
    assert found.status.tolist() == ["active", "banned", "active"]
    assert found.is_gone.tolist() == [False, True, False]
    assert found.column("age")[::2].tolist() == [30.0, 40.0]
    assert found.tag_mask("noise").tolist() == [True, False, True]
    assert found.has("age")
    assert found.names[-1] == "age"


@pytest.mark.parametrize(
    ("said", "scopes"),
    [
        (None, "pad"),
        ("", "pad"),
        ("all", "pad"),
        ("yes", "pad"),
        ("none", ""),
        ("No", ""),
        ("personalise", "p"),
        ("Digest|analyse", "ad"),
        ([], ""),
        (["personalise", "digest"], "pd"),
    ],
)
def test_consent_is_all_where_nothing_was_said(said: Any, scopes: str) -> None:
    consent = People.from_frame({"user_id": ["ana", "bo"], "consent": [said, said]}).consent
    found = {"p": consent.personalise, "a": consent.analyse, "d": consent.digest}
    assert {one for one, allowed in found.items() if allowed.all()} == set(scopes)
    assert {one for one, allowed in found.items() if not allowed.any()} == set("pad") - set(scopes)


def test_consent_can_be_read_as_words() -> None:
    words = people().column("consent").tolist()
    assert words == [("personalise", "analyse", "digest"), ("digest",), ()]


@pytest.mark.parametrize(
    ("column", "word", "message"),
    [
        ("consent", "personalise|digset", "must name personalise, .* none; got 'digset'"),
        ("status", "baned", "Did you mean 'banned'"),
    ],
)  # fmt: skip
def test_a_wrong_word_is_a_bad_row(tmp_path: Path, column: str, word: str, message: str) -> None:
    path = tmp_path / "users.csv"
    path.write_text(f"user_id,{column}\nana,\nbo,{word}\n")
    with pytest.raises(DataError, match=rf"users\.csv, line 3, column {column}: .*{message}"):
        People.read(path)
    assert People.read(path, on_bad_row="skip").n_users == 1


def test_a_person_given_twice_is_a_bad_row() -> None:
    with pytest.raises(DataError, match=r"row 1, column user_id: .*'ana' is also in row 0"):
        People.from_frame({"user_id": ["ana", "ana"]})


def test_strangers_have_the_defaults() -> None:
    aligned = people().aligned(IdMap.of(["new", "bo"]))
    assert aligned.status.tolist() == ["active", "banned"]
    assert aligned.consent.personalise.tolist() == [True, False]
    assert aligned.muted_tags.tolist() == [(), ("spam",)]
    assert aligned.declared.toarray().tolist() == [[0, 0], [0, 0]]


def test_an_upsert_changes_what_is_said_and_nothing_else() -> None:
    more = {"user_id": ["cy", "dee"], "declared_tags": [["new"], None], "consent": [None, "none"]}
    after = people().upserted(People.from_frame(more))
    assert list(after.users) == ["ana", "bo", "cy", "dee"]
    assert after.column("declared_tags").tolist() == [("gates", "noise"), (), ("new",), ()]
    assert after.tag_mask("new").tolist() == [False, False, True, False]
    assert after.consent.digest.tolist() == [True, True, False, False]
    assert after.status.tolist() == ["active", "banned", "active", "active"]


def test_an_empty_list_takes_back_what_was_declared() -> None:
    after = people().upserted(People.from_frame({"user_id": ["ana"], "declared_tags": [[]]}))
    assert after.column("declared_tags")[0] == ()
    assert not after.tag_mask("gates").any()


def test_people_survive_being_saved() -> None:
    found = people()
    back = People.from_arrays(found.to_arrays(), users=found.users, table=found.table)
    assert back.declared.toarray().tolist() == found.declared.toarray().tolist()


def test_nobody_is_people_too() -> None:
    assert People.empty().consent.personalise.tolist() == []
    assert repr(people()) == "People(3 users, 2 declared tags)"


def test_a_table_of_another_length_is_refused() -> None:
    with pytest.raises(DataError, match="1 people must have as many rows"):
        People(IdMap.of(["a"]), people().table, people().tag_table)
