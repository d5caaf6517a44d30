"""What a test tells about the values it tests."""

from __future__ import annotations

import ast
from collections.abc import Callable

from django_async_migrate.index.models import ScalarField
from django_async_migrate.index.modules import Assigned
from django_async_migrate.index.usages import called_name
from django_async_migrate.semantics import builtins, externals, instances, querysets, stdlib
from django_async_migrate.values.heap import Dict, Instance, Object, QuerySet, Sequence, Slot
from django_async_migrate.values.types import (
    NEVER,
    NONE,
    Class,
    Const,
    External,
    Func,
    Generator,
    ModelClass,
    Never,
    OneOf,
    Pattern,
    Ref,
    Scalar,
    Tuple,
    Unknown,
    Value,
    alternatives,
    one_of,
)

from .stmt import Statements

_EQUAL = (ast.Is, ast.Eq, ast.IsNot, ast.NotEq)


class Narrowing(Statements):
    """Tests values and keeps what passes."""

    def truth(self, value: Value, node: ast.AST) -> bool | None:
        """Test a value; return its truth where it is known."""
        value = self.force(value, node)
        answers = {self._truth_of(part, node) for part in alternatives(value)}
        return answers.pop() if len(answers) == 1 else None

    def _truth_of(self, value: Value, node: ast.AST) -> bool | None:
        if isinstance(value, Const):
            return bool(value.value)
        if isinstance(value, Scalar) and value.truth is not None:
            return value.truth
        if isinstance(value, Tuple):
            return bool(value.items)
        if isinstance(value, Pattern):
            return True
        state = self.state(value)
        if isinstance(state, QuerySet):
            element = querysets.evaluate(self, value, "truth", node)
            return False if isinstance(element, Never) else None
        if not isinstance(value, (Unknown, Never)):
            self.saw_other(node)
        if isinstance(state, Object):
            answer = self.dunder(value, state, "__bool__", [], node)
            if answer is None:
                answer = self.dunder(value, state, "__len__", [], node)
            if answer is not None:
                return bool(answer.value) if isinstance(answer, Const) else None
            return True if not state.cls.externals else None
        if isinstance(state, Instance):
            answer = self.dunder(value, state, "__bool__", [], node)
            if answer is None:
                answer = self.dunder(value, state, "__len__", [], node)
            if answer is not None:
                return bool(answer.value) if isinstance(answer, Const) else None
            return True
        if isinstance(value, (Func, Class, ModelClass, Generator)):
            return True
        if isinstance(state, (Sequence, Dict)) and not state.items and state.element is None:
            return None if isinstance(state, Sequence) and state.items is None else False
        return None

    def refine(self, test: ast.expr, positive: bool) -> None:
        """Keep what a passed (or failed) test allows."""
        if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
            self.refine(test.operand, not positive)
        elif isinstance(test, ast.BoolOp):
            if isinstance(test.op, ast.And) is positive:
                for operand in test.values:
                    self.refine(operand, positive)
        elif isinstance(test, ast.NamedExpr):
            self.refine(test.target, positive)
        elif isinstance(test, (ast.Name, ast.Attribute)):
            self._keep(test, lambda part: self._may_be(part, positive))
            if not positive:
                self._null_column(test)
            self._settle_truth(test, positive)
        elif isinstance(test, ast.Compare) and len(test.ops) == 1:
            self._refine_compare(test, positive)
        elif isinstance(test, ast.Call):
            self._refine_call(test, positive)

    def _settle_truth(self, test: ast.Name | ast.Attribute, positive: bool) -> None:
        """Remember what a test has shown of a plain value: the next test of it goes the same way."""
        if isinstance(test, ast.Name):
            value = self.env.names.get(test.id)
            if isinstance(value, Scalar) or (isinstance(value, Unknown) and not positive):
                self.env.names[test.id] = (value if isinstance(value, Scalar) else Scalar()).tested(positive)
            return
        owner = self._read(test.value)
        state = self.state(owner) if owner is not None else None
        if not isinstance(owner, Ref) or not isinstance(state, Instance):
            return
        slot = state.slots.get(test.attr)
        if slot is None and isinstance(state.model.member(test.attr), ScalarField):
            self.put(owner, instances.with_attribute(state, test.attr, Scalar("truthy" if positive else "falsy")))

    def _may_be(self, part: Value, truth: bool) -> bool:
        if isinstance(part, Const):
            return bool(part.value) is truth
        if isinstance(part, Scalar) and part.truth is not None:
            return part.truth is truth
        state = self.state(part)
        if isinstance(state, Instance) or isinstance(part, (Func, Class, ModelClass)):
            return truth
        if isinstance(state, Object) and not state.cls.externals:
            return truth or state.cls.find("__bool__") is not None or state.cls.find("__len__") is not None
        return True

    def _refine_compare(self, test: ast.Compare, positive: bool) -> None:
        op, right = test.ops[0], test.comparators[0]
        left = test.left.target if isinstance(test.left, ast.NamedExpr) else test.left
        if isinstance(right, ast.Constant) and right.value is None:
            if isinstance(op, (ast.Is, ast.Eq)):
                is_none = positive
            elif isinstance(op, (ast.IsNot, ast.NotEq)):
                is_none = not positive
            else:
                return
            self._keep(left, lambda part: (part == NONE) is is_none or isinstance(part, Unknown))
            if is_none:
                self._null_column(left)
            elif isinstance(left, ast.Attribute) and isinstance(self._read(left), Scalar):
                self._write(left, Scalar("truthy"))  # an optional setting that is there: that it is empty is possible
        elif isinstance(right, ast.Constant) and isinstance(right.value, bool):
            if isinstance(op, (ast.Is, ast.Eq)) is positive and isinstance(op, _EQUAL):
                self.refine(left, right.value)
            elif isinstance(op, _EQUAL) and isinstance(left, ast.Call) and self._asks_async(left):
                self.refine(left, not right.value)
        elif isinstance(op, (ast.Is, ast.IsNot)):
            with self.muted():
                same = self.eval(right)
            if isinstance(same, Ref):
                wanted = isinstance(op, ast.Is) is positive
                self._keep(left, lambda part: part == same if wanted else part != same)
        elif isinstance(op, ast.In) and positive and isinstance(right, ast.Attribute):
            if right.attr in {"fields_cache", "__dict__", "_prefetched_objects_cache"}:
                owner = right.value
                if isinstance(owner, ast.Attribute) and owner.attr == "_state":
                    owner = owner.value
                self._trust(owner)

    def _asks_async(self, test: ast.Call) -> bool:
        """Whether a call asks whether something is a coroutine function."""
        name = called_name(test)
        return name == "iscoroutinefunction" and self.project.external_name(self.module, test.func, self.fn) is not None

    def _refine_async(self, expr: ast.expr, positive: bool) -> None:
        """Keep the functions that are coroutine functions, or the others."""
        current = self._read(expr)
        if current is None:
            return
        parts = alternatives(current)
        kept = [part for part in parts if stdlib.gives_awaitable(part) in {None, positive}]
        if len(kept) < len(parts):
            self._write(expr, one_of(kept) if kept else Unknown("cannot be"))

    def _refine_call(self, test: ast.Call, positive: bool) -> None:
        if test.args and self._asks_async(test):
            self._refine_async(test.args[0], positive)
            return
        if test.args and isinstance(test.func, ast.Name) and test.func.id == "callable":
            self._keep(test.args[0], lambda part: builtins.is_callable(self, part) in {None, positive})
            return
        if isinstance(test.func, ast.Attribute) and test.func.attr == "is_cached" and positive and test.args:
            self._trust(test.args[0])
        if isinstance(test.func, ast.Name) and test.func.id == "isinstance" and len(test.args) == 2:
            with self.muted():
                classes = self.eval(test.args[1])
            current = self._read(test.args[0])
            if current is not None and positive:
                self._write(test.args[0], self.instances_of(current, classes))
            elif current is not None and isinstance(current, OneOf):
                with_none = [part for part in current.values if part == NONE]
                fitting = alternatives(self.instances_of(current, classes))
                kept = [p for p in current.values if p not in fitting or not isinstance(p, Ref)]
                if kept and kept != with_none and len(kept) < len(current.values):
                    self._write(test.args[0], one_of(kept))

    def instances_of(self, value: Value, cls: Value) -> Value:
        """Return the alternatives of a value that may be instances of a class."""
        wanted = cls.items if isinstance(cls, Tuple) else alternatives(cls)
        kept = []
        # Something unknown beside known values stays unknown: that it passes a test proves little.
        real = [part for part in alternatives(value) if part != NONE]
        for part in real:
            state = self.state(part)
            fits = True
            for candidate in wanted:
                fits = True
                if isinstance(state, Instance) and isinstance(candidate, ModelClass):
                    fits = candidate.model is state.model or candidate.model in state.model.bases
                    fits = fits or state.model in candidate.model.bases
                elif isinstance(state, (Instance, QuerySet)) and isinstance(candidate, External):
                    fits = "QuerySet" in candidate.api if isinstance(state, QuerySet) else "Model" in candidate.api
                elif isinstance(state, Object) and isinstance(candidate, Class):
                    fits = state.cls.derives_from(candidate.cls) or candidate.cls.derives_from(state.cls)
                elif isinstance(state, (Object, Instance)) and isinstance(candidate, (Class, ModelClass)):
                    fits = False
                elif self._may_narrow(part) and isinstance(candidate, ModelClass) and len(wanted) == len(real) == 1:
                    made = self.engine.instance_of_model(self, candidate.model, ("isinstance", candidate.model.key))
                    kept.append(made)
                    fits = False
                if fits:
                    break
            if fits:
                kept.append(part)
        if not kept and all(self._has_known_class(part) for part in alternatives(value)):
            return NEVER
        return one_of(kept) if kept else value

    def _may_narrow(self, value: Value) -> bool:
        """Whether a test of something unknown tells what it is.

        A coroutine that tests its value is written for what passes. A sync helper serves many callers: that a coroutine
        hands it a model is possible and no more, unless the value itself says so.
        """
        return isinstance(value, Unknown) and self.fn is not None and self.fn.is_async

    def _has_known_class(self, value: Value) -> bool:
        state = self.state(value)
        if isinstance(state, Instance):
            return state.model.cls is not None
        return isinstance(state, Object) and not state.cls.externals

    def _trust(self, expr: ast.expr) -> None:
        """The code has looked whether something is loaded: nothing is concluded from its not being so."""
        with self.muted():
            externals.havoc(self, [self.eval(expr)])

    def _null_column(self, test: ast.expr) -> None:
        """``if obj.author_id is None``: the relation is null too, and reading it is free."""
        if not isinstance(test, ast.Attribute):
            return
        with self.muted():
            owner = self.eval(test.value)
        for part in alternatives(owner):
            inst = self.state(part)
            if isinstance(inst, Instance) and isinstance(part, Ref):
                relation = instances.is_null_column(inst, test.attr)
                if relation is not None:
                    self.put(part, instances.with_attribute(inst, relation.name, NONE))

    def _keep(self, expr: ast.expr, test: Callable[[Value], bool]) -> None:
        current = self._read(expr)
        if current is None:
            return
        parts = alternatives(current)
        if len(parts) == 1 and not isinstance(parts[0], Ref):
            return
        kept = [part for part in parts if test(part)]
        if kept and len(kept) < len(parts):
            self._write(expr, one_of(kept))

    def _read(self, expr: ast.expr) -> Value | None:
        """Return what a name or attribute path holds, without reading it as code would."""
        if isinstance(expr, ast.Name):
            return self.env.names.get(expr.id)
        if isinstance(expr, ast.NamedExpr):
            return self._read(expr.target)
        if isinstance(expr, ast.Attribute):
            owner = self._read(expr.value)
            state = self.state(owner) if owner is not None else None
            slots = state.attrs if isinstance(state, Object) else state.slots if isinstance(state, Instance) else {}
            slot = slots.get(expr.attr)
            if slot is None and owner is not None and isinstance(state, Object):
                return self._declared(owner, state, expr)
            return slot.value if slot is not None else None
        return None

    def found_set(self, target: ast.Attribute) -> None:
        """Take an attribute of which nothing is known for set to something true."""
        value = self._read(target)
        parts = [part for part in alternatives(value) if part != NONE] if value is not None else []
        if parts:
            self._write(target, one_of([Scalar("truthy") if type(p) in {Unknown, Scalar} else p for p in parts]))

    def _declared(self, owner: Value, state: Object, expr: ast.Attribute) -> Value | None:
        """Return what a class declares for a plain attribute of an object that nobody has read yet."""
        found = state.cls.find(expr.attr)
        if found is None or not isinstance(found[1], Assigned):
            return None
        with self.muted():
            value = self.attribute(owner, expr.attr, expr)
        return value if all(isinstance(part, (Const, Scalar)) for part in alternatives(value)) else None

    def _write(self, expr: ast.expr, value: Value) -> None:
        if isinstance(value, Never):
            value = Unknown("cannot be") if not isinstance(expr, ast.Name) else value
        if isinstance(expr, ast.Name):
            self.env.names[expr.id] = value
        elif isinstance(expr, ast.NamedExpr):
            self._write(expr.target, value)
        elif isinstance(expr, ast.Attribute):
            owner = self._read(expr.value)
            state = self.state(owner) if owner is not None else None
            if isinstance(owner, Ref) and isinstance(state, Object):
                slot = state.attrs.get(expr.attr, Slot(value))
                attrs = {**state.attrs, expr.attr: Slot(value, slot.loaded)}
                self.put(owner, Object(state.cls, attrs, state.whole))
            elif isinstance(owner, Ref) and isinstance(state, Instance):
                self.put(owner, instances.with_attribute(state, expr.attr, value))
