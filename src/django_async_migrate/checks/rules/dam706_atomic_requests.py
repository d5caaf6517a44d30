"""DAM706: an async view in a project with ATOMIC_REQUESTS."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from django_async_migrate.checks.base import Fact, FactRule, Facts
from django_async_migrate.checks.middleware import head
from django_async_migrate.core.findings import Fix, Step
from django_async_migrate.index.classes import ClassInfo
from django_async_migrate.index.functions import FunctionInfo
from django_async_migrate.index.routes import Route, async_handlers, routes_of
from django_async_migrate.index.settings_values import Plain, Table

_ADVICE = "put @transaction.non_atomic_requests on the view; what must be atomic goes into a function run in a thread"
#: Decorators of Django's that keep an async view one.
_KEEPING = ("django.views.decorators.", "django.contrib.auth.decorators.", "django.contrib.admin.views.decorators.")
_CLEAN = "django.db.transaction.non_atomic_requests"
_METHOD_DECORATOR = "django.utils.decorators.method_decorator"


def _find(facts: Facts) -> Iterator[Fact]:
    aliases = _atomic(facts)
    if not aliases:
        return
    seen = set()
    for route in routes_of(facts.project):
        view = route.view
        if view in seen or view.module.path not in facts.selected or not _is_async(view):
            continue
        seen.add(view)
        left = sorted(aliases.keys() - _excused(view))
        if left and _is_plain(view):
            alias, step = left[0], aliases[left[0]]
            yield Fact(
                span=head(view),
                message=f'Django refuses to run the async view {view.name}: ATOMIC_REQUESTS is on for "{alias}"',
                function=view.qualname,
                trace=(_routed(route), step),
                fix=Fix("manual", _ADVICE),
            )


def _atomic(facts: Facts) -> dict[str, Step]:
    """Return the aliases with ATOMIC_REQUESTS under the settings that the project runs with, with the place of each."""
    found: dict[str, Step] = {}
    for settings in facts.project.settings.served:
        databases = settings.get("DATABASES")
        for alias, value in databases.entries.items() if isinstance(databases, Table) else ():
            flag = value.entries.get("ATOMIC_REQUESTS") if isinstance(value, Table) else None
            if isinstance(flag, Plain) and flag.value is True:
                span = flag.origin.module.parsed.span(flag.origin.node)
                found[alias] = Step(span.path, span.line, span.column, "ATOMIC_REQUESTS is on")
    return found


def _routed(route: Route) -> Step:
    span = route.module.parsed.span(route.node)
    return Step(span.path, span.line, span.column, "a URL leads to the view")


def _is_async(view: FunctionInfo | ClassInfo) -> bool:
    if isinstance(view, FunctionInfo):
        return view.is_async
    bases = [base for base in view.externals if base != "object"]
    return all(base.startswith("django.") for base in bases) and bool(bases) and bool(async_handlers(view))


def _decorators(view: FunctionInfo | ClassInfo) -> list[tuple[str | None, ast.expr]]:
    """Return the decorators by name, with the expression that holds their arguments."""
    module = view.module
    nodes = (
        view.decorators
        if isinstance(view, FunctionInfo)
        else [
            *(decorator for cls in view.mro if cls.node is not None for decorator in cls.node.decorator_list),
            *(
                d
                for member in (view.find("dispatch"),)
                if member and isinstance(member[1], FunctionInfo)
                for d in member[1].decorators
            ),
        ]
    )
    found: list[tuple[str | None, ast.expr]] = []
    for node in nodes:
        name = module.project.external_name(module, node.func if isinstance(node, ast.Call) else node)
        if name == _METHOD_DECORATOR and isinstance(node, ast.Call) and node.args:
            inner = node.args[0]
            name = module.project.external_name(module, inner.func if isinstance(inner, ast.Call) else inner)
            node = inner
        found.append((name, node))
    return found


def _excused(view: FunctionInfo | ClassInfo) -> set[str]:
    """Return the aliases that ``non_atomic_requests`` names on a view."""
    found = set()
    for name, node in _decorators(view):
        if name == _CLEAN:
            given = [*node.args, *(word.value for word in node.keywords)] if isinstance(node, ast.Call) else []
            alias = given[0].value if given and isinstance(given[0], ast.Constant) else None
            found.add(alias if isinstance(alias, str) else "default")
    return found


def _is_plain(view: FunctionInfo | ClassInfo) -> bool:
    """Whether nothing around a view turns it into something else."""
    return all(name is not None and (name == _CLEAN or name.startswith(_KEEPING)) for name, _ in _decorators(view))


RULE = FactRule(
    code="DAM706",
    name="atomic-requests",
    severity="error",
    summary="An async view in a project with ATOMIC_REQUESTS",
    find=_find,
)
