"""Linear algebra and compiled loops shared by blocks."""
