"""Blocks that score by tags and text."""
