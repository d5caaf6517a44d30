"""Bridges that are given the wrong thing, and awaits of what cannot be awaited."""

from __future__ import annotations

import ast

from django_async_migrate.catalog.rows import twin_of
from django_async_migrate.core.effects import Effect
from django_async_migrate.core.record import replace
from django_async_migrate.index.functions import FunctionInfo
from django_async_migrate.index.usages import Use
from django_async_migrate.semantics import plain
from django_async_migrate.syntax.nodes import nodes_in
from django_async_migrate.values.heap import Dict, Instance, Object, QuerySet, Sequence
from django_async_migrate.values.types import (
    Bridge,
    BridgeFactory,
    Class,
    Const,
    External,
    Func,
    Generator,
    Manager,
    Method,
    ModelClass,
    Partial,
    Ref,
    RelatedManager,
    Scalar,
    Tuple,
    Value,
    alternatives,
)

from .agenerators import AsyncGenerators
from .callables import gives_plain_value
from .frame import Frame

_MANAGERS = (Manager, RelatedManager)


class Misbridged(AsyncGenerators):
    """Judges what is given to bridges, and what is awaited; part of the engine."""

    def _judged(self, frame: Frame, node: ast.expr, value: Value, use: Use) -> Effect | None:
        if use.kind == "bridged":
            return self._bridged(frame, node, value, use)
        if use.kind in {"awaited", "used", "tested"}:
            found = self._of_generator(frame, node, value, use)
            if found is not None:
                return found
        if use.kind == "awaited":
            return self._iterator(frame, node, value) if use.how == "async for" else self._awaited(frame, node, value)
        if use.kind == "given":
            return self._given(frame, node, value, use)
        if use.kind == "gathered":
            return self._gathered(frame, node, value, use)
        if use.kind == "iterated":
            found = super()._judged(frame, node, value, Use("used", use.how))
            if found is None:
                found = self._iterated(frame, node, value)
                found = replace(found, what=f"{found.what}, iterated by async for,") if found is not None else None
            return found
        return super()._judged(frame, node, value, use)

    def _given(self, frame: Frame, node: ast.expr, value: Value, use: Use) -> Effect | None:
        """``cache.aget_or_set(key, load)`` stores what ``load()`` gives: a coroutine, which cannot be stored."""
        call = use.around
        if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Attribute) or frame.fn is None:
            return None
        owner = call.func.value
        cache = plain.CACHES if isinstance(owner, ast.Subscript) else plain.CACHE
        owner = owner.value if isinstance(owner, ast.Subscript) else owner
        if self.project.external_name(frame.module, owner, frame.fn) != cache:
            return None
        parts = alternatives(value)
        if all(self.is_coroutine(frame, part) is not None for part in parts):
            return self._mistake(frame, node, "DAM603", True, "stores it")
        if use.how.endswith("get_or_set") and all(self._is_coroutine_function(frame, part) for part in parts):
            return self._mistake(frame, node, "DAM603", True, "calls it")
        return None

    # -- what a bridge is given ----------------------------------------------------------------------------

    def _bridged(self, frame: Frame, node: ast.expr, value: Value, use: Use) -> Effect | None:
        call = use.around
        assert isinstance(call, ast.Call) and frame.fn is not None
        api = self.project.external_name(frame.module, call.func, frame.fn)
        row = self.catalog.bridges.get(api) if api is not None else None
        if row is None:
            return None
        parts = alternatives(value)
        made = [self.is_coroutine(frame, part) for part in parts]
        if row.kind == "to-loop-decorator":
            if isinstance(node, ast.Call) and None not in made and not frame.fn.is_async:
                return self._mistake(frame, node, "DAM607", all(made), "loop")
            return None
        if row.kind not in {"to-thread-decorator", "to-thread-call"}:
            return None
        if None not in made:
            return self._mistake(frame, node, "DAM608", all(made))
        if all(self._is_coroutine_function(frame, part) for part in parts):
            return self._mistake(frame, node, "DAM608", True)
        certain = [self._never_callable(frame, part) for part in parts]
        if isinstance(node, ast.Call) and None not in certain:
            frame.effects[:] = [effect for effect in frame.effects if effect.site.node is not node]
            return self._mistake(frame, node, "DAM607", all(certain), self._twin_of_call(frame, node))
        if row.kind != "to-thread-decorator" or any(keyword.arg == "thread_sensitive" for keyword in call.keywords):
            return None
        inside = {*nodes_in(node)}
        if any(effect.site.node in inside for effect in frame.effects):
            return None  # what is given queries before the bridge has it: that is what is wrong here
        return self._needless(frame, node, parts)

    def _twin_of_call(self, frame: Frame, node: ast.Call) -> str:
        """Return the async form of the method that is called; empty where there is none."""
        with frame.muted():
            func = frame.eval(node.func)
        needless = (
            self._needless(frame, node.func, alternatives(func)) if isinstance(node.func, ast.Attribute) else None
        )
        return needless.advice if needless is not None and needless.rule == "DAM613" else ""

    def _needless(self, frame: Frame, node: ast.expr, parts: tuple[Value, ...]) -> Effect | None:
        """Return what is said about a bridge around a method that needs none."""
        if len(parts) != 1 or not isinstance(parts[0], (Method, External)) or isinstance(node, ast.Call):
            return None
        func = parts[0]
        if isinstance(func, External):
            function = self.catalog.functions.get(func.api)
            twin = twin_of(function, self.version) if function is not None else None
            return self._mistake(frame, node, "DAM613", True, twin.rpartition(".")[2]) if twin else None
        receiver, state = func.receiver, frame.state(func.receiver)
        if isinstance(state, QuerySet) or isinstance(receiver, (Manager, RelatedManager)):
            method = self.catalog.queryset_methods.get(func.name)
            certain = state.certain if isinstance(state, QuerySet) else getattr(receiver, "certain", False)
            cls = getattr(state if isinstance(state, QuerySet) else receiver, "cls", None)
            stock = cls is None or all(base.startswith("django.") for base in cls.externals)
            if method is None or not certain or not stock:
                return None
            if method.kind == "lazy":
                return self._mistake(frame, node, "DAM610", True)
            own = self.catalog.related_manager_methods.get(func.name)
            twin, since = (own.twin, own.twin_since) if own is not None else (method.twin, method.twin_since)
            if method.kind != "terminal" or not twin or (since or (0, 0)) > self.version:
                return None
            return self._mistake(frame, node, "DAM613", True, twin)
        if isinstance(state, Instance) and state.certain:
            row = self.catalog.model_methods.get(func.name)
            if row is not None and row.twin and (row.twin_since or (0, 0)) <= self.version:
                return self._mistake(frame, node, "DAM613", True, row.twin)
        return None

    def _is_coroutine_function(self, frame: Frame, value: Value) -> bool:
        """Whether a value is certainly a function whose call gives a coroutine."""
        if isinstance(value, Partial) and isinstance(value.func, (Func, Method, External)):
            return self._is_coroutine_function(frame, value.func)
        if isinstance(value, Func):
            if isinstance(value.fn.node, ast.Lambda):
                if value.fn.params or frame.fn is None:
                    return False
                with frame.muted():
                    result = frame.call(value, (), (), value.fn.node)
                return all(self.is_coroutine(frame, part) is not None for part in alternatives(result))
            return self.gives_coroutine(frame, value)
        if isinstance(value, Bridge):
            func = value.func
            return value.mode == "thread" and not (isinstance(func, Func) and not self._keeps(func.fn))
        if isinstance(value, (Method, External)):
            return self._api_gives_coroutine(frame, value) is True and self._is_async_api(frame, value)
        return False

    def _is_async_api(self, frame: Frame, func: Method | External) -> bool:
        if isinstance(func, External):
            return True
        if isinstance(frame.state(func.receiver), Instance):
            row = self.catalog.model_methods.get(func.name)
            return row is not None and row.is_async
        method = self.catalog.queryset_methods.get(func.name)
        own = self.catalog.related_manager_methods.get(func.name)
        return any(row is not None and row.kind == "async" for row in (method, own)) and func.name != "aiterator"

    def _never_callable(self, frame: Frame, value: Value) -> bool | None:
        """Whether a value can certainly not be called; False where that is very likely, None where nobody knows."""
        state = frame.state(value)
        if isinstance(value, (Const, Tuple)) or (isinstance(value, Scalar) and value.kind):
            return True
        if isinstance(state, (Sequence, Dict)):
            return True
        if isinstance(state, QuerySet):
            return state.certain and state.cls is None
        if isinstance(state, Instance):
            cls = state.model.cls
            return None if cls is not None and cls.find("__call__") is not None else state.certain
        return None

    # -- what is awaited -----------------------------------------------------------------------------------

    def _iterator(self, frame: Frame, node: ast.expr, value: Value) -> Effect | None:
        """``async for row in rows.iterator()``: that is a plain iterator."""
        states = [frame.state(part) for part in alternatives(value)]
        if not all(isinstance(state, QuerySet) and state.certain and state.cls is None for state in states):
            return None
        text = f"{frame.text(node)}, iterated by async for,"
        return Effect("mistake", frame.site(node), text, "iterator", True, rule="DAM606")

    def _awaited(self, frame: Frame, node: ast.expr, value: Value) -> Effect | None:
        parts = alternatives(value)
        if all(isinstance(part, (Bridge, BridgeFactory)) for part in parts):
            if all(isinstance(part, BridgeFactory) or self._is_known_bridge(part) for part in parts):
                return self._mistake(frame, node, "DAM609", True)
            return None
        if all(isinstance(part, Func) and self.gives_coroutine(frame, part) for part in parts):
            return self._mistake(frame, node, "DAM606", True, "call")
        certain = [self._never_awaitable(frame, part) for part in parts]
        if not isinstance(node, ast.Call):
            if not all(isinstance(frame.state(part), QuerySet) or isinstance(part, _MANAGERS) for part in parts):
                return None  # what is stored somewhere may be replaced by an awaitable elsewhere
        else:
            called = self._plain_functions(frame, node)
            if called is None and self._is_library_call(frame, node) and self.gives_plain(frame.fn, node):
                return self._mistake(frame, node, "DAM606", True)
            if called is None:
                return None
            if None in certain:
                certain = [True if gives_plain_value(fn) else None for fn in called] or [None]
        if None in certain:
            return None
        lazy = all(isinstance(frame.state(part), QuerySet) for part in parts)
        return self._mistake(frame, node, "DAM606", all(certain), "rows" if lazy else "")

    def _gathered(self, frame: Frame, node: ast.expr, value: Value, use: Use) -> Effect | None:
        """``asyncio.gather([one(), two()])`` raises: it takes awaitables one by one."""
        if isinstance(node, ast.Starred) or not isinstance(use.around, ast.Call) or frame.fn is None:
            return None
        if self.project.external_name(frame.module, use.around.func, frame.fn) != "asyncio.gather":
            return None
        for part in alternatives(value):
            if not isinstance(part, (Tuple, Generator)) and not isinstance(frame.state(part), Sequence):
                return None
        found = self._mistake(frame, node, "DAM606", True, "gather")
        return replace(found, what=f"{found.what}, given to gather(),")

    def _is_library_call(self, frame: Frame, node: ast.Call) -> bool:
        """Whether what is called is no function of the project that goes by a library's name."""
        with frame.muted():
            func = frame.eval(node.func)
        return all(isinstance(part, (External, Method)) for part in alternatives(func))

    def _is_known_bridge(self, value: Value) -> bool:
        if not isinstance(value, Bridge):
            return False
        return not isinstance(value.func, Func) or self._keeps(value.func.fn)

    def _never_awaitable(self, frame: Frame, value: Value) -> bool | None:
        """Whether a value can certainly not be awaited; False where that is very likely, None where nobody knows."""
        state = frame.state(value)
        if isinstance(value, (Const, Tuple, Class, ModelClass)) or (isinstance(value, Scalar) and value.kind):
            return True
        if isinstance(value, (Manager, RelatedManager)):
            return value.certain
        if isinstance(state, (Sequence, Dict)):
            return True
        if isinstance(state, QuerySet):
            return None if state.cls is not None and state.cls.find("__await__") else state.certain
        if isinstance(state, Instance):
            cls = state.model.cls
            return None if cls is not None and cls.find("__await__") else state.certain
        return None

    def _iterated(self, frame: Frame, node: ast.expr, value: Value) -> Effect | None:
        """``async for`` over a list or a plain generator raises."""
        if isinstance(node, ast.Call):
            called = self._plain_functions(frame, node)
            if called is None and not isinstance(value, Generator):
                return None
            if called and all(gives_plain_value(fn) for fn in called):
                return self._mistake(frame, node, "DAM606", True, "iterate")
        elif not isinstance(node, (ast.Name, ast.List, ast.Tuple, ast.Set, ast.Dict, ast.GeneratorExp)):
            return None
        if not all(self._never_async(frame, part) for part in alternatives(value)):
            return None
        return self._mistake(frame, node, "DAM606", True, "iterate")

    def _never_async(self, frame: Frame, value: Value) -> bool:
        """Whether a value is certainly no async iterable."""
        state = frame.state(value)
        if isinstance(value, (Const, Tuple)):
            return True
        if isinstance(state, (Sequence, Dict)):
            return not isinstance(state, Sequence) or state.kind in {"list", "tuple", "set", "frozenset"}
        if not isinstance(value, Generator) or not isinstance(value.func, Func):
            return False
        func, fn = value.func, value.func.fn
        if isinstance(fn.node, ast.GeneratorExp):
            return not any(
                isinstance(part, ast.Await) or (isinstance(part, ast.comprehension) and part.is_async)
                for part in nodes_in(fn.node)
            )
        if not fn.is_generator or fn.is_async or not self._keeps(fn):
            return False
        held = frame.state(func.receiver) if func.receiver is not None else None
        if isinstance(held, Object) and not held.whole:
            return not any(cls is not fn.cls for cls in self.subclasses_with(held.cls, fn.name))
        return True

    def _plain_functions(self, frame: Frame, node: ast.Call) -> list[FunctionInfo] | None:
        """Return the project functions that a call certainly runs; None where one may be async, or is not known.

        An API of Django's that is no coroutine function runs none.
        """
        found: list[FunctionInfo] = []
        with frame.muted():
            func = frame.eval(node.func)
        for part in alternatives(func):
            if isinstance(part, (Class, ModelClass)):
                continue
            if isinstance(part, Method):
                state = frame.state(part.receiver)
                if isinstance(state, (QuerySet, Instance)) or isinstance(part.receiver, (Manager, RelatedManager)):
                    continue
            if not isinstance(part, Func) or part.fn.is_async or part.fn.is_stub or not self._keeps(part.fn):
                return None
            state = frame.state(part.receiver) if part.receiver is not None else None
            if isinstance(state, Object) and isinstance(part.receiver, Ref) and not state.whole:
                for cls in self.subclasses_with(state.cls, part.fn.name):
                    member = cls.find(part.fn.name)
                    if member is None or member[1] is not part.fn:
                        return None
            found.append(part.fn)
        return found
