"""The classes and functions of the files with async code, and what their decorators make of them."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django_async_migrate.catalog.decorators import decorators
from django_async_migrate.core.findings import Span
from django_async_migrate.index.classes import ClassInfo
from django_async_migrate.index.functions import FunctionInfo
from django_async_migrate.index.modules import Assigned

from .families import Family

if TYPE_CHECKING:
    from django_async_migrate.index.classes import Member
    from django_async_migrate.index.modules import ModuleInfo

    from .base import Facts

#: Decorators that leave a coroutine function one.
_KEEP = frozenset(
    {
        "abc.abstractmethod",
        "asgiref.sync.markcoroutinefunction",
        "classmethod",
        "django.db.transaction.non_atomic_requests",
        "functools.wraps",
        "staticmethod",
        "typing.final",
        "typing.override",
        "typing_extensions.override",
    }
)
METHOD_DECORATOR = "django.utils.decorators.method_decorator"


@dataclass(frozen=True)
class Declared:
    """Everything declared in the files with async code, nested ones included, in the order of files and lines."""

    classes: tuple[ClassInfo, ...]
    functions: tuple[FunctionInfo, ...]


def declared(facts: Facts) -> Declared:
    """Return what the selected files with async code declare; worked out once."""
    known = facts.shared.get("declared")
    if known is None:
        classes: list[ClassInfo] = []
        functions: list[FunctionInfo] = []
        for path in facts.project.tree.async_paths:
            module = facts.project.module(path)
            if module is not None:
                _collect(module, module.parsed.tree.body, None, classes, functions)
        classes += _below(facts, classes)
        known = facts.shared["declared"] = Declared(tuple(classes), tuple(functions))
    return known


def _below(facts: Facts, classes: list[ClassInfo]) -> list[ClassInfo]:
    """Return classes of files without async code that name one with coroutines as their base."""
    names = sorted({cls.name for cls in classes if any(_is_coroutine(member) for member in cls.members.values())})
    if not names:
        return []
    project = facts.project
    expression = re.compile(rb"^[ \t]*class[ \t]+\w+\([^)]*\b(?:" + "|".join(names).encode() + rb")\b", re.MULTILINE)
    found: list[ClassInfo] = []
    for path in project.tree.containing(*(name.encode() for name in names)):
        if path in facts.selected and path not in project.tree.async_paths:
            module = project.module(path) if expression.search(project.tree.data(path) or b"") else None
            if module is not None:
                found += collected(module).classes
    return found


def _is_coroutine(member: Member) -> bool:
    return isinstance(member, FunctionInfo) and member.is_async


def collected(module: ModuleInfo) -> Declared:
    """Return what one module declares."""
    classes: list[ClassInfo] = []
    functions: list[FunctionInfo] = []
    _collect(module, module.parsed.tree.body, None, classes, functions)
    return Declared(tuple(classes), tuple(functions))


def families(facts: Facts) -> tuple[Family, ...]:
    """Return the classes that descend from a library class with a row, each with its bases; worked out once."""
    known = facts.shared.get("families")
    if known is None:
        found = (Family(cls) for cls in declared(facts).classes if cls.node is not None and cls.node.bases)
        known = facts.shared["families"] = tuple(family for family in found if family.stock)
    return known


def in_use(facts: Facts, family: Family) -> bool:
    """Whether objects of a class itself are made, as far as one can see: no other class descends from it.

    A view counts as used where the project names its ``as_view``.
    """
    parents = facts.shared.get("parents")
    if parents is None:
        parents = facts.shared["parents"] = frozenset(
            node for other in families(facts) for node in other.nodes[1:] if isinstance(node, ClassInfo)
        )
    if family.cls not in parents:
        return True
    return bool(facts.project.tree.containing(f"{family.cls.name}.as_view".encode()))


def _collect(
    module: ModuleInfo,
    body: list[ast.stmt],
    parent: FunctionInfo | ClassInfo | None,
    classes: list[ClassInfo],
    functions: list[FunctionInfo],
) -> None:
    for node in body:
        if isinstance(node, ast.ClassDef):
            cls = module.class_(node, parent)
            classes.append(cls)
            _collect(module, node.body, cls, classes, functions)
        elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            if isinstance(parent, ClassInfo):
                function = module.function(node, parent)
            else:
                function = module.function(node, None, parent)
            functions.append(function)
            _collect(module, node.body, function, classes, functions)
        else:
            fields = node.__dict__
            for part in ("body", "orelse", "finalbody"):
                if fields.get(part):
                    _collect(module, fields[part], parent, classes, functions)
            for handler in fields.get("handlers") or fields.get("cases") or ():
                _collect(module, handler.body, parent, classes, functions)


def header(cls: ClassInfo) -> Span:
    """Return the place of a class: its keyword and name."""
    assert cls.node is not None
    parsed = cls.module.parsed
    span = parsed.span(cls.node)
    return Span(span.path, span.line, span.column, span.line, span.column + len(f"class {cls.name}"))


def signature(function: FunctionInfo) -> Span:
    """Return the place of a function: its keywords and name."""
    assert isinstance(function.node, (ast.FunctionDef, ast.AsyncFunctionDef))
    span = function.module.parsed.span(function.node)
    words = f"{'async ' if function.is_async else ''}def {function.name}"
    return Span(span.path, span.line, span.column, span.line, span.column + len(words))


def decorator_names(function: FunctionInfo) -> list[str | None]:
    """Return the dotted names of a function's decorators, outermost first; None for one of the project."""
    return [named(function.module, node, function.cls or function.parent) for node in function.decorators]


