"""The command line: parse, call, print, save, draw; no numerics. A verb is a file and a line in `VERBS`."""

from replica.cli._main import main

__all__ = ["main"]
