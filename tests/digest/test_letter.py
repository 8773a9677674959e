import json

from recsys.digest import Digest


def test_a_digest_survives_json(letter: Digest) -> None:
    assert Digest.from_dict(json.loads(json.dumps(letter.to_dict()))) == letter


def test_the_record_has_the_documented_fields(letter: Digest) -> None:
    record = letter.to_dict()
    assert list(record) == ["user_id", "issue", "as_of", "subject", "known", "items", "shortfall"]
    assert list(record["items"][0]) == ["rank", "item_id", "title", "url", "score", "reasons"]
    assert list(record["items"][0]["reasons"][0]) == ["text", "source", "value"]
