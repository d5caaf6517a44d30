"""Where a project names its permissions, throttles and the like: in views that await them, or in others."""

from __future__ import annotations

import ast
from collections.abc import Iterable
from typing import TYPE_CHECKING

from django_async_migrate.index.classes import ClassInfo
from django_async_migrate.index.functions import FunctionInfo
from django_async_migrate.index.modules import Assigned
from django_async_migrate.syntax.nodes import nodes_in

from .declared import collected, named
from .families import Family

if TYPE_CHECKING:
    from django_async_migrate.index.modules import ModuleInfo

    from .base import Facts

_VIEW = "rest_framework.views.APIView"
_DECORATOR = "rest_framework.decorators.api_view"


def is_used_by_sync_view(facts: Facts, component: Family, packages: Iterable[str]) -> bool:
    """Whether a view of the library itself names a class, no view of the packages that would await its methods."""
    for path in facts.project.tree.containing(component.cls.name.encode()):
        module = facts.project.module(path)
        if module is None:
            continue
        found = collected(module)
        if any(_decorates(module, function, component.cls) for function in found.functions):
            return True
        for cls in found.classes:
            if any(_names(module, value, cls, component.cls) for value in _assigned(cls)):
                view = Family(cls)
                foreign = any(node.api.partition(".")[0] in packages for node in view.stock)
                if view.is_known and view.is_a(_VIEW) and not foreign and not _calls_itself(view, component):
                    return True
    return False


def _calls_itself(view: Family, component: Family) -> bool:
    """Whether classes of the project, that a view is made of, call the methods that the library calls otherwise."""
    called = {name for node in component.stock for name in (*node.called, *node.sometimes)}
    return any(
        isinstance(part, ast.Attribute) and part.attr in called
        for node in view.nodes
        if isinstance(node, ClassInfo)
        for member in node.members.values()
        if isinstance(member, FunctionInfo)
        for part in member.own_nodes
    )


def _assigned(cls: ClassInfo) -> list[ast.expr]:
    return [
        member.value
        for name, member in cls.members.items()
        if name.endswith("_classes") and isinstance(member, Assigned) and member.value is not None
    ]


def _decorates(module: ModuleInfo, function: FunctionInfo, component: ClassInfo) -> bool:
    scope = function.parent or function.cls
    if not any(named(module, decorator, scope) == _DECORATOR for decorator in function.decorators):
        return False
    return any(
        isinstance(decorator, ast.Call) and any(_names(module, value, scope, component) for value in decorator.args)
        for decorator in function.decorators
    )


def _names(module: ModuleInfo, value: ast.expr, scope: FunctionInfo | ClassInfo | None, component: ClassInfo) -> bool:
    return any(
        isinstance(node, (ast.Name, ast.Attribute)) and component in module.project.resolve(module, node, scope)
        for node in nodes_in(value)
    )
