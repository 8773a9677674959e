"""What every room stands on: errors, configuration, arrays, time, randomness, storage."""
