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
    Super,
    Tuple,
    Value,
    one_of,
)

Renumber = Callable[[int], int]


def map_refs(value: Value, number: Renumber) -> Value:
    """Return the value with every object number in it replaced."""
    kind = type(value)
    if kind is Ref:
        return Ref(number(value.id))  # type: ignore[attr-defined]
    mapper = _MAPPERS.get(kind)
    return mapper(value, number) if mapper is not None else value


def _pairs(pairs: tuple[tuple[str, Value], ...], number: Renumber) -> tuple[tuple[str, Value], ...]:
    return tuple((name, map_refs(value, number)) for name, value in pairs)


def _all(values: tuple[Value, ...], number: Renumber) -> tuple[Value, ...]:
    return tuple(map_refs(value, number) for value in values)


def _maybe(value: Value | None, number: Renumber) -> Value | None:
    return map_refs(value, number) if value is not None else None


def _func(v: Func, n: Renumber) -> Value:
    if v.receiver is None and not v.closure:
        return v
    return Func(v.fn, _maybe(v.receiver, n), _pairs(v.closure, n), v.start)


_MAPPERS: Mapping[type, Callable[..., Value]] = {
    Tuple: lambda v, n: Tuple(_all(v.items, n)),
    OneOf: lambda v, n: one_of(_all(v.values, n)),
    Func: _func,
    Partial: lambda v, n: Partial(map_refs(v.func, n), _all(v.args, n), _pairs(v.kwargs, n)),
    RelatedManager: lambda v, n: RelatedManager(map_refs(v.owner, n), v.relation, v.certain),
    Method: lambda v, n: Method(map_refs(v.receiver, n), v.name),
    Bridge: lambda v, n: Bridge(v.mode, map_refs(v.func, n), _maybe(v.receiver, n)),
    Coroutine: lambda v, n: Coroutine(v.mode, map_refs(v.func, n), _all(v.args, n), _pairs(v.kwargs, n)),
    Ready: lambda v, n: Ready(map_refs(v.value, n)),
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


def map_state(state: State, number: Renumber) -> State:
    """Return the state with every object number in it replaced."""
    if isinstance(state, Instance):
        if not state.slots:
            return state
        return replace(state, slots=_slots(state.slots, number))
    if isinstance(state, QuerySet):
        if state.element is None and not state.known:
            return state
        known = {name: map_refs(value, number) for name, value in state.known.items()}
        return replace(state, element=_maybe(state.element, number), known=known)
    if isinstance(state, Sequence):
        items = _all(state.items, number) if state.items is not None else None
        return Sequence(state.kind, items, _maybe(state.element, number))
    if isinstance(state, Dict):
        return Dict(
            {key: map_refs(value, number) for key, value in state.items.items()},
            _maybe(state.key, number),
            _maybe(state.element, number),
        )
    if isinstance(state, Lazy):
        return Lazy(map_refs(state.func, number), _maybe(state.value, number))
    return Object(state.cls, _slots(state.attrs, number), state.whole)


def _slots(slots: Mapping[str, Slot], number: Renumber) -> dict[str, Slot]:
    return {name: Slot(map_refs(slot.value, number), slot.loaded) for name, slot in slots.items()}


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

    def __init__(self, heap: Heap, numbers: dict[int, int] | None = None) -> None:
        self._source = heap
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
        while self._todo:
            old = self._todo.pop(0)
            state = self._source.get(old)
            if state is not None:
                result[self.numbers[old]] = map_state(state, self.number)
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
