"""A block of your own in one file: the newer an item, the higher its score.

Settings, fit, scores and reasons are here; test it by `recsys.testing.BlockContract`.
"""

from pathlib import Path

import numpy as np

import recsys
from recsys.core.arrays import Csr, FloatMatrix, RowArray
from recsys.core.contribution import Contribution, Source
from recsys.core.progress import Progress, silent
from recsys.datasets import load_community
from recsys.models import BlockConfig, LearnedBlock, Queries, TrainingSet, register_block


class NewestConfig(BlockConfig):
    fade_days: float = 14.0


class NewestBlock(LearnedBlock):
    is_personal = False  # the same scores for everybody
    is_collaborative = False

    def __init__(self, config: NewestConfig | None = None) -> None:
        super().__init__("newest")
        self.config = config or NewestConfig()

    def fit(self, training: TrainingSet, *, progress: Progress = silent) -> None:
        days = (training.now - training.item_times) / np.timedelta64(1, "D")
        score = np.nan_to_num(np.exp2(-np.maximum(days, 0) / self.config.fade_days))
        self.set_arrays(item_factors=score[:, None].astype(np.float32))  # saved with the model

    @property
    def item_factors(self) -> FloatMatrix:
        return self.array("item_factors")

    def user_factors(self, queries: Queries) -> FloatMatrix:
        return np.ones((queries.n_queries, 1), np.float32)

    def cold_item_factors(self, item_features: Csr) -> FloatMatrix:
        return np.ones((item_features.shape[0], 1), np.float32)

    def explain(self, query: Queries, item_rows: RowArray) -> list[Contribution]:
        return [Contribution(self.name, Source.FRESHNESS, [-1], self.item_factors[item_rows].T)]


register_block("newest", NewestBlock, NewestConfig)

if __name__ == "__main__":
    events, catalog, people = load_community()
    blocks = [{"kind": "spectral"}, {"kind": "newest", "settings": {"fade_days": 7}}]
    hybrid = {"blocks": blocks, "weights": {"spectral": [1.0], "newest": [0.2]}}
    config = recsys.RecommenderConfig.from_dict({"hybrid": hybrid})
    recsys.Recommender.fit(events, catalog, users=people, config=config).save(Path("model"))
    top = recsys.load(Path("model")).recommend([events.users.id(0)], k=3, explain=True)
    for item_id, reasons in zip(top.item_ids[0], top.reasons[0], strict=True):
        print(f"{item_id}: {'; '.join(f'{one.text} {one.value:+.2f}' for one in reasons)}")
