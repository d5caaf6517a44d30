"""The engine: one summary for each function and kind of arguments, computed on demand and remembered."""

from __future__ import annotations

import ast
import itertools
from collections.abc import Hashable
from collections.abc import Sequence as Seq
from dataclasses import replace
from typing import TYPE_CHECKING

from django_async_migrate.core.effects import Effect
from django_async_migrate.index.doubles import rule_of
from django_async_migrate.index.functions import FunctionInfo
from django_async_migrate.index.modules import ModuleInfo
from django_async_migrate.semantics import frameworks
from django_async_migrate.values.heap import Dict, Heap, Object, Sequence
from django_async_migrate.values.join import join_heaps, join_values, primed
from django_async_migrate.values.refs import Exporter, map_refs
from django_async_migrate.values.types import (
    FILLED,
    NEVER,
    NONE,
    Const,
    Func,
    Primed,
    Ref,
    Scalar,
    Star,
    Tuple,
    Unknown,
    Value,
    alternatives,
    is_foreign,
    one_of,
)
from django_async_migrate.values.widen import widened

from .base import MAX_DEPTH, Outcome, Summary
from .calls import Evaluator
from .dispatch import Dispatch
from .frame import MARK, Env, Frame
from .memoized import lasting
from .misbridged import Misbridged
from .parents import Parents
from .registries import Registries
from .relevant import Relevant
from .requests import is_django_view
from .waiting import Waiting

if TYPE_CHECKING:
    pass

#: Kinds of arguments one function is analysed for; further ones get an unknown result.
MAX_VARIANTS = 16
#: From this many on, constants no longer make a kind of their own.
FINE_VARIANTS = 4

Kwargs = Seq[tuple[str, Value]]

_TEXT = Scalar("str")


def _is_left_out(default: ast.expr | None) -> bool:
    """Whether a default stands for an argument that is not given."""
    return isinstance(default, ast.Constant) and default.value in (None, "")


def _tells_nothing(result: Value) -> bool:
    """Whether a result is something unknown, or None beside that: its annotation may say more."""
    parts = [part for part in alternatives(result) if part != NONE]
    return bool(parts) and all(isinstance(part, Unknown) for part in parts)


#: A function, and those it was made for.
Kind = tuple[FunctionInfo, ...]


