"""Querysets and managers.

Source of the facts: https://docs.djangoproject.com/en/stable/ref/models/querysets/ and the rows in
``rules/queryset_methods.toml``, which are checked against every supported Django.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping
from collections.abc import Sequence as Seq
from typing import TYPE_CHECKING

from django_async_migrate.core.effects import EffectKind, Rows, Terminal
from django_async_migrate.core.record import replace
from django_async_migrate.index.classes import ClassInfo
from django_async_migrate.index.functions import FunctionInfo
from django_async_migrate.index.models import ColumnOf, Model
from django_async_migrate.index.relations import Relation
from django_async_migrate.values.heap import (
    EMPTY_SPEC,
    OPAQUE_SPEC,
    Dict,
    Instance,
    Loaded,
    LoadSpec,
    QuerySet,
    Sequence,
    Slot,
)
from django_async_migrate.values.types import (
    NEVER,
    NONE,
    SCALAR,
    Coroutine,
    Manager,
    Method,
    Ref,
    Scalar,
    Tuple,
    Unknown,
    Value,
    one_of,
)

from . import clones

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from django_async_migrate.catalog.rows import QuerySetMethod

    from .clones import Changes
    from .machine import Machine

Kwargs = Seq[tuple[str, Value]]


#: Where querysets are made that no code of the project asks for.
_NOWHERE = ast.Pass()


# -- making querysets --------------------------------------------------------------------------------------


def queryset_class(cls: ClassInfo | None) -> ClassInfo | None:
    """Return the project queryset class behind a manager class (``from_queryset``, ``as_manager``)."""
    return next((entry for entry in (cls.mro if cls is not None else ()) if is_queryset_class(entry)), None)


def is_queryset_class(cls: ClassInfo) -> bool:
    """Whether a project class is a queryset class, and not a manager made from one."""
    return (
        cls.node is not None
        and any(base.endswith("QuerySet") for base in cls.externals)
        and not any(base.endswith("Manager") for base in cls.externals)
    )


def fresh(
    m: Machine, model: Model | None, node: ast.AST, manager: ClassInfo | None = None, certain: bool = True
) -> Ref:
    """Return a new, unevaluated queryset over all rows of a model."""
    ordered = model is not None and model.meta("ordering") is not None
    state = QuerySet(model, cls=queryset_class(manager), manager=manager, certain=certain, ordered=ordered)
    return m.alloc(node, state, "queryset")


def of_manager(m: Machine, manager: Manager, node: ast.AST) -> Value:
    """Return what ``manager.get_queryset()`` gives, project overrides included."""
    found = manager.cls.find("get_queryset") if manager.cls is not None else None
    if found is not None and isinstance(found[1], FunctionInfo):
        result = m.call(m.attribute(manager, "get_queryset", node), (), (), node)
        if isinstance(m.state(result), QuerySet):
            return result
    return fresh(m, manager.model, node, manager.cls, manager.certain)


def default_spec(m: Machine, model: Model | None) -> LoadSpec:
    """Return what a model's default manager loads along with its rows: prefetches of many rows go through it."""
    manager = model.default_manager if model is not None else None
    if manager is None or manager.cls is None or manager.cls.find("get_queryset") is None:
        return EMPTY_SPEC
    with m.muted():
        state = m.state(of_manager(m, Manager(model, manager.cls), _NOWHERE))
    return state.spec if isinstance(state, QuerySet) else EMPTY_SPEC


def derived(m: Machine, ref: Value, state: QuerySet, node: ast.AST, **changes: Unpack[Changes]) -> Ref:
    """Return a clone with changes; a clone never shares the result cache."""
    if state.clone_spec is not None:  # what was prefetched is not loaded again by another query
        changes = {"spec": state.clone_spec, "clone_spec": None, **changes}
    clone = replace(state, cached=Loaded.MAYBE, element=None, ever_cached=False, **changes)
    return m.alloc(node, clone, ("clone", ref.id if isinstance(ref, Ref) else 0))


# -- rows --------------------------------------------------------------------------------------------------


def row(m: Machine, state: QuerySet, node: object, tag: object = "row") -> Value:
    """Return one row of a queryset, as it comes from the database."""
    if state.shape == "dict":
        return m.alloc(node, Dict({}, None, SCALAR), tag)
    if state.shape == "tuple":
        return m.alloc(node, Sequence("tuple", None, SCALAR), tag)
    if state.shape != "model":
        return SCALAR
    if state.model is None:
        return m.unknown("row of an unknown model")
    slots = {name: Slot(value) for name, value in state.known.items()}
    ref = m.alloc(node, Instance(state.model, state.spec, slots, certain=state.certain), tag)
    prefetched_attributes(m, ref)
    return ref


