"""A day in a community, observed as it happens: no fit between two events."""

import recsys
from recsys.datasets import load_community

events, catalog, _ = load_community()
config = recsys.RecommenderConfig.from_dict({"preset": "fast"})
model = recsys.Recommender.fit(events, catalog, config=config)

model = model.observe(
    items={
        "item_id": ["q-new"],
        "title": ["How is a two-qubit gate measured?"],
        "tags": ["quantum-gate|measurement"],
        "published_at": ["2018-09-01T08:00:00Z"],
    }
)
for minute in range(3):
    model = model.observe(
        {
            "user_id": ["newcomer"],
            "item_id": [list(model.items)[minute]],
            "kind": ["comment"],
            "occurred_at": [f"2018-09-01T09:{minute:02d}:00Z"],
        }
    )
    change = model.last_change
    top = model.recommend(["newcomer"], k=3, explain=True)
    print(f"{change.n_events} event, {change.n_folded_users} person folded in: {model.version}")
    for item_id, reasons in zip(top.item_ids[0], top.reasons[0], strict=True):
        print(f"  {item_id}: {reasons[0].text}")
