"""Comprehensions, generator expressions and ``yield``."""

from __future__ import annotations

import ast

from django_async_migrate.syntax.nodes import nodes_in
from django_async_migrate.values.heap import Dict, QuerySet, Sequence
from django_async_migrate.values.join import join_values
from django_async_migrate.values.types import (
    NEVER,
    Const,
    Func,
    Generator,
    Never,
    Unknown,
    Value,
    alternatives,
)

from .frame import Frame

Comprehension = ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp


class Comprehensions(Frame):
    """Evaluates comprehensions and generators."""

    def _comprehension(self, node: ast.ListComp | ast.SetComp | ast.DictComp) -> Value:
        with self._scope(node):
            if not self._bind_generators(node):
                element: Value = NEVER
                key: Value = NEVER
            elif isinstance(node, ast.DictComp):
                key, element = self.eval(node.key), self.eval(node.value)
            else:
                key, element = NEVER, self.eval(node.elt)
        if not isinstance(node, ast.ListComp):
            self.hashed(key if isinstance(node, ast.DictComp) else element, node)
        if isinstance(node, ast.DictComp):
            return self.alloc(node, Dict({}, key, element))
        kind = "list" if isinstance(node, ast.ListComp) else "set"
        items = () if isinstance(element, Never) else None
        return self.alloc(node, Sequence(kind, items, None if isinstance(element, Never) else element))

    def _scope(self, node: Comprehension) -> _Scope:
        names = [
            part.id
            for generator in node.generators
            for part in nodes_in(generator.target)
            if isinstance(part, ast.Name)
        ]
        return _Scope(self, names)

    def _bind_generators(self, node: Comprehension, first: Value | None = None) -> bool:
        """Bind the loop variables; False when there is certainly nothing to loop over."""
        for number, generator in enumerate(node.generators):
            if number == 0 and first is not None:
                element = first
            else:
                element = self.iterate(self.eval(generator.iter), generator.iter, bool(generator.is_async))
            if isinstance(element, Never):
                return False
            self.assign(generator.target, element)
            for condition in generator.ifs:
                passed, _ = self.branch(condition)
                if passed is None:
                    return False
                self.env = passed
        return True

    def _generator_exp(self, node: ast.GeneratorExp) -> Value:
        # The outermost iterable is evaluated at once, the rest when somebody iterates.
        outer = node.generators[0]
        source = self.eval(outer.iter)
        fn = self.module.function(node, None, self.fn)
        closed = self.closed(fn)
        if outer.is_async or not any(isinstance(self.state(p), QuerySet) for p in alternatives(source)):
            first: Value = source
        else:
            first = self.alloc(node, Sequence("list", None, self.iterate(source, outer.iter)), "outer")
        return Generator(Func(fn, None, (*closed.closure, (".0", first))))

    def run_generator_exp(self, node: ast.GeneratorExp) -> None:
        """Run the body of a generator expression, as the frame of its own that it is."""
        source = self.cells.get(".0", Unknown("generator"))
        outer = node.generators[0]
        seen = self.engine.outcome.other_values
        known = outer.iter in seen
        element = self.iterate(source, outer.iter, bool(outer.is_async))
        if not known:
            seen.discard(outer.iter)  # what is iterated here are the rows, taken where the expression stands
        if isinstance(element, Never) or not self._bind_generators(node, element):
            return
        self.yielded = self.eval(node.elt)

    def _yield(self, node: ast.Yield) -> Value:
        value = self.eval(node.value) if node.value is not None else Const(None)
        self.yielded = join_values(self.yielded, value, self.env.heap)
        return Unknown("sent into a generator")

    def _yield_from(self, node: ast.YieldFrom) -> Value:
        value = self.iterate(self.eval(node.value), node.value)
        self.yielded = join_values(self.yielded, value, self.env.heap)
        return Unknown("result of yield from")


class _Scope:
    """Loop variables of a comprehension do not leak."""

    def __init__(self, frame: Frame, names: list[str]) -> None:
        self._frame = frame
        self._names = names

    def __enter__(self) -> None:
        names = self._frame.env.names
        self._saved = {name: names[name] for name in self._names if name in names}

    def __exit__(self, *args: object) -> None:
        names = self._frame.env.names
        for name in self._names:
            names.pop(name, None)
        names.update(self._saved)
