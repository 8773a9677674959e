import json
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

Run = Callable[..., "CompletedProcess[str]"]


def test_new_events_and_items_are_in_the_saved_model(run: Run, model: Path, tmp_path: Path) -> None:
    events, items, out = tmp_path / "new.csv", tmp_path / "items.csv", tmp_path / "later"
    events.write_text("user_id,item_id,occurred_at\nnobody-yet,q0,2024-01-02\n")
    items.write_text("item_id,tags,title\nfresh,gates,Fresh one\n")
    done = run("observe", model, "--events", events, "--items", items, "--out", out, "--json", "-")
    assert done.returncode == 0, done.stderr
    change = json.loads(done.stdout)["change"]
    assert (change["n_events"], change["n_new_users"], change["n_new_items"]) == (1, 1, 1)
    again = run("observe", out, "--events", events)
    assert again.returncode == 0
    assert "0 new events (1 known already)" in again.stdout
    lists = run("recommend", out, "--user", "nobody-yet", "-k", 99, "--json", "-")
    found = [one["item_id"] for one in json.loads(lists.stdout)[0]["items"]]
    assert "fresh" in found
    assert "q0" not in found


def test_nothing_to_observe_is_a_usage_error(run: Run, model: Path) -> None:
    done = run("observe", model)
    assert done.returncode == 2
    assert "give what is new" in done.stderr