def prefetched_attributes(m: Machine, ref: Ref) -> None:
    """Set the lists that ``Prefetch(..., to_attr=...)`` leaves on an instance."""
    inst = m.state(ref)
    if not isinstance(inst, Instance):
        return
    for prefetch in inst.spec.prefetch:
        if prefetch.to_attr is None or "__" in prefetch.path or prefetch.to_attr in inst.slots:
            continue
        relation = inst.model.member(prefetch.path)
        target = relation.target if isinstance(relation, Relation) else None
        element: Value = Unknown("prefetched rows of an unknown model")
        if target is not None and isinstance(relation, Relation):
            many = not relation.single and prefetch.spec is None
            base = default_spec(m, target) if many else prefetch.spec
            spec = merged(base or EMPTY_SPEC, inst.spec.below(prefetch.to_attr))
            slots = {}
            if relation.kind == "reverse-foreign-key" and relation.back:
                slots[relation.back] = Slot(ref)
            rows = m.alloc(("to_attr", ref.id, prefetch.to_attr), Instance(target, spec, slots), "row")
            prefetched_attributes(m, rows)
            element = rows
        value: Value = element
        if isinstance(relation, Relation) and not relation.single:
            value = m.alloc(("to_attr", ref.id, prefetch.to_attr), Sequence("list", None, element), "list")
        current = m.state(ref)
        if isinstance(current, Instance):
            m.put(ref, replace(current, slots={**current.slots, prefetch.to_attr: Slot(value)}))


def merged(one: LoadSpec, other: LoadSpec) -> LoadSpec:
    """Return what two specifications load together."""
    return LoadSpec(
        related=one.related | other.related,
        related_all=one.related_all or other.related_all,
        prefetch=(*one.prefetch, *(p for p in other.prefetch if p not in one.prefetch)),
        only=one.only,
        defer=one.defer,
        unknown_related=one.unknown_related or other.unknown_related,
        unknown_prefetch=one.unknown_prefetch or other.unknown_prefetch,
        unknown_fields=one.unknown_fields,
    )


_ADVICE: Mapping[str, str] = {
    "iteration": "iterate with 'async for', or build the list with [... async for ...]",
    "length": "len([... async for ...]), or await .acount()",
    "truth": "await .aexists(), or build the list first when its rows are used afterwards",
    "index": "await .afirst() on an ordered queryset, or [... async for ... in qs[:1]][0]",
    "membership": "await .acontains(obj), or build the list first",
    "repr": "build the list first, or show str(qs.query)",
    "raw": "iterate with 'async for'",
}


def rows(state: QuerySet) -> Rows:
    """Return what a rewrite has to know of a queryset that is evaluated."""
    name = state.model.name.lower() if state.model is not None and state.shape == "model" else "row"
    return Rows(name, state.raw, bool(state.spec.prefetch) or state.spec.unknown_prefetch, state.iterator)


def locked(m: Machine, state: QuerySet, node: ast.AST) -> None:
    """Read rows with ``select_for_update()`` in a coroutine: the thread that does it is in no transaction."""
    if state.locks and not state.empty:
        advice = "move it into a function with its transaction, for sync_to_async"
        m.effect(node, "framework", "", advice, state.certain, "DAM705")


def evaluate(m: Machine, ref: Value, kind: EffectKind, node: ast.AST, asynchronous: bool = False) -> Value:
    """Run a queryset unless its cache is filled; return what one row may be."""
    state = m.state(ref)
    if not isinstance(state, QuerySet) or not isinstance(ref, Ref):
        return SCALAR
    if state.empty:
        return NEVER
    if asynchronous and state.cached is Loaded.MAYBE:
        locked(m, state, node)
    elif state.cached is Loaded.MAYBE:
        if state.raw:
            kind = "raw"
        certain = state.certain and not state.ever_cached
        m.effect(node, kind, "", _ADVICE[kind], certain, about=rows(state), value=ref)
    element = state.element
    if element is None:
        element = row(m, state, ("rows", ref.id))
        state = m.state(ref)
        assert isinstance(state, QuerySet)
    m.put(ref, replace(state, cached=Loaded.YES, element=element))
    return element


# -- methods -----------------------------------------------------------------------------------------------


_DUNDERS: Mapping[str, EffectKind] = {
    "__iter__": "iteration",
    "__len__": "length",
    "__bool__": "truth",
    "__contains__": "membership",
    "__repr__": "repr",
    "__str__": "repr",
}


def call(
    m: Machine,
    ref: Value,
    name: str,
    args: Seq[Value],
    kwargs: Kwargs,
    node: ast.AST,
    kind: EffectKind = "orm-call",
) -> Value:
    """Call a stock method of a queryset (or of a manager, on its fresh queryset)."""
    state = m.state(ref)
    if not isinstance(state, QuerySet):
        return Unknown("queryset method")
    if name in _DUNDERS:
        kind = _DUNDERS[name]
        if kind == "repr":
            m.stringify(ref, node)
            return Scalar("str")
        element = evaluate(m, ref, kind, node)
        return m.alloc(node, Sequence("iterator", None, element), "iter") if kind == "iteration" else SCALAR
    method = m.catalog.queryset_methods.get(name)
    if method is None:
        return m.unknown(f"queryset method {name}()")
    if method.kind == "async":
        if method.locks:
            locked(m, state, node)
        if method.returns in {"async-iterator", "iterator"} or name == "aiterator":
            return derived(m, ref, state, node)
        return Coroutine("method", Method(ref, name), tuple(args), tuple(kwargs))
    if method.kind == "terminal":
        if not _free(m, state, method, args, kwargs):
            twin = method.twin if method.twin and (method.twin_since or (0, 0)) <= m.version else None
            advice = f"await .{twin}(...)" if twin else "run it through sync_to_async"
            m.effect(node, kind, "", advice, state.certain and not state.ever_cached, about=Terminal(twin))
        return result(m, state, method, args, kwargs, node)
    if name == "iterator":
        return derived(m, ref, state, node, iterator=True)
    return derived(m, ref, state, node, **clones.changes(m, state, name, args, kwargs))


