"""From user ids to ranked lists, stage by stage."""
