"""Tests of Django's version: which branch the target release takes."""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Mapping
from types import MappingProxyType

Version = tuple[int, int]

_COMPARE: Mapping[type[ast.cmpop], Callable[[tuple[int, ...], tuple[int, ...]], bool]] = MappingProxyType(
    {
        ast.Lt: operator.lt,
        ast.LtE: operator.le,
        ast.Gt: operator.gt,
        ast.GtE: operator.ge,
        ast.Eq: operator.eq,
        ast.NotEq: operator.ne,
    }
)


def compared(op: ast.cmpop, left: tuple[object, ...], right: tuple[object, ...]) -> bool | None:
    """Compare tuples of which some parts are unknown (None); None where these decide."""
    compare = _COMPARE.get(type(op))
    if compare is None:
        return None
    for one, other in zip(left, right, strict=False):
        if one is None or other is None:
            return None
        if one != other:
            if not isinstance(one, int) or not isinstance(other, int):
                return None
            return compare((one,), (other,))
    return compare((len(left),), (len(right),))


def names_of_version(body: list[ast.stmt]) -> dict[str, str]:
    """Return the names that plain imports at the top level give to ``django`` and ``django.VERSION``."""
    found: dict[str, str] = {}
    for node in body:
        if isinstance(node, ast.Import):
            for alias in node.names:
                if alias.name == "django" or (alias.name.startswith("django.") and alias.asname is None):
                    found[alias.asname or "django"] = "django"
        elif isinstance(node, ast.ImportFrom) and node.module == "django" and not node.level:
            for alias in node.names:
                if alias.name == "VERSION":
                    found[alias.asname or "VERSION"] = "VERSION"
    return found


def holds(
    test: ast.expr, version: Version, names: Mapping[str, str], flag: Callable[[ast.Name | ast.Attribute], bool | None]
) -> bool | None:
    """Return what a test of Django's version gives; None for any other test.

    ``names``: as ``names_of_version()`` gives them. ``flag`` tells what a name stands for that holds such a test.
    """
    if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
        inner = holds(test.operand, version, names, flag)
        return None if inner is None else not inner
    if isinstance(test, ast.BoolOp):
        parts = [holds(part, version, names, flag) for part in test.values]
        decisive = isinstance(test.op, ast.Or)
        if decisive in parts:
            return decisive
        return None if None in parts else not decisive
    if isinstance(test, (ast.Name, ast.Attribute)):
        return flag(test)
    if isinstance(test, ast.Compare) and len(test.ops) == 1:
        left, right = (_parts(side, version, names) for side in (test.left, test.comparators[0]))
        if left is not None and right is not None:
            return compared(test.ops[0], left, right)
    return None


def _parts(node: ast.expr, version: Version, names: Mapping[str, str]) -> tuple[object, ...] | None:
    """Return a version, or what it is compared with, as a tuple; one number stands alone."""
    if _is_version(node, names):
        return (*version, None, None, None)
    if isinstance(node, ast.Subscript) and _is_version(node.value, names):
        if isinstance(node.slice, ast.Slice):
            upper = node.slice.upper
            if node.slice.lower is None and isinstance(upper, ast.Constant) and isinstance(upper.value, int):
                return (*version, None, None, None)[: upper.value]
        elif isinstance(node.slice, ast.Constant):
            place = node.slice.value
            return (version[place],) if isinstance(place, int) and place in (0, 1) else None
        return None
    if isinstance(node, (ast.Tuple, ast.List)):
        items = [item.value if isinstance(item, ast.Constant) else None for item in node.elts]
        return tuple(items)
    if isinstance(node, ast.Constant) and type(node.value) is int:
        return (node.value,)
    return None


def _is_version(node: ast.expr, names: Mapping[str, str]) -> bool:
    if isinstance(node, ast.Name):
        return names.get(node.id) == "VERSION"
    return (
        isinstance(node, ast.Attribute)
        and node.attr == "VERSION"
        and isinstance(node.value, ast.Name)
        and names.get(node.value.id) == "django"
    )
