"""Sync helpers that query: make them coroutines, or give them an async twin.

A helper whose callers are all coroutines becomes one itself. One that sync code calls as well keeps its name and gets
a twin beside it, named with Django's ``a``. Both are offered only where every mention of the name is understood; the
rewriting engine keeps them only if the new coroutine comes out without a hazard and without a thread hop.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django_async_migrate.checks.place import Source, place_of
from django_async_migrate.core.edits import AlsoImport, Await, Edit, FixPlan, MakeAsync, Rename, Twin
from django_async_migrate.core.findings import Span

from .helpers import is_twin, uses_unread_code

if TYPE_CHECKING:
    from django_async_migrate.syntax.tree import SourceTree

    from .spot import Spot

#: A longer helper is run in a thread as it is: a second copy of it would be a burden.
MAX_LINES = 40

_Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class Helper:
    """The sync function that the finding's call runs."""

    source: Source
    node: ast.FunctionDef
    method: bool
    qualname: str

    @property
    def name(self) -> str:
        return self.node.name

    def name_span(self) -> Span | None:
        """Return the span of the name in the ``def`` line."""
        line = self.node.lineno
        text = self.source.parsed.lines[line - 1]
        found = re.search(rf"\bdef\s+({re.escape(self.name)})\b", text)
        if found is None:
            return None
        return Span(self.source.parsed.path, line, found.start(1) + 1, line, found.end(1) + 1)


def strategy_plans(spot: Spot, tree: SourceTree, strategy: str, flagged: frozenset[ast.AST]) -> Iterator[FixPlan]:
    """Yield the plans that make the helper of a call async; ``strategy`` is "auto", "convert", "twin" or "wrap".

    ``flagged`` are the expressions of all findings: a helper becomes a coroutine when each of its calls is one.
    """
    if strategy == "wrap" or spot.place.reason or spot.place.generators:
        return
    call = spot.node
    if not isinstance(call, ast.Call) or not isinstance(call.func, (ast.Name, ast.Attribute)):
        return
    helper = _helper(spot, call)
    if helper is None or not _plain(helper) or helper.node in spot.seen.unsure:
        return  # what is not followed may query, too: that is safe in a thread only
    if uses_unread_code(helper.source, helper.node, tree):
        return  # what another library does on the event loop, nobody knows
    mentions = _Mentions(spot, tree, helper)
    if mentions.definitions != 1:
        return
    span = helper.name_span()
    if span is None:
        return
    if strategy in {"auto", "convert"}:
        yield from _converted(spot, helper, span, mentions, flagged)
    if strategy in {"auto", "twin"}:
        yield from _twinned(spot, helper, span, call, tree)


def _helper(spot: Spot, call: ast.Call) -> Helper | None:
    """Return the one function that every effect of the call goes through first."""
    found: Helper | None = None
    for effect in spot.incident.effects:
        if not effect.steps or effect.implicit or not effect.certain:
            return None
        site = effect.steps[0][0]
        source = spot.sources(site.path)
        if source is None:
            return None
        node: ast.AST | None = site.node
        while node is not None and not isinstance(node, (*_FUNCTIONS, ast.Lambda)):
            node = source.parent(node)
        if not isinstance(node, ast.FunctionDef) or (found is not None and found.node is not node):
            return None
        around = source.parent(node)
        if not isinstance(around, (ast.Module, ast.ClassDef)):
            return None
        found = Helper(source, node, isinstance(around, ast.ClassDef), site.function)
    if found is None:
        return None
    name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
    return found if name == found.name else None


_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


def _plain(helper: Helper) -> bool:
    """Whether a function is one that may become a coroutine: no decorators, no generator, not special, not long."""
    node = helper.node
    if node.decorator_list or (node.name.startswith("__") and node.name.endswith("__")):
        return False
    if (node.end_lineno or node.lineno) - node.lineno >= MAX_LINES:
        return False
    for part in ast.walk(node):
        if isinstance(part, (ast.Yield, ast.YieldFrom, ast.Global, ast.Nonlocal)):
            return False
        if part is not node and isinstance(part, (*_FUNCTIONS, ast.ClassDef)):
            return False
        if isinstance(part, (ast.Name, ast.Attribute)) and _word(part) == node.name:
            return False  # it calls itself
    return not (helper.method and _is_override(helper))


def _is_override(helper: Helper) -> bool:
    """Whether the class has bases outside plain sight that may define or call the method."""
    cls = helper.source.parent(helper.node)
    assert isinstance(cls, ast.ClassDef)
    return any(
        isinstance(part, ast.Attribute)
        and part.attr == helper.name
        and isinstance(part.value, ast.Call)
        and getattr(part.value.func, "id", "") == "super"
        for part in ast.walk(cls)
    )


def _word(node: ast.Name | ast.Attribute) -> str:
    return node.id if isinstance(node, ast.Name) else node.attr


