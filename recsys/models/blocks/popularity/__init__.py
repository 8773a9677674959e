"""Popularity with time decay and forecasts for new items."""
