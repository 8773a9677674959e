"""Readers of files and dataframes into checked columns."""
