"""Which blocks a preset uses, by the properties of the data."""
