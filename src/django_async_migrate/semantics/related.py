"""Related managers: ``author.books``, ``post.tags``, generic relations."""

from __future__ import annotations

import ast
from collections.abc import Sequence as Seq
from typing import TYPE_CHECKING

from django_async_migrate.core.effects import Terminal
from django_async_migrate.core.record import replace
from django_async_migrate.values.heap import EMPTY_SPEC, Instance, Loaded, LoadSpec, QuerySet, Sequence, Slot
from django_async_migrate.values.types import (
    SCALAR,
    Coroutine,
    Manager,
    Method,
    ModelClass,
    Ref,
    RelatedManager,
    Scalar,
    Tuple,
    Value,
)

from . import querysets

if TYPE_CHECKING:
    from .machine import Machine

Kwargs = Seq[tuple[str, Value]]

_ROW_KIND = {
    "reverse-foreign-key": "reverse-foreign-key",
    "many-to-many": "many-to-many",
    "reverse-many-to-many": "many-to-many",
    "generic-relation": "generic",
}


def prefetched(m: Machine, manager: RelatedManager) -> tuple[Loaded, LoadSpec]:
    """Return whether a related manager's rows are in memory, and what was loaded along with them."""
    owner = m.state(manager.owner)
    if not isinstance(owner, Instance):
        return Loaded.UNKNOWN, EMPTY_SPEC
    name = manager.relation.name
    spec: LoadSpec | None = None
    for prefetch in owner.spec.prefetch:
        if prefetch.path == name and prefetch.to_attr is None:
            spec = querysets.merged(prefetch.spec or EMPTY_SPEC, spec or EMPTY_SPEC)
        elif prefetch.path.startswith(name + "__"):
            spec = spec or EMPTY_SPEC
    if spec is not None:
        slot = owner.slots.get(f"prefetched {name}")
        return slot.loaded if slot is not None else Loaded.YES, querysets.merged(spec, owner.spec.below(name))
    slot = owner.slots.get(f"prefetched {name}")
    if slot is not None:
        return slot.loaded, EMPTY_SPEC
    return (Loaded.UNKNOWN if owner.spec.unknown_prefetch else Loaded.MAYBE), EMPTY_SPEC


def _source(m: Machine, manager: RelatedManager) -> LoadSpec:
    """Return what the queryset loads that rows were prefetched with: that of ``Prefetch``, or the default one."""
    owner = m.state(manager.owner)
    for prefetch in owner.spec.prefetch if isinstance(owner, Instance) else ():
        if prefetch.path == manager.relation.name and prefetch.to_attr is None and prefetch.spec is not None:
            return prefetch.spec
    return querysets.default_spec(m, manager.relation.target)


def queryset(m: Machine, manager: RelatedManager, node: ast.AST) -> Value:
    """Return what the related manager's ``get_queryset()`` gives."""
    relation = manager.relation
    target = relation.target
    known: dict[str, Value] = {}
    if relation.kind == "reverse-foreign-key" and relation.back:
        known[relation.back] = manager.owner  # the rows of a reverse manager know their owner
    loaded, spec = prefetched(m, manager)
    source = _source(m, manager) if loaded is Loaded.YES else EMPTY_SPEC
    spec = querysets.merged(source, spec)
    definition = target.default_manager if target is not None else None
    owner_number = manager.owner.id if isinstance(manager.owner, Ref) else -1
    if loaded is Loaded.YES:
        # The manager gives the same cached rows each time: one object for each owner and relation.
        found = QuerySet(
            target,
            spec,
            clone_spec=replace(source, prefetch=()),  # its clones ask again, with the same joins
            cached=Loaded.YES,
            known=known,
            cls=querysets.queryset_class(definition.cls if definition else None),
            certain=manager.certain,
            ordered=target is not None and target.meta("ordering") is not None,
        )
        return m.alloc(("prefetched", owner_number, relation.name), found, "queryset")
    cls = definition.cls if definition is not None else None
    base = querysets.of_manager(m, Manager(target, cls, manager.certain), node)
    state = m.state(base)
    if isinstance(state, QuerySet):
        return (
            querysets.derived(m, base, state, node, known={**state.known, **known})
            if loaded is (Loaded.MAYBE)
            else m.alloc(node, replace(state, known={**state.known, **known}, cached=loaded), "related")
        )
    return base


