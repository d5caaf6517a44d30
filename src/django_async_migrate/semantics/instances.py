"""Model instances: relations, deferred fields and the methods every model has."""

from __future__ import annotations

import ast
from collections.abc import Sequence as Seq
from fnmatch import fnmatch
from typing import TYPE_CHECKING

from django_async_migrate.catalog.rows import twin_of
from django_async_migrate.core.effects import EffectKind, Load, Terminal
from django_async_migrate.core.record import replace
from django_async_migrate.index.models import ColumnOf, RowMember, ScalarField
from django_async_migrate.index.relations import Relation
from django_async_migrate.values.heap import (
    EMPTY_SPEC,
    OPAQUE_SPEC,
    Instance,
    Loaded,
    LoadSpec,
    QuerySet,
    Slot,
)
from django_async_migrate.values.join import covers
from django_async_migrate.values.types import (
    FILLED,
    NONE,
    SCALAR,
    Client,
    Const,
    Coroutine,
    Method,
    Ref,
    RelatedManager,
    Scalar,
    Tuple,
    Unknown,
    Value,
    alternatives,
    one_of,
)

from . import clones, permissions, querysets

if TYPE_CHECKING:
    from django_async_migrate.catalog.rows import ModelMethod

    from .machine import Machine

Kwargs = Seq[tuple[str, Value]]

_KIND: dict[str, EffectKind] = {
    "foreign-key": "foreign-key",
    "one-to-one": "foreign-key",
    "reverse-one-to-one": "reverse-one-to-one",
    "generic-foreign-key": "generic-foreign-key",
}


def relation_value(m: Machine, ref: Ref, inst: Instance, relation: Relation, node: ast.AST) -> Value:
    """Read a relation of an instance; a lazy load is an effect, and fills the instance's cache."""
    if not relation.single:
        return RelatedManager(ref, relation, inst.certain)
    name = relation.name
    slot = inst.slots.get(name)
    if slot is not None:
        if slot.loaded is Loaded.MAYBE:
            _lazy(m, inst, relation, node, certain=False)
            _remember(m, ref, name, slot.value)
        return slot.value
    loaded, spec = _loaded(inst, relation)
    if loaded is Loaded.UNKNOWN:
        value = _related(m, ref, inst, relation, OPAQUE_SPEC)
        _remember(m, ref, name, value, Loaded.UNKNOWN)
        return value
    if loaded is Loaded.MAYBE:
        if inst.made:
            empty = _made_without(inst, relation)
            if empty is not None:
                return empty
        _lazy(m, inst, relation, node, inst.certain and relation.certain)
    value = _related(m, ref, inst, relation, spec)
    _remember(m, ref, name, value)
    return value


def _lazy(m: Machine, inst: Instance, relation: Relation, node: ast.AST, certain: bool) -> None:
    kind = _KIND[relation.kind]
    whole = inst.spec.only is None and not inst.spec.defer
    if kind == "generic-foreign-key":
        advice = f'load it with prefetch_related("{relation.name}")'
    else:
        advice = f'load it with select_related("{relation.name}")'
    m.effect(node, kind, "", advice, certain, about=_load(relation, whole))


def _load(relation: Relation, whole: bool) -> Load:
    """Return what a rewrite has to know of a relation that is loaded."""
    target = relation.target
    forward = relation.kind in {"foreign-key", "one-to-one"}
    keys: tuple[str, ...] = ()
    if forward and target is not None and relation.to_field is None:
        keys = tuple(sorted(target.to_pk))
    return Load(
        relation.name,
        relation.attname if forward else None,
        keys,
        relation.null or not forward,
        whole and relation.kind != "generic-foreign-key" and relation.constrained,
    )


def _loaded(inst: Instance, relation: Relation) -> tuple[Loaded, LoadSpec]:
    spec, name = inst.spec, relation.name
    if relation.parent_link and relation.kind == "one-to-one" and spec.only is None and not spec.defer:
        return Loaded.YES, EMPTY_SPEC
    if covers(spec, name):
        inner = spec.below(name)
        for prefetch in spec.prefetch:
            if prefetch.path == name and prefetch.spec is not None:
                inner = querysets.merged(prefetch.spec, inner)
        return Loaded.YES, inner
    if spec.related_all and not relation.null and relation.kind in {"foreign-key", "one-to-one"}:
        return Loaded.YES, LoadSpec(related_all=True)
    if spec.unknown_related:
        return Loaded.UNKNOWN, OPAQUE_SPEC
    return Loaded.MAYBE, EMPTY_SPEC


