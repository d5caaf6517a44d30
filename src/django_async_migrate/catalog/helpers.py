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
    """A method of a test class. ``effect``: it asks the database ("query"), or gives what cannot be awaited ("sync").

    ``twin_since``: since when its async form (``a`` and its name) exists, None if it has none.
    """

    owner: str
    name: str
    effect: str
    source: str
    twin_since: Version | None = None


@functools.cache
def helpers() -> Mapping[tuple[str, str], Helper]:
    """Return the rows by owner and name; they are read once per process."""
    found = {}
    for row in read(rules_folder() / "tests.toml").get("helper", ()):
        major, _, minor = str(row.get("twin-since", "")).partition(".")
        since = (int(major), int(minor)) if major else None
        for name in row["names"]:
            found[row["owner"], name] = Helper(row["owner"], name, row["effect"], row["source"], since)
    return MappingProxyType(found)
