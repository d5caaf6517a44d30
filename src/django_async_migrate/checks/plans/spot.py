"""What every planner needs: the finding's expression, its surroundings, and names that are free to use."""

from __future__ import annotations

import ast
import keyword
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django_async_migrate.checks.place import Place, Source, place_of
from django_async_migrate.core.edits import Await, Edit, FixPlan, Import, ListOf, Template
from django_async_migrate.core.record import replace

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from django_async_migrate.core.effects import Effect
    from django_async_migrate.core.findings import Applicability, Span
    from django_async_migrate.reach.analysis import Seen
    from django_async_migrate.reach.incidents import Incident
    from django_async_migrate.syntax.parse import Located

BRIDGE = "sync_to_async"
_BRIDGE_MODULE = "asgiref.sync"


@dataclass(frozen=True)
class Spot:
    """One finding, seen by a planner."""

    incident: Incident
    source: Source
    place: Place
    sources: Callable[[str], Source | None]
    version: tuple[int, int]
    seen: Seen
    trusted: frozenset[tuple[str, str]]

    @property
    def effect(self) -> Effect:
        return self.incident.effect

    @property
    def node(self) -> ast.AST:
        return self.incident.effect.site.node

    @property
    def agreed(self) -> bool:
        """Whether all that was seen here is of one kind, so that one rewrite fits all of it."""
        first = self.effect
        if not self.always:
            return False
        return first.about is not None and all(
            not other.steps
            and other.kind == first.kind
            and other.about == first.about
            and other.operand is first.operand
            for other in self.incident.effects
        )

    @property
    def always(self) -> bool:
        """Whether what is evaluated here was of the same kind each time, as far as anybody can tell."""
        whole = self.effect.operand is self.node and self.effect.kind not in {"membership", "index"}
        if self.node in (self.seen.other_values if whole else self.seen.others):
            return False
        if self.place.function is None or self.place.function not in self.seen.skipped:
            return True
        if (self.incident.span.path, self.incident.function) in self.trusted:
            return True
        # Some calls were not followed: what the function is given then may be anything.
        node = self.effect.operand or self.node
        while isinstance(node, (ast.Attribute, ast.Subscript, ast.Call)):
            node = node.func if isinstance(node, ast.Call) else node.value
        return isinstance(node, ast.Name) and not self.source.binds(node.id, self.place.function)

    @property
    def is_misawaited(self) -> bool:
        """Whether an ``await`` stands before the node already, though nothing it gives can be awaited."""
        return self.node in self.seen.misawaited

    def span(self, node: Located) -> Span:
        """Return the span of a node of this file."""
        return self.source.span(node)

    def place_of(self, node: ast.AST) -> Place:
        """Return where another node of this file stands."""
        return place_of(self.source, node)

    def bridge(self) -> tuple[str, tuple[Import, ...]]:
        """Return the local name of ``sync_to_async``, and the import it takes."""
        return self.local_name(_BRIDGE_MODULE, BRIDGE)

    def local_name(self, module: str, name: str, plain: bool = False) -> tuple[str, tuple[Import, ...]]:
        """Return a name under which ``module.name`` can be used here, and the import it takes.

        ``plain``: where the file imports the module itself, by one word, that serves as well.
        """
        for statement in self.source.parsed.tree.body:
            if isinstance(statement, ast.ImportFrom) and statement.module == module and not statement.level:
                for alias in statement.names:
                    known = alias.asname or name
                    if alias.name == name and not self._shadowed(known) and not self.source.rebinds(known):
                        return known, ()
        if plain and self.source.has_module(module) and not self._shadowed(module):
            return f"{module}.{name}", ()
        chosen = name
        while self.source.binds(chosen) or self._shadowed(chosen):
            chosen = f"{module.partition('.')[0]}_{chosen}"
        path = self.source.parsed.path
        return chosen, (Import(path, module, name if chosen == name else f"{name} as {chosen}"),)

    def _shadowed(self, name: str) -> bool:
        scope: ast.AST | None = self.place.function
        while scope is not None:
            if isinstance(scope, (ast.FunctionDef, ast.AsyncFunctionDef)) and self.source.binds(name, scope):
                return True
            scope = self.source.parent(scope)
        return False

    def row_name(self, wanted: str, near: ast.AST) -> str:
        """Return a name for the rows of a comprehension that means nothing else in ``near``."""
        used = {part.id for part in ast.walk(near) if isinstance(part, ast.Name)}
        if wanted.isidentifier() and not keyword.iskeyword(wanted) and wanted not in used:
            return wanted
        return next(name for name in ("row", "item", "found", "each", "row_") if name not in used)

    def plan(
        self,
        applicability: Applicability,
        title: str,
        edits: Sequence[Edit],
        imports: Sequence[Import] = (),
        place: Place | None = None,
    ) -> FixPlan:
        """Return a plan that awaits at a place; generator expressions around it become lists."""
        place = place or self.place
        if self.is_misawaited:
            edits = [kept for edit in edits if (kept := _without_await(edit, self.incident.span)) is not None]
        lists = tuple(ListOf(self.span(generator.elt)) for generator in place.generators)
        if lists and not place.exact:
            applicability = "unsafe"
        return FixPlan(applicability, title, (*edits, *lists), tuple(imports))

    def wrapped(self, node: ast.expr, template: str, *parts: ast.expr) -> tuple[Edit, ...]:
        """Return the edits that replace a node by an awaited call; the template's holes are ``parts``."""
        return (Template(self.span(node), template, tuple(self.span(part) for part in parts)),)


def _without_await(edit: Edit, span: Span) -> Edit | None:
    """Return an edit of an expression that stands behind ``await`` already; None where nothing is left to do."""
    if isinstance(edit, Await):
        return None if edit.span == span else edit
    if isinstance(edit, Template) and edit.span == span:
        return replace(edit, source=edit.source.removeprefix("await "))
    return edit


def short(text: str, limit: int = 60) -> str:
    """Return source on one line, cut where it is long."""
    line = " ".join(text.split())
    return line if len(line) <= limit else line[: limit - 3] + "..."


def evaluates_simply(node: ast.AST) -> bool:
    """Whether an expression can move into a lambda that runs at once in a thread."""
    return not any(isinstance(part, (ast.Await, ast.Yield, ast.YieldFrom, ast.NamedExpr)) for part in ast.walk(node))


def awaits(node: ast.AST) -> bool:
    """Whether an expression holds ``await`` or ``yield`` of its own."""
    return any(isinstance(part, (ast.Await, ast.Yield, ast.YieldFrom)) for part in ast.walk(node))


__all__ = ["Await", "Spot", "awaits", "evaluates_simply", "short"]
