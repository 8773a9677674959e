"""The immutable state that a request reads."""
