"""Sync functions that a GraphQL framework calls on the event loop.

Ariadne calls every resolver on the loop, and so does strawberry with plain ``strawberry.field`` resolvers once
the schema is served asynchronously; ``strawberry_django.field`` carries sync resolvers to a thread. Sources:
https://strawberry.rocks/docs/integrations/django and https://ariadnegraphql.org/docs/asgi.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from django_async_migrate.index.classes import ClassInfo
from django_async_migrate.index.functions import FunctionInfo
from django_async_migrate.index.modules import Assigned, ExternalRef, ModuleInfo

from .entry_points import EntryPoint

if TYPE_CHECKING:
    from django_async_migrate.index.project import Project
    from django_async_migrate.syntax.tree import SourceTree

#: What a project holds that serves GraphQL on an event loop.
_SERVED = (
    b"AsyncGraphQLView",
    b"AsyncGraphqlView",
    b"ariadne.asgi",
    b"strawberry.asgi",
    b"strawberry.fastapi",
    b"strawberry.channels",
    b"strawberry.litestar",
    b"await schema.execute(",
)
#: What runs a schema synchronously: an async resolver of it is an oversight then.
_SERVED_SYNC = (b"GraphQLView", b"execute_sync")
_STRAWBERRY = frozenset(
    {
        "strawberry.field",
        "strawberry.mutation",
        "strawberry.subscription",
        "strawberry.federation.field",
        "strawberry.federation.mutation",
    }
)
_ARIADNE = frozenset({"ObjectType", "QueryType", "MutationType", "InterfaceType", "SubscriptionType"})


def resolver_points(project: Project, tree: SourceTree) -> list[EntryPoint]:
    """Return the sync resolvers of the selected files; none where nothing serves GraphQL asynchronously."""
    if not tree.graphql_paths or not _is_served(project, tree):
        return []
    found: list[EntryPoint] = []
    for path in tree.graphql_paths:
        module = project.module(path)
        if module is not None:
            _in_body(project, module, module.parsed.tree.body, None, found)
    return found


def _is_served(project: Project, tree: SourceTree) -> bool:
    """Whether something runs a schema on an event loop; a coroutine function as a resolver can run nowhere else."""
    if tree.containing(*_SERVED):
        return True
    if not tree.is_async or tree.containing(*_SERVED_SYNC):
        return False
    paths = tree.containing(b"import strawberry", b"from strawberry")
    modules = (project.module(path) for path in paths if b"async def" in (tree.data(path) or b""))
    return any(_has_async_resolver(project, module) for module in modules if module is not None)


def _has_async_resolver(project: Project, module: ModuleInfo) -> bool:
    for owner in module.parsed.tree.body:
        cls = module.class_(owner) if isinstance(owner, ast.ClassDef) else None
        for node in owner.body if isinstance(owner, ast.ClassDef) else ():
            for decorator in node.decorator_list if isinstance(node, ast.AsyncFunctionDef) else ():
                target = decorator.func if isinstance(decorator, ast.Call) else decorator
                if project.external_name(module, target, cls) in _STRAWBERRY - {"strawberry.subscription"}:
                    return True
    return False


def _in_body(
    project: Project,
    module: ModuleInfo,
    body: list[ast.stmt],
    cls: ClassInfo | None,
    found: list[EntryPoint],
) -> None:
    for node in body:
        if isinstance(node, ast.ClassDef):
            _in_body(project, module, node.body, module.class_(node, cls), found)
        elif isinstance(node, ast.FunctionDef):
            fn = module.function(node, cls)
            if fn.decorators and _is_resolver(project, fn, cls):
                found.append(EntryPoint(fn))


def _is_resolver(project: Project, fn: FunctionInfo, cls: ClassInfo | None) -> bool:
    """Whether the decorators make a function a resolver, and none of them carries it to a thread."""
    resolver = False
    for decorator in fn.decorators:
        target = decorator.func if isinstance(decorator, ast.Call) else decorator
        api = project.external_name(fn.module, target, cls)
        if api is not None:
            row = project.catalog.bridges.get(api)
            if row is not None and row.kind == "to-thread-decorator":
                return False
            resolver = resolver or api in _STRAWBERRY
        elif isinstance(target, ast.Attribute) and target.attr in {"field", "source"}:
            resolver = resolver or _is_ariadne_type(project, fn.module, target.value)
        elif not isinstance(target, ast.Attribute) or target.attr not in {"field"}:
            # A decorator of the project's own: it may do anything, a hop to a thread included.
            names = {getattr(node, "id", getattr(node, "attr", "")) for node in ast.walk(target)}
            if any("async" in name or "thread" in name for name in names):
                return False
    return resolver


def _is_ariadne_type(project: Project, module: ModuleInfo, expr: ast.expr) -> bool:
    for definition in project.resolve(module, expr):
        if not isinstance(definition, Assigned) or not isinstance(definition.value, ast.Call):
            continue
        for maker in project.resolve(definition.module, definition.value.func):
            if isinstance(maker, ExternalRef):
                return maker.api.startswith("ariadne") and maker.api.rpartition(".")[2] in _ARIADNE
    return False
