"""Functions outside the project: catalogue rows, bridges, and the parts of the standard library that matter."""

from __future__ import annotations

import ast
from collections.abc import Sequence as Seq
from typing import TYPE_CHECKING

from django_async_migrate.catalog.rows import twin_of
from django_async_migrate.core.effects import EffectKind, Terminal
from django_async_migrate.core.record import replace
from django_async_migrate.index.models import Model
from django_async_migrate.values.heap import Dict, Instance, Loaded, Object, QuerySet, Sequence, Slot
from django_async_migrate.values.types import (
    NONE,
    Bridge,
    BridgeFactory,
    Const,
    Coroutine,
    External,
    ExternalObject,
    Method,
    ModelClass,
    Ready,
    Ref,
    Scalar,
    Star,
    Submitted,
    Tuple,
    Unknown,
    Value,
    alternatives,
    one_of,
)

from . import (
    asynchronous,
    authentication,
    blocking,
    builtins,
    dispatching,
    formclasses,
    forms,
    instances,
    messages,
    querysets,
    related,
    rendering,
    serializers,
    stdlib,
    views,
)
from .warmth import warm

if TYPE_CHECKING:
    from django_async_migrate.catalog import Catalog
    from django_async_migrate.catalog.rows import Bridge as BridgeRow
    from django_async_migrate.catalog.rows import Function

    from .machine import Machine

Kwargs = Seq[tuple[str, Value]]

#: What doubles of library classes call.
doubled = {**forms.FUNCTIONS, **formclasses.FUNCTIONS, **views.FUNCTIONS, **messages.FUNCTIONS, **serializers.FUNCTIONS}


def call(m: Machine, api: str, args: Seq[Value], kwargs: Kwargs, node: ast.AST) -> Value:
    """Call something outside the project by its dotted name."""
    blocked = blocking.call(m, api, args, kwargs, node)
    if blocked is not None:
        return blocked
    if api == dispatching.CALL_COMMAND:
        return dispatching.call_command(m, args, kwargs, node)
    if api.startswith("builtins."):
        return builtins.call(m, api[9:], args, kwargs, node)
    bridge = m.catalog.bridges.get(api)
    if bridge is not None:
        return bridged(m, bridge, args, kwargs, node)
    special = stdlib.FUNCTIONS.get(api) or rendering.FUNCTIONS.get(api) or doubled.get(api)
    if special is not None:
        return special(m, args, kwargs, node)
    function = m.catalog.functions.get(api)
    if api == "django.contrib.auth.middleware.get_user" and args:
        with m.muted():
            m.force(args[0], node)  # whoever reads the user has loaded the session
    if function is not None:
        return _row(m, api, function, args, kwargs, node)
    head, _, name = api.rpartition(".")
    if args and head.startswith("django.views.generic."):
        called = views.call(m, args[0], name, args[1:], kwargs, node)  # ListView.get(self, request)
        if called is not None:
            return called
    if args and head.endswith((".Model", ".QuerySet", ".Manager")) and m.state(args[0]) is not None:
        return m.call(m.attribute(args[0], name, node), args[1:], kwargs, node)  # Model.save(obj)
    model = m.project.models.of_api(api)
    if model is not None:
        return querysets.made(m, model, kwargs, node)
    if asynchronous.is_coroutine_path(m, api):
        blocking.late(m, External(head), name, args, kwargs, node)
        return Coroutine("method", External(api), tuple(args), tuple(kwargs))
    return ExternalObject(api)


def method(m: Machine, receiver: Value, name: str, args: Seq[Value], kwargs: Kwargs, node: ast.AST) -> Value | None:
    """Call a method that a row names in full (``...SessionStore.save``); None for other methods."""
    state = m.state(receiver)
    classes = state.cls.externals if isinstance(state, Object) else ()
    for owner in (receiver.api,) if isinstance(receiver, ExternalObject) else classes:
        row = m.catalog.functions.get(f"{owner}.{name}")
        if row is not None and not row.is_async:
            return _row(m, row.api, row, args, kwargs, node)
    return None


def is_async(m: Machine, api: str) -> bool:
    """Whether calling something outside the project gives a coroutine."""
    row = m.catalog.functions.get(api)
    return row is not None and row.is_async


def gives_no_coroutine(catalog: Catalog, api: str) -> bool:
    """Whether calling something outside the project, by its dotted name alone, is known to give no coroutine."""
    if api.startswith("django.") or api in catalog.bridges:
        return False
    if api in stdlib.FUNCTIONS or api in rendering.FUNCTIONS or api in doubled:
        return False
    row = catalog.functions.get(api)
    return row is None or not row.is_async