def _made_without(inst: Instance, relation: Relation) -> Value | None:
    """Return what an instance built in hand gives for a relation it was not given; None when it queries."""
    if relation.kind == "reverse-one-to-one":
        return None if "pk" in inst.slots else Unknown("unsaved instance")
    if relation.attname in inst.slots:
        value = inst.slots[str(relation.attname)].value
        return NONE if value == NONE else None
    if relation.kind == "generic-foreign-key":
        return None if any(name in inst.slots for name in relation.to_fields) else NONE
    return NONE


def _related(m: Machine, ref: Ref, inst: Instance, relation: Relation, spec: LoadSpec) -> Value:
    target = relation.target
    if target is None:
        return m.unknown("target of a relation")
    slots: dict[str, Slot] = {}
    if relation.kind in {"one-to-one", "reverse-one-to-one"} and relation.back:
        slots[relation.back] = Slot(ref)  # Django caches both ends of a one-to-one
    if m.recursing and relation.null and target is inst.model and covers(inst.spec, relation.name):
        if not covers(spec, relation.name):
            # A recursion over a chain loaded to a chosen depth is believed to end where that ends.
            slots[relation.name] = Slot(Unknown("end of a loaded chain"), Loaded.UNKNOWN)
    state = Instance(target, spec, slots, certain=inst.certain)
    value = m.alloc(("related", ref.id, relation.name), state)
    querysets.prefetched_attributes(m, value)
    # A join may find no row: what the code does about None is then reachable.
    return one_of([value, NONE]) if relation.null and relation.kind in {"foreign-key", "one-to-one"} else value


def _remember(m: Machine, ref: Ref, name: str, value: Value, loaded: Loaded = Loaded.YES) -> None:
    current = m.state(ref)
    if loaded is Loaded.YES and m.is_muted:
        loaded = Loaded.PRIMED
    if isinstance(current, Instance):
        m.put(ref, replace(current, slots={**current.slots, name: Slot(value, loaded)}))


#: What a file field holds.
FIELD_FILE = Client("django.db.models.fields.files.FieldFile")


def field_value(m: Machine, ref: Ref, inst: Instance, name: str, alias: str, node: ast.AST) -> Value:
    """Read a plain field or column; ``alias`` is the other name ``only()`` may know it by."""
    slot = inst.slots.get(name)
    spec = inst.spec
    member = inst.model.member(name)
    value: Value = FILLED if isinstance(member, ScalarField) and member.filled else SCALAR
    if isinstance(member, ScalarField) and member.file:
        value = FIELD_FILE
    if slot is not None and slot.loaded.present:
        return FIELD_FILE if value is FIELD_FILE and isinstance(slot.value, (Const, Scalar)) else slot.value
    if spec.only is None and not spec.defer:
        return value
    if spec.unknown_fields or inst.made or name in inst.model.to_pk:
        return value
    heads = {path.split("__")[0] for path in spec.only} if spec.only is not None else None
    missing = heads is not None and name not in heads and alias not in heads
    if missing or name in spec.defer or alias in spec.defer:
        advice = f'add "{alias}" to only(), or do not defer it'
        m.effect(node, "deferred", "", advice, inst.certain, about=Load(name))
        _remember(m, ref, name, value)
    return value


def stock_attribute(m: Machine, ref: Ref, inst: Instance, name: str, node: ast.AST) -> Value | None:
    """Read an attribute that Django (not project code) defines on an instance; None when it defines none."""
    slot = inst.slots.get(name)
    member = inst.model.member(name)
    if isinstance(member, Relation):
        return relation_value(m, ref, inst, member, node)
    if slot is not None and not isinstance(member, (ScalarField, ColumnOf)):
        return slot.value
    if isinstance(member, ColumnOf):
        return field_value(m, ref, inst, name, member.relation.name, node)
    if isinstance(member, ScalarField):
        return field_value(m, ref, inst, name, name, node)
    if isinstance(member, RowMember):
        if not member.row.property:
            return Method(ref, name)
        if member.row.effect == "query":
            kind: EffectKind = "framework" if member.row.rule else "model-method"
            m.effect(node, kind, "", "run it through sync_to_async", inst.certain, member.row.rule)
        return SCALAR
    if member is None:
        if _method_row(m, name) is not None:
            return Method(ref, name)
        if name in inst.model.to_pk:
            return SCALAR
    return None


def _method_row(m: Machine, name: str) -> ModelMethod | None:
    found = m.catalog.model_methods.get(name)
    if found is not None:
        return found
    if not name.startswith("get_"):
        return None
    return next((row for row in m.catalog.model_method_patterns if fnmatch(name, row.name)), None)


