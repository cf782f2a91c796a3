"""The commands: each translates its words into one call of a library function, and prints what came of it."""

from tsraster.cli.program import main

__all__ = ["main"]
