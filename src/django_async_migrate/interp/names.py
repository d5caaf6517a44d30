"""What names and class members stand for: definitions, decorators, bound methods, module-level values."""

from __future__ import annotations

import ast
from collections.abc import Sequence as Seq
from typing import TYPE_CHECKING

from django_async_migrate.index.classes import ClassInfo
from django_async_migrate.index.functions import FunctionInfo
from django_async_migrate.index.modules import Assigned, Definition, ExternalRef, ModuleInfo, ModuleRef
from django_async_migrate.index.receivers import SIGNALS
from django_async_migrate.semantics import stdlib
from django_async_migrate.values.heap import Dict, Heap, Instance, Object, Sequence
from django_async_migrate.values.refs import Exporter, map_refs, map_state
from django_async_migrate.values.types import (
    NEVER,
    NONE,
    SCALAR,
    Bridge,
    Class,
    ClassMethod,
    Const,
    ContextFactory,
    External,
    ExternalObject,
    Func,
    ModelClass,
    Module,
    Partial,
    Property,
    Ref,
    Scalar,
    Shared,
    Signal,
    Static,
    Tuple,
    Unknown,
    Value,
    alternatives,
    is_foreign,
    one_of,
)

from .annotations import Annotations
from .frame import Env

if TYPE_CHECKING:
    from .calls import Evaluator
    from .frame import Frame

Member = FunctionInfo | Assigned | ClassInfo

_BUILTINS = frozenset(dir(__builtins__) if not isinstance(__builtins__, dict) else __builtins__)


