"""A digest two weeks in a row: nobody gets the same item twice."""

import json
from pathlib import Path

import recsys
from recsys.datasets import load_community


def read(path: Path) -> dict[str, set[str]]:
    """Return the items of each person."""
    lines = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    return {line["user_id"]: {item["item_id"] for item in line["items"]} for line in lines}


def main() -> None:
    events, catalog, people = load_community()
    config = recsys.RecommenderConfig(preset="fast")
    model = recsys.Recommender.fit(events, catalog, users=people, config=config)
    config = recsys.digest.DigestConfig(k=5)
    everyone = list(events.users)[:50]

    first, second, history = Path("first.jsonl"), Path("second.jsonl"), Path("history.jsonl")
    for out, day in ((first, "2018-09-01"), (second, "2018-09-08")):
        recsys.digest.run(
            model, out=out, html="pages", history=history, as_of=day, users=everyone, config=config
        )
        print(f"{day}: {len(read(out))} digests")

    before, after = read(first), read(second)
    both = before.keys() & after.keys()
    twice = sum(bool(before[user_id] & after[user_id]) for user_id in both)
    print(f"{len(both)} people got both; {twice} got an item twice")
    print("Look at pages/index.html")


if __name__ == "__main__":
    main()
