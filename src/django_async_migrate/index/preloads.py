"""What a middleware does to a request before a view gets it: load its user or session, or replace them."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from functools import cached_property
from typing import TYPE_CHECKING

from django_async_migrate.syntax.nodes import nodes_in

from .classes import ClassInfo
from .functions import FunctionInfo
from .middleware import handles_request, middleware_in, middleware_of

if TYPE_CHECKING:
    from .chain import Entry
    from .modules import ModuleInfo
    from .project import Project

_HELD = frozenset({"user", "session"})
#: Which middleware puts each of them into the request.
_GIVERS = {
    "session": "django.contrib.sessions.middleware.SessionMiddleware",
    "user": "django.contrib.auth.middleware.AuthenticationMiddleware",
}
#: Middleware of Django and of libraries that asks every request for its user, in a thread.
_LOADERS = frozenset(
    {"django.contrib.auth.middleware.LoginRequiredMiddleware", "stronghold.middleware.LoginRequiredMiddleware"}
)
#: The same, before it got an async path that leaves ``request.user`` alone: https://docs.djangoproject.com/en/5.2/releases/5.2/
_REMOTE = "django.contrib.auth.middleware.RemoteUserMiddleware"
_ASYNC_REMOTE = (5, 2)
#: Methods of a middleware that get the request.
_RECEIVERS = ("__call__", "__acall__", "process_request", "process_view")
#: Statements whose bodies always run, up to an error.
_STRAIGHT = (ast.With, ast.AsyncWith, ast.Try)


class Preloads:
    """Tells what a request holds when a view, or a middleware of the project, gets it."""

    def __init__(self, project: Project) -> None:
        self._project = project
        self._of: dict[FunctionInfo | ClassInfo, frozenset[str]] = {}

    @cached_property
    def before_views(self) -> frozenset[str]:
        """Which of ``user`` and ``session`` the middleware has settled when a view begins.

        Settled is what is loaded on every way to the response, and what is replaced on any: such a user is of another
        kind. What only some requests load is not: other requests come without.
        """
        chains = self._project.middleware.chains
        if not chains or not all(chain.complete for chain in chains):
            return self._by_any
        return self._by_entries(entry for chain in chains for entry in chain.entries)

    @cached_property
    def _before_open_views(self) -> frozenset[str]:
        """The same for views that need no login: nobody has asked for their user."""
        entries = [entry for chain in self._project.middleware.chains for entry in chain.entries]
        if not any(entry.dotted in _LOADERS for entry in entries):
            return self.before_views
        return self._by_entries(entry for entry in entries if entry.dotted not in _LOADERS)

    def _by_entries(self, entries: Iterable[Entry]) -> frozenset[str]:
        return frozenset(name for entry in entries for name in self._by_entry(entry))

    @cached_property
    def _places(self) -> dict[FunctionInfo, FunctionInfo | ClassInfo]:
        """The functions of installed middleware that get the request, with the middleware they belong to."""
        chains = self._project.middleware.chains
        named = (entry.definition for chain in chains for entry in chain.entries)
        return {fn: made for made in dict.fromkeys(named) if made is not None for fn in _receivers(made)}

    def is_middleware(self, fn: FunctionInfo) -> bool:
        """Whether Django calls a function with a request, since ``MIDDLEWARE`` names what it belongs to.

        A library has no settings: what looks like middleware counts there.
        """
        return fn in self._places or self._is_for_others(fn)

    def _is_for_others(self, fn: FunctionInfo) -> bool:
        return not self._project.middleware.chains and handles_request(fn)

    def before(self, fn: FunctionInfo) -> frozenset[str]:
        """Which of ``user`` and ``session`` is settled, or not there yet, when a function gets the request."""
        made = self._places.get(fn)
        if made is None:
            if self._is_for_others(fn):
                return frozenset()
            is_open = any(_name(node) == "login_not_required" for node in fn.decorators)
            return self._before_open_views if is_open else self.before_views
        found: set[str] = set()
        for chain in self._project.middleware.chains:
            places = [number for number, entry in enumerate(chain.entries) if entry.definition is made]
            if not places:
                continue
            outside = chain.entries[: places[0]]
            known = {entry.dotted for entry in outside}
            found.update(name for name, giver in _GIVERS.items() if giver not in known)
            found |= self._by_entries(outside)
        return frozenset(found)

    def _by_entry(self, entry: Entry) -> frozenset[str]:
        version = self._project.version
        if entry.dotted in _LOADERS or (entry.dotted == _REMOTE and version is not None and version < _ASYNC_REMOTE):
            return _HELD
        made = entry.definition or entry.installed
        if made is None:
            return frozenset()
        known = self._of.get(made)
        if known is None:
            known = self._of[made] = _preloaded(made)
        return known

    @cached_property
    def _by_any(self) -> frozenset[str]:
        """What any middleware of the project settles, where nobody knows which of it is installed."""
        tree = self._project.tree
        found: set[str] = set()
        for path in tree.containing(b"request.user", b"request.session"):
            data = tree.data(path) or b""
            module = self._project.module(path) if b"get_response" in data or b"MiddlewareMixin" in data else None
            for made in middleware_definitions(module) if module is not None else ():
                found |= _preloaded(made)
        return frozenset(found)


def middleware_definitions(module: ModuleInfo) -> Iterator[FunctionInfo | ClassInfo]:
    """Yield the functions and classes of a module."""
    for bindings in module.bindings.values():
        yield from (one for one in bindings if isinstance(one, (FunctionInfo, ClassInfo)))


def _preloaded(made: FunctionInfo | ClassInfo) -> frozenset[str]:
    """Return which of ``user`` and ``session`` a middleware has settled when what is inside of it begins."""
    found: set[str] = set()
    middleware = middleware_of(made)
    # A sync function of async middleware runs on the loop, where loading raises; its hooks run in a thread.
    on_loop = set(_receivers(made)) if middleware is not None and middleware.async_capable else set()
    hooks = {fn.node for fn in on_loop if not fn.is_async and not fn.name.startswith("process_")}
    for node in nodes_in(*_trees(made)):
        if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store) and _held(node):
            found.add(node.attr)
        elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and node not in hooks and _is_hook(node):
            found |= _Loads(isinstance(node, ast.AsyncFunctionDef)).by(node.body)[0]
    if "user" in found:
        found.add("session")  # the user comes from the session
    return frozenset(found)


def _trees(made: FunctionInfo | ClassInfo) -> list[ast.AST]:
    """Return the code of a middleware, and what stands beside it without being middleware: helpers may load as well."""
    own = [made] if isinstance(made, FunctionInfo) else made.mro
    found: list[ast.AST] = [entry.node for entry in own if entry.node is not None]
    for module in dict.fromkeys(entry.module for entry in own):
        others = {entry.definition.node for entry in middleware_in(module)}
        found += [node for node in module.parsed.tree.body if node not in others and node not in found]
    return found


def _receivers(made: FunctionInfo | ClassInfo) -> list[FunctionInfo]:
    """Return the functions of a middleware that Django gives the request."""
    if isinstance(made, FunctionInfo):
        nested = (node for node in made.own_nodes if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)))
        return [made.module.function(node, None, made) for node in nested]
    middleware = middleware_of(made)
    is_sync = middleware is not None and not middleware.async_capable
    names = [name for name in _RECEIVERS if not (is_sync and name == "__acall__")]  # that is never called
    members = (cls.members.get(name) for cls in made.mro for name in names)
    found = [member for member in members if isinstance(member, FunctionInfo)]
    handed = (made.find(name) for fn in found for name in _handed_to(fn))
    found += [member[1] for member in handed if member is not None and isinstance(member[1], FunctionInfo)]
    return list(dict.fromkeys(found))


def _handed_to(fn: FunctionInfo) -> list[str]:
    """Return the methods that a sync ``__call__`` leaves the request to: ``return self.acall(request)``."""
    if len(fn.params) < 2 or fn.name != "__call__" or fn.is_async:
        return []
    receiver, request = fn.params[0].arg, fn.params[1].arg
    found = []
    for node in fn.own_nodes:
        call = node.value if isinstance(node, ast.Return) else None
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) and call.args:
            owner, given = call.func.value, call.args[0]
            if isinstance(owner, ast.Name) and owner.id == receiver and isinstance(given, ast.Name):
                if given.id == request and call.func.attr != "get_response":
                    found.append(call.func.attr)
    return found


def _name(node: ast.expr) -> str:
    return node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")


def _is_hook(node: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    """Whether a function gets the request before the view does."""
    return any(arg.arg.endswith("request") for arg in node.args.args[:2]) and node.name != "process_response"


class _Loads:
    """Follows the statements of a function that gets a request.

    ``on_loop``: what its own code touches raises there; a thread may load what it is given.
    """

    def __init__(self, on_loop: bool) -> None:
        self._on_loop = on_loop

    def by(self, body: list[ast.stmt]) -> tuple[set[str], bool]:
        """Return what statements load for certain before the response is asked for, and whether they ask for it."""
        found: set[str] = set()
        for statement in body:
            if isinstance(statement, ast.If) and not _leaves(statement.body):
                parts: list[ast.AST] = [statement.test]
                branches = [self.by(statement.body), self.by(statement.orelse)]
                found |= branches[0][0] & branches[1][0]
            else:
                parts = list(_evaluated(statement))
            names, ends = self._touched(parts)
            found |= names
            if isinstance(statement, ast.If) and _leaves(statement.body) and _goes_on(statement.body):
                return found, True
            if ends or isinstance(statement, (ast.Return, ast.Raise)):
                return found, True
            if isinstance(statement, _STRAIGHT):
                inner, ended = self.by(statement.body)
                found |= inner
                if ended:
                    return found, True
        return found, False

    def _touched(self, parts: list[ast.AST]) -> tuple[set[str], bool]:
        """Return what expressions load, and whether they ask for the response."""
        found: set[str] = set()
        ends = False
        todo = list(parts)
        while todo:
            node = todo.pop()
            if isinstance(node, ast.BoolOp):
                todo.append(node.values[0])  # the others may not run
                continue
            if isinstance(node, ast.IfExp):
                todo.append(node.test)
                continue
            if isinstance(node, ast.Lambda):
                continue
            if isinstance(node, ast.Call):
                name = _name(node.func)
                ends = ends or name == "get_response"
                if name == "hasattr" or (self._on_loop and name in {"getattr", "bool", "str"}):
                    continue
            if isinstance(node, (ast.Attribute, ast.Subscript)) and _held(node.value):
                assert isinstance(node.value, ast.Attribute)
                if not self._on_loop or (isinstance(node, ast.Attribute) and node.attr.startswith("a")):
                    found.add(node.value.attr)
            elif _held(node) and node not in parts:
                assert isinstance(node, ast.Attribute)
                found.add(node.attr)  # handed on: whoever gets it may load it
            todo += [part for part in ast.iter_child_nodes(node) if not (self._on_loop and _is_read(node, part))]
        return found, ends


def _is_read(node: ast.AST, part: ast.AST) -> bool:
    """Whether a part is what an attribute or an item is read from."""
    return isinstance(node, (ast.Attribute, ast.Subscript)) and part is node.value and _held(part)


def _leaves(body: list[ast.stmt]) -> bool:
    return bool(body) and isinstance(body[-1], (ast.Return, ast.Raise))


def _goes_on(body: list[ast.stmt]) -> bool:
    """Whether statements that leave a function let the request pass: to the response, or on to the view."""
    last = body[-1]
    if not isinstance(last, ast.Return):
        return False
    if last.value is None or (isinstance(last.value, ast.Constant) and last.value.value is None):
        return True
    return any(isinstance(node, ast.Call) and _name(node.func) == "get_response" for node in nodes_in(*body))


def _evaluated(statement: ast.stmt) -> Iterator[ast.AST]:
    """Yield what a statement evaluates for certain when it is reached."""
    if isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Try)):
        return
    if isinstance(statement, (ast.If, ast.While)):
        yield statement.test
    elif isinstance(statement, (ast.For, ast.AsyncFor)):
        yield statement.iter
    elif isinstance(statement, (ast.With, ast.AsyncWith)):
        yield from (item.context_expr for item in statement.items)
    else:
        yield statement


def _held(node: ast.AST) -> bool:
    """Whether an expression is the user or the session of a request."""
    if not isinstance(node, ast.Attribute) or node.attr not in _HELD:
        return False
    name = getattr(node.value, "id", getattr(node.value, "attr", ""))
    return isinstance(name, str) and name.endswith("request")
