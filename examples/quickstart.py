"""The whole path on the embedded community: fit, recommend with reasons, read a profile, save."""

from pathlib import Path

import recsys
from recsys.datasets import load_community


def main() -> None:
    events, catalog, people = load_community()
    model = recsys.Recommender.fit(events, catalog, users=people)

    someone = events.users.id(0)
    top = model.recommend([someone, "a stranger"], k=5, explain=True)
    for user_id, item_ids, known in zip(top.user_ids, top.item_ids, top.known, strict=True):
        print(f"{user_id} ({'known' if known else 'new here'}): {', '.join(map(str, item_ids))}")

    print(f"\nWhy {top.item_ids[0, 0]} comes first for {someone}:")
    for reason in top.reasons[0][0]:
        print(f"  {reason.value:+.3f}  {reason.text}")

    print("\nThe profile behind it:")
    for row in model.profile(someone).top(5):
        print(f"  {row.tag} ({row.family}): weight {row.weight:.2f}, {row.source}")

    folder = Path("model")
    model.save(folder)
    again = recsys.load(folder)
    print(f"\nSaved and loaded: model {again.version}, {len(again.items)} items")


if __name__ == "__main__":
    main()
