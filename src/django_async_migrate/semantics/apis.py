"""APIs of Django that block, or query, by what they are called with and by what the settings say."""

from __future__ import annotations

import ast
from collections.abc import Sequence as Seq
from typing import TYPE_CHECKING

from django_async_migrate.core.effects import Terminal
from django_async_migrate.index.settings_values import Plain, Table
from django_async_migrate.values.heap import QuerySet
from django_async_migrate.values.types import CacheAlias, Const, Scalar, Unknown, Value, alternatives

from . import querysets

if TYPE_CHECKING:
    from django_async_migrate.catalog.rows import Blocking

    from .machine import Machine

Kwargs = Seq[tuple[str, Value]]

CACHE = "django.core.cache.cache"
_DATABASE = "django.core.cache.backends.db.DatabaseCache"
#: Caches that are a dict of the process, or nothing.
_IN_MEMORY = frozenset(
    {
        "django.core.cache.backends.dummy.DummyCache",
        "django.core.cache.backends.locmem.LocMemCache",
    }
)
_STORING = frozenset({"add", "set", "set_many", "get_or_set"})


def called(
    m: Machine,
    row: Blocking,
    name: str,
    args: Seq[Value],
    kwargs: Kwargs,
    node: ast.AST,
    receiver: Value | None = None,
) -> bool:
    """Record what a call does where a row cannot say; False where the row says it all."""
    if row.owner == CACHE:
        alias = receiver.alias if isinstance(receiver, CacheAlias) else "default"
        _cache(m, row, name, args, kwargs, node, alias)
        return True
    if row.owner == "django.db.models.fields.files.FieldFile" and name in {"save", "delete"}:
        position = 2 if name == "save" else 0
        given = args[position] if len(args) > position else dict(kwargs).get("save", Const(True))
        if given == Const(True):  # the instance is saved as well
            m.effect(node, "framework", "", "run it through sync_to_async", rule=row.rule, about=Terminal(None))
            return True
    return False


def _cache(
    m: Machine, row: Blocking, name: str, args: Seq[Value], kwargs: Kwargs, node: ast.AST, alias: str | None
) -> None:
    about: Terminal | None = Terminal(f"a{name}")
    advice = f"await .a{name}(...)"
    if name == "__contains__":
        about, advice = None, "await .ahas_key(...)"
    backends = _backends(m, alias)
    if _DATABASE in backends and alias is not None:
        m.effect(node, "framework", "", advice, len(backends) == 1, row.rule, about=about)
    elif not backends or not backends <= _IN_MEMORY:
        m.effect(node, "blocking", "", advice, rule=row.rule, about=about)
    given = dict(kwargs)
    value = args[1] if len(args) > 1 else given.get("value", given.get("default"))
    if name == "get_or_set":
        default_called(m, args, kwargs, node)
    for part in alternatives(value) if value is not None and name in _STORING else ():
        if isinstance(m.state(part), QuerySet):
            querysets.evaluate(m, part, "repr", node)  # it is pickled


def default_called(m: Machine, args: Seq[Value], kwargs: Kwargs, node: ast.AST) -> None:
    """Call the default of ``get_or_set()``, if it can be called."""
    value = args[1] if len(args) > 1 else dict(kwargs).get("default")
    if value is not None and not isinstance(value, (Const, Unknown)):
        for part in alternatives(value):
            if m.state(part) is None and not isinstance(part, Scalar):
                m.call(part, (), (), node)


def _backends(m: Machine, alias: str | None) -> frozenset[str]:
    """Return the backends of a cache in the settings that a server runs with; empty where nobody knows."""
    found = set()
    for settings in m.project.settings.served:
        caches = settings.get("CACHES")
        entries = caches.entries if isinstance(caches, Table) else {}
        wanted = list(entries) if alias is None else [alias]
        for name in wanted:
            entry = entries.get(name)
            backend = entry.entries.get("BACKEND") if isinstance(entry, Table) else None
            if not isinstance(backend, Plain) or not isinstance(backend.value, str):
                return frozenset()
            found.add(backend.value)
    return frozenset(found)
