"""What holds for every block, whatever it learns."""

from collections.abc import Callable

import pytest

from recsys.models.base import Block
from recsys.models.blocks.factors.feature_als import FeatureALSBlock, FeatureALSConfig
from recsys.models.blocks.factors.implicit import ALSBlock, ALSConfig, BPRBlock, BPRConfig
from recsys.models.blocks.factors.lightfm import LightFMBlock, LightFMConfig
from recsys.models.blocks.factors.spectral import SpectralBlock, SpectralConfig
from recsys.models.blocks.neighbours.cooccurrence import CooccurrenceBlock, CooccurrenceConfig
from recsys.models.blocks.neighbours.ease import EASEBlock, EASEConfig
from recsys.models.blocks.neighbours.item_knn import ItemKNNBlock, ItemKNNConfig
from recsys.models.blocks.neighbours.sparse_ease import SparseEASEBlock, SparseEASEConfig
from recsys.models.blocks.popularity.popularity import PopularityBlock
from recsys.models.blocks.tags.affinity import AffinityBlock
from recsys.models.blocks.tags.content import ContentBlock, ContentConfig
from recsys.testing import BlockContract

BLOCKS: dict[str, Callable[[], Block]] = {
    "spectral": lambda: SpectralBlock(SpectralConfig(n_factors=6, half_life_days=30)),
    "spectral_wide": lambda: SpectralBlock(SpectralConfig(n_factors=99, weighting="confidence")),
    "ease": lambda: EASEBlock(EASEConfig(regularization=5, weighting="log")),
    "ease_dan": lambda: EASEBlock(
        EASEConfig(
            regularization=0.2,
            item_exponent=0.5,
            output_exponent=0.3,
            user_exponent=0.25,
            dropout=0.2,
            tag_weight=0.5,
        )
    ),
    "ease_additive": lambda: EASEBlock(EASEConfig(regularization=5, tag_share=0.3)),
    "sparse_ease": lambda: SparseEASEBlock(SparseEASEConfig(regularization=2, n_neighbors=8)),
    "sparse_ease_dan": lambda: SparseEASEBlock(
        SparseEASEConfig(
            regularization=0.5,
            n_neighbors=12,
            item_exponent=0.5,
            output_exponent=0.3,
            user_exponent=0.25,
            dropout=0.2,
            tag_weight=0.5,
        )
    ),
    "rp3beta": lambda: ItemKNNBlock(ItemKNNConfig.rp3beta(n_neighbors=7)),
    "tversky": lambda: ItemKNNBlock(
        ItemKNNConfig(similarity="tversky", tag_weight=0.5, shrinkage=1, half_life_days=9)
    ),
    "feature_als": lambda: FeatureALSBlock(FeatureALSConfig(n_factors=3)),
    "affinity": AffinityBlock,
    "cooccurrence": CooccurrenceBlock,
    "cooccurrence_near": lambda: CooccurrenceBlock(
        CooccurrenceConfig(n_neighbors=9, recent_half_life_days=None, smoothing=0.1)
    ),
    "content": ContentBlock,
    "content_svd": lambda: ContentBlock(ContentConfig(n_factors=3, weighting="confidence")),
    "als": lambda: ALSBlock(ALSConfig(n_factors=3, weighting="confidence")),
    "bpr": lambda: BPRBlock(BPRConfig(n_factors=6, n_epochs=30)),
    "lightfm": lambda: LightFMBlock(LightFMConfig(n_factors=6, n_epochs=5)),
}


class TestBlocks(BlockContract):
    @pytest.fixture(autouse=True, params=list(BLOCKS))
    def _choose(self, request: pytest.FixtureRequest) -> None:
        self.name: str = request.param
        self.needs_tags_or_times = self.name.startswith(("content", "affinity"))
        if self.name == "lightfm":
            pytest.importorskip("lightfm")

    def build(self) -> Block:
        return BLOCKS[self.name]()


class TestPopularity(BlockContract):
    finds_groups = False

    def build(self) -> Block:
        return PopularityBlock()
