"""Making arguments alike: what cannot change what a function queries should not make another summary of it."""

from __future__ import annotations

import operator

from .heap import Dict, Object, Sequence, Slot, State
from .types import (
    NONE,
    UNKNOWN,
    Const,
    Func,
    OneOf,
    Pattern,
    Primed,
    Ref,
    Scalar,
    Tuple,
    Unknown,
    Value,
    is_foreign,
    one_of,
)

_LONG_TEXT = 48
#: How names of templates end: a helper that is given one renders it.
_TEMPLATES = (".html", ".txt")
_MANY_ITEMS = 6
_MANY_KEYS = 16


#: What tells how tests of a value go, or that it is a text.
_KEPT = frozenset({"truthy", "truthy text", "falsy", "filled", "str", "text"})


def widened(value: Value, coarse: bool = False) -> Value:
    """Return a value with the details left out that seldom decide anything.

    ``coarse`` leaves out every constant but None and the booleans.
    """
    kind = type(value)
    if kind is Ref or kind is Func:
        return value
    if isinstance(value, Unknown):
        return value if isinstance(value, Primed) else UNKNOWN
    if isinstance(value, Const):
        plain = value.value
        if plain is None or isinstance(plain, bool):
            return value
        if isinstance(plain, str):
            if plain.endswith(_TEMPLATES) and " " not in plain:
                return value
            keep = not coarse and len(plain) <= _LONG_TEXT and " " not in plain and "\n" not in plain
            return value if keep else Scalar("str")
        if isinstance(plain, int):
            return value if not coarse and -1 <= plain <= 9 else Scalar("int")
        return Scalar()
    if isinstance(value, OneOf):
        parts = [widened(part, coarse) for part in value.values]
        if len(parts) > 4 and all(isinstance(part, (Const, Scalar, Unknown)) for part in parts):
            return one_of([Scalar(), NONE]) if NONE in parts else Scalar()
        return value if _same(parts, value.values) else one_of(parts)
    if isinstance(value, Tuple):
        parts = [widened(part, coarse) for part in value.items]
        return value if _same(parts, value.items) else Tuple(tuple(parts))
    if isinstance(value, Pattern) and (coarse or not value.tells_names):
        return Scalar("truthy text")
    if isinstance(value, Scalar) and coarse and value.kind not in _KEPT:
        return Scalar()
    return UNKNOWN if is_foreign(value) else value


def _same(new: list[Value], old: tuple[Value, ...]) -> bool:
    return all(map(operator.is_, new, old))


def _plain(value: Value | None) -> bool:
    return value is None or isinstance(value, (Const, Scalar, Unknown))


def widened_state(state: State, coarse: bool = False) -> State:
    """Return an object's state with such details left out."""
    if isinstance(state, Sequence):
        element = widened(state.element, coarse) if state.element is not None else None
        if state.items is None:
            return Sequence(state.kind, None, element)
        given = state.items
        parts = [widened(item, coarse) for item in given]
        items = given if _same(parts, given) else tuple(parts)
        if items and all(_plain(item) for item in items) and (coarse or len(items) > _MANY_ITEMS):
            return Sequence(state.kind, None, Scalar())
        if items is given and element is state.element:
            return state
        return Sequence(state.kind, items, element)
    if isinstance(state, Dict):
        plain = all(_plain(value) for value in state.items.values()) and _plain(state.element)
        if state.items and plain and (coarse or len(state.items) > _MANY_KEYS):
            return Dict({}, Scalar(), UNKNOWN)
        return Dict(
            {key: widened(value, coarse) for key, value in state.items.items()},
            widened(state.key, coarse) if state.key is not None else None,
            widened(state.element, coarse) if state.element is not None else None,
        )
    if isinstance(state, Object):
        attrs: dict[str, Slot] | None = None
        for name, slot in state.attrs.items():
            value = slot.value
            wide = widened(value, coarse)
            if wide is not value:
                if attrs is None:
                    attrs = dict(state.attrs)
                attrs[name] = Slot(wide, slot.loaded)
        return state if attrs is None else Object(state.cls, attrs, state.whole)
    return state
