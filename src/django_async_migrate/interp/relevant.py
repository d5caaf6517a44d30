"""Whether a call can reach the ORM at all."""

from __future__ import annotations

from collections.abc import Sequence as Seq
from typing import TYPE_CHECKING

from django_async_migrate.index.classes import ClassInfo
from django_async_migrate.index.doubles import rule_of
from django_async_migrate.values.heap import Dict, Instance, Lazy, Object, QuerySet, Sequence
from django_async_migrate.values.types import (
    NONE,
    Class,
    Const,
    External,
    ExternalObject,
    Func,
    Never,
    OneOf,
    Ref,
    Scalar,
    Tuple,
    Unknown,
    Value,
    alternatives,
)

from .base import EngineBase
from .foreign import FOREIGN
from .frame import Frame

if TYPE_CHECKING:
    pass

Kwargs = Seq[tuple[str, Value]]

_PLAIN_VALUES = frozenset({Const, Scalar, Unknown, ExternalObject, External, Never})


class Relevant(EngineBase):
    """Decides which calls are worth interpreting; part of the engine."""

    def _matters(self, frame: Frame, func: Func, args: Seq[Value], kwargs: Kwargs) -> bool:
        """Whether a call may reach the ORM: by what the function names, or by what it is given."""
        cls = class_of(frame, func.receiver)
        if func.fn.name in {"__init__", "__post_init__", "__new__"} or func.fn.hands_back:
            return True
        if rule_of(func.fn.module.path):
            return True  # a double: it was written since it matters
        if func.fn.makes_functions or func.fn.asks_for_loop:
            return True
        if self._filling:
            return True  # what runs at import tells what registries hold
        if self._forced is func.fn:
            self._forced = None
            return True
        if self.relevance.function(func.fn, cls) or self.suspects(func.fn):
            return True
        if self.may_call_indirectly(func.fn) and any(
            isinstance(part, Func) and part.fn.is_async
            for value in (*args, *(given for _, given in kwargs))
            for part in alternatives(value)
        ):
            return True  # it may call the coroutine function it is given, and drop what that gives
        if func.closure and self.waits.function(func.fn, cls):
            return True  # what blocks may be an object of the function around it
        if self.on_paths.uses(func.fn):
            return True  # whether it blocks depends on what it is given
        if func.fn.returns_calls and self.makes_what_blocks(frame, func):
            return True
        # What a method reaches through its own class is in the answer already; what the object holds is not.
        state = frame.state(func.receiver) if func.receiver is not None else None
        carriers: list[Value] = []
        if isinstance(state, Object) and not self.relevance.hands_on_receiver(func.fn):
            carriers += [slot.value for slot in state.attrs.values()]
        elif func.receiver is not None:
            carriers.append(func.receiver)
        carriers += [*args, *(value for _, value in kwargs), *(value for _, value in func.closure)]
        if func.fn.nonlocals or any(_is_empty(frame, value) for value in carriers):
            return True  # it may fill the container: what is done with the elements follows
        seen: set[int] = set()
        return any(self._carries(frame, value, seen) for value in carriers)

    def _is_object(self, value: Value) -> bool:
        """Whether something outside the project is an object whose methods block: ``django.core.cache.cache``."""
        row = self.catalog.blocking.get(value.api) if isinstance(value, External) else None
        return row is not None and row.is_class and value == External(row.owner)

    def _carries(self, frame: Frame, value: Value, seen: set[int]) -> bool:
        """Whether a value is, holds or calls something of the ORM."""
        if isinstance(value, Ref):
            if value.id in seen:
                return False
            seen.add(value.id)
            state = frame.env.heap.get(value.id)
            if isinstance(state, (Instance, QuerySet)):
                return True
            if isinstance(state, Object) and state.cls is FOREIGN:
                held = (slot.value for slot in state.attrs.values())
                return any(self._carries(frame, value, seen) for value in held if not _is_of_request(frame, value))
            if isinstance(state, Object):
                if self.relevance.class_(state.cls) or self.waits.class_(state.cls):
                    return True
                return any(self._carries(frame, slot.value, seen) for slot in state.attrs.values())
            if isinstance(state, Sequence):
                parts = [*(state.items or ()), *([state.element] if state.element is not None else [])]
                return any(self._carries(frame, part, seen) for part in parts)
            if isinstance(state, Dict):
                parts = [*state.items.values(), *([state.element] if state.element is not None else [])]
                return any(self._carries(frame, part, seen) for part in parts)
            return state is not None
        kind = type(value)
        if kind in _PLAIN_VALUES:
            return kind is External and self._is_object(value)
        if isinstance(value, (Tuple, OneOf)):
            inside = value.items if isinstance(value, Tuple) else value.values
            return any(self._carries(frame, part, seen) for part in inside)
        if isinstance(value, Func):
            cls = class_of(frame, value.receiver)
            if self.relevance.function(value.fn, cls) or self.waits.function(value.fn, cls):
                return True
            inner = [part for _, part in value.closure]
            return any(self._carries(frame, part, seen) for part in [*inner, value.receiver or NONE])
        if isinstance(value, Class):
            return self.relevance.class_(value.cls)
        return True


def _is_of_request(frame: Frame, value: Value) -> bool:
    """Whether a value is what a request loads lazily: code that touches it names it."""
    return isinstance(frame.state(value), Lazy)


def _is_empty(frame: Frame, value: Value) -> bool:
    """Whether a value is a container known to hold nothing."""
    state = frame.state(value)
    if isinstance(state, Sequence):
        return state.items == () and state.kind != "tuple"
    return isinstance(state, Dict) and not state.items and state.element is None


def class_of(frame: Frame, receiver: Value | None) -> ClassInfo | None:
    """Return the project class of a bound receiver; None where it has none."""
    if isinstance(receiver, Class):
        return receiver.cls
    state = frame.state(receiver) if receiver is not None else None
    return state.cls if isinstance(state, Object) else None
