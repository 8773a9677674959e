"""The blocks of the hybrid, grouped by what they learn from."""