# -- bridges -----------------------------------------------------------------------------------------------


def bridged(m: Machine, row: BridgeRow, args: Seq[Value], kwargs: Kwargs, node: ast.AST) -> Value:
    """Move a call to a thread or to a loop."""
    given = dict(kwargs)
    position = row.function_argument
    func = args[position] if len(args) > position else given.get(row.function_keyword or "func")
    rest = tuple(args[position + 1 :])
    if func is not None and row.kind not in {"task-call", "gather-call"}:
        given_as = node.args[position : position + 1] if isinstance(node, ast.Call) else []
        blocking.handed_over(m, func, given_as[0] if given_as else node)
    if row.kind in {"to-thread-decorator", "to-loop-decorator"}:
        mode = "thread" if row.kind == "to-thread-decorator" else "loop"
        apart = given.get("thread_sensitive") == Const(False)
        return Bridge(mode, func, None, apart) if func is not None else BridgeFactory(mode, apart)
    if row.kind in {"to-thread", "to-thread-call", "executor-method"}:
        passed = tuple((name, value) for name, value in kwargs if name not in {"limiter", "cancellable"})
        mode = "future" if row.kind == "executor-method" else "thread"
        mode = "submitted" if row.api.endswith(".submit") else mode
        apart = row.kind != "to-thread" and not row.thread_sensitive
        call = Coroutine(mode, func or Unknown("to thread"), rest, passed, apart)
        # How a function of the project is used tells what it is: run(f, x) is awaited, run(f) may be called first.
        return one_of([Bridge("thread", func), call]) if row.kind == "to-thread" and func and not rest else call
    if row.kind in {"to-loop-call", "to-loop-method"}:
        if not row.thread_safe:
            m.effect(node, "to-loop", rule="DAM612")
        awaited = m.await_(args[0], node) if args else Unknown("to loop")
        return Submitted(awaited) if row.thread_safe else awaited
    if row.kind == "task-call":
        return Ready(m.await_(args[0], node)) if args else Unknown("task")
    if row.kind == "gather-call":
        several = len(args) > 1 or any(isinstance(arg, Star) for arg in args)
        if several and all(_is_thread_bound(m, part) for arg in args for part in alternatives(arg)):
            m.effect(node, "mistake", rule="DAM614")
        return Ready(_gathered(m, args, node))
    if row.kind in {"loop-sync-call", "loop-sync-method"} and func is not None:
        return m.call(func, rest, (), node)
    return Unknown(row.kind)


def _is_thread_bound(m: Machine, value: Value) -> bool:
    """Whether awaiting a value certainly runs something in the one thread for what is bound to a thread."""
    if isinstance(value, Star):
        return _is_thread_bound(m, value.element)
    if not isinstance(value, Coroutine) or value.apart:
        return False
    return value.mode == "thread" or (value.mode == "method" and isinstance(value.func, Method))


def _gathered(m: Machine, args: Seq[Value], node: ast.AST) -> Value:
    results: list[Value] = []
    for number, arg in enumerate(args):
        with m.tagged((node, number)):
            if isinstance(arg, Star):
                element = m.await_(arg.element, node)
                return m.alloc(node, Sequence("list", None, one_of([*results, element])), "gathered")
            results.append(m.await_(arg, node))
    return Tuple(tuple(results))


# -- rows of rules/functions.toml --------------------------------------------------------------------------


def _row(m: Machine, api: str, row: Function, args: Seq[Value], kwargs: Kwargs, node: ast.AST) -> Value:
    if row.is_async:
        return Coroutine("method", External(api), tuple(args), tuple(kwargs))
    if row.returns == "context-manager":
        return args[0] if len(args) == 1 and not isinstance(args[0], (Const, Scalar)) else ExternalObject(api)
    if row.free_given and not isinstance(dict(kwargs).get(row.free_given, NONE), Const):
        return returned(m, api, row.returns, args, kwargs, node)
    closes = row.closes
    asked = row.returns.partition(":")[2] or api
    if row.effect in {"query", "blocking"} and not (row.free_when_cached and warm(m, asked, args, kwargs)):
        twin = (twin_of(row, m.version) or "").rpartition(".")[2] or None
        advice = f"await {twin}(...)" if twin else "run it through sync_to_async"
        kind: EffectKind = "framework" if row.rule else "orm-call"
        kind = "blocking" if row.effect == "blocking" else kind
        module = row.twin.rpartition(".")[0] if row.twin else ""
        # What is asked for once in a process may have been asked for before.
        m.effect(
            node, kind, "", advice, not row.free_when_cached, row.rule, about=Terminal(twin, module), closes=closes
        )
    if row.effect == "idle":
        m.effect(node, "idle", "", "run it through sync_to_async", rule=row.rule, closes=closes)
    return returned(m, api, row.returns, args, kwargs, node)


