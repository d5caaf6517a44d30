"""Decorators of views, and since when they know coroutine functions.

The rows about Django's own are generated; ``rules/decorators.toml`` adds what cannot be read off the source, and the
decorators of libraries.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from .loader import read, rules_folder
from .rows import Version


@dataclass(frozen=True)
class Decorator:
    """A decorator. ``async_since``: the release from which it fits coroutine functions, None if none does.

    ``dispatch``: whether it fits the ``dispatch()`` of an async view, which is no coroutine function and returns what
    is to be awaited. ``rule``: the code of what is found about it, DAM803 where it is empty. ``known_by``: packages
    with which it does fit. ``twins``: methods of what it makes that have an async form, of the same name with an ``a``.
    ``keeps``: it keeps the first result and gives it again.
    """

    api: str
    source: str
    async_since: Version | None
    since: Version | None = None
    dispatch: bool = True
    rule: str = ""
    known_by: tuple[str, ...] = ()
    twins: tuple[str, ...] = ()
    keeps: bool = False

    def fits(self, target: Version) -> bool:
        """Whether a release's coroutine functions fit under it."""
        return self.async_since is not None and self.async_since <= target


@functools.cache
def decorators() -> Mapping[str, Decorator]:
    """Return the rows by dotted name; they are read once per process."""
    folder = rules_folder()
    rows: dict[str, dict[str, Any]] = {}
    for row in read(folder / "generated" / "django_decorators.toml")["decorator"]:
        known = {} if row.get("async") else {"async-since": row.get("async-since", "never")}
        rows[row["api"]] = {**row, **known}
    for row in read(folder / "decorators.toml")["decorator"]:
        rows[row["api"]] = {**rows.get(row["api"], {}), **row}
    return MappingProxyType({api: _made(row) for api, row in rows.items()})


def _made(row: dict[str, Any]) -> Decorator:
    known = str(row.get("async-since", "0.0"))
    return Decorator(
        api=str(row["api"]),
        source=str(row["source"]),
        async_since=None if known == "never" else _version(known),
        since=_version(str(row["since"])) if "since" in row else None,
        dispatch=bool(row.get("dispatch", True)),
        rule=str(row.get("rule", "")),
        known_by=tuple(row.get("known-by", ())),
        twins=tuple(row.get("twins", ())),
        keeps=bool(row.get("keeps", False)),
    )


def _version(text: str) -> Version:
    major, _, minor = text.partition(".")
    return int(major), int(minor)
