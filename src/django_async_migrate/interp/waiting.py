"""Functions that reach nothing of the ORM, and still block the thread that calls them.

What a function blocks on seldom depends on what it is given. So one that is interpreted for nothing else is
interpreted once, with arguments of which only the annotations are known.
"""

from __future__ import annotations

from collections.abc import Sequence as Seq
from dataclasses import replace

from django_async_migrate.core.effects import Effect
from django_async_migrate.index.classes import ClassInfo
from django_async_migrate.index.functions import FunctionInfo
from django_async_migrate.semantics import blocking
from django_async_migrate.values.heap import Dict, Heap, Object, Sequence
from django_async_migrate.values.refs import Exporter
from django_async_migrate.values.types import (
    Class,
    Const,
    Func,
    OneOf,
    Ref,
    Scalar,
    Star,
    Tuple,
    Unknown,
    Value,
    alternatives,
    one_of,
)
from django_async_migrate.values.widen import widened

from .base import Summary
from .frame import Env, Frame
from .relevant import class_of
from .roots import Roots

Kwargs = Seq[tuple[str, Value]]


def _of_cache(effect: Effect) -> bool:
    """Whether it is a query of a cache that is kept in the database, whatever the arguments are."""
    return effect.kind == "framework" and effect.rule == "DAM410"


class Waiting(Roots):
    """Interprets functions for what they block on alone; part of the engine."""

    def waiting(self, frame: Frame, func: Func) -> Summary | None:
        """Return what a function blocks on, whatever it is given; None when nothing in its reach blocks."""
        fn = func.fn
        cls = class_of(frame, func.receiver)
        if not self.waits.function(fn, cls):
            return None
        key = (fn, cls)
        if key not in self._waiting:
            self._waiting[key] = None  # while it is computed: a recursion adds nothing
            variants = self._variants.get((fn,), 0)
            found = self._computed(fn, cls, isinstance(func.receiver, Class))
            self._variants[(fn,)] = variants
            if found is not None:
                effects = tuple(effect for effect in found.effects if effect.kind == "blocking" or _of_cache(effect))
                parts = alternatives(found.returned)
                clients = [part for part in parts if blocking.is_part(part)]
                if clients or any(self._blocks_later(found.heap, part, set()) for part in parts):
                    self._makers.add(key)
                returned = one_of(clients) if clients else Unknown("result of a call")
                if all(isinstance(part, (Const, Scalar)) for part in parts):
                    returned = found.returned  # nothing to await
                found = replace(found, effects=effects, returned=returned)
            self._waiting[key] = found
        return self._waiting[key]

    def makes_what_blocks(self, frame: Frame, func: Func) -> bool:
        """Whether a function gives an object whose methods block: what it holds depends on the arguments."""
        return self.waiting(frame, func) is not None and (func.fn, class_of(frame, func.receiver)) in self._makers

    def _blocks_later(self, heap: Heap, value: Value, seen: set[int]) -> bool:
        """Whether a value is, or holds, an object that may block, or is nothing anybody knows."""
        if isinstance(value, (Tuple, OneOf)):
            return any(
                self._blocks_later(heap, part, seen)
                for part in (value.items if isinstance(value, Tuple) else value.values)
            )
        if isinstance(value, (Func, Class)):
            return True
        if not isinstance(value, Ref) or value.id in seen:
            return False
        seen.add(value.id)
        state = heap.get(value.id)
        if isinstance(state, Object):
            held: list[Value] = [slot.value for slot in state.attrs.values()]
            return self.waits.class_(state.cls) or any(self._blocks_later(heap, part, seen) for part in held)
        if isinstance(state, Sequence):
            held = [*(state.items or ()), *([state.element] if state.element is not None else [])]
            return any(self._blocks_later(heap, part, seen) for part in held)
        if isinstance(state, Dict):
            held = [*state.items.values(), *([state.element] if state.element is not None else [])]
            return any(self._blocks_later(heap, part, seen) for part in held)
        return False

    def _computed(self, fn: FunctionInfo, cls: ClassInfo | None, is_class: bool) -> Summary | None:
        frame = self.evaluator(fn.module, None, Env({}, {}), {}, 0, 0)
        receiver: Value | None = None
        if cls is not None:
            receiver = Class(cls) if is_class else frame.alloc("self", Object(cls))
        func = Func(fn, receiver)
        given: list[Value] = [
            self._unknown_argument(frame, fn, param) for param in (fn.params[1:] if receiver is not None else fn.params)
        ]
        if fn.args.vararg is not None:
            given.append(Star(Unknown("argument")))
        kwargs = [(param.arg, self._unknown_argument(frame, fn, param)) for param in fn.args.kwonlyargs]
        names = self._arguments(frame, func, given, kwargs)
        exporter = Exporter(frame.env.heap, None, self._forms.copy)
        inner = {name: exporter.value(widened(value, True)) for name, value in names.items()}
        heap, form = self._forms.key(exporter.heap(), True)
        return self._summary((fn,), inner, {}, heap, form, 1)

    def _arguments(self, frame: Frame, func: Func, args: Seq[Value], kwargs: Kwargs) -> dict[str, Value]:
        raise NotImplementedError

    def _summary(
        self,
        kind: tuple[FunctionInfo, ...],
        names: dict[str, Value],
        cells: dict[str, Value],
        heap: Heap,
        form: tuple[int, ...],
        depth: int,
    ) -> Summary | None:
        raise NotImplementedError