def call(m: Machine, ref: Ref, name: str, args: Seq[Value], kwargs: Kwargs, node: ast.AST) -> Value:
    """Call a method that Django gives every model, or a stock model."""
    inst = m.state(ref)
    if not isinstance(inst, Instance):
        return Unknown("model method")
    member = inst.model.member(name)
    if isinstance(member, RowMember):
        stock = member.row
        free = permissions.spared(m, ref, inst, name, args, kwargs)
        if stock.is_async:
            return Coroutine("method", Method(ref, name), tuple(args), tuple(kwargs))
        if stock.effect == "query" and not free:
            twin = stock.twin if stock.twin and (stock.twin_since or (0, 0)) <= m.version else None
            advice = f"await .{twin}(...)" if twin else "run it through sync_to_async"
            kind: EffectKind = "framework" if stock.rule else "model-method"
            m.effect(node, kind, "", advice, inst.certain, stock.rule, about=Terminal(twin))
        elif stock.effect == "blocking" and stock.rule:
            twin = twin_of(stock, m.version)
            advice = f"await .{twin}(...)" if twin else "run it through sync_to_async"
            m.effect(node, "blocking", "", advice, inst.certain, stock.rule, about=Terminal(twin))
        return SCALAR
    row = _method_row(m, name)
    if row is None:
        return m.unknown("model method")
    if row.is_async:
        return Coroutine("method", Method(ref, name), tuple(args), tuple(kwargs))
    if row.effect == "query" and not _spared(m, inst, row, kwargs):
        twin = row.twin if row.twin and (row.twin_since or (0, 0)) <= m.version else None
        advice = f"await .{twin}(...)" if twin else "run it through sync_to_async"
        m.effect(node, "model-method", "", advice, inst.certain, about=Terminal(twin))
    if name == "refresh_from_db":
        _refresh(m, ref, inst, args, kwargs)
    elif name == "save":
        _remember(m, ref, "pk", SCALAR)
    return Tuple((SCALAR, SCALAR)) if name == "delete" else Scalar(row.returns)


def _spared(m: Machine, inst: Instance, row: ModelMethod, kwargs: Kwargs) -> bool:
    given = dict(kwargs)
    if row.free_when_empty and row.free_when_empty in given:
        value = given[row.free_when_empty]
        held = m.state(value)
        if value == Tuple(()) or getattr(held, "items", None) == ():
            return True
    if not row.only_if:
        return False
    has = set()
    excluded = given.get("exclude")
    held = m.state(excluded) if excluded is not None else None
    left_out = excluded.items if isinstance(excluded, Tuple) else getattr(held, "items", None) or ()
    names = {item.value for item in left_out if isinstance(item, Const)}
    if any(r.name not in names for r in inst.model.relations().values() if r.kind in _KIND):
        has.add("foreign-key")
    if given.get("validate_unique") == Const(False):
        pass
    elif _declares(inst, "unique") or "pk" in inst.slots or not inst.made:
        has.add("unique")
    if inst.model.meta("constraints") is not None and given.get("validate_constraints") != Const(False):
        has.add("constraint")
    return not has.intersection(row.only_if)


def _declares(inst: Instance, keyword: str) -> bool:
    for cls in inst.model.cls.mro if inst.model.cls is not None else ():
        for member in cls.members.values():
            value = getattr(member, "value", None)
            if isinstance(value, ast.Call) and any(k.arg == keyword for k in value.keywords):
                return True
    return inst.model.meta("unique_together") is not None


def _refresh(m: Machine, ref: Ref, inst: Instance, args: Seq[Value], kwargs: Kwargs) -> None:
    fields = dict(kwargs).get("fields", args[1] if len(args) > 1 else None)
    source = m.state(dict(kwargs).get("from_queryset", NONE))
    if isinstance(source, QuerySet):
        m.put(ref, Instance(inst.model, source.spec, certain=inst.certain))
        return
    if fields is None or fields == NONE:
        kept = {name: slot for name, slot in inst.slots.items() if name == "pk"}
        m.put(ref, Instance(inst.model, EMPTY_SPEC, kept, certain=inst.certain))
        return
    held = m.state(fields)
    items = fields.items if isinstance(fields, Tuple) else getattr(held, "items", None) or ()
    slots = dict(inst.slots)
    for item in items:
        if isinstance(item, Const) and isinstance(item.value, str):
            if isinstance(inst.model.member(item.value), Relation):
                slots.pop(item.value, None)
                inst = without_related(inst, item.value)
            else:
                slots[item.value] = Slot(SCALAR)
    m.put(ref, replace(inst, slots=slots))


