"""Class-based views whose handlers Django refuses: some async, some sync."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from django_async_migrate.core.findings import Certainty, Fix, Step
from django_async_migrate.index.classes import ClassInfo

from .base import Fact
from .declared import families, header, in_use
from .families import HANDLERS, Family, Method
from .hooks import handler_marks

if TYPE_CHECKING:
    from .base import Facts

_VIEW = "django.views.generic.base.View"
_CLASSES = ("view_is_async", "as_view")


def mixed_handlers(facts: Facts) -> Iterator[Fact]:
    """Give the views with handlers of both kinds."""
    for family in families(facts):
        if not family.is_a(_VIEW) or _decides_itself(family):
            continue
        names = family.handlers
        if names is None and family.find("http_method_names") is None:
            names = HANDLERS  # what stands before an unknown base is certain
        marks = handler_marks(facts, family, names or ())
        awaited = [method for method, mark in marks if mark is True]
        plain = [method for method, mark in marks if mark is False]
        if awaited and plain and in_use(facts, family):
            yield _fact(family, awaited, plain)


def _decides_itself(family: Family) -> bool:
    return any(name in node.members for node in family.nodes if isinstance(node, ClassInfo) for name in _CLASSES)


def _fact(family: Family, awaited: list[Method], plain: list[Method]) -> Fact:
    inherited = [method for method in plain if method.is_stock]
    own = [method for method in plain if not method.is_stock]
    message = (
        f"{family.cls.name} has async handlers ({_listed(awaited)}) and sync ones ({_listed(plain)}): as_view() raises"
    )
    fix = None
    if not own:
        shown = ", ".join(f'"{method.name}"' for method in awaited)
        fix = Fix("manual", f"http_method_names = [{shown}]")
    steps = []
    for method in (*awaited, *own):
        node = getattr(method.member, "node", None)
        if node is not None and isinstance(method.owner, ClassInfo):
            span = method.owner.module.parsed.span(node)
            steps.append(
                Step(span.path, span.line, span.column, f"{method.name} is {'async' if method in awaited else 'sync'}")
            )
    steps.extend(_inherited(family, method) for method in inherited)
    certainty: Certainty = "certain" if family.is_known else "likely"
    return Fact(header(family.cls), message, family.cls.qualname, tuple(steps), certainty, fix)


def _inherited(family: Family, method: Method) -> Step:
    span = header(family.cls)
    owner = getattr(method.owner, "api", "").rpartition(".")[2]
    return Step(span.path, span.line, span.column, f"{method.name} is sync, inherited from {owner}")


def _listed(methods: list[Method]) -> str:
    return ", ".join(method.name for method in methods)