def read(m: Machine, api: str, node: ast.AST) -> None:
    """Read an attribute that a row tells about (``connection.in_atomic_block``)."""
    row = m.catalog.functions.get(api)
    if row is not None and row.read:
        m.effect(node, "idle", "", "read it through sync_to_async", rule=row.rule)


def awaited(m: Machine, call: Coroutine, api: str, node: ast.AST) -> Value:
    """Return what awaiting a coroutine function outside the project gives."""
    row = m.catalog.functions.get(api)
    if row is None:
        return Unknown("awaited value")
    return returned(m, api, row.returns, call.args, call.kwargs, node)


def entered(m: Machine, manager: ExternalObject, node: ast.AST, asynchronous: bool) -> None:
    """Enter a context manager that a row tells about (``transaction.atomic()``)."""
    if not asynchronous:
        blocking.operated(m, manager, "__enter__", (), node)
    row = m.catalog.functions.get(manager.api)
    if row is None or row.returns != "context-manager" or row.effect != "query":
        return
    rule = row.rule_async if asynchronous else row.rule
    if rule:
        m.effect(node, "framework", "", "move what is in it into a function, for sync_to_async", rule=rule)


def returned(m: Machine, api: str, returns: str, args: Seq[Value], kwargs: Kwargs, node: ast.AST) -> Value:
    """Return what a row says a function gives."""
    authentication.settle(m, api, args, kwargs, node)
    name = api.rpartition(".")[2].removeprefix("a")
    if name == "prefetch_related_objects" and args:
        element = m.iterate(args[0], node)
        for part in alternatives(element):
            instances.prefetch_onto(m, part, args[1:])
        return NONE
    if returns in {"instance-of-arg0", "list-of-arg0"} and args:
        queryset = related.as_queryset(m, args[0], node)
        state = m.state(queryset) if queryset is not None else None
        if not isinstance(state, QuerySet):
            return Unknown("row of an unknown model")
        row = querysets.row(m, state, node)
        if returns == "list-of-arg0":
            return m.alloc(node, Sequence("list", None, row), "list")
        return row
    if returns == "dict":
        return m.alloc(node, Dict({}, None, Unknown("stored elsewhere")), "dict")
    if returns in {"user", "optional-user"}:
        model = m.project.models.user_model()
        if model is None:
            return Unknown("user model")
        user = m.alloc(node, Instance(model), "user")
        return one_of([user, NONE]) if returns == "optional-user" else user
    if returns == "user-model":
        model = m.project.models.user_model()
        return ModelClass(model) if model is not None else Unknown("user model")
    if returns == "model":
        return _get_model(m, args, kwargs, node)
    if returns.startswith("instance-of:"):
        model = m.project.models.of_api(returns.partition(":")[2])
        return m.alloc(node, Instance(model), "row") if model is not None else Unknown("row")
    if returns in {"none"}:
        return NONE
    if returns == "connection":
        return External("django.db.connection")
    if returns in {"str", "int", "bool"}:
        return Scalar(returns)
    return Unknown(f"result of {api}()")


def _get_model(m: Machine, args: Seq[Value], kwargs: Kwargs, node: ast.AST) -> Value:
    texts = [str(a.value) for a in args if isinstance(a, Const) and isinstance(a.value, str)]
    texts += [str(v.value) for k, v in kwargs if isinstance(v, Const) and k in {"app_label", "model_name"}]
    label, _, name = ".".join(texts).rpartition(".")
    model: Model | None = m.project.models.by_label(label, name) if label else None
    return ModelClass(model) if model is not None else Unknown("get_model of a computed name")


def havoc(m: Machine, values: Seq[Value]) -> None:
    """Forget what was not loaded on instances that unknown code had in a thread: it may have loaded it."""
    for value in values:
        for part in alternatives(value):
            inst = m.state(part)
            if isinstance(inst, Instance) and isinstance(part, Ref):
                slots = {
                    name: Slot(slot.value, Loaded.UNKNOWN) if slot.loaded is Loaded.MAYBE else slot
                    for name, slot in inst.slots.items()
                }
                m.put(
                    part,
                    replace(
                        inst,
                        slots=slots,
                        spec=replace(inst.spec, unknown_related=True, unknown_prefetch=True, unknown_fields=True),
                    ),
                )
            elif isinstance(inst, QuerySet) and isinstance(part, Ref):
                if inst.cached is Loaded.MAYBE:
                    m.put(part, replace(inst, cached=Loaded.UNKNOWN))
