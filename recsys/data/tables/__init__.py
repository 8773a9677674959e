"""Tables with one row per item or person."""
