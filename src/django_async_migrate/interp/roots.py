"""Entry points: functions that something unknown calls, and what methods store on self."""

from __future__ import annotations

import ast
from collections.abc import Sequence as Seq
from contextlib import nullcontext
from typing import TYPE_CHECKING

from django_async_migrate.index.classes import ClassInfo
from django_async_migrate.index.functions import FunctionInfo
from django_async_migrate.index.models import Model, is_manager_class
from django_async_migrate.index.modules import Assigned
from django_async_migrate.semantics import frameworks
from django_async_migrate.values.heap import OPAQUE_SPEC, Heap, Instance, Object, QuerySet
from django_async_migrate.values.join import join_values
from django_async_migrate.values.refs import Exporter
from django_async_migrate.values.types import (
    Bridge,
    Class,
    Func,
    Manager,
    ModelClass,
    Never,
    Ref,
    Star,
    Unknown,
    Value,
    alternatives,
    is_foreign,
)

from .base import MAX_DEPTH
from .frame import Env, Frame
from .requests import Requests

if TYPE_CHECKING:
    from .calls import Evaluator

Kwargs = Seq[tuple[str, Value]]

_INJECTORS = frozenset({"Depends", "Security", "Inject", "Provide", "Injected"})


class Roots(Requests):
    """Analyses functions of which only the annotations of the arguments are known; part of the engine."""

    def root(self, fn: FunctionInfo, cls: ClassInfo | None = None) -> None:
        """Analyse a function as something unknown calls it; ``cls`` is the class of ``self``."""
        frame = self.evaluator(fn.module, None, Env({}, {}), {}, 0, 0)
        receiver = self._receiver(frame, fn, cls or fn.cls)
        func = Func(fn, receiver)
        self.root_call(frame, func)
        if fn.decorators:
            self.decorated_coroutine(fn)
            self._run_decorated(frame, fn, receiver)

    def _run_decorated(self, frame: Evaluator, fn: FunctionInfo, receiver: Value | None) -> None:
        """Analyse a function through its project decorators, which may hand it arguments of their own."""
        value = self.function(frame, fn)
        for part in alternatives(value):
            if isinstance(part, Func) and part.fn is not fn and part.fn.module.parsed is not None:
                self.root_call(frame, Func(part.fn, receiver or part.receiver, part.closure), fn)

    def root_call(self, frame: Evaluator, func: Func, view: FunctionInfo | None = None) -> Ref | None:
        """Call a function with arguments of which only the annotations are known; ``view``: what it stands for."""
        fn = func.fn
        self._nested_run.add(fn)
        given: list[Value] = []
        for param in fn.params[1:] if func.receiver is not None else fn.params:
            given.append(self._unknown_argument(frame, fn, param, view))
        if fn.args.vararg is not None:
            given.append(Star(Unknown("argument of an entry point")))
        kwargs = [(param.arg, self._unknown_argument(frame, fn, param)) for param in fn.args.kwonlyargs]
        self.shares_request(frame, func.receiver, given)
        self.run(frame, func, given, kwargs, fn.node)
        return func.receiver if isinstance(func.receiver, Ref) else None

    def _unknown_argument(
        self, frame: Evaluator, fn: FunctionInfo, param: ast.arg, view: FunctionInfo | None = None
    ) -> Value:
        found = None
        default = fn.defaults.get(param.arg)
        injected = self._injected(frame, fn, default) if default is not None else None
        if injected is not None and not is_foreign(injected):
            return injected
        if param.annotation is not None:
            found = self.annotation(frame, fn.module, param.annotation, ("param", param), fn)
            held = frame.state(found) if found is not None else None
            if isinstance(held, Instance) and isinstance(found, Ref) and fn.resolves_field:
                # The parent object of a GraphQL field comes fresh from another resolver.
                frame.put(found, Instance(held.model, certain=False))
        found = self.request_argument(frame, fn, param, found, view)
        if found is None and default is not None and fn.parent is None and not isinstance(default, ast.Constant):
            value = self.expression(frame, fn.module, default, fn.cls)
            if not is_foreign(value):  # callers that leave it out get the default
                return value
        return found if found is not None else frameworks.argument(param.arg)

    def _injected(self, frame: Evaluator, fn: FunctionInfo, default: ast.expr) -> Value | None:
        """Return what dependency injection passes: ``book: Book = Depends(get_book)``."""
        if not isinstance(default, ast.Call) or not default.args:
            return None
        name = default.func.attr if isinstance(default.func, ast.Attribute) else getattr(default.func, "id", "")
        if name not in _INJECTORS:
            return None
        provider = self.expression(frame, fn.module, default.args[0], fn.cls)
        if not isinstance(provider, (Func, Bridge)):
            return None
        with frame.muted():
            if isinstance(provider, Func):
                receiver = self.root_result(frame, provider)
                return receiver
            return frame.await_(frame.call(provider, (), (), default), default)

    def root_result(self, frame: Evaluator, func: Func) -> Value:
        """Return what a function gives when something unknown calls it."""
        given = [self._unknown_argument(frame, func.fn, param) for param in func.fn.params]
        value = frame.call(func, given, (), func.fn.node)
        value = frame.await_(value, func.fn.node) if func.fn.is_async and not func.fn.is_generator else value
        return frame.iterate(value, func.fn.node, func.fn.is_async) if func.fn.is_generator else value

    def _receiver(self, frame: Evaluator, fn: FunctionInfo, cls: ClassInfo | None) -> Value | None:
        if cls is None or not fn.params:
            return None
        names = {getattr(d, "id", getattr(d, "attr", "")) for d in fn.decorators}
        if "staticmethod" in names:
            return None
        model = self.project.models.of_class(cls)
        shown = self._shown_model(cls)
        if shown is not None:
            return frame.alloc("self", Instance(shown, certain=False))
        if "classmethod" in names or fn.name in {"__init_subclass__", "__new__"}:
            return ModelClass(model) if model is not None else Class(cls)
        if model is not None:
            return frame.alloc("self", Instance(model, OPAQUE_SPEC))
        if is_manager_class(cls, self.catalog.managers):
            if any(base.endswith("QuerySet") for base in cls.externals):
                return frame.alloc("self", QuerySet(None, OPAQUE_SPEC, cls=cls, certain=False))
            return Manager(None, cls, certain=False)
        return self.parent_object(frame, cls) or frame.alloc("self", Object(cls))

    def parent_object(self, frame: Evaluator, cls: ClassInfo) -> Value | None:
        """Return what ``self`` is in a GraphQL type that resolvers give something else for; None for other classes."""
        raise NotImplementedError

    def _shown_model(self, cls: ClassInfo) -> Model | None:
        """Return the model whose instances are ``self`` in a GraphQL type made for it."""
        for decorator in cls.node.decorator_list if cls.node is not None else ():
            if isinstance(decorator, ast.Call) and decorator.args:
                api = self.project.external_name(cls.module, decorator.func, cls.parent)
                if api is not None and api.startswith("strawberry_django.") and api.endswith((".type", ".node")):
                    for definition in self.project.resolve(cls.module, decorator.args[0], cls.parent):
                        return self.project.model_of(definition)
        return None

    def stored_by_methods(self, frame: Frame, ref: Ref, state: Object, name: str) -> Value | None:
        """Return what the methods of a class store in ``self.<name>``; None when none of them does."""
        found: Value | None = None
        for cls in state.cls.mro:
            for method in cls.self_stores.get(name, ()):
                stored = self._attributes_after(state.cls, method, frame.depth).get(name)
                if stored is not None:
                    value = self.imported(frame, stored, ("self", ref.id, method, name))
                    self.open_up(frame, value)
                    if not isinstance(value, Never):
                        found = join_values(found, value, frame.env.heap)
        return found

    def _attributes_after(self, cls: ClassInfo, method: FunctionInfo, depth: int) -> dict[str, tuple[Value, Heap]]:
        key = (cls, method)
        found = self._self_attributes.get(key)
        if found is not None:
            return found
        self._self_attributes[key] = {}  # what is needed to compute itself stays unknown
        if depth > MAX_DEPTH:
            return {}
        frame = self.evaluator(method.module, None, Env({}, {}), {}, depth + 1, 0)
        receiver = frame.alloc("self", Object(cls))
        self._forced = method
        self.root_call(frame, Func(method, receiver))
        self._forced = None
        state = frame.state(receiver)
        result: dict[str, tuple[Value, Heap]] = {}
        if isinstance(state, Object):
            for name, slot in state.attrs.items():
                exporter = Exporter(frame.env.heap)
                value = exporter.value(slot.value)
                result[name] = (value, exporter.heap())
        self._self_attributes[key] = result
        return result

    def field_default(
        self, frame: Frame, member: Assigned, cls: ClassInfo, node: ast.AST | None = None
    ) -> Value | None:
        """Return what a dataclass field is when it is not given; None when the class does not say.

        ``node`` is the call that makes the object: a factory runs there.
        """
        value = member.value
        if value is None:
            return None
        name = value.func.attr if isinstance(value, ast.Call) and isinstance(value.func, ast.Attribute) else ""
        if isinstance(value, ast.Call) and isinstance(value.func, ast.Name):
            name = value.func.id
        if isinstance(value, ast.Call) and name in {"field", "Field", "ib", "attrib"}:
            for keyword in value.keywords:
                if keyword.arg in {"default_factory", "factory"}:
                    factory = self.expression(frame, member.module, keyword.value, cls)
                    with nullcontext() if node is not None else frame.muted(), frame.tagged(member):
                        return frame.call(factory, (), (), node or value)
                if keyword.arg == "default":
                    return self.expression(frame, member.module, keyword.value, cls)
            return None
        return self.assigned(frame, member, cls)