class _Mentions:
    """Every mention of a helper's name in the project."""

    def __init__(self, spot: Spot, tree: SourceTree, helper: Helper) -> None:
        self.definitions = 0
        self.calls: list[tuple[Source, ast.Call]] = []
        self.others = False
        word = re.compile(rb"\b" + re.escape(helper.name.encode()) + rb"\b")
        for path in tree.containing(helper.name.encode()):
            data = tree.data(path) or b""
            if not word.search(data):
                continue
            source = spot.sources(path)
            if source is None:
                self.others = True
                continue
            self._read(source, helper)

    def _read(self, source: Source, helper: Helper) -> None:
        for node in ast.walk(source.parsed.tree):
            if isinstance(node, _FUNCTIONS) and node.name == helper.name:
                self.definitions += 1
            elif isinstance(node, ast.Name) and node.id == helper.name:
                self._use(source, node)
            elif isinstance(node, ast.Attribute) and node.attr == helper.name:
                if helper.method or not self._is_module(source, node.value):
                    self.others = True  # whose method that is, nobody can tell from the name
                else:
                    self._use(source, node)
            elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                if re.search(rf"\b{re.escape(helper.name)}\b", node.value) and not _is_docstring(source, node):
                    self.others = True
            elif (isinstance(node, ast.alias) and node.name.rpartition(".")[2] == helper.name and node.asname) or (
                isinstance(node, ast.arg) and node.arg == helper.name
            ):
                self.others = True

    def _use(self, source: Source, node: ast.Name | ast.Attribute) -> None:
        call = source.parent(node)
        if not isinstance(node.ctx, ast.Load) or not isinstance(call, ast.Call) or call.func is not node:
            self.others = True
            return
        place = place_of(source, call)
        if place.reason or place.generators:
            self.others = True
        self.calls.append((source, call))

    def _is_module(self, source: Source, node: ast.expr) -> bool:
        return isinstance(node, ast.Name) and any(
            (alias.asname or alias.name.partition(".")[0]) == node.id
            for statement in ast.walk(source.parsed.tree)
            if isinstance(statement, (ast.Import, ast.ImportFrom))
            for alias in statement.names
        )


def _is_docstring(source: Source, node: ast.Constant) -> bool:
    return isinstance(source.parent(node), ast.Expr)


def _converted(
    spot: Spot, helper: Helper, span: Span, mentions: _Mentions, flagged: frozenset[ast.AST]
) -> Iterator[FixPlan]:
    """All callers are coroutines: the helper becomes one, and each of them awaits it."""
    if mentions.others or helper.method or not mentions.calls:
        return
    if not all(call in flagged for _, call in mentions.calls):
        return  # what a call that asks nothing of the database gives it, nobody has looked at
    edits: list[Edit] = [MakeAsync(span)]
    edits += [Await(source.span(call)) for source, call in mentions.calls if call not in spot.seen.misawaited]
    number = len(mentions.calls)
    where = "here" if number == 1 else f"in {number} places"
    created = ((helper.source.parsed.path, helper.qualname),)
    yield FixPlan("safe", f"make {helper.name}() a coroutine and await it {where}", tuple(edits), (), created)


def _twinned(spot: Spot, helper: Helper, span: Span, call: ast.Call, tree: SourceTree) -> Iterator[FixPlan]:
    """Sync callers remain: the helper gets a twin, and the coroutine calls that."""
    name = f"_a{helper.name[1:]}" if helper.name.startswith("_") else f"a{helper.name}"
    if _is_taken(tree, name) and not is_twin(helper.source, helper.node, name):
        return
    func = call.func
    if not helper.method and helper.source is not spot.source and not _comes_from(spot, func, helper):
        return
    edits: list[Edit] = [Rename(spot.span(func), name)]
    if not spot.is_misawaited:
        edits.append(Await(spot.span(call)))
    if not _is_taken(tree, name):
        edits.insert(0, Twin(span, name))
    imports: tuple[AlsoImport, ...] = ()
    if isinstance(func, ast.Name) and helper.source is not spot.source:
        imports = (AlsoImport(spot.source.parsed.path, helper.name, name),)
    created: tuple[tuple[str, str], ...] = ((helper.source.parsed.path, helper.qualname[: -len(helper.name)] + name),)
    if not isinstance(edits[0], Twin):
        created = ()  # it is there, from an earlier round
    yield FixPlan("safe", f"await {name}(...), an async twin of {helper.name}()", tuple(edits), imports, created)


def _comes_from(spot: Spot, func: ast.expr, helper: Helper) -> bool:
    """Whether a name is imported from the helper's own module, and not from one that passes it on."""
    path = helper.source.parsed.path.removesuffix(".py").removesuffix("/__init__")
    word = path.rpartition("/")[2]
    for statement in ast.walk(spot.source.parsed.tree):
        if isinstance(statement, ast.ImportFrom):
            for alias in statement.names:
                if isinstance(func, ast.Name) and (alias.asname or alias.name) == func.id:
                    return (statement.module or "").rpartition(".")[2] == word
                if isinstance(func, ast.Attribute) and isinstance(func.value, ast.Name):
                    if (alias.asname or alias.name) == func.value.id:
                        return alias.name == word
        elif isinstance(statement, ast.Import) and isinstance(func, ast.Attribute):
            for alias in statement.names:
                if (alias.asname or alias.name) == ast.unparse(func.value):
                    return alias.name.rpartition(".")[2] == word
    return False


def _is_taken(tree: SourceTree, name: str) -> bool:
    word = re.compile(rb"\b" + re.escape(name.encode()) + rb"\b")
    return any(word.search(tree.data(path) or b"") for path in tree.containing(name.encode()))


__all__: Sequence[str] = ("strategy_plans",)
