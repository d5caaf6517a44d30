"""Async clients of the network: the rows of ``rules/clients.toml``."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from .loader import read, rules_folder


@dataclass(frozen=True)
class Client:
    """A class of clients. ``reads``: its methods that change nothing on the other side.

    ``local``: arguments with which an object may answer by itself, without a network.
    """

    api: str
    source: str
    reads: frozenset[str]
    local: frozenset[str] = frozenset()


@functools.cache
def clients() -> Mapping[str, Client]:
    """Return the rows by dotted name; they are read once per process."""
    rows = read(rules_folder() / "clients.toml")["client"]
    return MappingProxyType(
        {
            row["api"]: Client(row["api"], row["source"], frozenset(row["reads"]), frozenset(row.get("local", ())))
            for row in rows
        }
    )
