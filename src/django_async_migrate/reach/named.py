"""Sync functions that a project says run on the event loop: ``loop-entry-points``."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence
from fnmatch import translate
from typing import TYPE_CHECKING

from django_async_migrate.index.classes import ClassInfo
from django_async_migrate.index.functions import FunctionInfo
from django_async_migrate.index.modules import Assigned, ExternalRef, ModuleInfo

from .entry_points import EntryPoint

if TYPE_CHECKING:
    from django_async_migrate.index.project import Project
    from django_async_migrate.syntax.tree import SourceTree

_LITERAL = re.compile(r"[^\W\d]\w*")


def named_points(project: Project, tree: SourceTree, patterns: Sequence[str]) -> list[EntryPoint]:
    """Return the sync functions that one of the patterns matches.

    A pattern is compared with the dotted name of a function (``shop.bot.on_message``), that of the same method in a
    base class from outside (``lib.Handler.on_message``), and that of a decorator: as it is imported
    (``lib.command``), as a method of an object (``lib.Router.message``), and as it is written (``router.message``).
    """
    if not patterns:
        return []
    expression = re.compile("|".join(map(translate, patterns)))
    found: list[EntryPoint] = []
    for path in _paths(tree, patterns):
        module = project.module(path)
        if module is not None:
            found += _in_body(project, module, module.parsed.tree.body, None, expression)
    return found


def _paths(tree: SourceTree, patterns: Sequence[str]) -> Sequence[str]:
    """Return the files that hold the last word of a pattern, or lie where its first words lead; all if it has none."""
    words: set[bytes] = set()
    for pattern in patterns:
        last = pattern.rpartition(".")[2]
        if not _LITERAL.fullmatch(last):
            return tree.paths
        words.add(last.encode())
    return tree.containing(*sorted(words))


def _in_body(
    project: Project,
    module: ModuleInfo,
    body: Sequence[ast.stmt],
    cls: ClassInfo | None,
    expression: re.Pattern[str],
) -> Iterator[EntryPoint]:
    for node in body:
        if isinstance(node, ast.ClassDef):
            yield from _in_body(project, module, node.body, module.class_(node, cls), expression)
        elif isinstance(node, ast.FunctionDef):
            fn = module.function(node, cls)
            if any(expression.match(name) for name in _names(project, fn, cls)):
                yield EntryPoint(fn)
        elif not isinstance(node, ast.AsyncFunctionDef):
            for part in ("body", "orelse", "finalbody"):
                yield from _in_body(project, module, getattr(node, part, None) or [], cls, expression)


def _names(project: Project, fn: FunctionInfo, cls: ClassInfo | None) -> Iterator[str]:
    yield fn.qualname
    if cls is not None:
        for base in (cls, *cls.mro):
            yield from (f"{external}.{fn.name}" for external in base.externals)
            yield f"{base.qualname}.{fn.name}"
    for decorator in fn.decorators:
        target = decorator.func if isinstance(decorator, ast.Call) else decorator
        yield ast.unparse(target)
        yield from _dotted(project, fn.module, target, cls)
        if isinstance(target, ast.Attribute):
            # @router.message, where router = lib.Router()
            for made in project.resolve(fn.module, target.value, cls):
                if isinstance(made, Assigned) and isinstance(made.value, ast.Call):
                    for maker in _dotted(project, made.module, made.value.func, None):
                        yield f"{maker}.{target.attr}"


def _dotted(project: Project, module: ModuleInfo, expr: ast.expr, cls: ClassInfo | None) -> Iterator[str]:
    for definition in project.resolve(module, expr, cls):
        if isinstance(definition, ExternalRef):
            yield definition.api
        elif isinstance(definition, (FunctionInfo, ClassInfo)):
            yield definition.qualname
