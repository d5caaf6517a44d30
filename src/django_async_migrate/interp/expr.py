"""Expressions."""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import Any

from django_async_migrate.index.functions import FunctionInfo
from django_async_migrate.semantics import blocking, containers, instances, text
from django_async_migrate.syntax.nodes import nodes_in
from django_async_migrate.values.heap import Dict, Instance, Object, QuerySet, Sequence
from django_async_migrate.values.join import join_values
from django_async_migrate.values.types import (
    NEVER,
    SCALAR,
    Class,
    Const,
    Func,
    ModelClass,
    Never,
    OneOf,
    Primed,
    Shared,
    Star,
    Super,
    Tuple,
    Unknown,
    Value,
    alternatives,
    is_foreign,
    one_of,
)

from .frame import Env, join_envs
from .operators import Operators


class Expressions(Operators):
    """Evaluates expressions to values, recording what they query on the way."""

    def eval(self, node: ast.expr) -> Value:
        method = _TABLE.get(type(node))
        value = method(self, node) if method is not None else self.eval_code(node)
        if self.watched and node in self.watched:
            self.engine.observe(self, node, value, self.watched[node])
        return value

    def _constant(self, node: ast.Constant) -> Value:
        return Const(node.value) if not isinstance(node.value, complex) else SCALAR

    def _name(self, node: ast.Name) -> Value:
        return self.name(node.id)

    def name(self, name: str) -> Value:
        """Look a variable up: here, in the functions around, in the module, in the builtins."""
        value = self.env.names.get(name)
        if value is not None:
            if type(value) is Func and value.fn.parent is self.fn and self.fn is not None and value.receiver is None:
                return self.closed(value.fn)  # free variables have the values they have now
            return value
        value = self.cells.get(name)
        if value is not None:
            return value
        if self.fn is not None and name in self.fn.local_names:
            return NEVER if self.alive else SCALAR
        return self.engine.global_value(self, self.module, name)

    def closed(self, fn: FunctionInfo) -> Func:
        """Return a nested function with the values its free variables have now."""
        closure = []
        for name in sorted(fn.free_names):
            value = self.env.names.get(name)
            if value is None:
                value = self.cells.get(name)
            if value is not None and not (type(value) is Func and value.fn is fn):
                if type(value) is Func and value.fn.parent is self.fn and value.fn.parent is not None:
                    value = Func(value.fn, value.receiver, value.closure)
                closure.append((name, value))
        for (owner, name), value in self.default_values.items():
            if owner is fn:
                closure.append((f"={name}", value))
        return Func(fn, None, tuple(closure))

    def _attribute(self, node: ast.Attribute) -> Value:
        return self.attribute(self.eval(node.value), node.attr, node)

    def _call(self, node: ast.Call) -> Value:
        if isinstance(node.func, ast.Name) and node.func.id == "super" and self.fn is not None:
            found = self._super(node)
            if found is not None:
                return found
        func = self.eval(node.func)
        if isinstance(node.func, ast.Attribute) and node.func.attr == "assertIsNone" and node.args:
            self.expect_null(node.args[0])
        args: list[Value] = []
        for arg in node.args:
            if isinstance(arg, ast.Starred):
                args.extend(self.unpacked(self.eval(arg.value), arg.value))
            else:
                args.append(self.eval(arg))
        kwargs: list[tuple[str, Value]] = []
        for keyword in node.keywords:
            value = self.eval(keyword.value)
            if keyword.arg is not None:
                kwargs.append((keyword.arg, value))
                continue
            state = self.state(value)
            if isinstance(state, Dict):
                kwargs.extend((str(key), item) for key, item in state.items.items())
                if state.element is not None:
                    kwargs.append(("**", state.element))
            elif not isinstance(value, Const):
                kwargs.append(("**", Unknown("** of an unknown mapping")))
        if not self.alive:
            return NEVER
        self._calling.append((node, args, kwargs))
        result = self.call(func, args, kwargs, node)
        self._calling.pop()
        return result

    def expect_null(self, expr: ast.expr) -> bool:
        """``assert obj.relation is None``: where that holds, nothing is loaded. False where it is about no relation."""
        if not isinstance(expr, ast.Attribute):
            return False
        if any(isinstance(part, (ast.Call, ast.Await, ast.NamedExpr)) for part in nodes_in(expr.value)):
            return False
        return instances.declared_null(self, self.eval(expr.value), expr.attr)

    def _super(self, node: ast.Call) -> Value | None:
        fn: FunctionInfo | None = self.fn
        while fn is not None and fn.cls is None:
            fn = fn.parent
        if fn is None or fn.cls is None or not fn.params:
            return None
        receiver = self.env.names.get(fn.params[0].arg) or self.cells.get(fn.params[0].arg)
        start = fn.cls
        if node.args:  # super(Base, self): what comes after Base
            named = self.eval(node.args[0])
            owner = (
                named.cls if isinstance(named, Class) else named.model.cls if isinstance(named, ModelClass) else None
            )
            start = owner or start
        return Super(start, receiver) if receiver is not None else None

    def unpacked(self, value: Value, node: ast.AST) -> list[Value]:
        """Return the elements ``*value`` puts into a call or display; one stands for many when not known."""
        if isinstance(value, Tuple):
            return list(value.items)
        state = self.state(value)
        if isinstance(state, Sequence) and state.items is not None:
            return list(state.items)
        element = self.iterate(value, node)
        return [] if isinstance(element, Never) else [Star(element)]

    def _await(self, node: ast.Await) -> Value:
        self.awaited = node.value
        result = self.await_(self.eval(node.value), node)
        call = node.value
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute):
            owner = call.func.value
            if isinstance(owner, (ast.Name, ast.Attribute)):
                with self.muted():
                    held = self.eval(owner)
                if is_foreign(held) and not isinstance(held, OneOf):
                    self.assign(owner, Primed("awaited"))
        return result

    def _bool_op(self, node: ast.BoolOp) -> Value:
        is_and = isinstance(node.op, ast.And)
        results: list[Value] = []
        leaving: Env | None = None
        for number, operand in enumerate(node.values[:-1], 1):
            value = self.eval(operand)
            if not is_and and self.filled_elsewhere(operand, value):
                with self.muted():
                    return self._union([value, *(self.eval(rest) for rest in node.values[number:])])
            known = self.truth(value, operand)
            if known is (not is_and):  # decides the result: what follows never runs
                results.append(value)
                self.env = join_envs(leaving, self.env) or self.env
                return one_of(results)
            if known is None:
                results.append(self._falsy(value) if is_and else self._truthy(value))
                out = self.env.copy()
                inside, self.env = self.env, out
                self.refine(operand, not is_and)
                leaving, self.env = join_envs(leaving, self.env), inside
            self.refine(operand, is_and)
        results.append(self.eval(node.values[-1]))
        self.env = join_envs(leaving, self.env) or self.env
        return self._union(results)

    def filled_elsewhere(self, looked_up: ast.expr, value: Value) -> bool:
        """Whether a value comes from a container of the module that other functions fill.

        What the code does when it is not in there is possible and no more: the cache is there to be hit. A function
        that fills the container itself is sure to miss at the first time.
        """
        if not any(isinstance(part, Shared) for part in alternatives(value)) or self.fn is None:
            return False
        if isinstance(looked_up, ast.Call) and isinstance(looked_up.func, ast.Attribute):
            return ast.unparse(looked_up.func.value) not in self.fn.filled
        return not self.fn.filled

    def _falsy(self, value: Value) -> Value:
        kept = []
        for part in alternatives(value):
            if isinstance(part, Const) and part.value:
                continue
            state = self.state(part)
            if isinstance(state, (Instance, Object)) or isinstance(part, Func):
                continue
            kept.append(part)
        return one_of(kept)

    def _truthy(self, value: Value) -> Value:
        return one_of([part for part in alternatives(value) if not (isinstance(part, Const) and not part.value)])

    def _subscript(self, node: ast.Subscript) -> Value:
        base = self.force(self.eval(node.value), node)
        if isinstance(node.slice, ast.Slice):
            for part in (node.slice.lower, node.slice.upper, node.slice.step):
                if part is not None:
                    self.eval(part)
            return self._union([containers.sliced(self, part, node.slice, node) for part in alternatives(base)])
        index = self.eval(node.slice)
        if not all(isinstance(self.state(part), QuerySet) or isinstance(part, Unknown) for part in alternatives(base)):
            self.engine.outcome.others.add(node)
        results = []
        for owner in alternatives(base):
            state = self.state(owner)
            if isinstance(state, (Object, Instance)):
                results.append(self.dunder(owner, state, "__getitem__", [index], node) or Unknown("item"))
            else:
                results.append(blocking.item(self, owner, index) or containers.item(self, owner, index, node))
        return self._union(results)

    def _joined_str(self, node: ast.JoinedStr) -> Value:
        texts: list[str | None] = []
        for part in node.values:
            if isinstance(part, ast.FormattedValue):
                how = {114: "repr", 115: "str", 97: "repr"}.get(part.conversion, "format")
                value = self.eval(part.value)
                self.stringify(value, part.value, how)
                texts.append(str(value.value) if isinstance(value, Const) and part.format_spec is None else None)
            elif isinstance(part, ast.Constant):
                texts.append(str(part.value))
        return text.joined(texts)

    def _if_exp(self, node: ast.IfExp) -> Value:
        passed, failed = self.branch(node.test)
        if passed is None or failed is None:
            self.env = passed or failed or self.env
            return self.eval(node.body if passed is not None else node.orelse)
        self.env = passed
        first = self.eval(node.body)
        after, self.env = self.env, failed
        second = self.eval(node.orelse)
        self.env = join_envs(after, self.env) or self.env
        return join_values(first, second, self.env.heap)

    def branch(self, test: ast.expr) -> tuple[Env | None, Env | None]:
        """Evaluate a test; return what is known where it passes and where it fails, None where it cannot."""
        if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
            passed, failed = self.branch(test.operand)
            return failed, passed
        if isinstance(test, ast.BoolOp):
            leaving: Env | None = None
            is_and = isinstance(test.op, ast.And)
            going: Env | None = None
            for operand in test.values:
                passed, failed = self.branch(operand)
                going, out = (passed, failed) if is_and else (failed, passed)
                leaving = join_envs(leaving, out)
                if going is None:
                    break
                self.env = going
            self.env = going or leaving or self.env
            return (going, leaving) if is_and else (leaving, going)
        known = self.decide(test)
        if known is not None:
            self.refine(test, known)
            return (self.env, None) if known else (None, self.env)
        failed_env = self.env.copy()
        self.refine(test, True)
        passed_env, self.env = self.env, failed_env
        self.refine(test, False)
        return passed_env, self.env

    def decide(self, test: ast.expr) -> bool | None:
        """Evaluate a test; return its truth where it is known or assumed."""
        known = self.truth(self.eval(test), test)
        if known is None and self.assumed:
            positive = True
            while isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
                test, positive = test.operand, not positive
            if isinstance(test, ast.Name) and test.id in self.assumed:
                return self.assumed[test.id] is positive
        return known

    def _named_expr(self, node: ast.NamedExpr) -> Value:
        value = self.eval(node.value)
        self.assign(node.target, value)
        return value

    def _lambda(self, node: ast.Lambda) -> Value:
        fn = self.module.function(node, None, self.fn)
        self.keep_defaults(fn)
        return self.closed(fn)

    def keep_defaults(self, fn: FunctionInfo) -> None:
        """Evaluate the defaults of a nested function, as its definition does."""
        for name, default in fn.defaults.items():
            if not isinstance(default, ast.Constant):
                self.default_values[(fn, name)] = self.eval(default)

    def _display(self, node: ast.List | ast.Set | ast.Tuple) -> Value:
        items: list[Value] = []
        open_ended = False
        for element in node.elts:
            if isinstance(element, ast.Starred):
                value = self.eval(element.value)
                found = self.unpacked(value, element.value)
                if found and isinstance(found[0], Star):
                    open_ended = True
                    found = [found[0].element]
                items.extend(found)
            else:
                items.append(self.eval(element))
        if isinstance(node, ast.Set):
            for item in items:
                self.hashed(item, node)
        if isinstance(node, ast.Tuple) and not open_ended:
            return Tuple(tuple(items))
        kind = {ast.List: "list", ast.Set: "set", ast.Tuple: "tuple"}[type(node)]
        if open_ended:
            return self.alloc(node, Sequence(kind, None, self._union(items)))
        return self.alloc(node, Sequence(kind, tuple(items)))

    def _dict(self, node: ast.Dict) -> Value:
        items: dict[object, Value] = {}
        element: Value | None = None
        key_value: Value | None = None
        for key, value_node in zip(node.keys, node.values, strict=True):
            value = self.eval(value_node)
            if key is None:
                inner = self.state(value)
                if isinstance(inner, Dict):
                    items.update(inner.items)
                    element = inner.element if element is None else element
                continue
            key_value_here = self.eval(key)
            self.hashed(key_value_here, node)
            if isinstance(key_value_here, Const):
                items[key_value_here.value] = value
            else:
                element = join_values(element, value, self.env.heap)
                key_value = join_values(key_value, key_value_here, self.env.heap)
        return self.alloc(node, Dict(items, key_value, element))

    def _starred(self, node: ast.Starred) -> Value:
        return self.eval(node.value)


_Evaluate = Callable[[Any, Any], Value]
_TABLE: dict[type, _Evaluate] = {
    ast.Constant: Expressions._constant,
    ast.Name: Expressions._name,
    ast.Attribute: Expressions._attribute,
    ast.Call: Expressions._call,
    ast.Await: Expressions._await,
    ast.BoolOp: Expressions._bool_op,
    ast.Compare: Expressions._compare,
    ast.Subscript: Expressions._subscript,
    ast.JoinedStr: Expressions._joined_str,
    ast.BinOp: Expressions._bin_op,
    ast.UnaryOp: Expressions._unary_op,
    ast.IfExp: Expressions._if_exp,
    ast.NamedExpr: Expressions._named_expr,
    ast.Lambda: Expressions._lambda,
    ast.List: Expressions._display,
    ast.Set: Expressions._display,
    ast.Tuple: Expressions._display,
    ast.Dict: Expressions._dict,
    ast.ListComp: Expressions._comprehension,
    ast.SetComp: Expressions._comprehension,
    ast.DictComp: Expressions._comprehension,
    ast.GeneratorExp: Expressions._generator_exp,
    ast.Yield: Expressions._yield,
    ast.YieldFrom: Expressions._yield_from,
    ast.Starred: Expressions._starred,
}
