"""Middleware of the project: what it declares about sync and async, and what its code does.

https://docs.djangoproject.com/en/stable/topics/http/middleware/#async-middleware
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from django_async_migrate.syntax.nodes import nodes_in

from .classes import ClassInfo
from .functions import FunctionInfo
from .modules import Assigned

if TYPE_CHECKING:
    from .modules import ModuleInfo

MIXIN = "django.utils.deprecation.MiddlewareMixin"
_DECORATORS = {
    "django.utils.decorators.sync_and_async_middleware": (True, True),
    "django.utils.decorators.sync_only_middleware": (True, False),
    "django.utils.decorators.async_only_middleware": (False, True),
}
_HOOKS = ("process_request", "process_view", "process_template_response", "process_response", "process_exception")

Style = Literal["function", "class", "mixin"]
#: What a callable does when ``get_response`` is a coroutine function: its own coroutine runs ("async"), it goes one
#: of two ways ("both"), it treats the coroutine as a response ("touches"), or hands it on ("passes"). What calls it in
#: another function, and is never given a coroutine function, does so "elsewhere".
Manner = Literal["async", "both", "touches", "passes", "elsewhere"]


@dataclass(frozen=True, slots=True, eq=False)
class Middleware:
    """One middleware of the project.

    ``sync_capable``, ``async_capable``: what Django reads from it. ``marked``: it tells Django that its instances are
    coroutine functions; "legacy" for the way that Python 3.12 no longer knows. ``hooks``: its hooks, by name.
    """

    definition: FunctionInfo | ClassInfo
    style: Style
    sync_capable: bool
    async_capable: bool
    manner: Manner
    call: FunctionInfo | None = None
    marked: Literal["no", "yes", "legacy"] = "no"
    hooks: dict[str, FunctionInfo] | None = None

    @property
    def native(self) -> bool:
        """Whether a request passes it on the event loop without a thread, not counting what its own code does."""
        return self.async_capable and self.manner in {"async", "both", "passes"}

    @property
    def async_hooks(self) -> list[FunctionInfo]:
        """The hooks that ``MiddlewareMixin`` runs in a thread, and that are coroutine functions."""
        if self.style != "mixin" or self.call is not None:
            return []
        names = ("process_request", "process_response")
        found = ((self.hooks or {}).get(name) for name in names)
        return [hook for hook in found if hook is not None and hook.is_async and not hook.decorators]


def middleware_in(module: ModuleInfo) -> Iterator[Middleware]:
    """Find what looks like middleware at the top level of a module: its parameter is called ``get_response``."""
    for bindings in module.bindings.values():
        for binding in bindings:
            if isinstance(binding, FunctionInfo):
                if binding.params and binding.params[0].arg == "get_response":
                    found = middleware_of(binding)
                    if found is not None:
                        yield found
            elif isinstance(binding, ClassInfo) and (_asks_response(binding) or MIXIN in binding.externals):
                found = middleware_of(binding)
                if found is not None:
                    yield found


def handles_request(fn: FunctionInfo) -> bool:
    """Whether a function gets the requests of a middleware: what a factory returns, ``__call__`` or a hook.

    It asks for the response with its first parameter; a hook has a name that Django calls.
    """
    params = fn.params
    if fn.cls is not None:
        mixed = MIXIN in fn.cls.externals
        if len(params) < 2 or not (mixed or (_asks_response(fn.cls) and fn.cls.find("async_capable") is not None)):
            return False  # Django takes it for synchronous, and runs it in a thread
        return fn.name in _HOOKS[:2] or _asks_for(fn, params[1].arg)
    around = fn.parent
    if around is None or around.cls is not None or len(params) != 1 or not around.decorators:
        return False
    return [param.arg for param in around.params] == ["get_response"] and _asks_for(fn, params[0].arg)


def _asks_for(fn: FunctionInfo, request: str) -> bool:
    """Whether a function calls ``get_response`` with a variable."""
    for node in fn.own_nodes:
        if isinstance(node, ast.Call) and len(node.args) == 1 and isinstance(node.args[0], ast.Name):
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            if name == "get_response" and node.args[0].id == request:
                return True
    return False


def middleware_of(definition: object) -> Middleware | None:
    """Return what a definition is as middleware; None where it is none, or does what nobody can follow."""
    if isinstance(definition, FunctionInfo):
        return _function(definition)
    if isinstance(definition, ClassInfo):
        return _class(definition)
    return None


# -- functions -----------------------------------------------------------------------------------------------


def _function(fn: FunctionInfo) -> Middleware | None:
    if fn.is_async or fn.cls is not None or fn.parent is not None or len(fn.params) != 1:
        return None
    sync_capable, async_capable = True, False
    for decorator in fn.decorators:
        api = fn.module.project.external_name(fn.module, decorator)
        if api not in _DECORATORS:
            return None
        sync_capable, async_capable = _DECORATORS[api]
    given = _attributes(fn)
    sync_capable = given.get("sync_capable", sync_capable)
    async_capable = given.get("async_capable", async_capable)
    inner = _returned(fn)
    if not inner and not async_capable and _hands_on(fn):
        return Middleware(fn, "function", sync_capable, async_capable, "elsewhere")
    if not inner:
        return None
    ways = [_manner(part, {fn.params[0].arg}) for part in inner]
    kinds = {part.is_async for part in inner}
    if not async_capable and kinds == {False} and not any(part.is_generator for part in inner):
        ways = [way or _elsewhere(part, {fn.params[0].arg}) for part, way in zip(inner, ways, strict=True)]
    if any(way is None for way in ways):
        return None
    manner = "both" if len(kinds) > 1 else ways[0]
    if manner is None:
        return None
    if len(inner) > 1 and kinds == {False}:
        return None  # which of them is used when, nobody knows
    return Middleware(fn, "function", sync_capable, async_capable, manner)


def _hands_on(fn: FunctionInfo) -> bool:
    """Whether a function returns what something else makes of ``get_response``: ``return headers()(get_response)``."""
    returned = [node.value for node in fn.own_nodes if isinstance(node, ast.Return)]
    return bool(returned) and all(
        isinstance(value, ast.Call)
        and any(isinstance(argument, ast.Name) and argument.id == fn.params[0].arg for argument in value.args)
        for value in returned
    )


def _attributes(fn: FunctionInfo) -> dict[str, bool]:
    """Return the flags that the module sets on a function after its definition."""
    found: dict[str, bool] = {}
    for node in fn.module.parsed.tree.body:
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant):
            for target in node.targets:
                if isinstance(target, ast.Attribute) and isinstance(target.value, ast.Name):
                    if target.value.id == fn.name:
                        found[target.attr] = bool(node.value.value)
    return found


def _keeps(module: ModuleInfo, decorators: list[ast.expr]) -> bool:
    """Whether a function stays what it is under its decorators: ``@functools.wraps(get_response)``."""
    return all(
        isinstance(node, ast.Call) and module.project.external_name(module, node.func) == "functools.wraps"
        for node in decorators
    )


def _returned(fn: FunctionInfo) -> list[FunctionInfo]:
    """Return the nested functions that a function returns; empty where it returns anything else."""
    nested: dict[str, list[FunctionInfo]] = {}
    for node in fn.own_nodes:
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            nested.setdefault(node.name, []).append(fn.module.function(node, None, fn))
    found: list[FunctionInfo] = []
    for node in fn.own_nodes:
        if not isinstance(node, ast.Return):
            continue
        values = [node.value]
        if isinstance(node.value, ast.IfExp):
            values = [node.value.body, node.value.orelse]
        for value in values:
            if not isinstance(value, ast.Name) or value.id not in nested:
                return []
            found.extend(part for part in nested[value.id] if part not in found)
    return [part for part in found if len(part.params) == 1 and _keeps(fn.module, part.decorators)]


# -- classes -------------------------------------------------------------------------------------------------


def _class(cls: ClassInfo) -> Middleware | None:
    if cls.node is None or any(entry.node is None or entry.node.decorator_list for entry in cls.mro):
        return None
    outside = _outside(cls)
    mixin = outside == {MIXIN}
    if outside and not mixin:
        return None
    flags = {"sync_capable": True, "async_capable": mixin}
    for name in flags:
        found = cls.find(name)
        if found is None:
            continue
        value = found[1].value if isinstance(found[1], Assigned) else None
        if not isinstance(value, ast.Constant) or not isinstance(value.value, bool):
            return None
        flags[name] = value.value
    call, acall = cls.find("__call__"), cls.find("__acall__")
    hooks = {name: member[1] for name in _HOOKS if (member := cls.find(name)) is not None}
    functions = {name: hook for name, hook in hooks.items() if isinstance(hook, FunctionInfo)}
    if len(functions) != len(hooks) or _swaps_call(cls):
        return None
    if call is None:
        if not mixin:
            return None
        own = acall[1] if acall is not None and isinstance(acall[1], FunctionInfo) else None
        return Middleware(cls, "mixin", flags["sync_capable"], flags["async_capable"], "both", own, "yes", functions)
    function = call[1]
    if not isinstance(function, FunctionInfo) or function.decorators or len(function.params) != 2:
        return None
    if not mixin and not _takes_response(cls):
        return None
    manner = _manner(function, _responders(cls), _way_out(cls, function))
    if manner is None and not flags["async_capable"] and not function.is_generator:
        methods = [member for entry in cls.mro for member in entry.members.values() if isinstance(member, FunctionInfo)]
        ways = (_elsewhere(method, _responders(cls)) for method in methods)
        manner = next((way for way in ways if way is not None), None)
    if manner is None:
        return None
    marked = _marks(cls) if not mixin else "yes"
    return Middleware(
        cls,
        "mixin" if mixin else "class",
        flags["sync_capable"],
        flags["async_capable"],
        manner,
        function,
        marked,
        functions,
    )


def _outside(cls: ClassInfo) -> set[str]:
    """Return the bases outside the project, without ``object``; an empty text for one that nobody knows."""
    found: set[str] = set()
    for entry in cls.mro:
        written = [] if entry.node is None else [ast.unparse(base) for base in entry.node.bases]
        if written != ["object"]:
            found.update(base for base in entry.bases if isinstance(base, str))
    return found


def _asks_response(cls: ClassInfo) -> bool:
    init = cls.find("__init__")
    if init is None or not isinstance(init[1], FunctionInfo):
        return False
    return len(init[1].params) > 1 and init[1].params[1].arg == "get_response"


def _takes_response(cls: ClassInfo) -> bool:
    """Whether instances are made with one argument, as Django makes middleware."""
    init = cls.find("__init__")
    if init is None or not isinstance(init[1], FunctionInfo):
        return False
    fn = init[1]
    needed = len(fn.params) - len(fn.args.defaults)
    return len(fn.params) >= 2 and needed <= 2 and not any(d is None for d in fn.args.kw_defaults)


def _responders(cls: ClassInfo) -> set[str]:
    """Return the expressions that stand for ``get_response`` in methods."""
    found = {"self.get_response", "self._get_response"}
    for entry in cls.mro:
        init = entry.members.get("__init__")
        if not isinstance(init, FunctionInfo) or len(init.params) < 2:
            continue
        for node in init.own_nodes:
            if isinstance(node, ast.Assign) and isinstance(node.value, ast.Name):
                if node.value.id == init.params[1].arg:
                    found.update(ast.unparse(target) for target in node.targets if isinstance(target, ast.Attribute))
    return found


def _swaps_call(cls: ClassInfo) -> bool:
    """Whether code gives instances, or their class, another ``__call__``."""
    for entry in cls.mro:
        for node in nodes_in(entry.node) if entry.node is not None else ():
            if isinstance(node, ast.Attribute) and node.attr in {"__call__", "__class__"}:
                if isinstance(node.ctx, ast.Store):
                    return True
    return False


def _marks(cls: ClassInfo) -> Literal["no", "yes", "legacy"]:
    marked: Literal["no", "yes", "legacy"] = "no"
    for entry in cls.mro:
        for node in nodes_in(entry.node) if entry.node is not None else ():
            if isinstance(node, ast.Call):
                name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
                if "mark" in name.lower() and "corou" in name.lower():
                    return "yes"
            elif isinstance(node, ast.Attribute) and node.attr == "_is_coroutine":
                if isinstance(node.ctx, ast.Store) and marked == "no":
                    marked = "legacy"
    return marked


# -- bodies --------------------------------------------------------------------------------------------------


def _way_out(cls: ClassInfo, call: FunctionInfo) -> bool:
    """Whether a sync ``__call__`` returns what a coroutine function of the class gives: ``self.__acall__(request)``."""
    coroutines = {
        name
        for entry in cls.mro
        for name, member in entry.members.items()
        if isinstance(member, FunctionInfo) and member.is_async
    }
    if MIXIN in cls.externals:
        coroutines.add("__acall__")
    nested = {node.name for node in call.own_nodes if isinstance(node, ast.AsyncFunctionDef)}
    for node in call.own_nodes:
        if isinstance(node, ast.Return) and node.value is not None:
            for part in nodes_in(node.value):
                if isinstance(part, ast.Call):
                    func = part.func
                    if isinstance(func, ast.Attribute) and func.attr in coroutines:
                        return True
                    if isinstance(func, ast.Name) and func.id in nested:
                        return True
    return False


def _manner(fn: FunctionInfo, responders: set[str], way_out: bool = False) -> Manner | None:
    """Return what a callable does in async mode; None where nobody can tell."""
    if fn.is_generator:
        return None
    if fn.is_async:
        return "async"
    if way_out or _asks(fn):
        return "both"
    results: set[str] = set()
    calls: list[ast.Call] = []
    for node in fn.own_nodes:
        if isinstance(node, ast.Call):
            text = ast.unparse(node.func)
            if text in responders or text == "super().__call__":
                calls.append(node)
            elif any(ast.unparse(arg) in responders for arg in node.args) and not _only_looks(node):
                return None  # get_response is handed on
    if not calls:
        return None
    for node in fn.own_nodes:
        if isinstance(node, ast.Assign) and node.value in calls:
            results.update(target.id for target in node.targets if isinstance(target, ast.Name))
    return "touches" if _touches(fn, calls, results) else "passes"


def _elsewhere(fn: FunctionInfo, responders: set[str]) -> Manner | None:
    """Return that ``get_response`` is called, or handed on to what calls it; None where it is not."""
    for node in fn.own_nodes:
        if isinstance(node, ast.Call) and any(ast.unparse(part) in responders for part in (node.func, *node.args)):
            return "elsewhere"
    return None


def _asks(fn: FunctionInfo) -> bool:
    """Whether a function asks for the mode it runs in, or of what kind something is: it may go two ways."""
    names = {
        "iscoroutinefunction",
        "iscoroutine",
        "isawaitable",
        "_is_coroutine",
        "async_mode",
        "is_async",
        "_is_async",
    }
    return any(
        (isinstance(node, ast.Attribute) and node.attr in names) or (isinstance(node, ast.Name) and node.id in names)
        for node in fn.own_nodes
    )


def _touches(fn: FunctionInfo, calls: list[ast.Call], results: set[str]) -> bool:
    """Whether the response is used for anything but being returned."""
    for node in fn.own_nodes:
        if isinstance(node, (ast.Attribute, ast.Subscript)):
            held = node.value
            if held in calls or (isinstance(held, ast.Name) and held.id in results):
                return True
        elif isinstance(node, ast.Call) and not _only_looks(node):
            for arg in [*node.args, *(word.value for word in node.keywords)]:
                if arg in calls or (isinstance(arg, ast.Name) and arg.id in results):
                    return True
    return False


def _only_looks(call: ast.Call) -> bool:
    """Whether a call takes anything, a coroutine too: a test of its type, or a log."""
    if isinstance(call.func, ast.Name):
        return call.func.id in {"isinstance", "print", "repr", "str", "id", "type", "callable"}
    return isinstance(call.func, ast.Attribute) and call.func.attr in {"debug", "info", "warning", "error", "exception"}
