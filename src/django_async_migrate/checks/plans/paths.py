"""From a lazy load deep in helpers back to an object of the coroutine: ``post`` and ``author__country``."""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import TYPE_CHECKING

from django_async_migrate.checks.place import Source
from django_async_migrate.core.effects import Effect, Load, Site

if TYPE_CHECKING:
    from collections.abc import Sequence

Sources = Callable[[str], "Source | None"]


def loaded_path(effect: Effect, sources: Sources) -> tuple[ast.Name, tuple[str, ...]] | None:
    """Return the name in the coroutine that a load starts from, and the relations from there.

    None when the way leads through something else than plain attributes and arguments.
    """
    if not isinstance(effect.about, Load):
        return None
    chain: list[Site] = [effect.site, *(site for site, _ in effect.steps)]
    last = chain[-1].node
    if not isinstance(last, ast.Attribute) or last.attr != effect.about.relation:
        return None
    found = dotted(last)
    if found is None:
        return None
    root, path = found
    for caller, callee in zip(reversed(chain[:-1]), reversed(chain[1:]), strict=True):
        source = sources(callee.path)
        given = _given(caller.node, root, callee, source) if source is not None else None
        outer = dotted(given) if given is not None else None
        if outer is None:
            return None
        root, path = outer[0], (*outer[1], *path)
    return root, path


def dotted(node: ast.AST) -> tuple[ast.Name, tuple[str, ...]] | None:
    """Return the name and the attributes of ``a.b.c``; None for other expressions."""
    names: list[str] = []
    while isinstance(node, ast.Attribute):
        names.append(node.attr)
        node = node.value
    return (node, tuple(reversed(names))) if isinstance(node, ast.Name) else None


def _given(node: ast.AST, root: ast.Name, callee: Site, source: Source) -> ast.expr | None:
    """Return what the calling expression gives for the parameter ``root`` of the called function."""
    function = source.parent(callee.node)
    while function is not None and not isinstance(function, (ast.FunctionDef, ast.AsyncFunctionDef)):
        if isinstance(function, (ast.Lambda, ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)):
            if _binds(function, root.id):
                return None
        function = source.parent(function)
    if function is None or _assigned(function, root.id):
        return None
    params = [param.arg for param in (*function.args.posonlyargs, *function.args.args)]
    bound = isinstance(source.parent(function), ast.ClassDef) and not _is_static(function)
    if bound and params and params[0] == root.id:
        if isinstance(node, ast.Call):
            return node.func.value if isinstance(node.func, ast.Attribute) else None
        return node.value if isinstance(node, ast.Attribute) else None
    if not isinstance(node, ast.Call) or any(isinstance(arg, ast.Starred) for arg in node.args):
        return None
    for keyword in node.keywords:
        if keyword.arg == root.id:
            return keyword.value
    return _positional(node.args, params[1:] if bound else params, root.id)


def _positional(args: Sequence[ast.expr], params: Sequence[str], name: str) -> ast.expr | None:
    if name in params and params.index(name) < len(args):
        return args[params.index(name)]
    return None


def _is_static(function: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    return any(isinstance(entry, ast.Name) and entry.id == "staticmethod" for entry in function.decorator_list)


def _binds(scope: ast.AST, name: str) -> bool:
    if isinstance(scope, ast.Lambda):
        return any(param.arg == name for param in scope.args.args)
    return any(
        isinstance(part, ast.Name) and part.id == name
        for clause in getattr(scope, "generators", ())
        for part in ast.walk(clause.target)
    )


def _assigned(function: ast.AST, name: str) -> bool:
    return any(
        isinstance(part, ast.Name) and part.id == name and isinstance(part.ctx, ast.Store)
        for part in ast.walk(function)
    )
