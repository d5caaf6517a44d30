"""Calls, awaits, iteration and text: where one function reaches another."""

from __future__ import annotations

import ast
from collections.abc import Sequence as Seq

from django_async_migrate.core.effects import Effect
from django_async_migrate.index.classes import ClassInfo
from django_async_migrate.index.functions import FunctionInfo
from django_async_migrate.index.models import is_manager_class
from django_async_migrate.semantics import (
    authentication,
    blocking,
    containers,
    externals,
    factories,
    instances,
    querysets,
    related,
    stock,
    text,
)
from django_async_migrate.values.heap import Dict, Instance, Lazy, Object, QuerySet, Sequence, Slot
from django_async_migrate.values.join import join_values
from django_async_migrate.values.types import (
    NEVER,
    SCALAR,
    Bridge,
    BridgeFactory,
    Class,
    ClassMethod,
    Const,
    ContextFactory,
    ContextManager,
    Coroutine,
    External,
    ExternalObject,
    Func,
    Generator,
    Manager,
    Method,
    ModelClass,
    Never,
    Partial,
    Pattern,
    Ready,
    Ref,
    RelatedManager,
    Scalar,
    Static,
    Tuple,
    Unknown,
    Value,
    alternatives,
)

from .callables import awaitable_ways, is_async, is_made_sync, is_third_party
from .lazily import is_logger
from .objects import is_enum
from .responding import Responding

Kwargs = Seq[tuple[str, Value]]


