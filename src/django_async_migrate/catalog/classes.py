"""Classes of libraries, for what they call on themselves: the rows of ``rules/classes/*.toml``."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any

from .loader import read, rules_folder
from .rows import Version


@dataclass(frozen=True, eq=False)
class StockClass:
    """A class of a library. Compared by identity: a path and its aliases lead to one row.

    ``methods``: what each method of the body calls on its own object: ``x`` and uses the result, ``=x`` and returns
    it as it is, ``+x`` and awaits it; ``^x`` is the method of ``super()``, ``@`` stands for the handlers of the HTTP
    methods and the actions, and ``clean_*`` for all names of that form. ``entries`` are called that way from outside
    the class. ``called``: what other code of the library calls and does not await, ``sometimes`` only by way of
    features that a project may do without. ``awaited_by``: packages that await it. ``never``: names that nothing
    calls. ``actions``: names that count as handlers. ``answers``: whether its ``dispatch()`` answers some requests by
    itself.
    ``rule``: the code for findings about the class and those below it.
    """

    api: str
    source: str
    aliases: tuple[str, ...] = ()
    bases: tuple[str, ...] = ()
    since: Version | None = None
    entries: tuple[str, ...] = ()
    called: tuple[str, ...] = ()
    sometimes: tuple[str, ...] = ()
    never: tuple[str, ...] = ()
    actions: tuple[str, ...] = ()
    awaited_by: tuple[str, ...] = ()
    answers: bool = False
    coroutines: frozenset[str] = frozenset()
    rule: str = ""
    methods: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: MappingProxyType({}))


def stock_class(api: str) -> StockClass | None:
    """Return the row of a class by its dotted name, or None when it has none."""
    return class_rows(rules_folder(), api.partition(".")[0]).get(api)


@functools.cache
def class_rows(folder: Path, package: str) -> Mapping[str, StockClass]:
    """Read the classes of one top-level package, by each of their dotted names."""
    path = folder / "classes" / f"{package}.toml"
    found: dict[str, StockClass] = {}
    for row in read(path).get("class", ()) if path.is_file() else ():
        made = _made(row)
        for name in (made.api, *made.aliases):
            found[name] = made
    return MappingProxyType(found)


def _made(row: dict[str, Any]) -> StockClass:
    values: dict[str, Any] = {
        key.replace("-", "_"): tuple(value) if isinstance(value, list) else value for key, value in row.items()
    }
    if "since" in values:
        major, _, minor = values["since"].partition(".")
        values["since"] = (int(major), int(minor))
    values["coroutines"] = frozenset(values.get("coroutines", ()))
    values["methods"] = MappingProxyType({name: tuple(calls) for name, calls in row.get("methods", {}).items()})
    return StockClass(**values)
