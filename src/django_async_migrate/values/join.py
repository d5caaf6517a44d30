"""Joining values and heaps where paths meet: must-facts intersect, may-facts unite."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import compress
from operator import is_not

from django_async_migrate.core.record import replace

from .heap import (
    Dict,
    Heap,
    Instance,
    Lazy,
    Loaded,
    LoadSpec,
    Object,
    QuerySet,
    Sequence,
    Slot,
    State,
)
from .types import NEVER, Never, OneOf, Ref, Unknown, Value, one_of


def covers(spec: LoadSpec, name: str) -> bool:
    """Whether a load specification brings relation ``name`` along."""
    head = name + "__"
    return any(path == name or path.startswith(head) for path in spec.related) or any(
        (prefetch.path == name and prefetch.to_attr is None) or prefetch.path.startswith(head)
        for prefetch in spec.prefetch
    )


def join_values(one: Value | None, other: Value | None, heap: Heap) -> Value:
    """Return a value that is either of two; objects alike in all that is known are taken for one."""
    if one is None:
        return other if other is not None else NEVER
    if other is None or one is other or one == other:
        return one
    left, right = type(one), type(other)
    if left is Never:
        return other
    if right is Never:
        return one
    if left is not OneOf and right is not OneOf:
        return _collapse([one, other], heap) if left is Ref and right is Ref else OneOf((one, other))
    joined = one_of([one, other])
    if isinstance(joined, Unknown):
        return _collapse([*_parts(one), *_parts(other)], heap)
    if isinstance(joined, OneOf) and list(map(type, joined.values)).count(Ref) > 1:
        return _collapse(list(joined.values), heap)
    return joined


def _parts(value: Value) -> tuple[Value, ...]:
    return value.values if isinstance(value, OneOf) else (value,)


def _collapse(parts: list[Value], heap: Heap) -> Value:
    kept: list[Value] = []
    for part in parts:
        if type(part) is Ref and kept:
            state = heap.get(part.id)
            if isinstance(state, (Instance, QuerySet)) and any(
                type(k) is Ref and heap.get(k.id) == state for k in kept
            ):
                continue
        if part not in kept:
            kept.append(part)
    return one_of(kept)


def _missing(instance: Instance, name: str) -> Loaded:
    """Return how sure it is that a relation without a slot is loaded."""
    spec = instance.spec
    if covers(spec, name) or spec.related_all:
        return Loaded.YES
    if spec.unknown_related or instance.made:
        return Loaded.UNKNOWN
    return Loaded.MAYBE


def _join_slots(
    one: Mapping[str, Slot],
    other: Mapping[str, Slot],
    heap: Heap,
    missing: tuple[Instance, Instance] | None,
    optimistic: bool = False,
) -> dict[str, Slot]:
    result: dict[str, Slot] = {}
    for name in {**one, **other}:
        left, right = one.get(name), other.get(name)
        if left is not None and right is not None:
            if left == right:
                result[name] = left
            else:
                loaded = Loaded(max(left.loaded, right.loaded))
                result[name] = Slot(join_values(left.value, right.value, heap), loaded)
            continue
        present = left or right
        assert present is not None
        loaded = present.loaded
        if missing is not None and not (optimistic and loaded is Loaded.PRIMED):
            loaded = Loaded(max(loaded, _missing(missing[1] if left is not None else missing[0], name)))
        result[name] = Slot(present.value, loaded)
    return result


def primed(state: State, before: State | None) -> State:
    """Return an object's state after code that ran in a thread: what that has loaded counts as primed."""
    if not isinstance(state, Instance):
        return state
    old = before.slots if isinstance(before, Instance) else {}
    slots = {
        name: Slot(slot.value, Loaded.PRIMED)
        if slot.loaded is Loaded.YES and (name not in old or not old[name].loaded.present)
        else slot
        for name, slot in state.slots.items()
    }
    return replace(state, slots=slots)


