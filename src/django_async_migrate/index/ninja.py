"""Operations of Django Ninja: functions that get the request of Django as their first argument.

Source: https://django-ninja.dev/reference/operations-parameters/. What an operation is authenticated with may load
the user in a thread, or set another: only operations without it are certain to get a request that nobody has touched.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from django_async_migrate.syntax.nodes import nodes_in

from .modules import Assigned

if TYPE_CHECKING:
    from .functions import FunctionInfo
    from .project import Project

_METHODS = frozenset({"get", "post", "put", "patch", "delete", "api_operation"})
_APIS = frozenset({"ninja.NinjaAPI", "ninja.main.NinjaAPI"})
_ROUTERS = frozenset({"ninja.Router", "ninja.router.Router"})


def is_open_operation(project: Project, fn: FunctionInfo) -> bool:
    """Whether a function is an operation that nothing authenticates."""
    route = _route(fn)
    if route is None or not all(_keeps_request(project, fn, inner) for inner in fn.decorators[1:]):
        return False
    operation, owner = route
    made = _made(project, fn, owner)
    if made is None:
        return False
    own = _auth(operation)
    if own is not None:
        return isinstance(own, ast.Constant) and own.value is None
    api, call = made
    return _auth(call) is None and (api in _APIS or not _routers_have_auth(project))


def response_of(project: Project, fn: FunctionInfo) -> ast.expr | None:
    """Return the response schema of an operation; None where there is none, or another decorator is in between."""
    route = _route(fn) if len(fn.decorators) == 1 else None
    if route is None:
        return None
    operation, owner = route
    schema = next((keyword.value for keyword in operation.keywords if keyword.arg == "response"), None)
    return schema if schema is not None and _made(project, fn, owner) is not None else None


def _route(fn: FunctionInfo) -> tuple[ast.Call, ast.expr] | None:
    """Return what routes requests to a function, ``api.get("/books")``, and the API or router in it."""
    operation = fn.decorators[0] if fn.decorators and fn.cls is None else None
    if not isinstance(operation, ast.Call) or not isinstance(operation.func, ast.Attribute):
        return None
    return (operation, operation.func.value) if operation.func.attr in _METHODS else None


def _made(project: Project, fn: FunctionInfo, owner: ast.expr) -> tuple[str, ast.Call] | None:
    """Return what class the API or router of an operation is of, and the call that makes it."""
    for definition in project.resolve(fn.module, owner):
        if isinstance(definition, Assigned) and isinstance(definition.value, ast.Call):
            api = project.external_name(definition.module, definition.value.func, None)
            if api in _APIS or api in _ROUTERS:
                return str(api), definition.value
    return None


def _keeps_request(project: Project, fn: FunctionInfo, decorator: ast.expr) -> bool:
    target = decorator.func if isinstance(decorator, ast.Call) else decorator
    owner = target.value if isinstance(target, ast.Attribute) else None
    if owner is not None and _made(project, fn, owner) is not None:
        return True  # a second route to the same operation
    api = project.external_name(fn.module, target, None)
    return api is not None and api.startswith(("django.", "asgiref.", "ninja."))


def _auth(call: ast.Call) -> ast.expr | None:
    return next((keyword.value for keyword in call.keywords if keyword.arg in {"auth", None}), None)


def _routers_have_auth(project: Project) -> bool:
    """Whether some API of the project, or what adds a router to another, names what authenticates."""
    for path in project.tree.containing(b"NinjaAPI", b"add_router"):
        module = project.module(path)
        for node in nodes_in(module.parsed.tree) if module is not None else ():
            if isinstance(node, ast.Call) and _auth(node) is not None:
                name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
                if name in {"NinjaAPI", "add_router"}:
                    return True
    return False
