"""Functions under a context manager, ``@transaction.atomic``, and coroutine functions under a bridge to a thread."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from django_async_migrate.core.effects import Effect, Site
from django_async_migrate.index.functions import FunctionInfo

from .base import EngineBase

if TYPE_CHECKING:
    from django_async_migrate.catalog.rows import Function as FunctionRow


#: Bridges that refuse a coroutine function where they decorate it.
_REFUSING = ("asgiref.sync.", "channels.db.")


class Decorated(EngineBase):
    """Knows the context managers that decorate functions; part of the engine."""

    def managers_around(self, fn: FunctionInfo) -> tuple[tuple[ast.expr, FunctionRow], ...]:
        """Return the decorators of a function that are context managers, each with the row that tells about it."""
        known = self._managers.get(fn)
        if known is None:
            found = []
            for decorator in fn.decorators:
                target = decorator.func if isinstance(decorator, ast.Call) else decorator
                api = self.project.external_name(fn.module, target, fn.parent or fn.cls)
                row = self.catalog.functions.get(api) if api is not None else None
                if row is not None and row.returns == "context-manager" and row.effect == "query":
                    found.append((decorator, row))
            known = self._managers[fn] = tuple(found)
        return known

    def decorator_site(self, fn: FunctionInfo, decorator: ast.expr) -> Site:
        """Return the place of a decorator of a function."""
        return Site(fn.module.path, decorator, fn.qualname)

    def decorated_coroutine(self, fn: FunctionInfo) -> None:
        """Note the decorators that a coroutine function defeats: they leave before it runs."""
        self.refused_coroutine(fn)
        for decorator, row in self.managers_around(fn) if fn.is_async and fn.decorators else ():
            if row.rule_decorator:
                site = self.decorator_site(fn, decorator)
                what = f"@{ast.unparse(decorator)}"
                self.outcome.incidents.append((fn, Effect("framework", site, what, rule=row.rule_decorator)))

    def refused_coroutine(self, fn: FunctionInfo) -> None:
        """Note a bridge to a thread right over a coroutine function: it raises when the module is imported."""
        if not fn.is_async or fn.is_generator or not fn.decorators:
            return
        decorator = fn.decorators[-1]
        target = decorator.func if isinstance(decorator, ast.Call) else decorator
        api = self.project.external_name(fn.module, target, fn.parent or fn.cls)
        row = self.catalog.bridges.get(api) if api is not None and api.startswith(_REFUSING) else None
        if row is not None and row.kind == "to-thread-decorator":
            site = self.decorator_site(fn, decorator)
            self.outcome.incidents.append((fn, Effect("mistake", site, f"{fn.name}()", rule="DAM608")))
