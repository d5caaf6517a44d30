"""Context processors of the project: functions that Django calls for each template rendered with a request.

https://docs.djangoproject.com/en/stable/ref/templates/api/#writing-your-own-context-processors
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import TYPE_CHECKING

from django_async_migrate.syntax.nodes import nodes_in

from .functions import FunctionInfo
from .survey import is_test

if TYPE_CHECKING:
    from .project import Project

_OPTION = "context_processors"
_ADDING = frozenset({"append", "extend", "insert"})


def processors_of(project: Project) -> tuple[FunctionInfo, ...]:
    """Return the functions of the project that settings name as context processors, in their order."""
    found: dict[FunctionInfo, None] = {}
    for path in project.tree.containing(b"context_processors"):
        module = project.module(path) if not is_test(path) else None
        for dotted in _named(module.parsed.tree) if module is not None else ():
            definition = project.middleware.resolve(dotted, path)
            if isinstance(definition, FunctionInfo) and not definition.is_async:
                found[definition] = None
    return tuple(found)


def _named(tree: ast.Module) -> Iterator[str]:
    """Yield the dotted names that a settings module puts into ``context_processors``, where it is made or later."""
    for node in nodes_in(tree):
        if isinstance(node, ast.Dict):
            for key, value in zip(node.keys, node.values, strict=True):
                if isinstance(key, ast.Constant) and key.value == _OPTION:
                    yield from _texts(value)
        elif (
            (isinstance(node, ast.keyword) and node.arg == _OPTION)
            or (isinstance(node, ast.AugAssign) and _is_option(node.target))
            or (isinstance(node, ast.Assign) and any(map(_is_option, node.targets)))
        ):
            yield from _texts(node.value)
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            if node.func.attr in _ADDING and _is_option(node.func.value):
                for argument in node.args:
                    yield from _texts(argument)


def _is_option(node: ast.expr) -> bool:
    """Whether an expression is ``TEMPLATES[0]["OPTIONS"]["context_processors"]``."""
    return isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Constant) and node.slice.value == _OPTION


def _texts(node: ast.expr) -> Iterator[str]:
    for part in nodes_in(node):
        if isinstance(part, ast.Constant) and isinstance(part.value, str) and "." in part.value:
            yield part.value
