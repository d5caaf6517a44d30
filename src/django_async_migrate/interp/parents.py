"""The parent objects of GraphQL fields: what ``self`` is in a plain strawberry type.

A field's function gets, as ``self``, whatever the resolver that is declared to give the type has given. With Django
that is mostly a model instance, though the declared type is a plain class. Source:
https://strawberry.rocks/docs/guides/accessing-parent-data.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from django_async_migrate.core.record import replace
from django_async_migrate.index.classes import ClassInfo
from django_async_migrate.index.functions import FunctionInfo
from django_async_migrate.syntax.nodes import nodes_in
from django_async_migrate.values.heap import Instance, Object, QuerySet, Sequence
from django_async_migrate.values.types import Func, Ref, Value, alternatives, one_of

from .frame import Frame
from .roots import Roots

if TYPE_CHECKING:
    from .calls import Evaluator

_PLAIN = frozenset({"strawberry.type", "strawberry.federation.type"})
#: Resolvers of one type that are looked at; more would cost time and tell little.
MAX_RESOLVERS = 8


class Parents(Roots):
    """Finds what is given for a plain strawberry type; part of the engine."""

    def parent_object(self, frame: Evaluator, cls: ClassInfo) -> Value | None:
        """Return the model instances that resolvers give where ``cls`` is declared; None when they give others."""
        if cls in self._parents:
            return None  # a resolver of the type asks for the type
        if not self._is_plain_type(cls):
            return None
        self._parents.add(cls)
        found: list[Value] = []
        try:
            for fn in self._resolvers_of(cls):
                owner = fn.cls
                receiver = frame.alloc(("parent of", fn), Object(owner, {})) if owner is not None else None
                params = fn.params[1:] if receiver is not None else fn.params
                given = [self._unknown_argument(frame, fn, param) for param in params]
                with frame.muted():
                    value = frame.call(Func(fn, receiver), given, (), fn.node)
                    value = frame.await_(value, fn.node) if fn.is_async else value
                    for part in alternatives(value):
                        row = self._row(frame, part, fn)
                        if row is None:
                            continue
                        if isinstance(frame.state(row), Object):
                            return None  # made by hand: the fields are what was put there
                        found.append(row)
        finally:
            self._parents.discard(cls)
        refs = [part for part in found if isinstance(frame.state(part), Instance)]
        for ref in refs:
            held = frame.state(ref)
            if isinstance(ref, Ref) and isinstance(held, Instance):
                frame.put(ref, replace(held, certain=False))
        return one_of(refs) if refs else None

    def _is_plain_type(self, cls: ClassInfo) -> bool:
        if cls.node is None:
            return False
        for decorator in cls.node.decorator_list:
            target = decorator.func if isinstance(decorator, ast.Call) else decorator
            if self.project.external_name(cls.module, target, None) in {
                "strawberry.type",
                "strawberry.federation.type",
            }:
                return True
        return False

    def _resolvers_of(self, cls: ClassInfo) -> list[FunctionInfo]:
        """Return the functions of the project whose declared result is the type, or a list of it, in order."""
        found: list[FunctionInfo] = []
        for path in self.project.tree.graphql_paths:
            data = self.project.tree.data(path) or b""
            module = self.project.module(path) if cls.name.encode() in data else None
            if module is None:
                continue
            for owner in nodes_in(module.parsed.tree):
                if not isinstance(owner, (ast.ClassDef, ast.Module)):
                    continue
                info = module.class_(owner, None) if isinstance(owner, ast.ClassDef) else None
                for node in owner.body:
                    if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and node.returns is not None:
                        if any(isinstance(n, ast.Name) and n.id == cls.name for n in ast.walk(node.returns)):
                            found.append(module.function(node, info))
        return found[:MAX_RESOLVERS]

    def _row(self, frame: Frame, value: Value, fn: FunctionInfo) -> Value | None:
        """Return one of the objects that a result holds."""
        state = frame.state(value)
        if isinstance(state, (QuerySet, Sequence)):
            element = frame.iterate(value, fn.node)
            parts = [part for part in alternatives(element) if isinstance(frame.state(part), (Instance, Object))]
            return parts[0] if parts else None
        return value if isinstance(state, (Instance, Object)) else None
