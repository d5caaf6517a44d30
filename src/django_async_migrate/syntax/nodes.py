"""Walks through syntax trees: what ``ast.walk`` gives, in the same order, in a fraction of its time."""

from __future__ import annotations

import ast
from collections.abc import Iterable

#: What a field may hold that is no node of interest: plain values, and the marks of contexts and operators.
_LEAVES = frozenset(
    {
        *(int, str, bytes, float, complex, bool, type(None), type(...)),
        *ast.expr_context.__subclasses__(),
        *ast.boolop.__subclasses__(),
        *ast.operator.__subclasses__(),
        *ast.unaryop.__subclasses__(),
        *ast.cmpop.__subclasses__(),
    }
)
#: The fields that hold statements, or what holds statements in turn, in the order of the tree.
_BLOCKS = ("body", "handlers", "orelse", "finalbody", "cases")


def children(node: ast.AST) -> list[ast.AST]:
    """Return the nodes right below one, contexts and operators left out."""
    found: list[ast.AST] = []
    for value in node.__dict__.values():
        kind = type(value)
        if kind in _LEAVES:
            continue
        if kind is list:
            found += [item for item in value if type(item) not in _LEAVES]
        elif isinstance(value, ast.AST):
            found.append(value)
    return found


def nodes_in(*roots: ast.AST) -> list[ast.AST]:
    """Return nodes and all below them, contexts and operators left out."""
    found = list(roots)
    for node in found:  # grows while it is read
        for value in node.__dict__.values():
            kind = type(value)
            if kind in _LEAVES:
                continue
            if kind is list:
                found += [item for item in value if type(item) not in _LEAVES]
            elif isinstance(value, ast.AST):
                found.append(value)
    return found


def statements_in(roots: Iterable[ast.AST]) -> list[ast.AST]:
    """Return statements and all statements below them, with the handlers and cases that hold some.

    No expression holds a statement: looking for definitions and imports need not look into any.
    """
    found = list(roots)
    for node in found:  # grows while it is read
        fields = node.__dict__
        for name in _BLOCKS:
            block = fields.get(name)
            if type(block) is list:
                found += block
    return found
