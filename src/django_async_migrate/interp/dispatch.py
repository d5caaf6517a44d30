"""Calls that types decide: abstract methods and ``singledispatch``."""

from __future__ import annotations

import ast
from collections.abc import Sequence as Seq
from contextlib import nullcontext
from typing import TYPE_CHECKING

from django_async_migrate.index.classes import ClassInfo
from django_async_migrate.index.functions import FunctionInfo
from django_async_migrate.values.heap import Instance, Object
from django_async_migrate.values.types import (
    Func,
    Ref,
    Value,
    one_of,
)

from .base import EngineBase
from .frame import Frame

if TYPE_CHECKING:
    pass

Kwargs = Seq[tuple[str, Value]]

#: Implementations of an abstract method that are followed.
MAX_IMPLEMENTATIONS = 8


class Dispatch(EngineBase):
    """Finds the functions that may be meant; part of the engine."""

    def _implemented(
        self,
        frame: Frame,
        func: Func,
        args: Seq[Value],
        kwargs: Kwargs,
        node: ast.AST,
        implicit: bool,
        awaited: bool,
        generator: bool,
    ) -> Value:
        """Call an abstract method: each implementation in a subclass may be meant."""
        fn, receiver = func.fn, func.receiver
        state = frame.state(receiver) if receiver is not None else None
        if fn.cls is None or not isinstance(state, Object) or state.whole or not isinstance(receiver, Ref):
            return self._declared_result(frame, fn, node)
        classes = self.subclasses_with(state.cls, fn.name)
        if not 0 < len(classes) <= MAX_IMPLEMENTATIONS:
            return self._declared_result(frame, fn, node)
        results = []
        with frame.doubted() if len(classes) > 1 else nullcontext():
            for cls in classes:
                member = cls.find(fn.name)
                if member is None or not isinstance(member[1], FunctionInfo) or member[1].decorators:
                    continue
                own = frame.alloc(("implementation", node, cls), Object(cls, state.attrs))
                bound = Func(member[1], own, (), member[0])
                results.append(self.run(frame, bound, args, kwargs, node, implicit, awaited, generator))
        return one_of(results) if results else self._declared_result(frame, fn, node)

    def dispatched(self, frame: Frame, default: Value, args: Seq[Value]) -> Value:
        """Return the function that ``singledispatch`` chooses for the type of the first argument."""
        if not isinstance(default, Func) or not args:
            return default
        state = frame.state(args[0])
        family: list[object] = []
        if isinstance(state, Instance):
            family = [state.model, *state.model.bases]
        elif isinstance(state, Object):
            family = list(state.cls.mro)
        for wanted in family:
            for kind, fn in self._registered(default.fn):
                if kind is wanted:
                    return Func(fn)
        return default

    def _registered(self, fn: FunctionInfo) -> list[tuple[object, FunctionInfo]]:
        """Return the implementations registered for a ``singledispatch`` function, by type."""
        found: list[tuple[object, FunctionInfo]] = []
        for path in self.project.tree.containing(f"@{fn.name}.register".encode()):
            module = self.project.module(path)
            for node in module.parsed.tree.body if module is not None else ():
                if not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) or module is None:
                    continue
                for decorator in node.decorator_list:
                    target = decorator.func if isinstance(decorator, ast.Call) else decorator
                    if not (
                        isinstance(target, ast.Attribute)
                        and target.attr == "register"
                        and fn in self.project.resolve(module, target.value)
                    ):
                        continue
                    info = module.function(node)
                    kinds = list(decorator.args) if isinstance(decorator, ast.Call) else []
                    if not kinds and info.params and info.params[0].annotation is not None:
                        kinds = [info.params[0].annotation]
                    for kind in kinds:
                        for definition in self.project.resolve(module, kind):
                            found.append((self.project.model_of(definition) or definition, info))
        return found

    def subclasses_with(self, cls: ClassInfo, name: str) -> list[ClassInfo]:
        """Return the project classes that derive from ``cls`` and bind ``name`` to more than a stub."""
        key = (cls, name)
        found = self._subclasses.get(key)
        if found is None:
            found = self._subclasses[key] = []
            for path in self.project.tree.containing(cls.name.encode()):
                module = self.project.module(path)
                for bindings in module.bindings.values() if module is not None else ():
                    for binding in bindings:
                        if isinstance(binding, ClassInfo) and binding is not cls and binding.derives_from(cls):
                            member = binding.find(name)
                            if member is None or not isinstance(member[1], FunctionInfo):
                                continue
                            if not member[1].is_stub and binding not in found:
                                found.append(binding)
        return found