class Evaluator(Responding):
    """The complete evaluator of one function activation."""

    def call(self, func: Value, args: Seq[Value], kwargs: Kwargs, node: ast.AST, implicit: bool = False) -> Value:
        parts = alternatives(func)
        if len(parts) == 1:
            return self._call_part(parts[0], args, kwargs, node, implicit)
        result: Value = NEVER
        mixed = any(not isinstance(part, (Method, Const)) for part in parts)
        self._mixed += mixed
        with self.doubted():
            awaited = node is self.awaited and any(map(is_async, parts))
            for part in parts:
                if awaited and is_made_sync(part):
                    continue  # what is awaited here is not what was made for sync code
                mark = len(self.effects)
                value = self._call_part(part, args, kwargs, node, implicit)
                if awaited and self._is_plain(value):
                    self.forget(mark)  # ``await view()`` with a sync or async view: it is the async one here
                    continue
                result = join_values(result, value, self.env.heap)
        self._mixed -= mixed
        return result

    def _call_part(self, func: Value, args: Seq[Value], kwargs: Kwargs, node: ast.AST, implicit: bool) -> Value:
        mark = len(self.effects)
        value = self._call_one(func, args, kwargs, node, implicit)
        if node is self.awaited and isinstance(func, Func) and not func.fn.is_async:
            self.effects[mark:] = awaitable_ways(func.fn, self.effects[mark:])
        return value

    def _is_plain(self, value: Value) -> bool:
        """Whether a value is certainly nothing to await."""
        return all(
            isinstance(part, (Const, Scalar, Tuple)) or isinstance(self.state(part), (Instance, QuerySet, Sequence))
            for part in alternatives(value)
        )

    def _call_one(self, func: Value, args: Seq[Value], kwargs: Kwargs, node: ast.AST, implicit: bool) -> Value:
        if isinstance(func, Unknown) or (type(func) is External and is_third_party(func.api)):
            self.unsure()
        if type(func) is Func and isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            if func.fn.name != "get_queryset":  # Django's own methods of a manager call it
                self.engine.outcome.others.add(node)  # a method of a project class, where others are Django's
        if isinstance(func, Func):
            if func.fn.decorators:
                self._around(func.fn, node)
            if func.fn.is_generator:
                return Generator(func, tuple(args), tuple(kwargs))
            if func.fn.is_async:
                return Coroutine("async", func, tuple(args), tuple(kwargs))
            return self.engine.run(self, func, args, kwargs, node, implicit)
        if isinstance(func, Method):
            return self._call_method(func, args, kwargs, node)
        if isinstance(func, External):
            return externals.call(self, func.api, args, kwargs, node)
        if isinstance(func, ModelClass):
            return self._make_instance(func, args, kwargs, node)
        if isinstance(func, Class):
            return self._instantiate(func.cls, args, kwargs, node, implicit)
        if isinstance(func, Bridge):
            passed = tuple(args) if func.receiver is None else (func.receiver, *args)
            if func.mode == "thread":
                return Coroutine("thread", func.func, passed, tuple(kwargs), func.apart)
            self.effect(node, "to-loop", rule="DAM612")
            return self.await_(self.call(func.func, passed, kwargs, node), node)
        if isinstance(func, Partial) and func.func == External("functools.singledispatch.__call__"):
            return self.call(self.engine.dispatched(self, func.args[0], args), args, kwargs, node, implicit)
        if isinstance(func, BridgeFactory):
            return Bridge(func.mode, args[0], None, func.apart) if args else Unknown("bridge")
        if isinstance(func, Partial):
            return self.call(func.func, [*func.args, *args], [*func.kwargs, *kwargs], node, implicit)
        if isinstance(func, ContextFactory):
            return ContextManager(self.call(func.func, args, kwargs, node))
        if isinstance(func, (Static, ClassMethod)):
            return self.call(func.func, args, kwargs, node, implicit)
        state = self.state(func)
        if isinstance(state, (Object, Instance)):
            answer = self.dunder(func, state, "__call__", list(args), node) if not kwargs else None
            if answer is None:
                owner = state.cls if isinstance(state, Object) else state.model.cls
                found = owner.find("__call__") if owner is not None else None
                if found is None:
                    return Unknown("call of an object")
                bound = self.engine.bind_member(self, found[0], found[1], func, node)
                return self.call(bound, args, kwargs, node)
            return answer
        if isinstance(func, ExternalObject) and args and isinstance(args[0], (Func, Bridge)) and len(args) == 1:
            return args[0]  # an unknown decorator with arguments: believed to keep the function
        return func if isinstance(func, (Unknown, Never)) else Unknown("call")

    def _around(self, fn: FunctionInfo, node: ast.AST) -> None:
        """Enter the context managers that decorate a function (``@transaction.atomic``)."""
        for decorator, row in self.engine.managers_around(fn):
            site, what = self.engine.decorator_site(fn, decorator), self.text(decorator)
            if fn.is_async:
                self.effect(node, "framework", "", "", rule=row.rule_decorator)
            else:
                steps = ((site, what),)
                self.record(Effect("framework", self.site(node), what, "", not self._doubts, False, steps, row.rule))

    # -- objects -------------------------------------------------------------------------------------------

    def _make_instance(self, func: ModelClass, args: Seq[Value], kwargs: Kwargs, node: ast.AST) -> Value:
        for _, value in kwargs:
            self.force(value, node)
        return querysets.made(self, func.model, kwargs, node)

    def _instantiate(self, cls: ClassInfo, args: Seq[Value], kwargs: Kwargs, node: ast.AST, implicit: bool) -> Value:
        if is_manager_class(cls, self.catalog.managers):
            model = args[0] if args else dict(kwargs).get("model")
            if any(base.endswith("QuerySet") for base in cls.externals):
                known = model.model if isinstance(model, ModelClass) else None
                return self.alloc(node, QuerySet(known, cls=cls, certain=known is not None), "queryset")
            return Manager(model.model if isinstance(model, ModelClass) else None, cls, certain=False)
        row = factories.made(self, cls, "", node)
        if row is not None:
            return row
        bridge = next((b for b in map(self.catalog.bridges.get, cls.externals) if b is not None), None)
        if bridge is not None and bridge.kind in {
            "to-thread-decorator",
            "to-loop-decorator",
        }:  # a project's own subclass of SyncToAsync
            return externals.bridged(self, bridge, args, kwargs, node)
        maker = cls.find("__new__")
        if maker is not None and isinstance(maker[1], FunctionInfo):
            made = self.call(Func(maker[1], Class(cls), (), maker[0]), args, kwargs, node, implicit)
            if isinstance(made, Ref) and isinstance(self.state(made), Object):
                return made
        ref = self.alloc(node, Object(cls, {}, whole=True), ("new", cls))
        found = cls.find("__init__")
        if found is not None and isinstance(found[1], FunctionInfo):
            bound = self.engine.bind_member(self, found[0], found[1], ref, node)
            self.call(bound, args, kwargs, node, implicit)
        elif cls.is_dataclass or ((args or kwargs) and cls.has_annotated_fields):
            self._fill_dataclass(ref, cls, args, kwargs, node)
        return ref

    def _fill_dataclass(self, ref: Ref, cls: ClassInfo, args: Seq[Value], kwargs: Kwargs, node: ast.AST) -> None:
        from django_async_migrate.index.modules import Assigned

        fields: dict[str, Assigned] = {}
        for entry in reversed(cls.mro):
            for name, member in entry.members.items():
                if isinstance(member, Assigned) and member.annotation is not None:
                    fields[name] = member
        given = dict(zip(fields, args, strict=False))
        given.update({name: value for name, value in kwargs if name != "**"})
        open_ended = any(name == "**" for name, _ in kwargs)
        attrs: dict[str, Slot] = {}
        for name, member in fields.items():
            value = given.get(name)
            if value is None and not open_ended:
                value = self.engine.field_default(self, member, cls, node)
            if value is not None:
                attrs[name] = Slot(value)
        attrs.update({name: Slot(value) for name, value in given.items() if name not in attrs})
        self.put(ref, Object(cls, attrs, whole=True))
        found = cls.find("__post_init__")
        if found is not None and isinstance(found[1], FunctionInfo):
            self.call(self.engine.bind_member(self, found[0], found[1], ref, node), (), (), node)

    # -- methods that Django and Python provide ------------------------------------------------------------

    def _call_method(self, method: Method, args: Seq[Value], kwargs: Kwargs, node: ast.AST) -> Value:
        receiver, name = method.receiver, method.name
        state = self.state(receiver)
        if isinstance(state, Lazy):
            return self._call_lazy(receiver, name, args, kwargs, node)
        if isinstance(state, QuerySet) or isinstance(receiver, (Manager, RelatedManager)):
            self._look_up(name, args, kwargs, node)
        if isinstance(state, QuerySet):
            self.engine.outcome.saw_queryset(node, state.shape == "model")
            return querysets.call(self, receiver, name, args, kwargs, node)
        if isinstance(receiver, Ready):
            return blocking.result(self, receiver, name, args, kwargs, node)
        if isinstance(receiver, Manager):
            self.engine.outcome.saw_queryset(node, True)
            own = stock.manager_call(self, receiver, name, args, kwargs, node)
            if own is not None:
                return own
            if name == "get_queryset":
                return querysets.fresh(self, receiver.model, node, receiver.cls, receiver.certain)
            base = querysets.of_manager(self, receiver, node)
            return querysets.call(self, base, name, args, kwargs, node)
        if isinstance(receiver, RelatedManager):
            self.engine.outcome.saw_queryset(node, True)
            return related.call(self, receiver, name, args, kwargs, node)
        if isinstance(state, Instance) and isinstance(receiver, Ref):
            return instances.call(self, receiver, name, args, kwargs, node)
        if not isinstance(receiver, (Unknown, Never)):
            self.engine.outcome.others.add(node)
        if isinstance(state, Dict):
            return containers.call_dict(self, receiver, state, name, args, kwargs, node)
        if isinstance(state, Sequence) and state.kind.endswith("queue"):
            return stock.queue_call(self, receiver, state, name, args, kwargs, node)
        if isinstance(state, Sequence) and state.kind == "contextvar" and isinstance(receiver, Ref):
            return stock.context_variable_call(self, receiver, state, name, args)
        if isinstance(state, Sequence):
            return containers.call_sequence(self, receiver, state, name, args, kwargs, node)
        if isinstance(receiver, Tuple):
            return containers.call_sequence(self, receiver, receiver, name, args, kwargs, node)
        if isinstance(receiver, (Const, Scalar, Pattern)):
            if name == "join" and args:
                self.iterate(args[0], node)
            elif name in {"format", "format_map"}:
                text.formatted(self, receiver, args, kwargs, node)
            folded = None
            if isinstance(receiver, Const) and isinstance(receiver.value, str):
                folded = text.folded(receiver.value, name, args)
                if name == "split" and len(args) == 1 and isinstance(args[0], Const):
                    items = tuple(Const(part) for part in receiver.value.split(str(args[0].value)))
                    return self.alloc(node, Sequence("list", items), "split")
            return folded if folded is not None else text.given(receiver, name)
        if isinstance(receiver, ModelClass):
            if args and self.state(args[0]) is not None:
                return self.call(self.attribute(args[0], name, node), args[1:], kwargs, node)
            return Unknown("class method of a model")
        if isinstance(receiver, Class):
            row = factories.made(self, receiver.cls, name, node)
            if row is not None:
                return row
        if isinstance(receiver, (Func, Bridge)) and name == "__call__":
            return self.call(receiver, args, kwargs, node)
        return self._call_foreign(receiver, name, args, kwargs, node)

    def _call_foreign(self, receiver: Value, name: str, args: Seq[Value], kwargs: Kwargs, node: ast.AST) -> Value:
        """Call a method of something the analysis does not know."""
        if not isinstance(receiver, ExternalObject) or is_third_party(receiver.api):
            self.unsure()
        bridge = self._foreign_bridge(receiver, name)
        if bridge is not None:
            return externals.bridged(self, bridge, args, kwargs, node)
        late = self._foreign_coroutine(receiver, name, args, kwargs, node)
        if late is None:
            late = blocking.call_method(self, receiver, name, args, kwargs, node)
        if late is not None:
            return late
        if name == "run" and isinstance(receiver, ExternalObject) and receiver.api == "contextvars.copy_context":
            return self.call(args[0], args[1:], kwargs, node) if args else SCALAR
        if name == "is_running" and isinstance(receiver, ExternalObject) and receiver.api in _LOOPS:
            return Const(True)
        if name in {"create_task", "start_soon", "ensure_future"} and args:
            return Ready(self.await_(args[0], node))
        if name in {"enter_context", "enter_async_context"} and args:
            value = self.entered(args[0], node, name == "enter_async_context")
            return Ready(value) if name == "enter_async_context" else value
        if name in {"debug", "info", "warning", "error", "exception", "critical", "log"} and is_logger(receiver):
            skip = 1 if name == "log" else 0
            text.percent(self, args[skip] if len(args) > skip else SCALAR, args[skip + 1 :], node)
            for value in args[skip : skip + 1]:
                self.stringify(value, node)
            return SCALAR
        if name in {"writerows", "writelines", "executemany", "fromkeys"} and args:
            self.iterate(args[-1], node)
        if (
            isinstance(receiver, (ExternalObject, Unknown))
            and args
            and isinstance(args[0], (Func, Bridge))
            and not kwargs
        ):
            return args[0]  # @router.get("/x"), @app.task: registration keeps the function
        framework = self.engine.framework_call(self, receiver, name, args, kwargs, node)
        return framework if framework is not None else Unknown(f"method {name} of an unknown object")

    # -- awaiting ------------------------------------------------------------------------------------------

    def await_(self, value: Value, node: ast.AST) -> Value:
        parts = alternatives(value)
        result: Value = NEVER
        for part in parts:
            result = join_values(result, self._await_one(part, node), self.env.heap)
        return result

    def _await_one(self, value: Value, node: ast.AST) -> Value:
        if isinstance(value, Ready):
            return value.value
        if isinstance(value, Never):
            return NEVER
        if not isinstance(value, Coroutine):
            return value if isinstance(value, Unknown) else Unknown("awaited value")
        if value.mode == "async":
            assert isinstance(value.func, Func)
            return self.engine.run(self, value.func, value.args, value.kwargs, node, awaited=True)
        authentication.before(self, value, node)
        with self.muted():
            if value.mode in {"thread", "future", "submitted"}:
                with self.probed(node if value.apart else None):
                    return self._in_thread(value, node)
            return self._async_method(value, node)

    def _in_thread(self, value: Coroutine, node: ast.AST) -> Value:
        result = self.call(value.func, value.args, value.kwargs, node)
        unknown = any(isinstance(part, Unknown) for part in alternatives(result))
        if unknown or isinstance(value.func, (Unknown, ExternalObject)):
            externals.havoc(self, [*value.args, *(item for _, item in value.kwargs)])
            if isinstance(value.func, Func):
                externals.havoc(self, [item for _, item in value.func.closure])
            if isinstance(value.func, Method):
                externals.havoc(self, [value.func.receiver])
        return result

    def _async_method(self, value: Coroutine, node: ast.AST) -> Value:
        """Return what a native async API gives: what its sync twin gives, without the query."""
        func = value.func
        if isinstance(func, External):
            return externals.awaited(self, value, func.api, node)
        if not isinstance(func, Method):
            return Unknown("awaited value")
        foreign = self._await_foreign(func, node)
        if foreign is not None:
            return foreign
        name = func.name
        if isinstance(func.receiver, RelatedManager):
            own = self.catalog.related_manager_methods.get(name)
            if own is not None and own.sync:
                return self._call_method(Method(func.receiver, own.sync), value.args, value.kwargs, node)
        state = self.state(func.receiver)
        if isinstance(state, Instance):
            model_row = self.catalog.model_methods.get(name)
            if model_row is not None and model_row.sync:
                override = self.attribute(func.receiver, model_row.sync, node)
                if isinstance(override, Func):  # asave() runs an overridden save() in the thread
                    return self.call(override, value.args, value.kwargs, node)
                return self._call_method(Method(func.receiver, model_row.sync), value.args, value.kwargs, node)
            return Unknown("awaited model method")
        method = self.catalog.queryset_methods.get(name)
        if method is not None and method.sync:
            if isinstance(state, QuerySet) and state.cls is not None and state.cls.find(method.sync):
                override = self.attribute(func.receiver, method.sync, node)
                return self.call(override, value.args, value.kwargs, node)
            return self._call_method(Method(func.receiver, method.sync), value.args, value.kwargs, node)
        return Unknown("awaited method")

    # -- iterating -----------------------------------------------------------------------------------------

    def force(self, value: Value, node: ast.AST) -> Value:
        """Return what a lazy object stands for, running its function at the first touch."""
        state = self.state(value)
        if not isinstance(state, Lazy) or not isinstance(value, Ref):
            return value
        if state.value is None:
            found = self.call(state.func, (), (), node, implicit=True)
            self.put(value, Lazy(state.func, found))
            return found
        return state.value

    def iterate(self, value: Value, node: ast.AST, asynchronous: bool = False) -> Value:
        value = self.force(value, node)
        parts = alternatives(value)
        if len(parts) == 1:
            return self._iterate_one(parts[0], node, asynchronous)
        result: Value = NEVER
        mixed = any(not isinstance(self.state(part), QuerySet) for part in parts)
        self._mixed += mixed
        with self.doubted():
            for part in parts:
                result = join_values(result, self._iterate_one(part, node, asynchronous), self.env.heap)
        self._mixed -= mixed
        return result

    def _iterate_one(self, value: Value, node: ast.AST, asynchronous: bool, implicit: bool = False) -> Value:
        state = self.state(value)
        if isinstance(state, QuerySet):
            if not self._mixed:
                self.engine.outcome.saw_queryset(node, state.shape == "model")
            return querysets.evaluate(self, value, "iteration", node, asynchronous)
        if isinstance(value, Unknown):
            self.unsure()
        elif not isinstance(value, Never):
            self.saw_other(node)
        if isinstance(value, Tuple):
            return containers.union(self, value.items)
        if isinstance(state, Sequence):
            return containers.elements(self, state)
        if isinstance(state, Dict):
            found = containers.keys(state)
            return found
        if isinstance(value, Generator):
            return self._generate(value, node, implicit)
        if isinstance(state, Object) and any(base.endswith("NamedTuple") for base in state.cls.externals):
            return containers.union(self, [slot.value for slot in state.attrs.values()])
        if isinstance(state, (Object, Instance)):
            return self._iterate_object(value, state, node, asynchronous)
        if isinstance(value, (Const, Scalar)):
            return SCALAR
        if isinstance(value, Class) and is_enum(value.cls):
            names = [name for name in value.cls.members if not name.startswith("_")]
            return containers.union(self, [self.attribute(value, name, node) for name in names])
        if isinstance(value, Coroutine):
            return Unknown("iteration over a coroutine")
        blocking.operated(self, value, "__iter__", (), node)
        return value if isinstance(value, (Unknown, Never)) else Unknown("element")

    def _generate(self, value: Generator, node: ast.AST, implicit: bool) -> Value:
        if value.args and value.args[0] in (Const("chain"), Const("map"), Const("filter")):
            # What is evaluated is not the value of the expression, but something it goes through.
            self._mixed += 1
            rows = [self.iterate(arg, node) for arg in value.args[1:]]
            self._mixed -= 1
            if value.args[0] == Const("chain"):
                return containers.union(self, rows)
            if any(isinstance(row, Never) for row in rows):
                return NEVER
            result = self.call(value.func, rows, (), node) if value.func != Const(None) else rows[0]
            if value.args[0] == Const("map"):
                return result
            for part in alternatives(result):
                self.truth(part, node)
            return rows[0]
        assert isinstance(value.func, Func)
        return self.engine.run(self, value.func, value.args, value.kwargs, node, implicit=implicit, generator=True)

    def _iterate_object(self, value: Value, state: Object | Instance, node: ast.AST, asynchronous: bool) -> Value:
        names = ("__aiter__", "__anext__") if asynchronous else ("__iter__", "__next__")
        iterator = self.dunder(value, state, names[0], [], node)
        if iterator is None:
            item = self.dunder(value, state, "__getitem__", [SCALAR], node)
            return item if item is not None else Unknown("element of an object")
        inner = self.state(iterator)
        if isinstance(inner, Object):
            element = self.dunder(iterator, inner, names[1], [], node)
            if element is None:
                return Unknown("element of an object")
            return self.await_(element, node) if asynchronous else element
        if isinstance(iterator, Generator):
            return self._iterate_one(iterator, node, asynchronous, implicit=True)
        return self.iterate(iterator, node, asynchronous)

    def entered(self, manager: Value, node: ast.AST, asynchronous: bool) -> Value:
        """Enter a context manager and return what it gives."""
        return self._enter(manager, node, asynchronous)


_LOOPS = frozenset({"asyncio.get_event_loop", "asyncio.get_running_loop"})
