"""The views that URLconfs name: functions as they are, and classes by ``as_view()``."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django_async_migrate.syntax.nodes import nodes_in

from .classes import ClassInfo
from .functions import FunctionInfo

if TYPE_CHECKING:
    from .modules import ModuleInfo
    from .project import Project

_ROUTES = frozenset({"path", "re_path", "url"})
_METHODS = ("get", "post", "put", "patch", "delete", "head", "options", "trace")


@dataclass(frozen=True, slots=True, eq=False)
class Route:
    """One entry of a URLconf and the view that it names without anything around it."""

    view: FunctionInfo | ClassInfo
    module: ModuleInfo
    node: ast.Call


def routes_of(project: Project) -> list[Route]:
    """Return the entries of all URLconfs whose view is in the project."""
    found = []
    for path in project.tree.containing(b"urlpatterns"):
        module = project.module(path)
        for node in nodes_in(module.parsed.tree) if module is not None else ():
            if isinstance(node, ast.Call) and len(node.args) > 1 and module is not None:
                name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
                view = _view(project, module, node.args[1]) if name in _ROUTES else None
                if view is not None:
                    found.append(Route(view, module, node))
    return found


def _view(project: Project, module: ModuleInfo, node: ast.expr) -> FunctionInfo | ClassInfo | None:
    kind: type[FunctionInfo] | type[ClassInfo] = FunctionInfo
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "as_view":
        node, kind = node.func.value, ClassInfo
    if not isinstance(node, (ast.Name, ast.Attribute)):
        return None
    definitions = project.resolve(module, node)
    found = definitions[0] if len(definitions) == 1 else None
    return found if isinstance(found, kind) else None


def async_handlers(cls: ClassInfo) -> list[FunctionInfo]:
    """Return the HTTP handlers of a class-based view, if all that the project defines are coroutine functions."""
    found = [member[1] for name in _METHODS if (member := cls.find(name)) is not None]
    handlers = [entry for entry in found if isinstance(entry, FunctionInfo)]
    return handlers if len(handlers) == len(found) and all(entry.is_async for entry in handlers) else []