class Names(Annotations):
    """Turns definitions into values."""

    def setup(self) -> None:
        """Prepare the caches."""
        self._stored: dict[object, tuple[Value, Heap]] = {}
        self._members: dict[FunctionInfo, tuple[Value, Heap]] = {}
        self._running: set[object] = set()

    def field_default(
        self, frame: Frame, member: Assigned, cls: ClassInfo, node: ast.AST | None = None
    ) -> Value | None:
        """Return what a dataclass field is when it is not given."""
        raise NotImplementedError

    @property
    def is_filling(self) -> bool:
        """Whether a registry is being filled, by code that runs at import."""
        raise NotImplementedError

    def filled(self, frame: Frame, definition: Assigned, owner: ClassInfo | None) -> Value | None:
        """Return a registry with all that is put into it at import; None when nothing is."""
        raise NotImplementedError

    def evaluator(
        self,
        module: ModuleInfo,
        fn: FunctionInfo | None,
        env: Env,
        cells: dict[str, Value],
        depth: int,
        start: int,
    ) -> Evaluator:
        """Return a fresh evaluator for one activation."""
        raise NotImplementedError

    # -- module level --------------------------------------------------------------------------------------

    def global_value(self, frame: Frame, module: ModuleInfo, name: str) -> Value:
        """Return the value of a module-level name or builtin."""
        scope = frame.class_scope
        if scope is not None and name in scope.members:
            return self.bind_member(frame, scope, scope.members[name], None, ast.Pass())
        if name == "__name__":
            return Scalar("str")
        definitions = self.project.lookup(module, name)
        value = self.definition_value(frame, definitions)
        if value is not None:
            return value
        if name in _BUILTINS:
            return External(f"builtins.{name}")
        return frame.unknown("name that is not defined")

    def definition_value(self, frame: Frame, definitions: Seq[Definition]) -> Value | None:
        """Return what definitions stand for; None for none."""
        values = []
        for definition in definitions:
            if isinstance(definition, FunctionInfo):
                values.append(self.function(frame, definition))
            elif isinstance(definition, ClassInfo):
                values.append(self.class_value(definition))
            elif isinstance(definition, ModuleRef):
                values.append(Module(definition.path))
            elif isinstance(definition, ExternalRef):
                values.append(self.external(definition.api))
            else:
                values.append(self.assigned(frame, definition))
        return one_of(values) if values else None

    def external(self, api: str) -> Value:
        """Return the value of a name outside the project: a stock model class, or just the name."""
        if api == "django.VERSION" and self.project.version is not None:
            major, minor = self.project.version
            return Tuple((Const(major), Const(minor), SCALAR, SCALAR, SCALAR))
        model = self.project.models.of_api(api)
        if model is not None:
            return ModelClass(model)
        function = self.project.doubles.function(api)
        if function is not None:
            return Func(function)
        double = self.project.doubles.find(api)
        return Class(double) if double is not None else External(api)

    def class_value(self, cls: ClassInfo) -> Value:
        """Return the value of a class statement."""
        model = self.project.models.of_class(cls)
        return ModelClass(model) if model is not None else Class(cls)

    def assigned(self, frame: Frame, definition: Assigned, scope: ClassInfo | None = None) -> Value:
        """Return the value of a module-level or class-level assignment."""
        if definition.value is None:
            if definition.annotation is None:
                return Unknown("assignment without a value")
            found = self.annotation(frame, definition.module, definition.annotation, ("ann", definition), scope)
            return found or Unknown("annotation")
        value = self.filled(frame, definition, scope) or self.expression(
            frame, definition.module, definition.value, scope
        )
        if isinstance(value, ExternalObject) and value.api in SIGNALS and scope is None:
            return Signal(value.api, definition)
        for position in definition.path:
            items = getattr(value, "items", None)
            value = items[position] if items and position < len(items) else Unknown("unpacked global")
        if isinstance(value, Unknown) and definition.annotation is not None:
            found = self.annotation(frame, definition.module, definition.annotation, ("ann", definition), scope)
            return found or value
        if value == NONE and scope is None and definition.module.rebinds(definition):
            return self._set_later(frame, definition)
        return value

    def _set_later(self, frame: Frame, definition: Assigned) -> Value:
        """Return a variable that is None where it is made, and set by a function before anybody needs it."""
        found = self.annotation(frame, definition.module, definition.annotation, ("ann", definition))
        parts = [part for part in alternatives(found) if part != NONE] if found is not None else []
        return one_of(parts) if parts else Scalar("truthy")

    def expression(self, frame: Frame, module: ModuleInfo, expr: ast.expr, scope: ClassInfo | None = None) -> Value:
        """Evaluate an expression of module or class level; remembered for the whole analysis."""
        found = self._stored.get(expr)
        if found is None:
            if expr in self._running or frame.depth > 40:
                return Unknown("circular global")
            self._running.add(expr)
            inner = self.evaluator(module, None, Env({}, {}), {}, frame.depth + 1, 0)
            inner.class_scope = scope
            with inner.muted():
                value = inner.eval(expr)
            self._running.discard(expr)
            exporter = Exporter(inner.env.heap)
            exported = exporter.value(value)
            found = self._stored[expr] = (exported, exporter.heap())
        value = self.imported(frame, found, ("global", expr))
        if found[1] and not self.is_filling:
            self.open_up(frame, value)
        return value

    def imported(self, frame: Frame, stored: tuple[Value, Heap], tag: object) -> Value:
        """Bring a value computed elsewhere into a frame's heap; what is there already stays as it is."""
        value, heap = stored
        if not heap:
            return value

        def number(old: int) -> int:
            return frame.number_of((tag, old))

        for old, state in heap.items():
            new = number(old)
            if new not in frame.env.heap:
                frame.env.heap[new] = map_state(state, number)
        return map_refs(value, number)

    def open_up(self, frame: Frame, value: Value, depth: int = 0) -> None:
        """Forget that a container that other code can reach holds nothing but what it was made with."""
        for part in alternatives(value):
            state = frame.state(part)
            if isinstance(part, Ref) and isinstance(state, Sequence) and state.kind not in {"tuple", "contextvar"}:
                if state.items is not None and (not state.items or state.kind != "list"):
                    held = one_of([*state.items, state.element or NEVER, Unknown("element added elsewhere")])
                    frame.env.heap[part.id] = Sequence(state.kind, None, held)
                elif state.items is None and state.element is None:
                    held = Unknown("element added elsewhere")
                    frame.env.heap[part.id] = Sequence(state.kind, None, held)
            elif isinstance(state, Object) and depth < 3:
                for slot in state.attrs.values():
                    self.open_up(frame, slot.value, depth + 1)
            elif isinstance(part, Ref) and isinstance(state, Dict) and state.element is None and not state.items:
                unknown = Shared("value added elsewhere")
                frame.env.heap[part.id] = Dict(state.items, Unknown("key added elsewhere"), unknown)

    # -- functions and decorators --------------------------------------------------------------------------

    def function(self, frame: Frame, fn: FunctionInfo) -> Value:
        """Return a module- or class-level function with its decorators applied."""
        if not fn.decorators:
            return Func(fn)
        found = self._members.get(fn)
        if found is None:
            if fn in self._running:
                return Func(fn)
            self._running.add(fn)
            inner = self.evaluator(fn.module, None, Env({}, {}), {}, frame.depth + 1, 0)
            inner.class_scope = fn.cls
            with inner.muted():
                value = self.decorate(inner, fn, Func(fn))
            self._running.discard(fn)
            exporter = Exporter(inner.env.heap)
            exported = exporter.value(value)
            found = self._members[fn] = (exported, exporter.heap())
        return self.imported(frame, found, ("function", fn))

    def decorate(self, frame: Frame, fn: FunctionInfo, value: Value) -> Value:
        """Apply decorators, innermost first; one that is not understood is believed to keep the function."""
        for decorator in reversed(fn.decorators):
            if isinstance(decorator, ast.Attribute) and decorator.attr in {"setter", "deleter", "getter"}:
                continue
            wrapper = frame.eval(decorator)
            result = frame.call(wrapper, [value], (), decorator)
            parts = alternatives(result)
            callable_parts = [p for p in parts if _is_callable(frame, p)]
            if callable_parts:
                # What is unknown beside them may be the function itself.
                kept = [value] if any(isinstance(p, Unknown) for p in parts) else []
                value = one_of([*callable_parts, *kept])
            elif fn.is_async is False and _makes_async(decorator):
                value = Bridge("thread", value)
        return value

    # -- members -------------------------------------------------------------------------------------------

    def bind_member(
        self,
        frame: Frame,
        owner: ClassInfo,
        member: Member,
        receiver: Value | None,
        node: ast.AST,
        cls: Value | None = None,
    ) -> Value:
        """Return a class member as read from an instance (``receiver``) or from the class (``cls``)."""
        if isinstance(member, ClassInfo):
            return self.class_value(member)
        if isinstance(member, FunctionInfo):
            if not member.decorators:
                if member.name in {"__init_subclass__", "__class_getitem__"}:
                    return Func(member, cls)
                return Func(member, receiver, (), owner)
            value = self.function(frame, member)
            name = member.name
        else:
            value = self._class_attribute(frame, owner, member, receiver)
            name = ""
            if isinstance(value, Func) and isinstance(member.value, ast.Name) is False and value.receiver is None:
                if isinstance(member.value, ast.Lambda):
                    return Func(value.fn, receiver, value.closure, owner)
        results = [
            self._bind(frame, part, name or _assigned_name(owner, member), receiver, node, cls, owner)
            for part in alternatives(value)
        ]
        return one_of(results)

    def _class_attribute(self, frame: Frame, owner: ClassInfo, member: Assigned, receiver: Value | None) -> Value:
        """Return the value a class body gives a name, and for an object made elsewhere what it may be instead."""
        if owner.is_dataclass and isinstance(member.value, ast.Call):
            value = self.field_default(frame, member, owner) or Unknown("field without a default")
        else:
            value = self.assigned(frame, member, owner)
        state = frame.state(receiver) if receiver is not None else None
        if not isinstance(state, Object) or state.whole:
            return value
        if member.annotation is not None:
            declared = self.annotation(frame, member.module, member.annotation, ("field", member, receiver), owner)
            held = frame.state(value)
            if declared is not None and (isinstance(held, (Sequence, Dict)) or is_foreign(value)):
                return declared  # the default is an empty container; what is in it is declared
            if isinstance(value, Const):
                return one_of([value, declared or Unknown("field set elsewhere")])
        elif value == NONE:
            return one_of([value, Unknown("attribute set elsewhere")])
        return value

    def _bind(
        self,
        frame: Frame,
        value: Value,
        name: str,
        receiver: Value | None,
        node: ast.AST,
        cls: Value | None,
        owner: ClassInfo,
    ) -> Value:
        if isinstance(value, Static):
            return value.func
        if isinstance(value, ClassMethod):
            bound = cls if cls is not None else self._class_of(frame, receiver, owner)
            if isinstance(value.func, Func):
                return Func(value.func.fn, bound, value.func.closure, owner)
            if isinstance(value.func, Bridge):
                return Bridge(value.func.mode, value.func.func, bound, value.func.apart)
            return value.func
        if receiver is None:
            return value
        if isinstance(value, Property):
            return frame.property_value(value, receiver, name, node)
        if isinstance(value, Func) and value.receiver is None:
            return Func(value.fn, receiver, value.closure, owner)
        if isinstance(value, Bridge) and value.receiver is None:
            return Bridge(value.mode, value.func, receiver, value.apart)
        if isinstance(value, ContextFactory) and isinstance(value.func, Func):
            return ContextFactory(Func(value.func.fn, receiver, value.func.closure, owner))
        if isinstance(value, Partial) and value.func == stdlib.PARTIAL_METHOD:
            bound = self._bind(frame, value.args[0], name, receiver, node, cls, owner)
            return Partial(bound, value.args[1:], value.kwargs)
        if isinstance(value, Partial) and isinstance(value.func, Func) and name:
            return value
        state = frame.state(value)
        if isinstance(state, Object):
            getter = state.cls.find("__get__")
            if getter is not None and isinstance(getter[1], FunctionInfo):
                bound = Func(getter[1], value, (), getter[0])
                return frame.call(bound, [receiver, Class(owner)], (), node, implicit=True)
        return value

    def _class_of(self, frame: Frame, receiver: Value | None, owner: ClassInfo) -> Value:
        state = frame.state(receiver) if receiver is not None else None
        if isinstance(state, Object):
            return Class(state.cls)
        if isinstance(state, Instance):
            return ModelClass(state.model)
        return self.class_value(owner)


def _assigned_name(owner: ClassInfo, member: Assigned | FunctionInfo) -> str:
    return next((name for name, value in owner.members.items() if value is member), "")


def _is_callable(frame: Frame, value: Value) -> bool:
    if isinstance(value, (Func, Bridge, Partial, Property, Static, ClassMethod, ContextFactory, Class)):
        return True
    return isinstance(value, Ref) and isinstance(frame.state(value), Object)


def _makes_async(decorator: ast.expr) -> bool:
    """Whether an unknown decorator's name says that it carries the function to a thread."""
    target = decorator.func if isinstance(decorator, ast.Call) else decorator
    name = target.attr if isinstance(target, ast.Attribute) else getattr(target, "id", "")
    return name in {
        "sync_to_async",
        "database_sync_to_async",
        "run_in_thread",
        "to_thread",
        "run_sync",
        "asyncify",
    }
