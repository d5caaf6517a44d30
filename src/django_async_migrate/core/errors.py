"""Errors that end a command."""

from __future__ import annotations


class UsageError(Exception):
    """The command cannot do its work: a wrong option, a wrong configuration, no such path. Exit code 2."""
