"""Functions whose results are kept for the process: what they do they do once."""

from __future__ import annotations

import ast
from collections.abc import Sequence

from django_async_migrate.core.effects import SHORT, Effect
from django_async_migrate.index.functions import FunctionInfo
from django_async_migrate.index.project import Project

_MEMOIZES = frozenset({"functools.cache", "functools.lru_cache"})


def lasting(project: Project, fn: FunctionInfo, effects: Sequence[Effect]) -> Sequence[Effect]:
    """Return what calls of a function go on doing: a file that is read once for the process keeps nobody waiting."""
    if not any(effect.rule in SHORT for effect in effects) or (fn.cls is not None and not _is_static(fn)):
        return effects
    for decorator in fn.decorators:
        target = decorator.func if isinstance(decorator, ast.Call) else decorator
        if project.external_name(fn.module, target, fn.parent or fn.cls) in _MEMOIZES:
            return [effect for effect in effects if effect.rule not in SHORT]
    return effects


def _is_static(fn: FunctionInfo) -> bool:
    """Whether what is kept of a method is not kept for each object."""
    return any(isinstance(node, ast.Name) and node.id in {"staticmethod", "classmethod"} for node in fn.decorators)
