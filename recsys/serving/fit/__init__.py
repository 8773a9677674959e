"""Fitting: from a data set to a snapshot."""