def without_related(inst: Instance, name: str) -> Instance:
    """Return the instance with the joined row of one relation dropped."""
    kept = frozenset(path for path in inst.spec.related if path.split("__")[0] != name)
    prefetch = tuple(p for p in inst.spec.prefetch if p.path.split("__")[0] != name)
    return replace(inst, spec=replace(inst.spec, related=kept, prefetch=prefetch))


def with_attribute(inst: Instance, name: str, value: Value) -> Instance:
    """Return the instance after ``obj.<name> = value``."""
    member = inst.model.member(name)
    slots = dict(inst.slots)
    if isinstance(member, ColumnOf):
        slots.pop(member.relation.name, None)
        slots[name] = Slot(value)
        if value == NONE:
            slots[member.relation.name] = Slot(NONE)
        return replace(without_related(inst, member.relation.name), slots=slots)
    loaded = Loaded.UNKNOWN if isinstance(value, Unknown) and isinstance(member, Relation) else Loaded.YES
    slots[name] = Slot(value, loaded)
    return replace(inst, slots=slots)


def without_attribute(inst: Instance, name: str) -> Instance:
    """Return the instance after ``del obj.<name>``: a field is read from the database the next time."""
    slots = {key: slot for key, slot in inst.slots.items() if key != name}
    if isinstance(inst.model.member(name), ScalarField) and not inst.made:
        only = inst.spec.only - {name} if inst.spec.only is not None else None
        return replace(inst, spec=replace(inst.spec, only=only, defer=inst.spec.defer | {name}), slots=slots)
    return replace(inst, slots=slots)


def link_back(m: Machine, ref: Ref, inst: Instance, name: str, value: Value) -> None:
    """Assigning one end of a one-to-one sets the other end's cache too."""
    member = inst.model.member(name)
    if isinstance(member, Relation) and member.kind == "one-to-one" and member.back and isinstance(value, Ref):
        _remember(m, value, member.back, ref)


def prefetch_onto(m: Machine, value: Value, lookups: Seq[Value]) -> None:
    """``prefetch_related_objects([obj], ...)``: fill the relations of instances in hand."""
    found, unknown = clones.prefetches(m, lookups)
    inst = m.state(value)
    if not isinstance(value, Ref) or not isinstance(inst, Instance):
        return
    slots = dict(inst.slots)
    for lookup in found:
        head, _, rest = lookup.path.partition("__")
        if head not in slots:
            continue
        if not rest:
            if not slots[head].loaded.present:
                del slots[head]
        else:
            inner = PrefetchedBelow(rest, lookup.to_attr, lookup.spec)
            m.put(value, replace(inst, slots=slots))
            _prefetch_below(m, slots[head].value, inner)
            if not slots[head].loaded.present:
                slots[head] = Slot(slots[head].value)
    spec = replace(
        inst.spec,
        prefetch=(*inst.spec.prefetch, *found),
        unknown_prefetch=inst.spec.unknown_prefetch or unknown,
        unknown_related=inst.spec.unknown_related or unknown,
    )
    m.put(value, replace(inst, spec=spec, slots=slots))
    querysets.prefetched_attributes(m, value)


class PrefetchedBelow:
    """The rest of a nested lookup, for an object that is in hand already."""

    def __init__(self, path: str, to_attr: str | None, spec: LoadSpec | None) -> None:
        self.path = path
        self.to_attr = to_attr
        self.spec = spec


def _prefetch_below(m: Machine, value: Value, lookup: PrefetchedBelow) -> None:
    from django_async_migrate.values.heap import Prefetch

    inst = m.state(value)
    if isinstance(value, Ref) and isinstance(inst, Instance):
        slots = {n: s for n, s in inst.slots.items() if n != lookup.path or s.loaded.present}
        prefetch = Prefetch(lookup.path, lookup.to_attr, lookup.spec)
        spec = replace(inst.spec, prefetch=(*inst.spec.prefetch, prefetch))
        m.put(value, replace(inst, spec=spec, slots=slots))


def is_null_column(inst: Instance, name: str) -> Relation | None:
    """Return the relation whose column ``name`` is; used when a test shows that the column is null."""
    member = inst.model.member(name)
    return member.relation if isinstance(member, ColumnOf) else None


def declared_null(m: Machine, owner: Value, name: str) -> bool:
    """The code says that a relation is None: its column is null then, and reading it is free. False: no relation."""
    found = False
    for part in alternatives(owner):
        inst = m.state(part)
        if isinstance(inst, Instance) and isinstance(part, Ref) and name not in inst.slots:
            member = inst.model.member(name)
            if isinstance(member, Relation) and member.null and member.attname is not None:
                m.put(part, with_attribute(inst, name, NONE))
                found = True
    return found