def _free(m: Machine, state: QuerySet, method: QuerySetMethod, args: Seq[Value], kwargs: Kwargs) -> bool:
    if state.empty and method.free_when_none:
        return True
    if state.cached is not Loaded.MAYBE and method.free_when_cached:
        if method.free_when_cached == "always" or state.ordered:
            return True
    if method.free_when_empty is not None:
        given = args[0] if args else dict(kwargs).get(method.free_when_empty)
        if given == Tuple(()):
            return True
        held = m.state(given) if given is not None else None
        return isinstance(held, Sequence) and held.items == ()
    return False


def result(
    m: Machine,
    state: QuerySet,
    method: QuerySetMethod,
    args: Seq[Value],
    kwargs: Kwargs,
    node: ast.AST,
) -> Value:
    """Return what a terminal method gives."""
    returns = method.returns
    if method.name in {"create", "acreate"}:
        return made(m, state.model, kwargs, node, saved=True, known=state.known)
    if method.name in {"get_or_create", "update_or_create"}:
        return Tuple((_got_or_created(m, state, kwargs, node, method.name), Scalar("bool")))
    if returns == "instance":
        if state.empty:
            return NEVER
        return _cached_row(m, state, node)
    if returns == "optional-instance":
        return NONE if state.empty else one_of([_cached_row(m, state, node), NONE])
    if returns in {"in-bulk", "dict-of-instances"}:
        return m.alloc(node, Dict({}, SCALAR, row(m, state, node)), "in_bulk")
    if returns == "list-of-instances":
        return args[0] if args else dict(kwargs).get("objs", SCALAR)
    if returns == "dict":
        return m.alloc(node, Dict({}, None, SCALAR), "dict")
    if returns == "delete-result":
        return Tuple((SCALAR, SCALAR))
    return Scalar(returns)


def _cached_row(m: Machine, state: QuerySet, node: ast.AST) -> Value:
    if state.clone_spec is not None and state.cached is not Loaded.YES:
        state = replace(state, spec=state.clone_spec)
    if state.cached is Loaded.YES and state.element is not None:
        held = m.state(state.element)
        return m.alloc(node, held, "cached row") if isinstance(held, Instance) else state.element
    return row(m, state, node)


def _got_or_created(m: Machine, state: QuerySet, kwargs: Kwargs, node: ast.AST, called: str) -> Value:
    value = row(m, state, node)
    inst = m.state(value)
    if isinstance(value, Ref) and isinstance(inst, Instance):
        slots = dict(inst.slots)
        for name, given in kwargs:
            if isinstance(inst.model.member(name), Relation) and name not in slots:
                slots[name] = Slot(given, Loaded.MAYBE)  # loaded only when the row was made just now
        defaults = m.state(dict(kwargs).get("defaults", NONE))
        if called == "update_or_create" and isinstance(defaults, Dict):
            for key, given in defaults.items.items():  # set on the row whether it was there or not
                slots[str(key)] = Slot(given)
        m.put(value, replace(inst, slots=slots))
    return value


def made(
    m: Machine,
    model: Model | None,
    kwargs: Kwargs,
    node: ast.AST,
    saved: bool = False,
    known: Mapping[str, Value] | None = None,
) -> Value:
    """Return an instance built in hand: the relations given are loaded, those left out are null."""
    if model is None:
        return m.unknown("instance of an unknown model")
    slots: dict[str, Slot] = {name: Slot(value) for name, value in (known or {}).items()}
    spec = EMPTY_SPEC
    for name, value in kwargs:
        if name == "**":
            spec = OPAQUE_SPEC
            continue
        member = model.member(name)
        slots[name] = Slot(value)
        if isinstance(member, ColumnOf):
            slots[name] = Slot(value)
        elif isinstance(member, Relation) and isinstance(value, Unknown):
            slots[name] = Slot(value, Loaded.UNKNOWN)
    if saved:
        slots["pk"] = Slot(SCALAR)
    ref = m.alloc(node, Instance(model, spec, slots, made=True), "made")
    for name, value in kwargs:
        member = model.member(name)
        other = m.state(value)
        if isinstance(member, Relation) and member.kind == "one-to-one" and member.back:
            if isinstance(value, Ref) and isinstance(other, Instance):  # both ends of a one-to-one are cached
                m.put(value, replace(other, slots={**other.slots, member.back: Slot(ref)}))
    return ref
