"""Lists, tuples, sets and dicts: what they hold and what their methods give back."""

from __future__ import annotations

import ast
from collections.abc import Sequence as Seq
from typing import TYPE_CHECKING

from django_async_migrate.core.record import replace
from django_async_migrate.values.heap import Dict, Instance, Object, QuerySet, Sequence, State
from django_async_migrate.values.join import join_states, join_values
from django_async_migrate.values.types import (
    MAX_ALTERNATIVES,
    NEVER,
    NONE,
    SCALAR,
    Const,
    External,
    ExternalObject,
    Never,
    Ref,
    Scalar,
    Tuple,
    Unknown,
    Value,
    one_of,
)

from . import querysets

if TYPE_CHECKING:
    from .machine import Machine

Kwargs = Seq[tuple[str, Value]]


def union(m: Machine, values: Seq[Value]) -> Value:
    """Return the join of values; ``Never`` for none."""
    refs = dict.fromkeys(value for value in values if isinstance(value, Ref))
    if len(refs) > MAX_ALTERNATIVES:
        values = [*(value for value in values if not isinstance(value, Ref)), *_gathered(m, list(refs))]
    return one_of(list(values))


def _gathered(m: Machine, refs: list[Ref]) -> list[Value]:
    """Return one object for many alike: the entries of a registry, each a dict or an object of one class."""
    kinds: dict[object, list[State]] = {}
    for ref in refs:
        state = m.state(ref)
        if not isinstance(state, (Dict, Object)):
            return list(refs)
        kinds.setdefault(state.cls if isinstance(state, Object) else Dict, []).append(state)
    found: list[Value] = []
    for kind, states in kinds.items():
        joined = states[0]
        for state in states[1:]:
            joined = join_states(joined, state, {})
        found.append(m.alloc(("gathered", kind, refs[0].id), joined))
    return found


def elements(m: Machine, state: Sequence) -> Value:
    """Return what one element of a sequence may be."""
    parts = list(state.items or ())
    if state.element is not None:
        parts.append(state.element)
    if state.items is None and state.element is None:
        return NEVER
    return union(m, parts)


def copy_element(m: Machine, element: Value, node: ast.AST, tag: object = 0) -> Value:
    """Return one element taken out by position.

    The element of a container stands for all of them; one taken out goes its own way, so that what happens
    to it is not believed of the others.
    """
    held = m.state(element)
    if isinstance(held, Instance):
        return m.alloc(node, held, ("copy", tag))
    return element


def item(m: Machine, base: Value, index: Value, node: ast.AST) -> Value:
    """Return ``base[index]``."""
    if base == External("django.db.connections"):
        return External("django.db.connection")
    if base in (External("django.template.engines"), External("django.template.loader.engines")):
        return ExternalObject("django.template.engine.Engine")
    state = m.state(base)
    if isinstance(state, QuerySet) and isinstance(base, Ref):
        from django_async_migrate.values.heap import Loaded

        if state.empty:
            return NEVER
        if state.cached is Loaded.MAYBE:
            advice = "await .afirst() on an ordered queryset, or [... async for ... in qs[:1]][0]"
            certain = state.certain and not state.ever_cached
            m.effect(node, "raw" if state.raw else "index", "", advice, certain, about=querysets.rows(state))
            return querysets.row(m, state, node)
        return copy_element(m, state.element or querysets.row(m, state, node), node)
    if isinstance(base, Tuple):
        return _at(base.items, index, m)
    if isinstance(state, Sequence):
        if state.items is not None:
            return _at(state.items, index, m)
        element = elements(m, state)
        return copy_element(m, element, node) if not isinstance(element, Never) else Unknown("item of a list")
    if isinstance(state, Dict):
        return lookup(m, state, index, node)
    if isinstance(base, (Const, Scalar)):
        return SCALAR
    return Unknown("item of an unknown value")


def _at(items: tuple[Value, ...], index: Value, m: Machine) -> Value:
    if isinstance(index, Const) and isinstance(index.value, int):
        try:
            return items[index.value]
        except IndexError:
            return NEVER if items else Unknown("item of a list")
    return union(m, items) if items else Unknown("item of a list")


