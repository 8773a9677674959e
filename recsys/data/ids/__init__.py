"""Caller's ids, and the map between them and rows."""
