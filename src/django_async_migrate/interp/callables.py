"""What a call of a value is known to be, without making it."""

from __future__ import annotations

import ast
import sys

from django_async_migrate.core.effects import Effect
from django_async_migrate.index.functions import FunctionInfo
from django_async_migrate.values.types import Bridge, Func, Value


def is_third_party(api: str) -> bool:
    """Whether a name is neither Python's nor Django's own: what it does is not known."""
    top = api.partition(".")[0]
    return top not in sys.stdlib_module_names and top not in {"builtins", "django", "asgiref"}


def is_async(value: Value) -> bool:
    """Whether a call of a value is certainly one to await."""
    return (isinstance(value, Func) and value.fn.is_async) or (isinstance(value, Bridge) and value.mode == "thread")


def is_made_sync(value: Value) -> bool:
    """Whether a value is a coroutine function made for sync code: its call is nothing to await."""
    return isinstance(value, Bridge) and value.mode == "loop"


def gives_plain_value(fn: FunctionInfo) -> bool:
    """Whether a sync function returns, wherever it does, what is written out as a plain value: nothing to await."""
    if fn.is_async or fn.is_generator or not isinstance(fn.node, ast.FunctionDef):
        return False
    annotation = fn.node.returns.value if isinstance(fn.node.returns, ast.Subscript) else fn.node.returns
    if isinstance(annotation, ast.Name) and _is_builtin(fn, annotation.id, _PLAIN_TYPES):
        return True
    returned = (node.value for node in fn.own_nodes if isinstance(node, ast.Return))
    return all(value is None or _is_plain(fn, value) for value in returned)


def _is_plain(fn: FunctionInfo, value: ast.expr) -> bool:
    if isinstance(value, _PLAIN):
        return True
    if isinstance(value, ast.UnaryOp):
        return isinstance(value.op, ast.Not)
    if isinstance(value, ast.BoolOp):
        return all(_is_plain(fn, part) for part in value.values)
    if isinstance(value, ast.IfExp):
        return _is_plain(fn, value.body) and _is_plain(fn, value.orelse)
    if isinstance(value, ast.BinOp):  # "%s" % name, price * 2
        return isinstance(value.left, (ast.Constant, ast.JoinedStr)) or isinstance(value.right, ast.Constant)
    if not isinstance(value, ast.Call):
        return False
    if isinstance(value.func, ast.Attribute):
        return value.func.attr in _TEXT_METHODS
    return isinstance(value.func, ast.Name) and _is_builtin(fn, value.func.id, _BUILTINS)


def _is_builtin(fn: FunctionInfo, name: str, wanted: frozenset[str]) -> bool:
    return name in wanted and name not in fn.module.bindings and not fn.module.stars


def awaitable_ways(fn: FunctionInfo, effects: list[Effect]) -> list[Effect]:
    """Return what a sync function did whose call is awaited, without the ways of a class that has an async sister.

    A call that gives a plain value is one of the sister's methods here: nothing of this one blocks. What only one of
    several objects does, deeper down, is done by the others.
    """
    plain = gives_plain_value(fn)
    return [effect for effect in effects if effect.certain and not (plain and effect.kind == "blocking")]


_PLAIN = (ast.Constant, ast.JoinedStr, ast.Compare, ast.Dict, ast.List, ast.Set, ast.Tuple, ast.ListComp, ast.DictComp)
#: Methods that hardly anything but texts has.
_TEXT_METHODS = frozenset(
    {
        *("capitalize", "casefold", "endswith", "isdigit", "ljust", "lower", "lstrip", "removeprefix", "removesuffix"),
        *("rjust", "rstrip", "splitlines", "startswith", "strip", "title", "upper", "zfill"),
    }
)
#: Builtins that give a plain value whatever they are given.
_BUILTINS = frozenset(
    {
        *("any", "all", "bool", "dict", "float", "frozenset", "int", "isinstance", "len", "list", "range", "repr"),
        *("round", "set", "sorted", "str", "tuple"),
    }
)
_PLAIN_TYPES = frozenset({"bool", "bytes", "dict", "float", "frozenset", "int", "list", "set", "str", "tuple"})