def lookup(m: Machine, state: Dict, index: Value, node: ast.AST) -> Value:
    """Return what a dict may hold under a key."""
    if isinstance(index, Const) and _hashable(index.value) and index.value in state.items:
        return state.items[index.value]
    parts = list(state.items.values()) if not isinstance(index, Const) else []
    if state.element is not None:
        parts.append(copy_element(m, state.element, node))
    if not parts:
        return Unknown("item of a dict")
    return union(m, parts)


def _hashable(value: object) -> bool:
    return isinstance(value, (str, int, float, bool, bytes, type(None)))


def sliced(m: Machine, base: Value, part: ast.Slice, node: ast.AST) -> Value:
    """Return ``base[a:b:c]``; a queryset stays lazy unless there is a step."""
    state = m.state(base)
    if isinstance(state, QuerySet):
        from django_async_migrate.values.heap import Loaded

        if state.cached is not Loaded.MAYBE or state.empty:
            element = NEVER if state.empty else state.element or querysets.row(m, state, node)
            return m.alloc(node, Sequence("list", None, element), "slice")
        if state.raw:
            element = querysets.evaluate(m, base, "raw", node)
            return m.alloc(node, Sequence("list", None, element), "slice")
        if isinstance(part.upper, ast.Constant) and part.upper.value == 0 and part.step is None:
            return querysets.derived(m, base, state, node, empty=True)
        if part.step is not None and not (isinstance(part.step, ast.Constant) and part.step.value is None):
            advice = "[... async for ... in qs[:n]][::step]"
            m.effect(node, "index", "", advice, state.certain, about=querysets.rows(state))
            return m.alloc(node, Sequence("list", None, querysets.row(m, state, node)), "slice")
        return querysets.derived(m, base, state, node)
    if isinstance(base, Tuple):
        exact = _exact(base.items, part)
        if exact is not None:
            return Tuple(exact)
        return m.alloc(node, Sequence("tuple", None, union(m, base.items)), "slice")
    if isinstance(state, Sequence):
        exact = _exact(state.items, part) if state.items is not None else None
        if exact is not None:
            return m.alloc(node, Sequence(state.kind, exact), "slice")
        return m.alloc(node, Sequence(state.kind, None, elements(m, state)), "slice")
    return base if isinstance(base, Unknown) else SCALAR


def _exact(items: tuple[Value, ...], part: ast.Slice) -> tuple[Value, ...] | None:
    bounds: list[int | None] = []
    for bound in (part.lower, part.upper, part.step):
        if bound is None:
            bounds.append(None)
            continue
        try:
            value = ast.literal_eval(bound)
        except (ValueError, TypeError):
            return None
        bounds.append(value if isinstance(value, int) else None)
    if bounds[2] == 0:
        return None
    return items[bounds[0] : bounds[1] : bounds[2]]


def combined(m: Machine, left: Value, right: Value, node: ast.AST) -> Value:
    """Return ``left + right``, ``left | right`` and the like for containers."""
    one, other = m.state(left), m.state(right)
    if isinstance(left, Tuple) and isinstance(right, Tuple):
        return Tuple(left.items + right.items)
    if isinstance(one, Sequence) and isinstance(other, Sequence) and one.items is not None is not other.items:
        return m.alloc(node, Sequence(one.kind, (*one.items, *(other.items or ()))), "sum")
    if isinstance(one, Dict) and isinstance(other, Dict):
        element = join_values(one.element, other.element, {}) if one.element or other.element else None
        return m.alloc(node, Dict({**one.items, **other.items}, one.key or other.key, element), "sum")
    parts = [_members(m, left, node), _members(m, right, node)]
    if isinstance(one, Dict):
        return left
    return m.alloc(node, Sequence(one.kind if isinstance(one, Sequence) else "list", None, one_of(parts)), "sum")


