"""Streaming responses that an async view gives a sync iterator."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import TYPE_CHECKING

from django_async_migrate.core.findings import Fix
from django_async_migrate.index.functions import FunctionInfo
from django_async_migrate.syntax.nodes import statements_in

from .base import Fact
from .declared import declared, named

if TYPE_CHECKING:
    from .base import Facts

_STREAMING = frozenset({"django.http.StreamingHttpResponse", "django.http.response.StreamingHttpResponse"})
_FILE = frozenset({"django.http.FileResponse", "django.http.response.FileResponse"})
#: Functions whose results are sync iterators or files.
_ITERATORS = frozenset({"enumerate", "filter", "list", "map", "open", "reversed", "sorted", "tuple", "zip"})
_LITERALS = (ast.List, ast.Tuple, ast.ListComp, ast.Set)


def sync_streams(facts: Facts) -> Iterator[Fact]:
    """Give the streaming responses made in coroutines over what is iterated synchronously."""
    for function in declared(facts).functions:
        if not function.is_async or "Response" not in function.module.parsed.text:
            continue
        for node in function.own_nodes:
            if not isinstance(node, ast.Call):
                continue
            name = named(function.module, node, function.cls or function.parent)
            if name in _FILE:
                message = "FileResponse reads its file synchronously: under ASGI it is read whole before it is sent"
                advice = "StreamingHttpResponse over an async generator, or leave the file to the web server"
            elif name in _STREAMING:
                given = node.args[0] if node.args else None
                for keyword in node.keywords:
                    given = keyword.value if keyword.arg == "streaming_content" else given
                if given is None or not _is_sync(function, given):
                    continue
                message = "a sync iterator is used up in a thread before the first byte is sent"
                advice = "give it an async generator"
            else:
                continue
            yield Fact(function.module.parsed.span(node), message, function.qualname, fix=Fix("manual", advice))


def _is_sync(function: FunctionInfo, node: ast.expr, depth: int = 0) -> bool:
    """Whether a value is certainly iterated synchronously."""
    if depth > 4:
        return False
    if isinstance(node, _LITERALS):
        return True
    if isinstance(node, ast.GeneratorExp):
        asynchronous = any(part.is_async for part in node.generators)
        return not asynchronous and not any(isinstance(part, ast.Await) for part in ast.walk(node))
    if isinstance(node, ast.Name):
        values = [
            part.value
            for part in function.own_nodes
            if isinstance(part, ast.Assign)
            and any(isinstance(target, ast.Name) and target.id == node.id for target in part.targets)
        ]
        stores = [
            part
            for part in function.own_nodes
            if isinstance(part, ast.Name) and part.id == node.id and isinstance(part.ctx, ast.Store)
        ]
        return len(values) == 1 == len(stores) and _is_sync(function, values[0], depth + 1)
    return isinstance(node, ast.Call) and _gives_sync(function, node, depth)


def _gives_sync(function: FunctionInfo, node: ast.Call, depth: int) -> bool:
    func = node.func
    module = function.module
    if isinstance(func, ast.Name):
        if func.id in _ITERATORS and not module.project.lookup(module, func.id) and func.id not in function.local_names:
            return True
        for inner in statements_in(function.node.body if isinstance(function.node, ast.AsyncFunctionDef) else []):
            if isinstance(inner, (ast.FunctionDef, ast.AsyncFunctionDef)) and inner.name == func.id:
                return _made_by(module.function(inner, None, function), depth)
    found = module.project.resolve(module, func, function.cls or function.parent)
    if isinstance(func, ast.Attribute) and isinstance(func.value, ast.Name) and function.cls is not None:
        receiver = function.params[0].arg if function.params else ""
        member = function.cls.find(func.attr) if func.value.id == receiver else None
        found = [member[1]] if member is not None else found
    return len(found) == 1 and isinstance(found[0], FunctionInfo) and _made_by(found[0], depth)


def _made_by(function: FunctionInfo, depth: int) -> bool:
    if function.is_async or function.decorators:
        return False
    if function.is_generator:
        return True
    returned = [node.value for node in function.own_nodes if isinstance(node, ast.Return) and node.value is not None]
    return bool(returned) and all(_is_sync(function, value, depth + 1) for value in returned)
