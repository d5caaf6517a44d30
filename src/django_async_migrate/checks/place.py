"""Where an expression stands: the function around it, and whether ``await`` may be written there."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from django_async_migrate.core.findings import Span
    from django_async_migrate.syntax.parse import Located, ParsedFile

Comprehension = ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp
_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
#: Calls that use up a generator expression at once, so that a list does as well.
_EAGER = frozenset({"sum", "list", "tuple", "set", "frozenset", "sorted", "min", "max", "dict", "Counter", "fsum"})
_SHORT = frozenset({"any", "all"})
_EAGER_METHODS = frozenset({"join", "extend", "update", "union", "difference", "intersection"})
#: Names of locks; "block" and "clock" are none.
_LOCK = re.compile(r"(?<![bcfo])lock(?!ed|s$)|mutex|semaphore", re.IGNORECASE)


class Source:
    """A parsed file with the way from each node to the one around it."""

    def __init__(self, parsed: ParsedFile) -> None:
        self.parsed = parsed
        self._parents: dict[ast.AST, ast.AST] = {}
        todo: list[ast.AST] = [parsed.tree]
        while todo:
            node = todo.pop()
            for child in ast.iter_child_nodes(node):
                if not isinstance(child, (ast.expr_context, ast.operator, ast.cmpop, ast.boolop, ast.unaryop)):
                    self._parents[child] = node
                    todo.append(child)

    def parent(self, node: ast.AST) -> ast.AST | None:
        """Return the node around a node."""
        return self._parents.get(node)

    def span(self, node: Located) -> Span:
        """Return the span of a node."""
        return self.parsed.span(node)

    def text(self, node: Located) -> str:
        """Return the source of a node."""
        return self.parsed.source(self.parsed.span(node))

    def rebinds(self, name: str) -> bool:
        """Whether the module gives a name a value other than by a plain import at its top level."""
        body = [node for node in self.parsed.tree.body if not isinstance(node, ast.ImportFrom)]
        return name in _bound(ast.Module(body, []))

    def has_module(self, name: str) -> bool:
        """Whether ``import name`` stands at the top level, and nothing else gives the name a value."""
        body = self.parsed.tree.body
        imports = [node for node in body if isinstance(node, ast.Import)]
        rest = [node for node in body if not isinstance(node, ast.Import)]
        meant = [alias for node in imports for alias in node.names if name in {alias.name, alias.asname}]
        plain = bool(meant) and all(alias.name == name and alias.asname is None for alias in meant)
        return plain and name not in _bound(ast.Module(rest, []))

    def binds(self, name: str, function: ast.AST | None = None) -> bool:
        """Whether a function (or the module itself) gives a name a value somewhere."""
        return name in _bound(function if function is not None else self.parsed.tree)


@dataclass(frozen=True)
class Place:
    """The surroundings of an expression. ``reason`` says why ``await`` may not stand there, if it may not.

    ``generators``: generator expressions that must become lists first; ``exact`` whether that changes nothing.
    """

    source: Source
    node: ast.AST
    function: ast.AsyncFunctionDef | None
    statement: ast.stmt | None
    reason: str
    generators: tuple[ast.GeneratorExp, ...]
    exact: bool
    conditional: bool


def place_of(source: Source, node: ast.AST) -> Place:
    """Return where a node stands."""
    reason = ""
    generators: list[ast.GeneratorExp] = []
    exact = True
    conditional = False
    depth = 0
    statement: ast.stmt | None = None
    child, current = node, source.parent(node)
    clause: ast.AST | None = None
    while current is not None:
        if statement is None and isinstance(child, ast.stmt):
            statement = child
        if isinstance(current, _COMPREHENSIONS) and not _is_first_iterable(current, child, clause):
            depth += 1
            conditional = True
            if depth > 1:
                reason = reason or "a comprehension inside another one cannot await on every supported Python"
            if isinstance(current, ast.GeneratorExp):
                generators.append(current)
                eager = _consumed(source, current)
                if eager is None:
                    reason = reason or "a generator expression cannot await"
                exact = exact and eager is True
        elif isinstance(current, ast.comprehension):
            clause = child
        elif isinstance(current, (ast.IfExp, ast.BoolOp)):
            conditional = conditional or child is not (
                current.test if isinstance(current, ast.IfExp) else current.values[0]
            )
        elif isinstance(current, ast.While) and child is current.test:
            conditional = True
        elif isinstance(current, ast.Lambda):
            reason = reason or "a lambda cannot await"
        elif isinstance(current, ast.ClassDef):
            reason = reason or "a class body cannot await"
        elif isinstance(current, (ast.With, ast.AsyncWith)) and _is_atomic(current):
            reason = reason or "nothing may be awaited inside transaction.atomic()"
        elif isinstance(current, ast.With) and child in current.body and any(map(_is_lock, current.items)):
            reason = reason or "nothing may be awaited while a lock is held, as the next to ask for it stops the loop"
        elif isinstance(current, (ast.FunctionDef, ast.AsyncFunctionDef)):
            inside = child in current.body
            if not inside:
                reason = reason or "default arguments and decorators run when the function is defined"
            elif isinstance(current, ast.AsyncFunctionDef):
                return Place(source, node, current, statement, reason, tuple(generators), exact, conditional)
            else:
                reason = reason or "a synchronous function cannot await"
        child, current = current, source.parent(current)
    reason = reason or "this does not run in a coroutine"
    return Place(source, node, None, statement, reason, tuple(generators), exact, conditional)


def _is_first_iterable(comprehension: Comprehension, child: ast.AST, clause: ast.AST | None) -> bool:
    first = comprehension.generators[0]
    return child is first and clause is first.iter


def _consumed(source: Source, node: ast.GeneratorExp) -> bool | None:
    """Whether a list instead of a generator expression is the same (True), nearly (False), or not known (None)."""
    call = source.parent(node)
    if not isinstance(call, ast.Call) or node not in call.args:
        return None
    func = call.func
    if isinstance(func, ast.Name):
        if func.id in _EAGER:
            return True
        return False if func.id in _SHORT else None
    return True if isinstance(func, ast.Attribute) and func.attr in _EAGER_METHODS else None


def _is_lock(item: ast.withitem) -> bool:
    """Whether a context manager has the name of a lock."""
    expression = item.context_expr
    if isinstance(expression, ast.Call):
        expression = expression.func
    name = expression.attr if isinstance(expression, ast.Attribute) else getattr(expression, "id", "")
    return _LOCK.search(name) is not None


def _is_atomic(node: ast.With | ast.AsyncWith) -> bool:
    for item in node.items:
        expression = item.context_expr
        if isinstance(expression, ast.Call):
            expression = expression.func
        name = expression.attr if isinstance(expression, ast.Attribute) else getattr(expression, "id", "")
        if name == "atomic":
            return True
    return False


def _bound(scope: ast.AST) -> set[str]:
    """Return the names a function or module gives a value, without those of functions inside it."""
    found: set[str] = set()
    arguments = getattr(scope, "args", None)
    if isinstance(arguments, ast.arguments):
        every = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs, arguments.vararg, arguments.kwarg]
        found.update(argument.arg for argument in every if argument is not None)
    todo: list[ast.AST] = list(getattr(scope, "body", []))
    while todo:
        node = todo.pop()
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            found.add(node.name)
            continue
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            found.update(alias.asname or alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
            found.add(node.id)
        elif (isinstance(node, ast.ExceptHandler) and node.name) or (
            isinstance(node, (ast.MatchAs, ast.MatchStar)) and node.name
        ):
            found.add(node.name)
        if not isinstance(node, ast.Lambda):
            todo.extend(ast.iter_child_nodes(node))
    return found
