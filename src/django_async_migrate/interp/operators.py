"""Operators: comparison, membership, arithmetic, and the special methods behind them."""

from __future__ import annotations

import ast
from collections.abc import Sequence as Seq

from django_async_migrate.index.classes import ClassInfo
from django_async_migrate.index.conditions import compared
from django_async_migrate.index.functions import FunctionInfo
from django_async_migrate.semantics import blocking, containers, paths, querysets, text
from django_async_migrate.values.heap import Dict, Instance, Object, QuerySet, Sequence
from django_async_migrate.values.join import join_values
from django_async_migrate.values.types import (
    NEVER,
    SCALAR,
    Client,
    Const,
    ExternalObject,
    Func,
    Generator,
    Pattern,
    Ref,
    Scalar,
    Tuple,
    Unknown,
    Value,
    alternatives,
)

from .comprehensions import Comprehensions


class Operators(Comprehensions):
    """Evaluates operators."""

    def _union(self, values: list[Value]) -> Value:
        result: Value = NEVER
        for value in values:
            result = join_values(result, value, self.env.heap)
        return result

    def element_of(self, value: Value) -> Value:
        """Return what a container in memory holds, without recording anything."""
        with self.muted():
            state = self.state(value)
            if isinstance(value, Tuple) or isinstance(state, (Sequence, Dict)):
                return self.iterate(value, ast.Pass())
        return SCALAR

    def _compare(self, node: ast.Compare) -> Value:
        left = self.eval(node.left)
        result: Value = SCALAR
        for op, right_node in zip(node.ops, node.comparators, strict=True):
            right = self.eval(right_node)
            if isinstance(op, (ast.In, ast.NotIn)):
                self._membership(left, right, node)
            elif isinstance(op, (ast.Is, ast.IsNot)):
                same = _identical(left, right)
                if same is not None and len(node.ops) == 1:
                    result = Const(same if isinstance(op, ast.Is) else not same)
            else:
                left, right = self.force(left, node), self.force(right, node)
                self._compare_values(op, left, right, node)
                if isinstance(left, Tuple) and isinstance(right, Tuple) and len(node.ops) == 1:
                    order = compared(op, _numbers(left), _numbers(right))
                    result = SCALAR if order is None else Const(order)
                elif isinstance(left, Const) and isinstance(right, Const) and len(node.ops) == 1:
                    if isinstance(op, ast.Eq):
                        result = Const(left.value == right.value)
                    elif isinstance(op, ast.NotEq):
                        result = Const(left.value != right.value)
                    elif isinstance(node.left, ast.Subscript):  # VERSION[0] >= 5
                        order = compared(op, _numbers(Tuple((left,))), _numbers(Tuple((right,))))
                        result = SCALAR if order is None else Const(order)
            left = right
        return result

    def _membership(self, item: Value, container: Value, node: ast.AST) -> None:
        for part in alternatives(self.force(container, node)):
            state = self.state(part)
            if not isinstance(state, QuerySet) and not isinstance(part, Unknown):
                self.engine.outcome.others.add(node)
            if isinstance(state, QuerySet):
                querysets.evaluate(self, part, "membership", node)
            elif isinstance(state, (Object, Instance)):
                if self.dunder(part, state, "__contains__", [item], node) is None:
                    self.iterate(part, node)
            elif isinstance(part, Generator):
                self.iterate(part, node)
            else:
                blocking.operated(self, part, "__contains__", [item], node)
                self._compare_values(ast.Eq(), item, self.element_of(part), node)

    _OPERATORS = {  # noqa: RUF012
        ast.Eq: "__eq__",
        ast.NotEq: "__eq__",
        ast.Lt: "__lt__",
        ast.Gt: "__gt__",
        ast.LtE: "__le__",
        ast.GtE: "__ge__",
    }

    def _compare_values(self, op: ast.cmpop, left: Value, right: Value, node: ast.AST) -> None:
        name = self._OPERATORS.get(type(op))
        for part in alternatives(left):
            state = self.state(part)
            if name is not None and isinstance(state, (Object, Instance)):
                self.dunder(part, state, name, [right], node)

    def dunder(self, value: Value, state: object, name: str, args: list[Value], node: ast.AST) -> Value | None:
        """Call a special method that project code defines; None when it defines none."""
        cls = own_class(state)
        found = cls.find(name) if cls is not None else None
        if found is None or not isinstance(found[1], FunctionInfo):
            return None
        method = self.engine.bind_member(self, found[0], found[1], value, node)
        return self.call(method, args, (), node, implicit=True)

    def _bin_op(self, node: ast.BinOp) -> Value:
        left, right = self.eval(node.left), self.eval(node.right)
        return self.operated(left, right, node.op, node)

    def operated(self, left: Value, right: Value, op: ast.operator, node: ast.AST) -> Value:
        """Return ``left op right``."""
        if isinstance(op, ast.Add) and (_is_text(left) or _is_text(right)):
            return text.joined([p.value if isinstance(p, Const) else None for p in (left, right)])
        if isinstance(op, ast.Mod) and _is_text(left):
            self._percent(left, right, node)
            return Scalar("str")
        results = []
        for part in alternatives(left):
            special = self.special(part, _OPERATOR_METHODS.get(type(op), "__add__"), [right], node)
            if special is not None:
                results.append(special)
                continue
            state = self.state(part)
            if isinstance(state, QuerySet):
                results.append(querysets.derived(self, part, state, node))
            elif isinstance(state, (Sequence, Dict)) or isinstance(part, Tuple):
                results.append(containers.combined(self, part, right, node))
            elif isinstance(part, Unknown) or (isinstance(part, Client) and isinstance(op, ast.Div)):
                results.append(part)  # a path below a path
            else:
                results.append((isinstance(op, ast.Div) and paths.below(part, right)) or SCALAR)
        return self._union(results)

    def _percent(self, left: Value, right: Value, node: ast.AST) -> None:
        held = self.state(right)
        items = right.items if isinstance(right, Tuple) else (right,)
        if isinstance(held, Dict):
            items = tuple(held.items.values())
        text.percent(self, left, items, node)

    def special(self, value: Value, name: str, args: Seq[Value], node: ast.AST) -> Value | None:
        state = self.state(value)
        if not isinstance(state, (Object, Instance)):
            return None
        return self.dunder(value, state, name, list(args), node)

    def hashed(self, value: Value, node: ast.AST) -> None:
        """Put a value into a set or use it as a key: its ``__hash__`` runs."""
        for part in alternatives(value):
            self.special(part, "__hash__", [], node)

    def _unary_op(self, node: ast.UnaryOp) -> Value:
        value = self.eval(node.operand)
        if isinstance(node.op, ast.Not):
            known = self.truth(value, node.operand)
            return SCALAR if known is None else Const(not known)
        if isinstance(node.op, ast.Invert):
            found = self.special(value, "__invert__", [], node)
            return found if found is not None else value if isinstance(value, Unknown) else SCALAR
        if isinstance(value, Const) and isinstance(node.op, ast.USub) and isinstance(value.value, int):
            return Const(-value.value)
        return SCALAR


