"""Command line; the only room that prints, exits and reads the environment and the clock."""

from recsys.cli.app import app, main

__all__ = ["app", "main"]