def named(module: ModuleInfo, node: ast.expr, scope: FunctionInfo | ClassInfo | None) -> str | None:
    """Return the dotted name of a decorator or callee outside the project; builtins by their own name."""
    target = node.func if isinstance(node, ast.Call) else node
    api = module.project.external_name(module, target, scope)
    if api is None and isinstance(target, ast.Name) and target.id in {"classmethod", "staticmethod", "property"}:
        return target.id
    return api


def gives_coroutine(facts: Facts, function: FunctionInfo) -> bool | None:
    """Whether a call gives a coroutine; None where a decorator may change that."""
    answer: bool | None = function.is_async and not function.is_generator
    for name in reversed(decorator_names(function)):
        bridge = facts.project.catalog.bridges.get(name or "")
        if bridge is not None:
            answer = {"to-thread-decorator": True, "to-loop-decorator": False}.get(bridge.kind)
        elif name == METHOD_DECORATOR:
            answer = answer if decorators()[METHOD_DECORATOR].fits(facts.version) else None
        elif name is None or not (name in _KEEP or name.startswith("django.views.")):
            answer = None
    return answer


def is_marked(facts: Facts, member: Member | None, cls: ClassInfo | None = None) -> bool | None:
    """Whether ``iscoroutinefunction()`` says yes to a member of a class; None where that is not known.

    The members of library classes (None) are sync.
    """
    if member is None:
        return False
    if isinstance(member, Assigned):
        return _assigned(facts, member, cls)
    if isinstance(member, ClassInfo):
        return None
    answer: bool | None = member.is_async and not member.is_generator
    for name in reversed(decorator_names(member)):
        bridge = facts.project.catalog.bridges.get(name or "")
        if bridge is not None:
            answer = {"to-thread-decorator": True, "to-loop-decorator": False}.get(bridge.kind)
        elif name == METHOD_DECORATOR:
            answer = answer if decorators()[METHOD_DECORATOR].fits(facts.version) else False
        elif name is None or name not in _KEEP:
            answer = False if answer is False else None
    return answer


def _assigned(facts: Facts, member: Assigned, cls: ClassInfo | None) -> bool | None:
    value = member.value
    if isinstance(value, ast.Name) and cls is not None:
        other = cls.members.get(value.id)
        return is_marked(facts, other, cls) if other is not None and other is not member else None
    if isinstance(value, ast.Call):
        bridge = facts.project.catalog.bridges.get(named(member.module, value, cls) or "")
        if bridge is not None:
            return {"to-thread-decorator": True, "to-loop-decorator": False}.get(bridge.kind)
    return None
