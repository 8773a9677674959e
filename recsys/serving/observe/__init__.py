"""Incremental updates: from a state and new data to the next state."""
