"""Two-stage search: int8 codes first, full scores second."""
