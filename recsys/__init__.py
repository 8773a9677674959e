"""Personal service for communities: tag profiles, one hybrid model, fast top-k and digests."""