def call(m: Machine, manager: RelatedManager, name: str, args: Seq[Value], kwargs: Kwargs, node: ast.AST) -> Value:
    """Call a stock method of a related manager."""
    own = m.catalog.related_manager_methods.get(name)
    if own is not None and _ROW_KIND.get(manager.relation.kind) in own.on:
        if own.kind == "async":
            return Coroutine("method", Method(manager, name), tuple(args), tuple(kwargs))
        if not (_ROW_KIND[manager.relation.kind] in own.free_without_arguments and not args):
            twin = own.twin if own.twin and (own.twin_since or (0, 0)) <= m.version else None
            advice = f"await .{twin}(...)" if twin else "run it through sync_to_async"
            m.effect(node, "related-call", "", advice, manager.certain, about=Terminal(twin))
        _drop_prefetch(m, manager)
        if name in {"add", "set"} and manager.relation.kind == "reverse-foreign-key":
            _set_back(m, manager, args, node)
        known: dict[str, Value] = {}
        if manager.relation.kind == "reverse-foreign-key" and manager.relation.back:
            known[manager.relation.back] = manager.owner
        if name == "create":
            return querysets.made(m, manager.relation.target, kwargs, node, saved=True, known=known)
        if name in {"get_or_create", "update_or_create"}:
            value = querysets.row(m, QuerySet(manager.relation.target, known=known), node)
            return Tuple((value, Scalar("bool")))
        return SCALAR
    base = queryset(m, manager, node)
    if name == "get_queryset":
        return base
    loaded, _ = prefetched(m, manager)
    if name == "all" and loaded is not Loaded.MAYBE:
        return base
    if loaded is Loaded.YES and name not in {"count", "exists", "contains", "iterator", "aiterator"}:
        method = m.catalog.queryset_methods.get(name)
        held = m.state(base)
        if method is not None and isinstance(held, QuerySet) and not method.free_when_cached:
            base = querysets.derived(m, base, held, node)  # asks the database again, with nothing prefetched
    return querysets.call(m, base, name, args, kwargs, node, "related-call")


def _set_back(m: Machine, manager: RelatedManager, args: Seq[Value], node: ast.AST) -> None:
    """``author.books.add(book)`` assigns ``book.author``."""
    back = manager.relation.back
    for arg in args:
        parts = [m.iterate(arg, node)] if isinstance(m.state(arg), Sequence) or isinstance(arg, Tuple) else [arg]
        for part in parts:
            inst = m.state(part)
            if back and isinstance(part, Ref) and isinstance(inst, Instance):
                m.put(part, replace(inst, slots={**inst.slots, back: Slot(manager.owner)}))


def _drop_prefetch(m: Machine, manager: RelatedManager) -> None:
    """Changing the relation throws away what was prefetched."""
    owner = m.state(manager.owner)
    if isinstance(owner, Instance) and isinstance(manager.owner, Ref):
        name = manager.relation.name
        kept = tuple(p for p in owner.spec.prefetch if not (p.path == name or p.path.startswith(name + "__")))
        slots = {key: slot for key, slot in owner.slots.items() if key != f"prefetched {name}"}
        m.put(manager.owner, replace(owner, spec=replace(owner.spec, prefetch=kept), slots=slots))


def as_queryset(m: Machine, value: Value, node: ast.AST) -> Value | None:
    """Return the queryset that a model, manager or queryset argument stands for."""
    if isinstance(value, ModelClass):
        manager = value.model.default_manager
        return querysets.of_manager(m, Manager(value.model, manager.cls), node)
    if isinstance(value, Manager):
        return querysets.of_manager(m, value, node)
    if isinstance(value, RelatedManager):
        return queryset(m, value, node)
    return value if isinstance(m.state(value), QuerySet) else None