def _limit(kind: Kind, limit: int = MAX_VARIANTS) -> int:
    """Return how many kinds of arguments a function is analysed for; a double serves the whole project."""
    if rule_of(kind[0].module.path):
        return limit * 16
    return limit if len(kind) == 1 else max(limit // 4, 1)


def _kind(func: Func) -> Kind:
    """Return a function with those that the function around it was given: each use of a decorator is one of its own."""
    parent = func.fn.parent
    if parent is None or not func.closure:
        return (func.fn,)
    given = {param.arg for param in parent.params}
    held = (part for name, value in func.closure if name in given for part in alternatives(value))
    return (func.fn, *(part.fn for part in held if isinstance(part, Func)))


class Engine(Parents, Waiting, Dispatch, Relevant, Registries, Misbridged):
    """Computes summaries; holds every cache of one analysis."""

    def evaluator(
        self,
        module: ModuleInfo,
        fn: FunctionInfo | None,
        env: Env,
        cells: dict[str, Value],
        depth: int,
        start: int,
    ) -> Evaluator:
        """Return a fresh evaluator for one activation."""
        frame = Evaluator(self, module, fn, env, cells, depth, start)
        if fn is not None:
            frame.watched = self.watched(fn)
        return frame

    def follow(self, fn: FunctionInfo) -> None:
        """Interpret the next call of a function, whatever it names and is given."""
        self._forced = fn

    # -- calls ---------------------------------------------------------------------------------------------

    def run(
        self,
        frame: Frame,
        func: Func,
        args: Seq[Value],
        kwargs: Kwargs,
        node: ast.AST,
        implicit: bool = False,
        awaited: bool = False,
        generator: bool = False,
    ) -> Value:
        """Call a project function from a frame: apply its summary there and return its result."""
        fn = func.fn
        if fn.is_stub:
            return self._implemented(frame, func, args, kwargs, node, implicit, awaited, generator)
        if not self._matters(frame, func, args, kwargs):
            self.outcome.skipped.add(fn.node)
            waiting = self.waiting(frame, func)
            if waiting is None:
                return self._declared_result(frame, fn, node)
            if not (fn.is_async or awaited):
                frame.passed_up(
                    lasting(self.project, fn, waiting.effects), node, implicit, isinstance(fn.node, ast.GeneratorExp)
                )
            return self._declared_result(frame, fn, node, waiting.returned)
        names = self._arguments(frame, func, args, kwargs)
        if self.remembers:
            names.update({name: value for name, value in frame.env.names.items() if name.startswith(MARK)})
        forms = self._forms
        exporter = Exporter(frame.env.heap, None, forms.copy)
        kind = _kind(func)
        coarse = self._variants.get(kind, 0) >= _limit(kind, FINE_VARIANTS) and not self._filling
        inner_names = {name: exporter.value(widened(value, coarse)) for name, value in names.items()}
        cells = {name: exporter.value(widened(value, coarse)) for name, value in func.closure}
        heap, form = forms.key(exporter.heap(), coarse)
        summary = self._summary(kind, inner_names, cells, heap, form, frame.depth + 1)
        if summary is None:
            if fn in self._stack:
                frame.depends.add(fn)
                return NEVER
            if not (fn.is_async or awaited) and self._variants.get(kind, 0) >= _limit(kind):
                # Too many kinds of calls to look at each; what all of them did so far, this one does.
                with frame.doubted():
                    frame.passed_up(self._always.get(kind, ()), node, implicit)
            self._forget(frame, func, names)
            return self._declared_result(frame, fn, node)
        frame.depends |= summary.depends
        if fn.node in self.outcome.unsure and not (fn.is_async or awaited):
            frame.unsure()
        back = {new: old for old, new in exporter.numbers.items()}

        def number(inner: int) -> int:
            old = back.get(inner)
            if old is None:
                old = back[inner] = frame.number_of((node, fn, inner))
            return old

        frame.env.names.update(dict.fromkeys(summary.marks, Const(True)))
        for inner, state in summary.heap.items():
            if frame.is_muted:
                state = primed(state, heap.get(inner))
            frame.env.heap[number(inner)] = forms.copy(state, number)
        for name, value in summary.writes:
            if fn.parent is not None and fn.parent is frame.fn:
                frame.env.names[name] = join_values(frame.env.names.get(name), map_refs(value, number), frame.env.heap)
        if not (fn.is_async or awaited):
            frame.passed_up(
                lasting(self.project, fn, summary.effects), node, implicit, isinstance(fn.node, ast.GeneratorExp)
            )
        result = map_refs(summary.yielded if generator else summary.returned, number)
        if not generator and _tells_nothing(result):
            return self._declared_result(frame, fn, node, result)
        return result

    def _forget(self, frame: Frame, func: Func, names: dict[str, Value]) -> None:
        """Let a function that is not looked at change what it may: variables around it, and empty containers."""
        if func.fn.parent is not None and func.fn.parent is frame.fn:
            for name in func.fn.nonlocals:
                old = frame.env.names.get(name, NEVER)
                frame.env.names[name] = one_of([old, Unknown("set by a nested function")])
        for value in (*names.values(), *(held for _, held in func.closure)):
            self.open_up(frame, value)

    def _declared_result(self, frame: Frame, fn: FunctionInfo, node: ast.AST, otherwise: Value | None = None) -> Value:
        returns = getattr(fn.node, "returns", None)
        found = None
        if returns is not None:
            found = self.annotation(frame, fn.module, returns, ("returns", fn, node), fn.parent or fn.cls)
        return found if found is not None else otherwise or Unknown("result of a call")

    def _arguments(self, frame: Frame, func: Func, args: Seq[Value], kwargs: Kwargs) -> dict[str, Value]:
        fn = func.fn
        given = list(args) if func.receiver is None else [func.receiver, *args]
        names: dict[str, Value] = {}
        params = [param.arg for param in fn.params]
        star = next((number for number, value in enumerate(given) if isinstance(value, Star)), None)
        if star is not None:
            element = one_of([v.element if isinstance(v, Star) else v for v in given[star:]])
            given = [*given[:star], *([element] * max(0, len(params) - star))]
        names.update(zip(params, given, strict=False))
        if fn.args.vararg is not None:
            rest_given: Value = Tuple(tuple(given[len(params) :]))
            if star is not None:
                rest_given = frame.alloc(("varargs", fn), Sequence("tuple", None, element))
            names[fn.args.vararg.arg] = rest_given
        keyword_names = {param.arg for param in fn.args.kwonlyargs} | set(params)
        rest: dict[object, Value] = {}
        open_ended: Value | None = None
        for name, value in kwargs:
            if name == "**":
                open_ended = value
            elif name in keyword_names:
                names[name] = value
            else:
                rest[name] = value
        if fn.args.kwarg is not None:
            held = Dict(rest, None, open_ended)
            names[fn.args.kwarg.arg] = frame.alloc(("kwargs", fn, len(rest)), held)
        for param in (*fn.params, *fn.args.kwonlyargs):
            passed = names.get(param.arg)
            value = passed if passed is not None else self._default(frame, func, param, open_ended is not None)
            if param.annotation is not None and is_foreign(value) and not isinstance(value, Primed):
                value = self.annotation(frame, fn.module, param.annotation, ("param", param), fn) or value
            if passed in (FILLED, _TEXT) and _is_left_out(fn.defaults.get(param.arg)):
                # ``if name:`` asks whether the optional argument was given: it was.
                value = (_TEXT if passed == _TEXT else Scalar()).tested(True)
            names[param.arg] = value
        return names

    def _default(self, frame: Frame, func: Func, param: ast.arg, open_ended: bool) -> Value:
        fn = func.fn
        default = fn.defaults.get(param.arg)
        if default is None or open_ended:
            return Unknown("argument that is not given")
        if isinstance(default, ast.Constant):
            return Const(default.value)
        if fn.parent is not None:
            return dict(func.closure).get(f"={param.arg}", Unknown("default argument of a nested function"))
        return self.expression(frame, fn.module, default, fn.cls)

    def _summary(
        self,
        kind: Kind,
        names: dict[str, Value],
        cells: dict[str, Value],
        heap: Heap,
        form: tuple[int, ...],
        depth: int,
    ) -> Summary | None:
        fn = kind[0]
        key: Hashable = (fn, tuple(names.items()), tuple(cells.items()), form)
        found = self._summaries.get(key)
        if found is not None:
            return found
        stack = self._stack
        for candidate in self._partial.get(key, ()):
            if all(head in stack for head in candidate.depends):
                return candidate
        if key in self._active or depth > MAX_DEPTH or stack.count(fn) >= 2:
            return None
        variants = self._variants.get(kind, 0)
        if variants >= _limit(kind) and not self._filling:
            return None
        self._variants[kind] = variants + 1
        self._active.add(key)
        stack.append(fn)
        found = self._execute(fn, names, cells, heap, depth)
        stack.pop()
        self._active.discard(key)
        # What was cut off at a call that is still running holds only while it runs.
        found = replace(found, depends=found.depends - {fn} if fn not in stack else found.depends)
        if found.depends:
            self._partial.setdefault(key, []).append(found)
        else:
            self._summaries[key] = found
        self._note_always(kind, found.effects)
        if fn.is_async or fn in self.on_loop:
            self.outcome.incidents.extend((fn, effect) for effect in found.effects)
        return found

    def _note_always(self, kind: Kind, effects: tuple[Effect, ...]) -> None:
        """Keep what every kind of call of a function has done."""
        known = self._always.get(kind)
        if known is not None:
            places = {(e.kind, id(e.site.node)) for e in effects}
            effects = tuple(e for e in known if (e.kind, id(e.site.node)) in places)
        self._always[kind] = effects

    def _execute(
        self, fn: FunctionInfo, names: dict[str, Value], cells: dict[str, Value], heap: Heap, depth: int
    ) -> Summary:
        if cells:
            names = {**{name: cells[name] for name in fn.tested_around if name in cells}, **names}
        tests = [name for name in fn.repeated_tests if not isinstance(names.get(name), Const)][:2]
        frames: list[Evaluator] = []
        for assumption in itertools.product((True, False), repeat=len(tests)):
            frame = self.evaluator(
                fn.module, fn, Env(dict(names), dict(heap), len(heap)), dict(cells), depth, len(heap)
            )
            if frames:
                frame.share_numbers(frames[0])
            frame.assumed = dict(zip(tests, assumption, strict=True))
            for name, truth in frame.assumed.items():
                if name in names:
                    frame.refine(ast.Name(name, ast.Load()), truth)
            self._run_body(frame, fn)
            frames.append(frame)
        return self._summarise(frames, fn, heap)

    def _run_body(self, frame: Evaluator, fn: FunctionInfo) -> None:
        node = fn.node
        if isinstance(node, ast.Lambda):
            frame.return_(frame.eval(node.body))
        elif isinstance(node, ast.GeneratorExp):
            frame.run_generator_exp(node)
        else:
            frame.execute(node.body)
        if frame.alive and not isinstance(node, ast.Lambda):
            frame.return_(Const(None))
        self._run_nested(frame)

    def _run_nested(self, frame: Evaluator) -> None:
        """Analyse nested coroutines that nobody called here, with the variables around them as they are."""
        frame.alive = True
        with frame.muted():  # what such a function does is not done where it is defined
            for nested in frame.nested_coroutines:
                self.refused_coroutine(nested)
                if nested not in self._nested_run:
                    self.root_call(frame, frame.closed(nested))

    def _summarise(self, frames: list[Evaluator], fn: FunctionInfo, heap: Heap) -> Summary:
        final: Heap | None = None
        returned: Value = NEVER
        yielded: Value = NEVER
        effects: list[Effect] = []
        writes: dict[str, Value] = {}
        for frame in frames:
            ended = (frame.exit or frame.env).heap
            final = ended if final is None else join_heaps(final, ended)
            self.note_written(frame, ended)
            returned = join_values(returned, frame.returned, final)
            yielded = join_values(yielded, frame.yielded, final)
            effects.extend(frame.effects)
            for name, value in frame.cell_writes.items():
                writes[name] = join_values(writes.get(name), value, final)
        exporter = Exporter(final or {}, {number: number for number in heap}, self._forms.copy)
        result = exporter.value(returned)
        elements = exporter.value(yielded)
        written = tuple((name, exporter.value(value)) for name, value in writes.items())
        unique = {(id(e.site.node), e.kind, e.what, id(e.operand)): e for e in reversed(effects)}
        changed = {
            n: state
            for n, state in exporter.heap().items()
            if n not in heap or (heap[n] is not state and heap[n] != state)
        }
        depends = frozenset(fn for frame in frames for fn in frame.depends)
        ordered = tuple(e for e in effects if unique.get((id(e.site.node), e.kind, e.what, id(e.operand))) is e)
        marks = self._marks_of(frames) if self.remembers else ()
        return Summary(result, elements, changed, ordered, written, depends, marks)

    def _marks_of(self, frames: list[Evaluator]) -> tuple[str, ...]:
        names = {name for frame in frames for name in (frame.exit or frame.env).names if name.startswith(MARK)}
        return tuple(sorted(names))

    # -- frameworks

    def framework_attribute(self, frame: Frame, ref: Ref, state: Object, name: str, node: ast.AST) -> Value | None:
        """Return an attribute that a framework's base class provides."""
        if name == "request" and not state.whole and is_django_view(state.cls):
            return self.new_request(frame, ref.id)
        return frameworks.attribute(frame, ref, state, name, node)

    def framework_call(
        self, frame: Frame, receiver: Value, name: str, args: Seq[Value], kwargs: Kwargs, node: ast.AST
    ) -> Value | None:
        """Call a method that a framework's base class provides."""
        return frameworks.call(frame, receiver, name, args, kwargs, node)


__all__ = ["Engine", "Outcome", "Summary"]
