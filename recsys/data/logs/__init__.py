"""Append-only logs: events, exposures and sent digests."""
