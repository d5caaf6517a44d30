"""What a call of a value is known to be, without making it."""

from __future__ import annotations

import ast
import sys

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
    if fn.is_async or fn.is_generator or isinstance(fn.node, ast.Lambda):
        return False
    returned = (node.value for node in fn.own_nodes if isinstance(node, ast.Return))
    return all(value is None or isinstance(value, _PLAIN) for value in returned)


_PLAIN = (ast.Constant, ast.JoinedStr, ast.Compare, ast.Dict, ast.List, ast.Set, ast.Tuple, ast.ListComp, ast.DictComp)
