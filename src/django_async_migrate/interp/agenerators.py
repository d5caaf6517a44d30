"""Async generators that are awaited, or gone through without ``async for``."""

from __future__ import annotations

import ast

from django_async_migrate.core.effects import Effect
from django_async_migrate.core.record import replace
from django_async_migrate.index.functions import FunctionInfo
from django_async_migrate.index.usages import Use, awaits_inside
from django_async_migrate.values.heap import Object
from django_async_migrate.values.types import Const, Func, Generator, Ref, Value, alternatives

from .frame import Frame
from .mistakes import Mistakes

#: Uses that raise; what makes text of a generator does not.
_RAISING = frozenset({"iterates over it", "unpacks it", "indexes it", "looks into it", "enters it"})
#: What goes through an argument, or asks for its length.
_READERS = frozenset(
    f"passes it to {name}()"
    for name in (
        *("len", "list", "tuple", "set", "frozenset", "dict", "sorted", "sum", "min", "max", "any", "all", "iter"),
        *("next", "enumerate", "reversed", "zip", "map", "filter", "join", "extend"),
    )
)
#: Lazy iterators are generators of the function that they call: these are no calls of it.
_LAZY = (Const("map"), Const("filter"), Const("chain"))


class AsyncGenerators(Mistakes):
    """Judges what is done with async generators; part of the engine."""

    def _of_generator(self, frame: Frame, node: ast.expr, value: Value, use: Use) -> Effect | None:
        if not all(self._is_async_generator(frame, part) for part in alternatives(value)):
            return None
        if use.kind == "awaited":
            return self._mistake(frame, node, "DAM606", True, "rows")
        if use.how in _READERS or (use.kind == "used" and use.how in _RAISING):
            found = self._mistake(frame, node, "DAM603", True, "generator")
            return replace(found, what=f"{found.what} is an asynchronous generator: {_told(use.how)}")
        return None

    def _is_async_generator(self, frame: Frame, value: Value) -> bool:
        """Whether a value is certainly an async generator: no decorator or subclass makes anything else of it."""
        if (
            not isinstance(value, Generator)
            or not isinstance(value.func, Func)
            or (value.args and value.args[0] in _LAZY)
        ):
            return False
        func, fn = value.func, value.func.fn
        if isinstance(fn.node, ast.GeneratorExp):
            return awaits_inside(fn.node)
        if not fn.is_async or not fn.is_generator or not self._keeps(fn):
            return False
        held = frame.state(func.receiver) if func.receiver is not None else None
        if isinstance(held, Object) and isinstance(func.receiver, Ref) and not held.whole:
            for cls in self.subclasses_with(held.cls, fn.name):
                member = cls.find(fn.name)
                if member is None or not _is_generator(member[1]):
                    return False
        return True


def _told(how: str) -> str:
    if how in _READERS or how == "iterates over it":
        reader = "for" if how == "iterates over it" else how.removeprefix("passes it to ")
        return f"{reader} cannot iterate over it"
    return f"the code {how}"


def _is_generator(member: object) -> bool:
    return isinstance(member, FunctionInfo) and member.is_async and member.is_generator
