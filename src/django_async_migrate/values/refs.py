"""Moving values between heaps: a function's summary is computed in a heap of its own, numbered from zero.

Object numbers inside a summary are canonical (in order of discovery from the arguments), so that two calls with
alike arguments share one summary whatever the numbers were in the caller.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping

from django_async_migrate.core.record import replace

from .heap import Dict, Heap, Instance, Lazy, Object, QuerySet, Sequence, Slot, State
from .types import (
    Bridge,
    ClassMethod,
    ContextFactory,
    ContextManager,
    Coroutine,
    Func,
    Generator,
    Method,
    OneOf,
    Partial,
    PrefetchLookup,
    Property,
    Ready,
    Ref,
    RelatedManager,
    Star,
    Static,
    Submitted,
    Super,
    Tuple,
    Value,
    one_of,
)

Renumber = Callable[[int], int]


def map_refs(value: Value, number: Renumber) -> Value:
    """Return the value with every object number in it replaced; the value itself where none changes."""
    kind = type(value)
    if kind is Ref:
        old = value.id  # type: ignore[attr-defined]
        new = number(old)
        return value if new == old else Ref(new)
    mapper = _MAPPERS.get(kind)
    return mapper(value, number) if mapper is not None else value


def _pairs(pairs: tuple[tuple[str, Value], ...], number: Renumber) -> tuple[tuple[str, Value], ...]:
    return tuple([(name, map_refs(value, number)) for name, value in pairs]) if pairs else pairs


def _all(values: tuple[Value, ...], number: Renumber) -> tuple[Value, ...]:
    """Map several values; the same tuple when all stay as they are."""
    mapped: list[Value] | None = None
    for position, value in enumerate(values):
        if type(value) in _MOVING:
            new = map_refs(value, number)
            if new is not value:
                if mapped is None:
                    mapped = list(values)
                mapped[position] = new
    return values if mapped is None else tuple(mapped)


def _maybe(value: Value | None, number: Renumber) -> Value | None:
    return map_refs(value, number) if value is not None else None


def _func(v: Func, n: Renumber) -> Value:
    if v.receiver is None and not v.closure:
        return v
    return Func(v.fn, _maybe(v.receiver, n), _pairs(v.closure, n), v.start)


def _tuple(v: Tuple, n: Renumber) -> Value:
    items = v.items
    mapped = _all(items, n)
    return v if mapped is items else Tuple(mapped)


def _one_of(v: OneOf, n: Renumber) -> Value:
    values = v.values
    mapped = _all(values, n)
    return v if mapped is values else one_of(mapped)


_MAPPERS: Mapping[type, Callable[..., Value]] = {
    Tuple: _tuple,
    OneOf: _one_of,
    Func: _func,
    Partial: lambda v, n: Partial(map_refs(v.func, n), _all(v.args, n), _pairs(v.kwargs, n)),
    RelatedManager: lambda v, n: RelatedManager(map_refs(v.owner, n), v.relation, v.certain),
    Method: lambda v, n: Method(map_refs(v.receiver, n), v.name),
    Bridge: lambda v, n: Bridge(v.mode, map_refs(v.func, n), _maybe(v.receiver, n), v.apart),
    Coroutine: lambda v, n: Coroutine(v.mode, map_refs(v.func, n), _all(v.args, n), _pairs(v.kwargs, n), v.apart),
    Ready: lambda v, n: Ready(map_refs(v.value, n)),
    Submitted: lambda v, n: Submitted(map_refs(v.value, n)),
    Generator: lambda v, n: Generator(map_refs(v.func, n), _all(v.args, n), _pairs(v.kwargs, n), _maybe(v.over, n)),
    Property: lambda v, n: Property(map_refs(v.getter, n), v.cached),
    PrefetchLookup: lambda v, n: PrefetchLookup(v.path, v.to_attr, _maybe(v.queryset, n)),
    Static: lambda v, n: Static(map_refs(v.func, n)),
    ClassMethod: lambda v, n: ClassMethod(map_refs(v.func, n)),
    ContextFactory: lambda v, n: ContextFactory(map_refs(v.func, n)),
    ContextManager: lambda v, n: ContextManager(map_refs(v.generator, n)),
    Star: lambda v, n: Star(map_refs(v.element, n)),
    Super: lambda v, n: Super(v.cls, map_refs(v.receiver, n)),
}


#: Kinds of values that may hold object numbers.
_MOVING = frozenset({Ref, *_MAPPERS})


def map_state(state: State, number: Renumber) -> State:
    """Return the state with every object number in it replaced; the state itself where none changes."""
    if isinstance(state, Object):
        attrs = _slots(state.attrs, number)
        return state if attrs is state.attrs else Object(state.cls, attrs, state.whole)
    if isinstance(state, Instance):
        slots = _slots(state.slots, number)
        return state if slots is state.slots else replace(state, slots=slots)
    if isinstance(state, QuerySet):
        if state.element is None and not state.known:
            return state
        known = {name: map_refs(value, number) for name, value in state.known.items()}
        return replace(state, element=_maybe(state.element, number), known=known)
    if isinstance(state, Sequence):
        given = state.items
        items = _all(given, number) if given is not None else None
        element = _maybe(state.element, number)
        return state if items is given and element is state.element else Sequence(state.kind, items, element)
    if isinstance(state, Dict):
        entries = state.items
        if any(type(value) in _MOVING for value in entries.values()):
            entries = {key: map_refs(value, number) for key, value in entries.items()}
        key, element = _maybe(state.key, number), _maybe(state.element, number)
        if entries is state.items and key is state.key and element is state.element:
            return state
        return Dict(entries, key, element)
    return Lazy(map_refs(state.func, number), _maybe(state.value, number))


def _slots(slots: Mapping[str, Slot], number: Renumber) -> Mapping[str, Slot]:
    """Map the values of slots; the same mapping when all stay as they are."""
    changed: dict[str, Slot] | None = None
    for name, slot in slots.items():
        value = slot.value
        if type(value) in _MOVING:
            new = map_refs(value, number)
            if new is not value:
                if changed is None:
                    changed = dict(slots)
                changed[name] = Slot(new, slot.loaded)
    return slots if changed is None else changed


def reachable(values: Iterable[Value], heap: Heap) -> set[int]:
    """Return the numbers of all objects that values lead to."""
    found: set[int] = set()
    todo: list[object] = list(values)
    while todo:
        item = todo.pop()
        kind = type(item)
        if kind is Ref:
            number = item.id  # type: ignore[attr-defined]
            if number not in found:
                found.add(number)
                state = heap.get(number)
                if state is not None:
                    todo.extend(_held(state))
        elif kind in _PARTS:
            todo.extend(_PARTS[kind](item))
    return found


def _held(state: State) -> list[object]:
    """Return the values that an object holds."""
    if isinstance(state, Instance):
        return [slot.value for slot in state.slots.values()]
    if isinstance(state, Object):
        return [slot.value for slot in state.attrs.values()]
    if isinstance(state, Sequence):
        return [*(state.items or ()), state.element]
    if isinstance(state, Dict):
        return [*state.items.values(), state.key, state.element]
    if isinstance(state, Lazy):
        return [state.func, state.value]
    return [state.element, *state.known.values()]


_PARTS: Mapping[type, Callable[..., Iterable[object]]] = {
    Tuple: lambda v: v.items,
    OneOf: lambda v: v.values,
    Func: lambda v: [v.receiver, *(value for _, value in v.closure)],
    Partial: lambda v: [v.func, *v.args, *(value for _, value in v.kwargs)],
    RelatedManager: lambda v: [v.owner],
    Method: lambda v: [v.receiver],
    Bridge: lambda v: [v.func, v.receiver],
    Coroutine: lambda v: [v.func, *v.args, *(value for _, value in v.kwargs)],
    Ready: lambda v: [v.value],
    Submitted: lambda v: [v.value],
    Generator: lambda v: [v.func, *v.args, *(value for _, value in v.kwargs), v.over],
    Property: lambda v: [v.getter],
    PrefetchLookup: lambda v: [v.queryset],
    Static: lambda v: [v.func],
    ClassMethod: lambda v: [v.func],
    ContextFactory: lambda v: [v.func],
    ContextManager: lambda v: [v.generator],
    Star: lambda v: [v.element],
    Super: lambda v: [v.receiver],
}


class Exporter:
    """Copies values and all they reach out of a heap, numbering objects in order of discovery."""

    def __init__(
        self,
        heap: Heap,
        numbers: dict[int, int] | None = None,
        copy: Callable[[State, Renumber], State] = map_state,
    ) -> None:
        self._source = heap
        self._copy = copy
        self.numbers: dict[int, int] = {} if numbers is None else dict(numbers)
        self._todo: list[int] = list(self.numbers)
        self._next = max(self.numbers.values(), default=-1) + 1

    def number(self, old: int) -> int:
        """Return the canonical number of an object, giving it one at first sight."""
        new = self.numbers.get(old)
        if new is None:
            new = self.numbers[old] = self._next
            self._next += 1
            self._todo.append(old)
        return new

    def value(self, value: Value) -> Value:
        """Return a value in canonical numbers."""
        return map_refs(value, self.number)

    def heap(self) -> Heap:
        """Return the states of everything reached so far, in canonical numbers."""
        result: Heap = {}
        for old in self._todo:  # grows while it is read
            state = self._source.get(old)
            if state is not None:
                result[self.numbers[old]] = self._copy(state, self.number)
        self._todo = []
        return result


def freeze(state: State) -> Hashable:
    """Return a hashable form of a state, for use in keys."""
    if isinstance(state, Instance):
        return (state.model, state.spec, _frozen(state.slots), state.made, state.certain)
    if isinstance(state, QuerySet):
        return (
            state.model,
            state.spec,
            state.shape,
            state.cached,
            state.empty,
            state.element,
            tuple(sorted(state.known.items(), key=_first)),
            state.cls,
            state.manager,
            state.raw,
            state.iterator,
            state.certain,
            state.ever_cached,
            state.ordered,
            state.clone_spec,
        )
    if isinstance(state, Sequence):
        return (state.kind, state.items, state.element)
    if isinstance(state, Dict):
        return (tuple(sorted(state.items.items(), key=_text)), state.key, state.element)
    if isinstance(state, Lazy):
        return ("lazy", state.func, state.value)
    return (state.cls, _frozen(state.attrs), state.whole)


def _first(pair: tuple[str, object]) -> str:
    return pair[0]


def _text(pair: tuple[object, object]) -> str:
    return repr(pair[0])


def _frozen(slots: Mapping[str, Slot]) -> Hashable:
    return tuple(sorted(slots.items(), key=_first))