def _numbers(value: Tuple) -> tuple[object, ...]:
    """Return the numbers in a tuple, None for what is unknown."""
    return tuple(part.value if isinstance(part, Const) and type(part.value) is int else None for part in value.items)


def own_class(state: object) -> ClassInfo | None:
    """Return the project class of an object or model instance."""
    if isinstance(state, Object):
        return state.cls
    return state.model.cls if isinstance(state, Instance) else None


def _identical(left: Value, right: Value) -> bool | None:
    """Whether ``left is right``, for comparisons with None, True and False."""
    if not (isinstance(right, Const) and (right.value is None or isinstance(right.value, bool))):
        return None
    parts = alternatives(left)
    if right.value is not None:
        answers = {part.value is right.value if isinstance(part, Const) else None for part in parts}
        return answers.pop() if len(answers) == 1 else None
    if all(isinstance(part, Const) and part.value is None for part in parts):
        return True
    if all(_never_none(part) for part in parts):
        return False
    return None


def _never_none(value: Value) -> bool:
    if isinstance(value, Const):
        return value.value is not None
    if isinstance(value, ExternalObject):  # made by a class, or declared to be of one
        return value.api.rpartition(".")[2][:1].isupper()
    return isinstance(value, (Ref, Tuple, Func, Pattern)) or (isinstance(value, Scalar) and value.kind in _NOT_NONE)


_NOT_NONE = frozenset({"truthy", "truthy text", "int", "bool", "str", "bytes"})


def _is_text(value: Value) -> bool:
    return (isinstance(value, Const) and isinstance(value.value, str)) or (
        isinstance(value, Pattern) or (isinstance(value, Scalar) and value.kind == "str")
    )


_OPERATOR_METHODS: dict[type, str] = {
    ast.Add: "__add__",
    ast.Sub: "__sub__",
    ast.Mult: "__mul__",
    ast.Div: "__truediv__",
    ast.FloorDiv: "__floordiv__",
    ast.Mod: "__mod__",
    ast.BitOr: "__or__",
    ast.BitAnd: "__and__",
    ast.LShift: "__lshift__",
    ast.RShift: "__rshift__",
    ast.MatMult: "__matmul__",
    ast.Pow: "__pow__",
    ast.BitXor: "__xor__",
}
