"""The command `affiliate`. One module a subject; every command has --help and --config."""

from affiliate.cli.root import main

__all__ = ["main"]
