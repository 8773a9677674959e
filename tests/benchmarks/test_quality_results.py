"""The results file and the page made of it."""

import json
from pathlib import Path
from typing import Any

import pytest

from benchmarks import render
from benchmarks.quality import pages, pairs, pictures, results
from benchmarks.quality.anchors import ANCHORS, misses

HEAD = {"title": "Quality", "page": "quality"}
FACTS = {"metrics": ["recall@20", "ndcg@20"], "twin": "", "search_s": 30.0, "files": {}}


def row(model: str, recall: float, fit: float, data: str = "toy", **more: Any) -> dict[str, Any]:
    return {
        "data": data,
        "model": model,
        "metrics": {"recall@20": recall, "ndcg@20": recall / 2},
        "intervals": {"recall@20": [recall - 0.01, recall + 0.01], "ndcg@20": [0, 1]},
        "n_users": 10,
        "fit_cpu_s": fit,
        "peak_mb": 100.0,
        "fingerprint": model,
        **more,
    }


def made(*rows: dict[str, Any]) -> dict[str, Any]:
    twin = {**FACTS, "twin": "toy"}
    return {**HEAD, "data": {"toy": FACTS, "toy+tags": twin}, "rows": list(rows), "anchors": []}


def test_a_new_row_takes_the_place_of_the_older_one(tmp_path: Path) -> None:
    file = tmp_path / "quality.json"
    for recall in (0.1, 0.2):
        results.put(file, row("a", recall, 1.0), data=FACTS, head=HEAD)
    results.put(file, row("b", 0.3, 1.0), data=FACTS, head=HEAD)
    found = results.load(file)
    assert [(one["model"], one["metrics"]["recall@20"]) for one in found["rows"]] == [
        ("a", 0.2), ("b", 0.3),
    ]  # fmt: skip
    assert found["title"] == "Quality"
    assert [path.name for path in tmp_path.iterdir()] == ["quality.json"]


def test_a_change_that_fails_leaves_the_file_as_it_was(tmp_path: Path) -> None:
    file = tmp_path / "quality.json"
    results.put(file, row("a", 0.1, 1.0), data=FACTS, head=HEAD)
    before = file.read_text()
    with pytest.raises(RuntimeError), results.changing(file) as found:
        found["rows"] = []
        raise RuntimeError
    assert file.read_text() == before


def test_a_fingerprint_changes_with_what_a_row_is_made_of() -> None:
    one = results.fingerprint(model="a", files={"x": "1"})
    assert one == results.fingerprint(files={"x": "1"}, model="a")
    assert one != results.fingerprint(model="a", files={"x": "2"})


def test_who_is_more_accurate_and_faster_is_listed() -> None:
    rows = [
        row("recsys balanced", 0.2, 10.0),
        row("recsys fast", 0.3, 1.0),  # ours: no peer
        row("better and faster", 0.21, 9.0),
        row("better and slower", 0.3, 11.0),
        row("worse and faster", 0.1, 1.0),
        {"data": "toy", "model": "not run", "skipped": "why"},
    ]
    assert [one["model"] for one in pages.dominating(rows, "recall@20")] == ["better and faster"]
    text = "\n".join(pages.sections(made(*rows)))
    assert "* toy: better and faster (recall@20 0.2100 against 0.2000, fit 9.0 s" in text
    assert "Not measured: not run (why)." in text


def test_nobody_is_said_where_nobody_is_and_nothing_where_nothing_is_measured() -> None:
    text = "\n".join(pages.sections(made(row("recsys balanced", 0.2, 10.0), row("b", 0.1, 1.0))))
    assert "* toy: nobody." in text
    text = "\n".join(pages.sections(made(row("b", 0.1, 1.0))))
    assert "* toy: `balanced` is not measured yet." in text


def test_models_without_tags_count_beside_those_with_tags() -> None:
    found = made(
        row("recsys balanced", 0.2, 10.0, data="toy"),
        row("plain peer", 0.4, 1.0, data="toy"),
        row("recsys balanced", 0.3, 10.0, data="toy+tags"),
    )
    assert [one["model"] for one in pages.rows_of(found, "toy+tags")] == [
        "plain peer", "recsys balanced",
    ]  # fmt: skip
    text = "\n".join(pages.sections(found))
    assert "* toy+tags: plain peer (recall@20 0.4000 against 0.3000" in text


def test_the_page_opens_with_a_summary_and_says_below_what_the_numbers_do_not_show(
    tmp_path: Path,
) -> None:
    found = {**made(row("a", 0.1, 1.0)), "what_this_does_not_show": list(results.CAVEATS)}
    (tmp_path / "quality.json").write_text(json.dumps(found))
    text = render.render(render.load(tmp_path))
    assert text.index("## Summary") < text.index("## Quality") < text.index("people typed the tags")
    assert "Results file: `benchmarks/results/quality.json`." in text
    for words in ("5-core", "test files are public", "one thread", "search of each peer is small"):
        assert any(words in caveat for caveat in results.CAVEATS), words


def test_a_pair_is_measured_on_the_same_people(tmp_path: Path) -> None:
    import numpy as np

    from benchmarks.quality.results import values_file

    file = tmp_path / "quality.json"
    rows = (("recsys balanced", "lastfm", 0.3), ("peer", "lastfm", 0.1))
    for model, data, shift in (*rows, ("recsys balanced", "lastfm+tags", 0.4)):
        values = values_file(tmp_path, data, model, model)
        values.parent.mkdir(exist_ok=True)
        base = np.linspace(0, 0.5, 50)
        kept = {"recall@20": base + shift, "ndcg@20": base}
        np.savez(values, **kept)  # type: ignore[arg-type]
        results.put(file, row(model, shift, 1.0, data=data), data=FACTS, head=HEAD)
    pairs.add_pairs(file, tmp_path)
    default, peer, _ = results.load(file)["rows"]
    assert default["default_minus_this"] == {}
    paired = peer["default_minus_this"]["lastfm"]
    assert paired["recall@20"]["difference"] == pytest.approx(0.2)
    assert paired["recall@20"]["low"] == pytest.approx(0.2)  # the spread between people is gone
    assert paired["ndcg@20"]["p_value"] == 1.0
    with_tags = peer["default_minus_this"]["lastfm+tags"]["recall@20"]
    assert with_tags["difference"] == pytest.approx(0.3)  # the same people: compared there too


def test_an_anchor_that_is_missed_is_named() -> None:
    ease = next(one for one in ANCHORS if one.data == "ml-100k")
    right = dict(ease.expected)
    assert misses(ease, right) == []
    assert misses(ease, {**right, "map@10": 0.1507}) == ["map@10"]


def test_a_picture_shows_each_model_by_name(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    found = made(row("recsys balanced", 0.2, 10.0), row("peer", 0.1, 1.0))
    assert pictures.draw(found, "toy", tmp_path / "toy.svg")
    text = (tmp_path / "toy.svg").read_text()
    assert ">balanced<" in text
    assert ">peer<" in text
    assert pictures.draw(found, "toy", tmp_path / "again.svg")
    assert (tmp_path / "again.svg").read_text() == text
