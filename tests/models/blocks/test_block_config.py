"""What the settings of a block say where it says nothing."""

from recsys.models.base import TrainingSet
from recsys.models.blocks.block_config import BlockConfig
from recsys.models.blocks.data_size import DataSize, Footprint


def test_a_block_need_not_know_its_memory_or_what_to_search(training: TrainingSet) -> None:
    config = BlockConfig()
    assert config.footprint(DataSize.of(training)) == Footprint(peak=0, kept=0, width=0)
    assert config.search_rules() == {}
    assert config.to_dict() == {}
