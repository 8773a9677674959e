"""Filter expressions over item and user columns."""