def _members(m: Machine, value: Value, node: ast.AST) -> Value:
    state = m.state(value)
    if isinstance(value, Tuple):
        return union(m, value.items)
    if isinstance(state, Sequence):
        return elements(m, state)
    if isinstance(state, QuerySet):
        return m.iterate(value, node)
    return NEVER if isinstance(value, (Const, Scalar)) else Unknown("element")


def extend(m: Machine, target: Value, values: Value, node: ast.AST) -> None:
    """``target += values`` or ``target.extend(values)``."""
    state, other = m.state(target), m.state(values)
    if isinstance(state, Dict) and isinstance(other, Dict) and isinstance(target, Ref):
        element = one_of([state.element or NEVER, other.element or NEVER])
        kept = None if isinstance(element, Never) else element
        m.put(target, Dict({**state.items, **other.items}, state.key or other.key, kept))
        return
    if not isinstance(state, Sequence) or not isinstance(target, Ref):
        return
    given: tuple[Value, ...] | None = values.items if isinstance(values, Tuple) else None
    if isinstance(other, Sequence):
        given = other.items
    if given is not None and state.items is not None:
        m.put(target, replace(state, items=state.items + given))
        return
    add(m, target, m.iterate(values, node))


def add(m: Machine, target: Value, value: Value) -> None:
    """Put one more element into a sequence of open length."""
    state = m.state(target)
    if isinstance(state, Sequence) and isinstance(target, Ref):
        element = one_of([*(state.items or ()), state.element or NEVER, value])
        m.put(target, Sequence(state.kind, None, None if isinstance(element, Never) else element))


def store(m: Machine, base: Value, index: Value, value: Value, node: ast.AST) -> None:
    """``base[index] = value``."""
    state = m.state(base)
    if not isinstance(base, Ref):
        return
    if isinstance(state, Dict):
        if isinstance(index, Const) and _hashable(index.value):
            m.put(base, replace(state, items={**state.items, index.value: value}))
        else:
            element = one_of([state.element or NEVER, value])
            m.put(base, replace(state, key=one_of([state.key or NEVER, index]), element=element))
    elif isinstance(state, Sequence):
        if state.items is not None and isinstance(index, Const) and isinstance(index.value, int):
            items = list(state.items)
            if -len(items) <= index.value < len(items):
                items[index.value] = value
                m.put(base, replace(state, items=tuple(items)))
                return
        add(m, base, value)


_SCALAR_METHODS = frozenset({"index", "count", "isdisjoint", "issubset", "issuperset"})


def call_sequence(
    m: Machine,
    ref: Value,
    state: Sequence | Tuple,
    name: str,
    args: Seq[Value],
    kwargs: Kwargs,
    node: ast.AST,
) -> Value:
    """Call a method of a list, tuple, set or deque."""
    if isinstance(state, Tuple):
        return SCALAR
    first = args[0] if args else NONE
    if name in {"append", "add", "appendleft"}:
        if state.items is not None and name == "append" and isinstance(ref, Ref) and len(state.items) < 8:
            m.put(ref, replace(state, items=(*state.items, first)))
        else:
            add(m, ref, first)
        return NONE
    if name == "insert":
        add(m, ref, args[1] if len(args) > 1 else Unknown("inserted"))
        return NONE
    if name in {"extend", "update", "extendleft"}:
        for value in args:
            extend(m, ref, value, node)
        return NONE
    if name == "sort":
        key = dict(kwargs).get("key")
        _order(m, elements(m, state), key, node)
        if isinstance(ref, Ref) and state.items is not None:
            m.put(ref, Sequence(state.kind, None, elements(m, state)))
        return NONE
    if name in {"pop", "popleft"}:
        if state.items is not None and not args and state.items:
            value = state.items[-1]
        else:
            value = copy_element(m, elements(m, state), node)
        return value if not isinstance(value, Never) else Unknown("popped")
    if name in {"copy", "union", "intersection", "difference", "symmetric_difference"}:
        parts = [elements(m, state)]
        if name in {"union", "symmetric_difference"}:
            parts += [m.iterate(value, node) for value in args]
        elif name != "copy":
            for value in args:
                m.iterate(value, node)
        if state.items is not None and name == "copy":
            return m.alloc(node, state, "copy")
        element = union(m, parts)
        return m.alloc(node, Sequence(state.kind, None, None if isinstance(element, Never) else element), "copy")
    if name == "clear" and isinstance(ref, Ref):
        m.put(ref, Sequence(state.kind, ()))
    if name == "reverse" and isinstance(ref, Ref) and state.items is not None:
        m.put(ref, replace(state, items=state.items[::-1]))
    if name in {"isdisjoint", "issubset", "issuperset", "intersection_update", "difference_update"}:
        for value in args:
            m.iterate(value, node)
    return SCALAR if name in _SCALAR_METHODS else NONE


