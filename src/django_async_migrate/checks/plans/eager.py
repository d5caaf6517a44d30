"""Loading relations along with the query that the object comes from."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from django_async_migrate.core.edits import AddArgument, Edit, FixPlan, Template
from django_async_migrate.core.effects import LAZY, Load

from .origin import Origin, origin_of
from .paths import loaded_path

if TYPE_CHECKING:
    from collections.abc import Iterator

    from django_async_migrate.core.findings import Applicability

    from .spot import Spot

#: Calls that change no rows: between the query and the use of what it loaded, others might.
_HARMLESS = frozenset(
    {
        "HttpResponse",
        "JsonResponse",
        "abs",
        "acount",
        "aearliest",
        "aexists",
        "afirst",
        "aget",
        "alast",
        "alatest",
        "all",
        "any",
        "append",
        "bool",
        "capitalize",
        "dict",
        "divmod",
        "dumps",
        "endswith",
        "enumerate",
        "exclude",
        "extend",
        "filter",
        "float",
        "format",
        "get",
        "get_absolute_url",
        "getattr",
        "hasattr",
        "int",
        "isinstance",
        "isoformat",
        "items",
        "join",
        "keys",
        "len",
        "list",
        "lower",
        "lstrip",
        "max",
        "min",
        "order_by",
        "prefetch_related",
        "print",
        "range",
        "replace",
        "repr",
        "reversed",
        "round",
        "rstrip",
        "select_related",
        "set",
        "setdefault",
        "sorted",
        "split",
        "startswith",
        "str",
        "strftime",
        "strip",
        "sum",
        "sync_to_async",
        "title",
        "tuple",
        "upper",
        "values",
        "zip",
    }
)


def eager_plans(spot: Spot) -> Iterator[FixPlan]:
    """Yield the plan that adds ``select_related`` (or ``prefetch_related``) to the query, when it is in sight."""
    function = spot.place.function
    if function is None:
        return
    roots: dict[str, ast.Name] = {}
    joined: set[str] = set()
    fetched: set[str] = set()
    for effect in spot.incident.effects:
        found = loaded_path(effect, spot.sources)
        if effect.kind not in LAZY or effect.kind == "deferred" or found is None:
            return
        load = effect.about
        assert isinstance(load, Load)
        name, path = found
        roots[name.id] = name
        if effect.kind == "generic-foreign-key":
            fetched.add("__".join(path))
        elif load.joins:
            joined.add("__".join(path))
        else:
            return
    if len(roots) != 1 or (joined and fetched):
        return
    (root,) = roots.values()
    origin = origin_of(spot.source, root, function)
    if origin is None or origin.witness not in spot.seen.querysets:
        return
    lookups = sorted(fetched or joined)
    # author__country loads author as well
    lookups = [one for one in lookups if not any(other.startswith(one + "__") for other in lookups)]
    method = "prefetch_related" if fetched else "select_related"
    edits = _edits(spot, origin, method, lookups)
    if edits is None:
        return
    safety: Applicability = "safe" if not fetched and _undisturbed(spot, origin, function) else "unsafe"
    names = ", ".join(f'"{lookup}"' for lookup in lookups)
    line = getattr(origin.queryset, "lineno", 0)
    yield FixPlan(safety, f"add {method}({names}) to the query in line {line}", edits)


def _edits(spot: Spot, origin: Origin, method: str, lookups: list[str]) -> tuple[Edit, ...] | None:
    queryset = origin.queryset
    arguments = ", ".join(f'"{lookup}"' for lookup in lookups)
    current: ast.AST = queryset
    while isinstance(current, (ast.Call, ast.Attribute)):
        if isinstance(current, ast.Call):
            if isinstance(current.func, ast.Attribute) and current.func.attr == method:
                return _extended(spot, current, lookups)
            current = current.func
        else:
            current = current.value
    span = spot.span(queryset)
    return (Template(span, f"{{0}}.{method}({arguments})", (span,)),)


def _extended(spot: Spot, call: ast.Call, lookups: list[str]) -> tuple[Edit, ...] | None:
    """Add to a ``select_related("a")`` that is there; one without arguments, or with None, is left alone."""
    if not call.args or call.keywords:
        return None
    if not all(
        isinstance(arg, (ast.Constant, ast.Call)) and getattr(arg, "value", "") is not None for arg in call.args
    ):
        return None
    return (AddArgument(spot.span(call), tuple(f'"{lookup}"' for lookup in lookups)),)


def _undisturbed(spot: Spot, origin: Origin, function: ast.AsyncFunctionDef) -> bool:
    """Whether nothing between the query and the use can change the rows that are loaded earlier now."""
    first = getattr(origin.start, "lineno", 0)
    last = getattr(spot.node, "end_lineno", 0)
    if isinstance(origin.start, (ast.For, ast.AsyncFor)):
        last = max(last, origin.start.end_lineno or 0)
    for part in ast.walk(function):
        if not isinstance(part, ast.Call) or not first <= part.lineno <= last:
            continue
        func = part.func
        name = func.attr if isinstance(func, ast.Attribute) else getattr(func, "id", None)
        if isinstance(func, ast.Call):
            continue  # sync_to_async(list)(...): its parts are looked at on their own
        if part is spot.node or name in _HARMLESS:
            continue
        return False
    return True
