"""Registry of blocks, and the specification of one block of a hybrid."""

from __future__ import annotations

from typing import Any

from pydantic import Field, ValidationInfo, field_validator, model_validator

from recsys.core.config import Config
from recsys.core.errors import ConfigError
from recsys.models.base import Block
from recsys.models.blocks.block_config import BlockConfig
from recsys.models.blocks.factors.feature_als import FeatureALSBlock, FeatureALSConfig
from recsys.models.blocks.factors.implicit import ALSBlock, ALSConfig, BPRBlock, BPRConfig
from recsys.models.blocks.factors.lightfm import LightFMBlock, LightFMConfig
from recsys.models.blocks.factors.spectral import SpectralBlock, SpectralConfig
from recsys.models.blocks.neighbours.cooccurrence import CooccurrenceBlock, CooccurrenceConfig
from recsys.models.blocks.neighbours.ease import EASEBlock, EASEConfig
from recsys.models.blocks.neighbours.item_knn import ItemKNNBlock, ItemKNNConfig
from recsys.models.blocks.neighbours.sparse_ease import SparseEASEBlock, SparseEASEConfig
from recsys.models.blocks.popularity.popularity import PopularityBlock, PopularityConfig
from recsys.models.blocks.tags.affinity import AffinityBlock, AffinityConfig
from recsys.models.blocks.tags.content import ContentBlock, ContentConfig
from recsys.models.blocks.tags.new_items import NewItemsBlock, NewItemsConfig

BLOCKS: dict[str, tuple[type[Any], type[BlockConfig]]] = {
    "popularity": (PopularityBlock, PopularityConfig),
    "affinity": (AffinityBlock, AffinityConfig),
    "cooccurrence": (CooccurrenceBlock, CooccurrenceConfig),
    "content": (ContentBlock, ContentConfig),
    "new_items": (NewItemsBlock, NewItemsConfig),
    "spectral": (SpectralBlock, SpectralConfig),
    "feature_als": (FeatureALSBlock, FeatureALSConfig),
    "ease": (EASEBlock, EASEConfig),
    "sparse_ease": (SparseEASEBlock, SparseEASEConfig),
    "item_knn": (ItemKNNBlock, ItemKNNConfig),
    "als": (ALSBlock, ALSConfig),
    "bpr": (BPRBlock, BPRConfig),
    "lightfm": (LightFMBlock, LightFMConfig),
}
"""Every kind of block: its class and its configuration. A new block of the library is one line
here; one from outside is added by :func:`register_block`."""


def register_block(kind: str, block: type[Any], config: type[BlockConfig]) -> None:
    """Make a block of your own known by ``kind``: to specs, configurations and saved models.

    Call it wherever the module of the block is imported: before a model with it is fitted, and
    before one is loaded.

    Parameters
    ----------
    kind : str
        Its name in :class:`BlockSpec`.
    block : type
        Called with the checked configuration; implements :class:`recsys.models.Block`.
    config : type
        Derived from :class:`recsys.models.BlockConfig`.

    Raises
    ------
    ConfigError
        If another block has the name.
    """
    if BLOCKS.setdefault(kind, (block, config)) != (block, config):
        raise ConfigError(f"kind must be new; {kind!r} is {BLOCKS[kind][0].__name__} already.")


class BlockSpec(Config):
    """One block of a hybrid: its kind, its settings, and a name where a kind occurs twice."""

    kind: str
    """A key of ``BLOCKS``: popularity, content, spectral, feature_als, ease, ..."""
    settings: dict[str, Any] = Field(default_factory=dict)
    """Settings of that block, as its configuration documents them; "none" is None, for TOML."""
    name: str = ""
    """Names the block in weights, reasons and files; the kind where empty."""

    @field_validator("settings", mode="after")
    @classmethod
    def _plain(cls, settings: dict[str, Any], info: ValidationInfo) -> dict[str, Any]:
        known = {name: None if value == "none" else value for name, value in settings.items()}
        kind = info.data.get("kind")
        return BLOCKS[kind][1].current_names(known) if kind in BLOCKS else known

    @model_validator(mode="after")
    def _check(self) -> BlockSpec:
        if self.kind not in BLOCKS:
            raise ValueError(f"kind must be one of {', '.join(BLOCKS)}; got {self.kind!r}")
        self.block_config()
        return self

    @property
    def label(self) -> str:
        """The name, or the kind."""
        return self.name or self.kind

    @property
    def block_class(self) -> type[Block]:
        """The class of the block: ``is_personal`` and its other facts can be read from it."""
        return BLOCKS[self.kind][0]

    def block_config(self) -> BlockConfig:
        """Return the block's own configuration, checked."""
        return BLOCKS[self.kind][1](**self.settings)

    def build(self) -> Block:
        """Return a new block, not yet fitted."""
        block: Block = BLOCKS[self.kind][0](self.block_config())
        block.name = self.label
        return block


POPULARITY = BlockSpec(kind="popularity")
"""The block that has a list for everybody, and vectors by which an index finds candidates."""


def has_vectors(spec: BlockSpec) -> bool:
    """Say whether a block is an inner product, so that an index can find candidates by it."""
    return hasattr(spec.block_class, "user_factors")


def check_labels(specs: tuple[BlockSpec, ...]) -> None:
    """Raise if two blocks share a name.

    Raises
    ------
    ConfigError
        If a name occurs twice.
    """
    labels = [spec.label for spec in specs]
    twice = sorted({label for label in labels if labels.count(label) > 1})
    if twice:
        raise ConfigError(f"block names must be unique; {twice[0]!r} occurs twice. Set `name`.")
