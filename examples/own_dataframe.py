"""Your own tables: rename columns, add a kind of event, filter, serve somebody brand new.

Needs polars: python -m pip install polars
"""

import polars as pl

import recsys


def main() -> None:
    clicks = pl.DataFrame(
        {
            "member": [7, 7, 8, 8, 9, 9, 10],
            "post": ["tea", "bread", "tea", "soup", "bread", "soup", "tea"],
            "did": ["view", "upvote", "view", "bookmark", "upvote", "comment", "view"],
            "at": ["2024-03-01T08:00:00Z"] * 4 + ["2024-03-02T09:30:00Z"] * 3,
        }
    )
    events = recsys.EventLog.from_frame(
        clicks,
        columns={"user_id": "member", "item_id": "post", "kind": "did", "occurred_at": "at"},
        kinds={"upvote": 3.0},
    )
    posts = pl.DataFrame(
        {
            "item_id": ["tea", "bread", "soup", "cake"],
            "title": ["Green tea", "Sourdough", "Lentil soup", "Carrot cake"],
            "tags": ["drinks", "baking", "cooking", "baking|sweet"],
            "format": ["article", "video", "article", "video"],
        }
    )
    catalog = recsys.Catalog.from_frame(posts)
    members = pl.DataFrame({"user_id": [7, 11], "declared_tags": ["drinks", "baking"]})
    model = recsys.Recommender.fit(events, catalog, users=recsys.People.from_frame(members))

    print("Videos for member 10:")
    print(model.recommend([10], k=3, where={"format": "video"}).to_frame())
    print("For member 11, who has only said what they like:")
    print(model.recommend([11], k=2).to_frame())


if __name__ == "__main__":
    main()