def _order(m: Machine, element: Value, key: Value | None, node: ast.AST) -> Value:
    """Sort: call the key function, or compare the elements."""
    if isinstance(element, Never):
        return SCALAR
    if key is not None and key != NONE:
        return m.call(key, [element], (), node)
    compare = m.attribute(element, "__lt__", node) if isinstance(element, Ref) else None
    if compare is not None and not isinstance(compare, (Unknown, Scalar)):
        m.call(compare, [element], (), node, implicit=True)
    return element


def ordered(m: Machine, element: Value, key: Value | None, node: ast.AST) -> Value:
    """Return what sorting compares; used by ``sorted``, ``min`` and ``max``."""
    return _order(m, element, key, node)


def keys(state: Dict) -> Value:
    """Return what one key of a dict may be."""
    parts: list[Value] = [Const(key) for key in list(state.items)[:4]]
    if state.key is not None:
        parts.append(state.key)
    elif state.element is not None:
        parts.append(SCALAR)
    return one_of(parts)


def values(state: Dict) -> Value:
    """Return what one value of a dict may be."""
    return one_of([*state.items.values(), state.element or NEVER])


def call_dict(m: Machine, ref: Value, state: Dict, name: str, args: Seq[Value], kwargs: Kwargs, node: ast.AST) -> Value:
    """Call a method of a dict."""
    if name in {"get", "pop", "setdefault"}:
        index = args[0] if args else NONE
        default = args[1] if len(args) > 1 else (NONE if name != "pop" else NEVER)
        hit = isinstance(index, Const) and _hashable(index.value) and index.value in state.items
        if hit and isinstance(index, Const):
            return state.items[index.value]
        if name == "setdefault" and isinstance(ref, Ref):
            store(m, ref, index, default, node)
            state = m.state(ref)  # type: ignore[assignment]
        parts = [default]
        if not isinstance(index, Const):
            parts += state.items.values()
        if state.element is not None:
            parts.append(copy_element(m, state.element, node))
        found = one_of(parts)
        return found if not isinstance(found, Never) else Unknown("item of a dict")
    if name == "items":
        if state.element is None and len(state.items) <= 8:
            pairs = tuple(Tuple((Const(key), value)) for key, value in state.items.items())
            return m.alloc(node, Sequence("list", pairs), "items")
        return m.alloc(node, Sequence("list", None, Tuple((keys(state), values(state)))), "items")
    if name == "values":
        if state.element is None:
            return m.alloc(node, Sequence("list", tuple(state.items.values())), "values")
        return m.alloc(node, Sequence("list", None, values(state)), "values")
    if name == "keys":
        found = keys(state)
        return m.alloc(node, Sequence("list", None, None if isinstance(found, Never) else found), "keys")
    if name == "update":
        for value in args:
            if isinstance(m.state(value), QuerySet):
                m.iterate(value, node)
            extend(m, ref, value, node)
        current = m.state(ref)
        if kwargs and isinstance(current, Dict) and isinstance(ref, Ref):
            m.put(ref, replace(current, items={**current.items, **dict(kwargs)}))
        return NONE
    if name == "popitem":
        return Tuple((keys(state), values(state)))
    if name == "copy":
        return m.alloc(node, state, "copy")
    return NONE
