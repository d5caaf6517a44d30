"""Statements, interpreted structurally: every compound statement says itself where control goes on."""

from __future__ import annotations

import ast
from collections.abc import Callable
from collections.abc import Sequence as Seq
from contextlib import nullcontext
from typing import Any

from django_async_migrate.index.functions import asks_for_loop
from django_async_migrate.index.modules import import_bindings
from django_async_migrate.semantics import containers, externals, instances
from django_async_migrate.syntax.nodes import nodes_in
from django_async_migrate.values.heap import Dict, Instance, Object, QuerySet, Sequence
from django_async_migrate.values.types import (
    Const,
    ContextManager,
    ExternalObject,
    Func,
    Never,
    Ref,
    Tuple,
    Unknown,
    Value,
    alternatives,
    one_of,
)

from .expecting import expecting, gives_up, names_in
from .frame import Env, Loop, join_envs, join_into
from .patterns import Patterns, matches_all

#: How often a loop body is run to let facts settle; three passes reach a fixed point in practice.
MAX_PASSES = 3
#: Loops over this many constants or fewer are run one by one.
MAX_UNROLLED = 4


class Statements(Patterns):
    """Executes statements."""

    def execute(self, body: Seq[ast.stmt]) -> None:
        for node in body:
            if not self.alive:
                return
            if self._tries:
                self._may_raise(self.env)
            method = _TABLE.get(type(node))
            if method is not None:
                method(self, node)

    def _may_raise(self, env: Env) -> None:
        """Note that the innermost ``try`` may be left from here."""
        raised = self._tries[-1]
        self._tries[-1] = join_into(raised, env) if raised is not None else env.copy()

    def _expr(self, node: ast.Expr) -> None:
        self.eval(node.value)

    def _assign(self, node: ast.Assign) -> None:
        value = self.eval(node.value)
        for target in node.targets:
            self.assign(target, value, node.value)

    def _ann_assign(self, node: ast.AnnAssign) -> None:
        if node.value is None:
            return
        value = self.eval(node.value)
        if isinstance(value, Unknown):
            value = self.engine.annotated(self, node.annotation, node) or value
        self.assign(node.target, value, node.value)

    def _aug_assign(self, node: ast.AugAssign) -> None:
        value = self.eval(node.value)
        target = _as_load(node.target)
        old = self.eval(target)
        result = self.operated(old, value, node.op, node)
        if isinstance(node.target, ast.Name) and isinstance(self.state(old), (Sequence, Dict)):
            containers.extend(self, old, value, node)
            result = old
        self.assign(node.target, result, node.value)

    def _return(self, node: ast.Return) -> None:
        value = self.eval(node.value) if node.value is not None else Const(None)
        if self.alive:
            self.return_(value, node.value)
        self.alive = False

    def _raise(self, node: ast.Raise) -> None:
        if node.exc is not None:
            self.eval(node.exc)
        self.alive = False

    def _break(self, node: ast.Break) -> None:
        if self._loops:
            loop = self._loops[-1]
            loop.broken = join_envs(loop.broken, self.env) if loop.broken is not None else self.env.copy()
        self.alive = False

    def _continue(self, node: ast.Continue) -> None:
        if self._loops:
            loop = self._loops[-1]
            loop.continued = join_envs(loop.continued, self.env) if loop.continued is not None else self.env.copy()
        self.alive = False

    # -- branches ------------------------------------------------------------------------------------------

    def _if(self, node: ast.If) -> None:
        missed = self._missed_elsewhere(node.test)
        passed, failed = self.branch(node.test)
        if (passed is None or failed is None) and not self._fills_global(node):
            self.env = passed or failed or self.env
            self.execute(node.body if passed is not None else node.orelse)
            if self.alive and passed is not None:
                self._filled_in(node)
            return
        if passed is None or failed is None:
            failed = passed = (passed or failed or self.env).copy()
            failed = failed.copy()
        self.env = passed
        if missed or self._fills_global(node):
            with self.muted():
                self.execute(node.body)
        else:
            self.execute(node.body)
        after = self.env if self.alive else None
        self.env, self.alive = failed, True
        self.execute(node.orelse)
        self._settle(after, self.env if self.alive else None)
        if self.alive:
            self._filled_in(node)

    def _filled_in(self, node: ast.If) -> None:
        """``if x.path is None: x.path = await find()``: asked again, it is there, whatever it is."""
        test = node.test
        asked = test.operand if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not) else None
        if isinstance(test, ast.Compare) and isinstance(test.ops[0], ast.Is):
            asked = test.left
        if not isinstance(asked, ast.Attribute) or node.orelse:
            return
        for statement in node.body:
            if isinstance(statement, ast.Assign) and ast.unparse(statement.targets[0]) == ast.unparse(asked):
                self.found_set(asked)

    def found_set(self, target: ast.Attribute) -> None:
        """Take an attribute of which nothing is known for set to something true."""
        raise NotImplementedError

    def _missed_elsewhere(self, test: ast.expr) -> bool:
        """Whether a test asks if a lookup in a container that other functions fill found nothing."""
        if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
            name = test.operand
        elif isinstance(test, ast.Compare) and isinstance(test.ops[0], ast.Is):
            name = test.left
        else:
            return False
        value = self.env.names.get(name.id) if isinstance(name, ast.Name) else None
        return value is not None and self.filled_elsewhere(name, value)

    def _fills_global(self, node: ast.If) -> bool:
        """Whether a branch fills a module-level variable that is empty: it runs once in the life of a process.

        Nobody can tell whether that is on an event loop, so what it queries is possible and no more.
        """
        if self.fn is None or not self.fn.globals:
            return False
        tested = names_in(node.test) & self.fn.globals
        return bool(tested) and any(
            isinstance(part, ast.Name) and isinstance(part.ctx, ast.Store) and part.id in tested
            for part in nodes_in(*node.body)
        )

    def _settle(self, *ends: Env | None) -> None:
        """Go on from wherever control arrives; nowhere when no path does."""
        joined: Env | None = None
        for end in ends:
            joined = join_envs(joined, end)
        self.alive = joined is not None
        if joined is not None:
            self.env = joined

    def _match(self, node: ast.Match) -> None:
        subject = self.eval(node.subject)
        ends: list[Env | None] = []
        for case in node.cases:
            if not self.alive:
                break
            fits = self.fits(case.pattern, subject)
            if fits is False:
                continue
            before = self.env.copy()
            self.bind_pattern(case.pattern, subject)
            if case.guard is not None:
                passed, _ = self.branch(case.guard)
                if passed is None:
                    self.env = before
                    continue
                self.env = passed
            self.execute(case.body)
            ends.append(self.env if self.alive else None)
            self.env, self.alive = before, True
            if (fits or matches_all(case.pattern)) and case.guard is None:
                self.alive = False
        self._settle(*ends, self.env if self.alive else None)

    # -- loops ---------------------------------------------------------------------------------------------

    def _for(self, node: ast.For | ast.AsyncFor) -> None:
        iterated = self.eval(node.iter)
        element = self.iterate(iterated, node.iter, isinstance(node, ast.AsyncFor))
        if isinstance(element, Never) or not self.alive:
            if self.alive:
                self.execute(node.orelse)
            return
        names = self._constants(iterated)
        if names:
            self._unrolled(node, names)
            return
        parts = alternatives(element)
        parts += tuple(part for held in parts if isinstance(held, Tuple) for part in held.items)  # zip, enumerate
        rows = [part.id for part in parts if isinstance(part, Ref)]
        fresh = {row: self.env.heap[row] for row in rows if row in self.env.heap}
        loop = self._run_loop(node, element, fresh)
        if self.alive:
            self.execute(node.orelse)
        self._settle(self.env if self.alive else None, loop.broken)

    def _constants(self, iterated: Value) -> tuple[Value, ...]:
        """Return the few constants that a loop goes through one by one; empty where it is another loop."""
        state = self.state(iterated)
        items = iterated.items if isinstance(iterated, Tuple) else getattr(state, "items", None)
        ordered = isinstance(iterated, Tuple) or (isinstance(state, Sequence) and state.kind in {"list", "tuple"})
        if not ordered or not items or len(items) > MAX_UNROLLED:
            return ()
        return tuple(items) if all(isinstance(item, Const) for item in items) else ()

    def _unrolled(self, node: ast.For | ast.AsyncFor, items: tuple[Value, ...]) -> None:
        """Run a loop over names or numbers once for each: ``for name in "author.club".split(".")``."""
        broken: Env | None = None
        for item in items:
            loop = Loop()
            self._loops.append(loop)
            self.assign(node.target, item)
            self.execute(node.body)
            self._loops.pop()
            broken = join_envs(broken, loop.broken)
            self._settle(self.env if self.alive else None, loop.continued)
            if not self.alive:
                break
        if self.alive:
            self.execute(node.orelse)
        self._settle(self.env if self.alive else None, broken)

    def _run_loop(self, node: ast.For | ast.AsyncFor, element: Value, fresh: dict[int, Any]) -> Loop:
        for number in range(MAX_PASSES):
            before = self.env.copy()
            loop = Loop()
            self._loops.append(loop)
            self.env.heap.update(fresh)  # each round gets an element that no earlier round has touched
            self.assign(node.target, element)
            self.execute(node.body)
            self._loops.pop()
            end = join_envs(self.env if self.alive else None, loop.continued)
            # What every completed round did to its element holds for all of them after the loop.
            done = {row: end.heap[row] for row in fresh if row in end.heap} if end is not None else {}
            skipped = None if number == 0 and end is not None and _is_filled(node.iter) else before
            joined = join_envs(skipped, end) or before
            if end is not None and loop.broken is None:
                joined.heap.update(done)
            self.env, self.alive = joined, True
            if number and before.same(self.env):
                break
        return loop

    def _while(self, node: ast.While) -> None:
        loop = Loop(climbs=self.fn is not None and not self.fn.is_async)
        exits: Env | None = None
        for number in range(MAX_PASSES):
            before = self.env.copy()
            passed, failed = self.branch(node.test)
            exits = join_envs(exits, failed)
            if passed is None:
                break
            self.env = passed
            self._loops.append(loop)
            loop.continued = None
            self.execute(node.body)
            self._loops.pop()
            end = join_envs(self.env if self.alive else None, loop.continued)
            self.alive = True
            if end is None:
                break
            self.env = join_envs(before, end) or before
            if number and before.same(self.env):
                break
        if exits is not None:
            self.env = exits
            self.execute(node.orelse)
            self._settle(self.env if self.alive else None, loop.broken)
        else:
            self._settle(loop.broken)

    # -- exceptions and context managers -------------------------------------------------------------------

    def _try(self, node: ast.Try) -> None:
        before = self.env.copy()
        self._tries.append(before)
        with expecting(self, [handler.type for handler in node.handlers if not gives_up(handler)]):
            self.execute(node.body)
        raised = self._tries.pop()
        if self.alive:
            raised = join_envs(raised, self.env) if raised is not None else self.env.copy()
        ends: list[Env | None] = []
        done = self.env.copy() if self.alive else None
        if self.alive:
            self.execute(node.orelse)
            ends.append(self.env if self.alive else None)
        for handler in self.module.live_handlers(node):
            if raised is None:
                break
            caught = names_in(handler.type)
            if "RuntimeError" in caught and _asks_for_loop(node.body):
                continue  # there is a running loop here
            found = done if "EmptyPage" in caught else None  # a paginator that says so has counted its rows
            if caught == {"PageNotAnInteger"} and len(node.body) == 1 and self.engine.version < (6, 0):
                found = before  # and one that says so has not
            self.env, self.alive = (found or raised).copy(), True
            if "AttributeError" in caught:
                self._drop_guessed_querysets()
            if handler.name:
                self.env.names[handler.name] = Unknown("exception")
            self.execute(handler.body)
            ends.append(self.env if self.alive else None)
        self._settle(*ends)
        if node.finalbody:
            arrives = self.alive
            if not arrives and raised is not None:
                self.env, self.alive = raised.copy(), True
            self.execute(node.finalbody)
            self.alive = self.alive and arrives
        if self._tries and raised is not None:
            self._tries[-1] = join_envs(self._tries[-1], raised)

    def _drop_guessed_querysets(self) -> None:
        """A value whose annotation said queryset had no such attribute: it is none."""
        for name, value in self.env.names.items():
            state = self.state(value)
            if isinstance(state, QuerySet) and not state.certain:
                self.env.names[name] = Unknown("not the annotated queryset")

    def _with(self, node: ast.With | ast.AsyncWith) -> None:
        entered: list[tuple[Value, ast.expr]] = []
        asynchronous = isinstance(node, ast.AsyncWith)
        for item in node.items:
            manager = self.eval(item.context_expr)
            value = self._enter(manager, item.context_expr, asynchronous)
            entered.append((manager, item.context_expr))
            if item.optional_vars is not None:
                self.assign(item.optional_vars, value, item.context_expr)
        with expecting(self, [item.context_expr for item in node.items]):  # suppress(AttributeError)
            self.execute(node.body)
        if self.alive:
            for manager, expr in reversed(entered):
                self._leave(manager, expr, asynchronous)

    def _enter(self, manager: Value, node: ast.AST, asynchronous: bool) -> Value:
        results: list[Value] = []
        for part in alternatives(manager):
            state = self.state(part)
            if isinstance(part, ContextManager):
                results.append(self.iterate(part.generator, node, asynchronous))
            elif isinstance(state, (Object, Instance)):
                name = "__aenter__" if asynchronous else "__enter__"
                value = self.dunder(part, state, name, [], node)
                if value is not None and asynchronous:
                    value = self.await_(value, node)
                results.append(value if value is not None else part)
            else:
                if isinstance(part, ExternalObject):
                    externals.entered(self, part, node, asynchronous)
                results.append(part)
        return one_of(results)

    def _leave(self, manager: Value, node: ast.expr, asynchronous: bool) -> None:
        for part in alternatives(manager):
            state = self.state(part)
            if isinstance(state, (Object, Instance)):
                name = "__aexit__" if asynchronous else "__exit__"
                value = self.dunder(part, state, name, [Const(None)] * 3, node)
                if value is not None and asynchronous:
                    self.await_(value, node)

    # -- definitions ---------------------------------------------------------------------------------------

    def _function_def(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        fn = self.module.function(node, None, self.fn)
        value: Value = Func(fn)
        self.keep_defaults(fn)
        if fn.decorators:
            with self.muted():
                value = self.engine.decorate(self, fn, self.closed(fn))
        self.env.names[node.name] = value
        if fn.holds_coroutine and fn not in self.nested_coroutines:
            self.nested_coroutines.append(fn)

    def _class_def(self, node: ast.ClassDef) -> None:
        self.env.names[node.name] = self.engine.class_value(self.module.class_(node, self.fn))

    def _import(self, node: ast.Import | ast.ImportFrom) -> None:
        for name, binding in import_bindings(node):
            if name != "*":
                definitions = self.project.follow(self.module, binding)
                self.env.names[name] = self.engine.definition_value(self, definitions) or Unknown("import")

    def _assert(self, node: ast.Assert) -> None:
        test = node.test
        is_null = (
            isinstance(test, ast.Compare)
            and isinstance(test.ops[0], ast.Is)
            and isinstance(test.comparators[0], ast.Constant)
            and test.comparators[0].value is None
            and self.expect_null(test.left)
        )
        with self.muted() if is_null else nullcontext():
            passed, _ = self.branch(test)
        if passed is None:
            self.alive = False
        else:
            self.env = passed

    def _delete(self, node: ast.Delete) -> None:
        for target in node.targets:
            if isinstance(target, ast.Name):
                self.env.names.pop(target.id, None)
            elif isinstance(target, ast.Attribute):
                for owner in alternatives(self.eval(target.value)):
                    state = self.state(owner)
                    if isinstance(owner, Ref) and isinstance(state, Instance):
                        self.put(owner, instances.without_attribute(state, target.attr))
            elif isinstance(target, ast.Subscript):
                self.force(self.eval(target.value), target)


def _as_load(target: ast.expr) -> ast.expr:
    """Return an augmented assignment's target as an expression to read."""
    if isinstance(target, ast.Name):
        return ast.copy_location(ast.Name(target.id, ast.Load()), target)
    if isinstance(target, ast.Attribute):
        return ast.copy_location(ast.Attribute(target.value, target.attr, ast.Load()), target)
    if isinstance(target, ast.Subscript):
        return ast.copy_location(ast.Subscript(target.value, target.slice, ast.Load()), target)
    return target


def _is_filled(expr: ast.expr) -> bool:
    """Whether an iterable is written out with elements: a loop over it runs at least once."""
    return isinstance(expr, (ast.Tuple, ast.List)) and any(not isinstance(item, ast.Starred) for item in expr.elts)


def _asks_for_loop(body: list[ast.stmt]) -> bool:
    """Whether a try body asks for the running event loop before anything else."""
    return any(asks_for_loop(node) for node in nodes_in(body[0]))


_Execute = Callable[[Any, Any], None]
_TABLE: dict[type, _Execute] = {
    ast.Expr: Statements._expr,
    ast.Assign: Statements._assign,
    ast.AnnAssign: Statements._ann_assign,
    ast.AugAssign: Statements._aug_assign,
    ast.Return: Statements._return,
    ast.Raise: Statements._raise,
    ast.Break: Statements._break,
    ast.Continue: Statements._continue,
    ast.If: Statements._if,
    ast.Match: Statements._match,
    ast.For: Statements._for,
    ast.AsyncFor: Statements._for,
    ast.While: Statements._while,
    ast.Try: Statements._try,
    ast.With: Statements._with,
    ast.AsyncWith: Statements._with,
    ast.FunctionDef: Statements._function_def,
    ast.AsyncFunctionDef: Statements._function_def,
    ast.ClassDef: Statements._class_def,
    ast.Import: Statements._import,
    ast.ImportFrom: Statements._import,
    ast.Assert: Statements._assert,
    ast.Delete: Statements._delete,
}
if hasattr(ast, "TryStar"):  # Python 3.11
    _TABLE[ast.TryStar] = Statements._try
