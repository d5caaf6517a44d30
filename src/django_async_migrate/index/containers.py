"""Containers that a function fills and never looks into: what they hold, nobody else can get at.

A list of coroutines that is counted, tested or logged at most is as good as dropped. Whatever may hand the list or an
item of it on (an argument, ``return``, a loop, an attribute, a nested function) makes it one that somebody may read.
"""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import TypeGuard

_DISPLAYS = (ast.List, ast.Tuple, ast.Set, ast.Dict, ast.ListComp, ast.SetComp, ast.DictComp)
_SETTING = frozenset({ast.Assign, ast.AnnAssign})
#: Builtins that make a container of what they are given.
MAKERS = frozenset({"list", "tuple", "set", "dict", "deque"})
#: Builtins that tell something of a container and hand nothing of it on.
_ASKING = frozenset({"len", "bool", "str", "repr", "type", "id"})
#: Methods that fill a container, or empty it.
_FILLING = frozenset({"append", "add", "insert", "extend", "update", "appendleft", "extendleft"})
_IDLE_METHODS = _FILLING | {"clear", "reverse"}


def idle_containers(
    nodes: Sequence[ast.AST], inner: Iterable[ast.Name], outer: Collection[str], given: Collection[str]
) -> frozenset[str]:
    """Return the variables of a function that hold containers of its own, which are never looked into.

    ``inner``: the names in functions nested in it; ``outer``: those declared global or nonlocal; ``given``: parameters.
    """
    made = {name for node in nodes if type(node) in _SETTING for name in _made(node)}
    made.difference_update(outer, given, (name.id for name in inner))
    if not made:
        return frozenset()
    idle = {id(name) for node in nodes for name in _idle(node)}
    for node in nodes:
        if isinstance(node, ast.Name) and node.id in made and id(node) not in idle:
            made.discard(node.id)
        elif isinstance(node, ast.ExceptHandler) and node.name:
            made.discard(node.name)
    return frozenset(made)


def put_into(node: ast.AST, idle: Collection[str]) -> Iterator[ast.expr]:
    """Yield what a node puts into one of some containers."""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and isinstance(node.func.value, ast.Name):
        if node.func.value.id in idle and node.func.attr in _FILLING:
            yield from node.args
            yield from (keyword.value for keyword in node.keywords)
    elif isinstance(node, ast.Assign):
        for target in node.targets:
            if isinstance(target, ast.Subscript) and isinstance(target.value, ast.Name) and target.value.id in idle:
                yield node.value
    elif isinstance(node, ast.AugAssign) and isinstance(node.target, ast.Name) and node.target.id in idle:
        yield node.value


def _made(node: ast.AST) -> Iterator[str]:
    """Yield the variables that a statement sets to a new container."""
    if isinstance(node, (ast.Assign, ast.AnnAssign)) and node.value is not None and _is_container(node.value):
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        if len(targets) == 1 and isinstance(targets[0], ast.Name):
            yield targets[0].id


def _is_container(value: ast.expr) -> bool:
    if isinstance(value, ast.Call):
        return isinstance(value.func, ast.Name) and value.func.id in MAKERS
    return isinstance(value, _DISPLAYS)


def _operands(test: ast.expr) -> Iterator[ast.expr]:
    if isinstance(test, ast.BoolOp):
        for operand in test.values:
            yield from _operands(operand)
    else:
        yield test


def _is_item_set(node: ast.AST) -> TypeGuard[ast.Subscript]:
    return isinstance(node, ast.Subscript) and isinstance(node.ctx, (ast.Store, ast.Del))


def _idle(node: ast.AST) -> Iterator[ast.Name]:
    """Yield the names that a node uses in a way that hands on nothing of a container."""
    found: list[ast.expr] = []
    if isinstance(node, (ast.Assign, ast.AnnAssign)):
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        if len(targets) == 1 and node.value is not None and _is_container(node.value):
            found = [*targets]
    elif isinstance(node, ast.AugAssign):
        found = [node.target]
    elif isinstance(node, ast.Call):
        if isinstance(node.func, ast.Name) and node.func.id in _ASKING and len(node.args) == 1:
            found = node.args
        elif isinstance(node.func, ast.Attribute) and node.func.attr in _IDLE_METHODS:
            found = [node.func.value]
    elif isinstance(node, (ast.If, ast.While, ast.IfExp, ast.Assert)):
        found = [*_operands(node.test)]
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        found = [node.operand]
    elif isinstance(node, ast.BoolOp) and isinstance(node.op, ast.And):
        found = node.values[:-1]  # where it is what comes out, it is empty
    elif isinstance(node, ast.Compare):
        found = [node.left, *node.comparators]
    elif isinstance(node, (ast.FormattedValue, ast.Expr)) or _is_item_set(node):
        found = [node.value]
    elif isinstance(node, ast.Delete):
        found = node.targets
    yield from (part for part in found if isinstance(part, ast.Name))
