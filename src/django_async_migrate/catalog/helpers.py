"""What of Django's test classes does not fit async tests: the rows of ``rules/tests.toml``."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from .loader import read, rules_folder
from .rows import Version


@dataclass(frozen=True)
class Helper:
    """A method of a test class. ``queries``: it asks the database; the others give what cannot be awaited.

    ``twin_since``: since when its async form (``a`` and its name) exists, None if it has none.
    """

    owner: str
    name: str
    queries: bool
    source: str
    twin_since: Version | None = None


@functools.cache
def helpers() -> Mapping[tuple[str, str], Helper]:
    """Return the rows by owner and name; they are read once per process."""
    found = {}
    tables = read(rules_folder() / "tests.toml")
    for table, queries in (("helper", True), ("sync-helper", False)):
        for row in tables.get(table, ()):
            major, _, minor = str(row.get("twin-since", "")).partition(".")
            since = (int(major), int(minor)) if major else None
            for name in row["names"]:
                found[row["owner"], name] = Helper(row["owner"], name, queries, row["source"], since)
    return MappingProxyType(found)
