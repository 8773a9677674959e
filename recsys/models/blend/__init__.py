"""Learning the weights of the blocks on validation data."""
