"""Foundations of all rooms: errors, configuration, arrays, time, randomness, storage."""
