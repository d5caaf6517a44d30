"""The rewrite that is right for any synchronous code: run it in a thread with ``sync_to_async``."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from django_async_migrate.core.edits import Await, Template

from .spot import evaluates_simply, short

if TYPE_CHECKING:
    from collections.abc import Iterator

    from django_async_migrate.core.edits import FixPlan
    from django_async_migrate.core.findings import Applicability

    from .spot import Spot

#: They look at the frame that calls them, or at the running loop.
_FRAME = frozenset({"locals", "vars", "dir", "eval", "exec", "super", "globals", "breakpoint"})
#: They do their work when somebody iterates over what they give, which is not in the thread.
_LATER = frozenset(
    {
        "chain",
        "compress",
        "cycle",
        "enumerate",
        "filter",
        "from_iterable",
        "groupby",
        "islice",
        "iter",
        "iterator",
        "map",
        "reversed",
        "starmap",
        "takewhile",
        "zip",
        "zip_longest",
    }
)
_LOG = frozenset({"debug", "info", "warning", "error", "exception", "critical", "log"})
_LOOP = frozenset(
    {"get_event_loop", "get_running_loop", "create_task", "ensure_future", "current_task", "call_soon", "call_later"}
)


def _is_coroutine(node: ast.expr) -> bool:
    """Whether a call is of a coroutine method that calls what it is given: ``cache.aget_or_set()``."""
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "aget_or_set"


def wrap_plans(spot: Spot) -> Iterator[FixPlan]:
    """Yield the plans that keep the code and run it in a thread."""
    node = spot.node
    if not isinstance(node, ast.expr) or isinstance(getattr(node, "ctx", None), (ast.Store, ast.Del)):
        return
    safety: Applicability = "unsafe" if _touches_loop(spot) else "safe"
    if spot.place.reason:
        inner = _nested_comprehension(spot, node)
        if inner is not None:
            yield from _lambda(spot, inner, safety)
        return
    parent = spot.source.parent(node)
    if isinstance(parent, ast.Await) and not spot.is_misawaited and (not spot.effect.steps or _is_coroutine(node)):
        return  # a coroutine does it, which no thread can run
    if isinstance(parent, ast.withitem):
        return  # entering and leaving it would have to happen in threads
    if isinstance(parent, ast.FormattedValue) and parent.value is node:
        yield from _formatted(spot, node, parent, safety)
    elif isinstance(node, ast.Call):
        yield from _call(spot, node, safety)
    elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Load):
        yield from _attribute(spot, node, safety)
    if is_iterated(spot, node):
        yield _with(spot, node, "list", "unsafe" if spot.effect.steps else safety)
    elif is_tested(spot, node):
        yield _with(spot, node, "bool", safety)
    elif isinstance(parent, ast.BoolOp):
        yield from _lambda(spot, _outermost(spot, parent), safety)
    elif not isinstance(node, (ast.Name, ast.Starred, ast.Call, ast.Attribute)):
        yield from _lambda(spot, node, safety)


def _nested_comprehension(spot: Spot, node: ast.AST) -> ast.expr | None:
    """Return the comprehension around a node that may be awaited as a whole, where the node itself may not."""
    current = spot.source.parent(node)
    while current is not None and not isinstance(current, (ast.stmt, ast.Lambda)):
        if isinstance(current, (ast.ListComp, ast.SetComp, ast.DictComp)):
            place = spot.place_of(current)
            plain = not any(isinstance(part, ast.comprehension) and part.is_async for part in ast.walk(current))
            if not place.reason and not place.generators:
                return current if plain else None
        current = spot.source.parent(current)
    return None


def _outermost(spot: Spot, node: ast.BoolOp) -> ast.BoolOp:
    parent = spot.source.parent(node)
    while isinstance(parent, ast.BoolOp):
        node, parent = parent, spot.source.parent(parent)
    return node


def is_iterated(spot: Spot, node: ast.expr) -> bool:
    """Whether a node stands where Python iterates over it."""
    parent = spot.source.parent(node)
    if isinstance(parent, (ast.For, ast.comprehension)):
        return parent.iter is node
    if isinstance(parent, ast.Assign) and parent.value is node:
        return any(isinstance(target, (ast.Tuple, ast.List)) for target in parent.targets)
    return isinstance(parent, ast.Starred)


def is_tested(spot: Spot, node: ast.expr) -> bool:
    """Whether only the truth of a node matters where it stands."""
    child: ast.AST = node
    parent = spot.source.parent(node)
    while isinstance(parent, ast.BoolOp):
        child, parent = parent, spot.source.parent(parent)
    if isinstance(parent, (ast.If, ast.While, ast.IfExp, ast.Assert)):
        return parent.test is child
    if isinstance(parent, ast.comprehension):
        return child in parent.ifs
    return isinstance(parent, ast.UnaryOp) and isinstance(parent.op, ast.Not)


def _with(spot: Spot, node: ast.expr, function: str, safety: Applicability) -> FixPlan:
    bridge, imports = spot.bridge()
    title = f"await {bridge}({function})({short(spot.source.text(node))})"
    return spot.plan(safety, title, spot.wrapped(node, f"await {bridge}({function})({{0}})", node), imports)


def _formatted(spot: Spot, node: ast.expr, parent: ast.FormattedValue, safety: Applicability) -> Iterator[FixPlan]:
    plain = parent.conversion in (-1, 115) and parent.format_spec is None
    printed = plain and (spot.effect.kind == "repr" or spot.effect.implicit)
    if printed and not isinstance(node, ast.Attribute):
        yield _with(spot, node, _printing(spot), safety)
    if isinstance(node, ast.Attribute):
        yield from _attribute(spot, node, safety)
    elif isinstance(node, ast.Call):
        yield from _call(spot, node, safety)
    if printed and isinstance(node, ast.Attribute):
        yield _with(spot, node, _printing(spot), safety)
    if plain and evaluates_simply(node):  # both reading and printing it may query
        bridge, imports = spot.bridge()
        template = f"await {bridge}(lambda: {_printing(spot)}({{0}}))()"
        title = template.replace("{0}", short(spot.source.text(node), 40))
        yield spot.plan(safety, title, spot.wrapped(node, template, node), imports)


def _printing(spot: Spot) -> str:
    """Return what an f-string does with a value: ``str``, unless the value has a format of its own."""
    own = any(site.function.endswith(".__format__") for effect in spot.incident.effects for site, _ in effect.steps)
    return "format" if own else "str"


def _call(spot: Spot, node: ast.Call, safety: Applicability) -> Iterator[FixPlan]:
    func = node.func
    name = func.attr if isinstance(func, ast.Attribute) else getattr(func, "id", "")
    if name in _FRAME and isinstance(func, ast.Name):
        return
    if name in _LATER or (name == "next" and len(node.args) < 2):
        return  # StopIteration cannot leave a thread
    if name in _LOG and isinstance(func, ast.Attribute):
        safety = "unsafe"  # the log record would name another function
    bridge, imports = spot.bridge()
    edits = (
        Template(spot.span(func), f"{bridge}({{0}})", (spot.span(func),)),
        Await(spot.span(node)),
    )
    title = f"await {bridge}({short(spot.source.text(func))})(...)"
    yield spot.plan(safety, title, edits, imports)


def _attribute(spot: Spot, node: ast.Attribute, safety: Applicability) -> Iterator[FixPlan]:
    if spot.effect.rule == "DAM401" and node.attr == "user":
        return  # reading it loads nothing: what is done with it does
    bridge, imports = spot.bridge()
    template = f'await {bridge}(getattr)({{0}}, "{node.attr}")'
    title = template.replace("{0}", short(spot.source.text(node.value), 40))
    yield spot.plan(safety, title, spot.wrapped(node, template, node.value), imports)


def _lambda(spot: Spot, node: ast.expr, safety: Applicability) -> Iterator[FixPlan]:
    if not evaluates_simply(node):
        return
    bridge, imports = spot.bridge()
    title = f"await {bridge}(lambda: {short(spot.source.text(node))})()"
    yield spot.plan(safety, title, spot.wrapped(node, f"await {bridge}(lambda: {{0}})()", node), imports)


def _touches_loop(spot: Spot) -> bool:
    """Whether code that would move into a thread asks for the running loop, or may: a base class's constructor."""
    for effect in spot.incident.effects:
        for site, _ in effect.steps:
            source = spot.sources(site.path)
            function: ast.AST | None = site.node
            while source is not None and function is not None and not isinstance(function, ast.FunctionDef):
                function = source.parent(function)
            names = {_called(part) for part in ast.walk(function or site.node)}
            if names & _LOOP:
                return True
            if isinstance(function, ast.FunctionDef) and function.name == "__init__" and "super" in names:
                return True
    return False


def _called(node: ast.AST) -> str:
    return node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")
