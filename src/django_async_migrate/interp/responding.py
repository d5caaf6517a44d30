"""What a framework does with the value that an entry point returns."""

from __future__ import annotations

import ast

from django_async_migrate.core.effects import Effect, Rows, Shown
from django_async_migrate.index.ninja import response_of
from django_async_migrate.semantics import schemas
from django_async_migrate.values.heap import QuerySet
from django_async_migrate.values.types import Value

from .templating import Templating


class Responding(Templating):
    """Shows what is returned; part of the evaluator."""

    def return_(self, value: Value, node: ast.expr | None = None) -> None:
        """Leave the function with a value, which the framework may read on the event loop."""
        fn = self.fn
        if node is not None and fn is not None and fn.is_async and fn.decorators:
            schema = response_of(self.engine.project, fn)
            if schema is not None:
                mark = len(self.effects)
                schemas.responded(self, fn, schema, value, node)
                self._sum_up(mark, value, node, schema)
        super().return_(value, node)

    def _sum_up(self, mark: int, value: Value, node: ast.expr, schema: ast.expr) -> None:
        """Make one of the queries that a schema causes itself; those of the project's properties keep their steps."""
        found = self.effects[mark:]
        direct = [effect for effect in found if not effect.steps]
        if not direct:
            return
        self.forget(mark)
        # Only a queryset that is returned as it is can be listed there.
        rows = [effect.about for effect in direct if isinstance(effect.about, Rows) and effect.operand is node]
        whole = rows[0] if rows and isinstance(self.state(value), QuerySet) else None
        what = f"filling the response schema {ast.unparse(schema)}"
        certain = any(effect.certain for effect in direct)
        about = Shown(whole.row if whole is not None else "")
        self.record(Effect("framework", self.site(node), what, "", certain, rule="DAM415", about=about))
        for effect in found:
            if effect.steps:
                self.record(effect)
