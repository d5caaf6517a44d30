"""Values of settings: what a settings module says without being run. Unknown is a value, too."""

from __future__ import annotations

import ast
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .modules import ModuleInfo


@dataclass(frozen=True, slots=True, eq=False)
class Origin:
    """Where a value stands."""

    module: ModuleInfo
    node: ast.expr | ast.stmt


@dataclass(frozen=True, slots=True, eq=False)
class Unknown:
    """A value nobody can read: from the environment, from a call."""

    origin: Origin | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Plain:
    """A constant: text, a number, True, False or None."""

    value: object
    origin: Origin


@dataclass(frozen=True, slots=True, eq=False)
class Item:
    """One entry of a list. ``sure``: it is there whatever the environment says."""

    value: Value
    sure: bool = True


@dataclass(frozen=True, slots=True, eq=False)
class Items:
    """A list, tuple or set. ``complete``: nothing else is in it, and the order is as given."""

    items: tuple[Item, ...]
    origin: Origin
    complete: bool = True

    def index(self, text: object) -> int | None:
        """Return the place of a constant, or None."""
        for number, item in enumerate(self.items):
            if isinstance(item.value, Plain) and item.value.value == text:
                return number
        return None


@dataclass(frozen=True, slots=True, eq=False)
class Table:
    """A dict with the entries whose keys are text. ``complete``: it has no others."""

    entries: Mapping[str, Value]
    origin: Origin
    complete: bool = True


@dataclass(slots=True, eq=False)
class Environment:
    """The names a settings module binds; filled while its statements are followed."""

    names: dict[str, Value] = field(default_factory=dict)


Value: TypeAlias = Unknown | Plain | Items | Table


def joined(one: Value | None, other: Value | None) -> Value:
    """Return what a value is after two branches of which one ran."""
    if one is other and one is not None:
        return one
    if one is None or other is None:
        found = one if one is not None else other
        if isinstance(found, Items):
            return replace(found, items=tuple(replace(item, sure=False) for item in found.items), complete=False)
        return Unknown()
    if isinstance(one, Plain) and isinstance(other, Plain) and one.value == other.value:
        return one
    if isinstance(one, Items) and isinstance(other, Items):
        return _joined_items(one, other)
    if isinstance(one, Table) and isinstance(other, Table):
        names = dict.fromkeys([*one.entries, *other.entries])
        entries = {name: joined(one.entries.get(name), other.entries.get(name)) for name in names}
        return Table(entries, one.origin, one.complete and other.complete)
    return Unknown()


def _joined_items(one: Items, other: Items) -> Items:
    """Return the longer list, with what the shorter one lacks as entries that may be there."""
    short, long = (one, other) if len(one.items) <= len(other.items) else (other, one)
    place = 0
    merged: list[Item] = []
    for item in long.items:
        if place < len(short.items) and same(short.items[place].value, item.value):
            merged.append(replace(item, sure=item.sure and short.items[place].sure))
            place += 1
        else:
            merged.append(replace(item, sure=False))
    if place == len(short.items):
        # The second branch is what was there before, where a condition only changes something.
        return Items(tuple(merged), other.origin, one.complete and other.complete)
    # Two different lists: each entry may be there, and nobody knows the order.
    rest = [replace(item, sure=False) for item in short.items if not any(same(item.value, m.value) for m in merged)]
    return Items((*(replace(item, sure=False) for item in merged), *rest), long.origin, complete=False)


def same(one: Value, other: Value) -> bool:
    """Whether two values are certainly the same."""
    return one is other or (isinstance(one, Plain) and isinstance(other, Plain) and one.value == other.value)
