"""Helpers of two kinds of callers: what they do on one path only, and callers that choose by where they run."""

from __future__ import annotations

import ast
import itertools
from typing import TYPE_CHECKING

from django_async_migrate.core.effects import Effect, Site
from django_async_migrate.core.record import replace
from django_async_migrate.syntax.nodes import children, nodes_in

if TYPE_CHECKING:
    from django_async_migrate.index.project import Project

_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
_LEAVES = (ast.Return, ast.Raise, ast.Continue, ast.Break)


class Choices:
    """Judges loops that are started by helpers; one of the places is enough to ask for the tree of a file once."""

    def __init__(self, project: Project) -> None:
        self._project = project
        self._parents: dict[str, dict[ast.AST, ast.AST]] = {}

    def judged(self, effect: Effect) -> Effect | None:
        """Return what is left of an effect; None where the code around its place has chosen.

        A helper that starts a loop on one of its paths serves both kinds of callers. That this caller takes this path
        is likely at most; one that awaits something else in its other branch knows which it takes.
        """
        if effect.kind != "to-loop" or not effect.steps:
            return effect
        if not any(self._is_conditional(site) for site, _ in effect.steps):
            return effect
        return None if self._has_chosen(effect.site) else replace(effect, certain=False)

    def _chain(self, site: Site) -> list[ast.AST]:
        """Return the nodes around a place, from the place to the function that holds it."""
        parents = self._parents.get(site.path)
        if parents is None:
            module = self._project.module(site.path)
            tree = [module.parsed.tree] if module is not None else []
            parents = {child: node for top in tree for node in nodes_in(top) for child in children(node)}
            self._parents[site.path] = parents
        chain = [site.node]
        while not isinstance(chain[-1], _FUNCTIONS) or len(chain) == 1:
            above = parents.get(chain[-1])
            if above is None:
                break
            chain.append(above)
        return chain

    def _is_conditional(self, site: Site) -> bool:
        chain = self._chain(site)
        for node, above in itertools.pairwise(chain):
            if isinstance(above, (ast.If, ast.IfExp)) and node is not above.test:
                return True
            if isinstance(above, (ast.ExceptHandler, ast.match_case)):
                return True
            if isinstance(above, ast.BoolOp) and node is not above.values[0]:
                return True
            if any(_leaves(statement) for statement in _beside(node, above, later=False)):
                return True
        return False

    def _has_chosen(self, site: Site) -> bool:
        chain = self._chain(site)
        for node, above in itertools.pairwise(chain):
            if isinstance(above, ast.IfExp) and node is not above.test:
                if _awaits([above.orelse if node is above.body else above.body]):
                    return True
            if isinstance(above, ast.If) and node is not above.test:
                if _awaits(above.orelse if node in above.body else above.body):
                    return True
            if isinstance(node, ast.If) and site.node not in nodes_in(node.test) and isinstance(node.body[-1], _LEAVES):
                if _awaits(_beside(node, above, later=True)):
                    return True
        return False


def _beside(node: ast.AST, above: ast.AST, later: bool) -> list[ast.stmt]:
    """Return the statements before or after one in its block."""
    for block in (getattr(above, "body", None), getattr(above, "orelse", None), getattr(above, "finalbody", None)):
        if isinstance(block, list) and node in block:
            at = block.index(node)
            return block[at + 1 :] if later else block[:at]
    return []


def _leaves(statement: ast.stmt) -> bool:
    """Whether the code after a statement may not be reached."""
    return isinstance(statement, (ast.If, ast.Try)) and any(isinstance(node, _LEAVES) for node in nodes_in(statement))


def _awaits(nodes: list[ast.expr] | list[ast.stmt]) -> bool:
    return any(isinstance(node, ast.Await) for node in nodes_in(*nodes))
