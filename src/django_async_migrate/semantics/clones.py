"""Lazy methods of querysets: what a clone loads, and the shape of its rows.

Source of the facts: https://docs.djangoproject.com/en/stable/ref/models/querysets/#methods-that-return-new-querysets
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from collections.abc import Sequence as Seq
from typing import TYPE_CHECKING, TypedDict

from django_async_migrate.core.record import replace
from django_async_migrate.index.relations import Relation
from django_async_migrate.values.heap import LoadSpec, Prefetch, QuerySet, Sequence
from django_async_migrate.values.types import NONE, Const, PrefetchLookup, Star, Tuple, Value

if TYPE_CHECKING:
    from .machine import Machine

Kwargs = Seq[tuple[str, Value]]


class Changes(TypedDict, total=False):
    """What a clone differs in from its queryset: fields of ``QuerySet``."""

    spec: LoadSpec
    clone_spec: LoadSpec | None
    shape: str
    empty: bool
    known: Mapping[str, Value]
    raw: bool
    iterator: bool
    ordered: bool
    locks: bool


def changes(m: Machine, state: QuerySet, name: str, args: Seq[Value], kwargs: Kwargs) -> Changes:
    """Return what calling the lazy method ``name`` changes; nothing for methods that only narrow the rows."""
    change = _LAZY.get(name)
    return change(m, state, args, kwargs) if change is not None else {}


def _texts(values: Seq[Value]) -> list[str] | None:
    found = []
    for value in values:
        if not isinstance(value, Const) or not isinstance(value.value, str):
            return None
        found.append(value.value)
    return found


def _stars(values: Seq[Value]) -> bool:
    return any(isinstance(value, Star) for value in values)


def _select_related(m: Machine, state: QuerySet, args: Seq[Value], kwargs: Kwargs) -> Changes:
    spec = state.spec
    if not args:
        return {"spec": replace(spec, related_all=True)}
    if args[0] == NONE:
        return {"spec": replace(spec, related=frozenset(), related_all=False, unknown_related=False)}
    names = _texts([a for a in args if not isinstance(a, Star)]) if not _stars(args) else None
    if names is None:
        known = [str(a.value) for a in args if isinstance(a, Const)]
        return {"spec": replace(spec, related=spec.related | set(known), unknown_related=True)}
    return {"spec": replace(spec, related=spec.related | set(names))}


def prefetches(m: Machine, args: Seq[Value]) -> tuple[list[Prefetch], bool]:
    """Return the lookups among arguments, and whether some could not be read."""
    found: list[Prefetch] = []
    unknown = False
    for arg in args:
        if isinstance(arg, Const) and isinstance(arg.value, str):
            found.append(Prefetch(arg.value))
        elif isinstance(arg, PrefetchLookup):
            held = m.state(arg.queryset) if arg.queryset is not None else None
            found.append(Prefetch(arg.path, arg.to_attr, held.spec if isinstance(held, QuerySet) else None))
        else:
            unknown = True
    return found, unknown


def _prefetch_related(m: Machine, state: QuerySet, args: Seq[Value], kwargs: Kwargs) -> Changes:
    spec = state.spec
    if args and args[0] == NONE:
        return {"spec": replace(spec, prefetch=(), unknown_prefetch=False)}
    found, unknown = prefetches(m, args)
    return {
        "spec": replace(
            spec,
            prefetch=(*spec.prefetch, *found),
            unknown_prefetch=spec.unknown_prefetch or unknown,
            unknown_related=spec.unknown_related or unknown,
        )
    }


def _only(m: Machine, state: QuerySet, args: Seq[Value], kwargs: Kwargs) -> Changes:
    names = _texts(args)
    if names is None:
        return {"spec": replace(state.spec, unknown_fields=True)}
    # only() after defer() leaves out what was deferred; a second only() replaces the first.
    return {"spec": replace(state.spec, only=frozenset(names) - state.spec.defer, defer=frozenset())}


def _defer(m: Machine, state: QuerySet, args: Seq[Value], kwargs: Kwargs) -> Changes:
    if args and args[0] == NONE:
        return {"spec": replace(state.spec, only=None, defer=frozenset(), unknown_fields=False)}
    names = _texts(args)
    if names is None:
        return {"spec": replace(state.spec, unknown_fields=True)}
    only = state.spec.only - set(names) if state.spec.only is not None else None
    return {"spec": replace(state.spec, only=only, defer=state.spec.defer | set(names))}


def _values_list(m: Machine, state: QuerySet, args: Seq[Value], kwargs: Kwargs) -> Changes:
    flat = dict(kwargs).get("flat")
    if dict(kwargs).get("named") == Const(True):
        return {"shape": "scalar"}
    return {"shape": "flat" if flat is not None and flat != Const(False) else "tuple"}


_COLUMNS = re.compile(r"\s*select\s+(.*?)\s+from\b", re.IGNORECASE | re.DOTALL)


def _raw(m: Machine, state: QuerySet, args: Seq[Value], kwargs: Kwargs) -> Changes:
    """A raw query defers the columns it does not select."""
    text = args[0].value if args and isinstance(args[0], Const) else None
    found = _COLUMNS.match(text) if isinstance(text, str) else None
    names = [_column(part) for part in found.group(1).split(",")] if found else []
    translated = any(name == "translations" for name, _ in kwargs)
    if not names or translated or any(name == "*" for name in names):
        return {"raw": True}
    columns = {name[:-3] if name.endswith("_id") else name for name in names} | set(names)
    return {"raw": True, "spec": replace(state.spec, only=frozenset(columns))}


def _column(part: str) -> str:
    """Return the name under which a selected expression arrives: its alias, or the column's own."""
    name = re.split(r"[\s.]+", part.strip())[-1].strip("\"'`[]")
    return name if name.isidentifier() or name == "*" else ""


def _filter(m: Machine, state: QuerySet, args: Seq[Value], kwargs: Kwargs) -> Changes:
    """``filter(x__in=[])`` can match nothing, and Django asks nothing."""
    null: dict[str, Value] = {}
    for name, value in kwargs:
        if name.endswith("__in"):
            held = m.state(value)
            if value == Tuple(()) or (isinstance(held, Sequence) and held.items == ()):
                return {"empty": True}
        head, _, lookup = name.partition("__")
        if (not lookup and value == NONE) or (lookup == "isnull" and value == Const(True)):
            if state.model is not None and isinstance(state.model.member(head), Relation):
                null[head] = NONE  # rows without it: reading the relation is free
    return {"known": {**state.known, **null}} if null else {}


_Change = Callable[["Machine", QuerySet, Seq[Value], Kwargs], Changes]
_LAZY: Mapping[str, _Change] = {
    "select_related": _select_related,
    "prefetch_related": _prefetch_related,
    "only": _only,
    "defer": _defer,
    "values": lambda m, s, a, k: {"shape": "dict"},
    "values_list": _values_list,
    "dates": lambda m, s, a, k: {"shape": "scalar"},
    "datetimes": lambda m, s, a, k: {"shape": "scalar"},
    "none": lambda m, s, a, k: {"empty": True},
    "raw": _raw,
    "filter": _filter,
    "select_for_update": lambda m, s, a, k: {"locks": True},
    "order_by": lambda m, s, a, k: {"ordered": bool(a)},
}
