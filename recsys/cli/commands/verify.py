"""``recsys verify``: integrity check of a saved model."""

from __future__ import annotations

from recsys.cli.console import say
from recsys.cli.options import Json, Model
from recsys.cli.output import answer, check_json_file


def verify(model: Model, *, json_file: Json = None) -> None:
    """Check every file of a saved model by its checksum, and load it."""
    check_json_file(json_file)

    from recsys.serving import Recommender

    loaded = Recommender.load(model, check="full")  # damage that no checksum sees shows in loading
    files = [file for file in model.rglob("*") if file.is_file()]
    n_bytes = sum(file.stat().st_size for file in files)
    record = {
        "model": str(model),
        "ok": True,
        "version": loaded.version,
        "now": str(loaded.now),
        "n_users": len(loaded.users),
        "n_items": len(loaded.items),
        "n_files": len(files),
        "n_bytes": n_bytes,
    }

    def show() -> None:
        say(
            f"{model} is whole: version {loaded.version}, {len(loaded.users):,} people, "
            f"{len(loaded.items):,} items, {len(files)} files, {n_bytes / 1e6:,.1f} MB"
        )

    answer(record, json_file=json_file, show=show)
