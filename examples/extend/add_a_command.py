"""Add a command: ``python add_a_command.py count MODEL`` beside all commands of ``recsys``."""

import sys
from pathlib import Path
from typing import Annotated

import typer

import recsys
from recsys.cli import app, main
from recsys.datasets import load_community


@app.command()
def count(model: Annotated[Path, typer.Argument(help="Folder of a saved model.")]) -> None:
    """Print how many people and items a model knows."""
    loaded = recsys.load(model)
    typer.echo(f"{len(loaded.users)} people, {len(loaded.items)} items")


if __name__ == "__main__":
    if len(sys.argv) == 1:  # shown without arguments: fit a model to count in
        events, catalog, _ = load_community()
        config = recsys.RecommenderConfig(model="popularity")
        recsys.Recommender.fit(events, catalog, config=config).save("model")
        sys.argv += ["count", "model"]
    main()
