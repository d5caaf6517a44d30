"""Parentheses: where a new expression needs them, and moving the ones an old expression had."""

from __future__ import annotations

import libcst as cst

#: Expressions that may be followed by a dot, a call or an index as they are.
_PRIMARY = (
    cst.Name,
    cst.Attribute,
    cst.Call,
    cst.Subscript,
    cst.List,
    cst.Set,
    cst.Dict,
    cst.ListComp,
    cst.SetComp,
    cst.DictComp,
    cst.SimpleString,
    cst.FormattedString,
)


def enclosed(node: cst.BaseExpression) -> cst.BaseExpression:
    """Return an expression in parentheses, unless it has some."""
    if node.lpar:
        return node
    return node.with_changes(lpar=[cst.LeftParen()], rpar=[cst.RightParen()])


def as_primary(node: cst.BaseExpression) -> cst.BaseExpression:
    """Return an expression that may be followed by a dot, a call or an index."""
    return node if node.lpar or isinstance(node, _PRIMARY) else enclosed(node)


def bare(node: cst.BaseExpression) -> cst.BaseExpression:
    """Return an expression without its outer parentheses."""
    return node.with_changes(lpar=[], rpar=[])


def with_parens_of(node: cst.BaseExpression, old: cst.BaseExpression) -> cst.BaseExpression:
    """Return an expression in the parentheses that another one had."""
    return node.with_changes(lpar=old.lpar, rpar=old.rpar) if old.lpar else node


def fits(node: cst.BaseExpression, parent: cst.CSTNode | None, old: cst.BaseExpression) -> cst.BaseExpression:
    """Return an expression that can stand where ``old`` stood under ``parent``."""
    if node.lpar or isinstance(node, _PRIMARY):
        return node
    tight = (
        (isinstance(parent, (cst.Attribute, cst.Subscript)) and parent.value is old)
        or (isinstance(parent, cst.Call) and parent.func is old)
        or (isinstance(parent, cst.Await) and parent.expression is old)
        or (isinstance(parent, cst.Decorator))
    )
    return enclosed(node) if tight else node
