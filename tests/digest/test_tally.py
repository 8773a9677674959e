import json
from pathlib import Path

from recsys.digest import DigestReport
from recsys.digest.tally import DigestCounts


def test_counts_add_up() -> None:
    whole = DigestCounts(n_people=1, n_digests=1)
    whole.add(DigestCounts(n_people=2, n_recent=2))
    assert whole == DigestCounts(n_people=3, n_digests=1, n_recent=2)
    assert DigestCounts.from_dict(whole.to_dict()) == whole


def test_a_report_is_plain_json_and_one_readable_line() -> None:
    report = DigestReport(
        "2018-09-01",
        "2018-09-01T00:00:00Z",
        DigestCounts(n_people=4, n_digests=3, n_without=1),
        out=Path("w.jsonl"),
    )
    assert json.loads(json.dumps(report.to_dict()))["out"] == "w.jsonl"
    assert report.n_due == 4
    assert "3 of 4 people" in str(report)
    assert "\n" not in str(report)