def join_states(one: State, other: State, heap: Heap, optimistic: bool = False) -> State:
    """Return what is known of an object that went through either of two states."""
    if one is other or one == other:
        return one
    if isinstance(one, Instance) and isinstance(other, Instance):
        slots = _join_slots(one.slots, other.slots, heap, (one, other), optimistic)
        spec = one.spec if one.spec == other.spec else _join_specs(one.spec, other.spec)
        return replace(one, slots=slots, spec=spec, certain=one.certain and other.certain)
    if isinstance(one, QuerySet) and isinstance(other, QuerySet):
        cached = Loaded(max(one.cached, other.cached))
        return replace(
            one,
            spec=one.spec if one.spec == other.spec else _join_specs(one.spec, other.spec),
            cached=cached,
            ever_cached=one.ever_cached or other.ever_cached or one.cached != other.cached,
            empty=one.empty and other.empty,
            element=join_values(one.element, other.element, heap) if one.element or other.element else None,
            certain=one.certain and other.certain,
        )
    if isinstance(one, Sequence) and isinstance(other, Sequence):
        return _join_sequences(one, other, heap)
    if isinstance(one, Dict) and isinstance(other, Dict):
        items = {
            key: join_values(one.items.get(key), other.items.get(key), heap) for key in {**one.items, **other.items}
        }
        return Dict(items, _join_optional(one.key, other.key, heap), _join_optional(one.element, other.element, heap))
    if isinstance(one, Lazy) and isinstance(other, Lazy):
        return one if one.value is not None else other
    if isinstance(one, Object) and isinstance(other, Object):
        return replace(one, attrs=_join_slots(one.attrs, other.attrs, heap, None))
    return one


def _join_optional(one: Value | None, other: Value | None, heap: Heap) -> Value | None:
    return join_values(one, other, heap) if one is not None or other is not None else None


def _join_sequences(one: Sequence, other: Sequence, heap: Heap) -> Sequence:
    if one.items is not None and other.items is not None and len(one.items) == len(other.items):
        items = tuple(join_values(a, b, heap) for a, b in zip(one.items, other.items, strict=True))
        return Sequence(one.kind, items, _join_optional(one.element, other.element, heap))
    element: Value | None = _join_optional(one.element, other.element, heap)
    for side in (one, other):
        for item in side.items or ():
            element = join_values(element, item, heap)
    return Sequence(one.kind, None, element)


def _join_specs(one: LoadSpec, other: LoadSpec) -> LoadSpec:
    both_only = one.only | other.only if one.only is not None and other.only is not None else None
    return LoadSpec(
        related=one.related & other.related,
        related_all=one.related_all and other.related_all,
        prefetch=tuple(p for p in one.prefetch if p in other.prefetch),
        only=both_only,
        defer=one.defer | other.defer,
        unknown_related=one.unknown_related or other.unknown_related,
        unknown_prefetch=one.unknown_prefetch or other.unknown_prefetch,
        unknown_fields=one.unknown_fields or other.unknown_fields or (one.only is None) != (other.only is None),
    )


def join_heaps(
    one: Heap, other: Heap, owner: Callable[[int], int | None] | None = None, optimistic: bool = False
) -> Heap:
    """Return the heap after either of two paths.

    ``owner`` tells for an object on which of the two paths it is still reachable, when on one only: what the
    other path knew of it no longer matters.
    """
    return one if one is other else {**one, **heap_changes(one, other, owner, optimistic)}


def heap_changes(
    one: Heap, other: Heap, owner: Callable[[int], int | None] | None = None, optimistic: bool = False
) -> Heap:
    """Return what joining another path's heap changes in the heap of one path (see ``join_heaps``)."""
    result: Heap = {}
    both: Heap | None = None
    known = one.get
    # Paths share nearly all of their objects: what differs is picked out at the speed of C.
    for number in list(compress(other, map(is_not, map(known, other), other.values()))):
        mine, state = known(number), other[number]
        if mine is None:
            result[number] = state
        elif mine != state:
            side = owner(number) if owner is not None and isinstance(mine, (Instance, QuerySet)) else None
            if side is not None:
                if side:
                    result[number] = state
                continue
            # Values inside may refer to objects of either side: look both up while joining.
            if both is None:
                both = {**other, **one}
            result[number] = join_states(mine, state, both, optimistic)
    return result
