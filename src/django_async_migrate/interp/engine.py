"""The engine: one summary for each function and kind of arguments, computed on demand and remembered."""

from __future__ import annotations

import ast
import itertools
import os
from collections.abc import Hashable
from collections.abc import Sequence as Seq
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from django_async_migrate.core.effects import Effect
from django_async_migrate.index.classes import ClassInfo
from django_async_migrate.index.functions import FunctionInfo
from django_async_migrate.index.mentions import Relevance
from django_async_migrate.index.models import Model, is_manager_class
from django_async_migrate.index.modules import Assigned, ModuleInfo
from django_async_migrate.semantics import frameworks
from django_async_migrate.values.heap import OPAQUE_SPEC, Dict, Heap, Instance, Object, QuerySet, Sequence
from django_async_migrate.values.join import join_heaps, join_values, primed
from django_async_migrate.values.refs import Exporter, freeze, map_refs, map_state
from django_async_migrate.values.types import (
    NEVER,
    NONE,
    Bridge,
    Class,
    Const,
    External,
    ExternalObject,
    Func,
    Manager,
    ModelClass,
    Never,
    OneOf,
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
from django_async_migrate.values.widen import widened, widened_heap

from .calls import Evaluator
from .frame import Env, Frame
from .names import Names

if TYPE_CHECKING:
    from django_async_migrate.catalog import Catalog
    from django_async_migrate.index.project import Project

#: Calls nested deeper than this are cut off; what is below stays unknown.
MAX_DEPTH = 14
#: Implementations of an abstract method that are followed.
MAX_IMPLEMENTATIONS = 4
#: Kinds of arguments one function is analysed for; further ones get an unknown result.
MAX_VARIANTS = 16
#: From this many on, constants no longer make a kind of their own.
FINE_VARIANTS = 4

Kwargs = Seq[tuple[str, Value]]

_INJECTORS = frozenset({"Depends", "Security", "Inject", "Provide", "Injected"})
_PLAIN_VALUES = frozenset({Const, Scalar, Unknown, ExternalObject, External, Never})


@dataclass(frozen=True, slots=True)
class Summary:
    """What calling a function with arguments of one kind does and gives, in canonical object numbers."""

    returned: Value
    yielded: Value
    heap: Heap
    effects: tuple[Effect, ...]
    writes: tuple[tuple[str, Value], ...] = ()
    depends: frozenset[FunctionInfo] = frozenset()


@dataclass
class Outcome:
    """Effects of coroutines, collected while summaries are computed."""

    incidents: list[tuple[FunctionInfo, Effect]] = field(default_factory=list)
    unknown: dict[str, int] = field(default_factory=dict)


class Engine(Names):
    """Computes summaries; holds every cache of one analysis."""

    def __init__(self, project: Project, catalog: Catalog, version: tuple[int, int]) -> None:
        self.project = project
        self.catalog = catalog
        self.version = version
        self.outcome = Outcome()
        self.strict = bool(os.environ.get("DJANGO_ASYNC_MIGRATE_STRICT"))  # crashes are fatal under test
        self._summaries: dict[Hashable, Summary] = {}
        self._active: set[Hashable] = set()
        self._variants: dict[FunctionInfo, int] = {}
        self._self_attributes: dict[tuple[ClassInfo, FunctionInfo], dict[str, tuple[Value, Heap]]] = {}
        self._nested_run: set[FunctionInfo] = set()
        self._partial: dict[Hashable, list[Summary]] = {}
        self._stack: list[FunctionInfo] = []
        self.relevance = Relevance(project)
        self._subclasses: dict[tuple[ClassInfo, str], list[ClassInfo]] = {}
        self.on_loop: set[FunctionInfo] = set()  # sync functions that a framework calls on the loop
        self._forced: FunctionInfo | None = None
        self.setup()

    @property
    def recursing(self) -> bool:
        """Whether some function is running inside itself."""
        return len(self._stack) != len(set(self._stack))

    def count_unknown(self, reason: str) -> None:
        """Count why a value stayed unknown."""
        counts = self.outcome.unknown
        counts[reason] = counts.get(reason, 0) + 1

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
        return Evaluator(self, module, fn, env, cells, depth, start)

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
            return self._declared_result(frame, fn, node)
        names = self._arguments(frame, func, args, kwargs)
        exporter = Exporter(frame.env.heap)
        coarse = self._variants.get(fn, 0) >= FINE_VARIANTS
        inner_names = {name: exporter.value(widened(value, coarse)) for name, value in names.items()}
        cells = {name: exporter.value(widened(value, coarse)) for name, value in func.closure}
        exported = exporter.heap()
        heap = widened_heap(exported, coarse)
        summary = self._summary(fn, inner_names, cells, heap, frame.depth + 1)
        if summary is None:
            if fn in self._stack:
                frame.depends.add(fn)
                return NEVER
            return self._declared_result(frame, fn, node)
        frame.depends |= summary.depends
        back = {new: old for old, new in exporter.numbers.items()}

        def number(inner: int) -> int:
            old = back.get(inner)
            if old is None:
                old = back[inner] = frame.number_of((node, fn, inner))
            return old

        for inner, state in summary.heap.items():
            if frame.is_muted:
                state = primed(state, heap.get(inner))
            frame.env.heap[number(inner)] = map_state(state, number)
        for name, value in summary.writes:
            if fn.parent is not None and fn.parent is frame.fn:
                frame.env.names[name] = join_values(frame.env.names.get(name), map_refs(value, number), frame.env.heap)
        if not (fn.is_async or awaited):
            frame.passed_up(summary.effects, node, implicit, isinstance(fn.node, ast.GeneratorExp))
        result = map_refs(summary.yielded if generator else summary.returned, number)
        if isinstance(result, Unknown) and not generator:
            return self._declared_result(frame, fn, node, result)
        return result

    def _implemented(
        self,
        frame: Frame,
        func: Func,
        args: Seq[Value],
        kwargs: Kwargs,
        node: ast.AST,
        implicit: bool,
        awaited: bool,
        generator: bool,
    ) -> Value:
        """Call an abstract method: each implementation in a subclass may be meant."""
        fn, receiver = func.fn, func.receiver
        state = frame.state(receiver) if receiver is not None else None
        if fn.cls is None or not isinstance(state, Object) or state.whole or not isinstance(receiver, Ref):
            return self._declared_result(frame, fn, node)
        classes = self.subclasses_with(state.cls, fn.name)
        if not 0 < len(classes) <= MAX_IMPLEMENTATIONS:
            return self._declared_result(frame, fn, node)
        results = []
        with frame.doubted() if len(classes) > 1 else nullcontext():
            for cls in classes:
                member = cls.find(fn.name)
                if member is None or not isinstance(member[1], FunctionInfo) or member[1].decorators:
                    continue
                own = frame.alloc(("implementation", node, cls), Object(cls))
                bound = Func(member[1], own, (), member[0])
                results.append(self.run(frame, bound, args, kwargs, node, implicit, awaited, generator))
        return one_of(results) if results else self._declared_result(frame, fn, node)

    def _matters(self, frame: Frame, func: Func, args: Seq[Value], kwargs: Kwargs) -> bool:
        """Whether a call may reach the ORM: by what the function names, or by what it is given."""
        cls = _class_of(frame, func.receiver)
        if func.fn.name in {"__init__", "__post_init__", "__new__"} or func.fn.makes_functions:
            return True
        if self._forced is func.fn:
            self._forced = None
            return True
        if self.relevance.function(func.fn, cls):
            return True
        carriers = [func.receiver] if func.receiver is not None else []
        carriers += [*args, *(value for _, value in kwargs), *(value for _, value in func.closure)]
        seen: set[int] = set()
        return any(self._carries(frame, value, seen) for value in carriers)

    def _carries(self, frame: Frame, value: Value, seen: set[int]) -> bool:
        """Whether a value is, holds or calls something of the ORM."""
        if isinstance(value, Ref):
            if value.id in seen:
                return False
            seen.add(value.id)
            state = frame.env.heap.get(value.id)
            if isinstance(state, (Instance, QuerySet)):
                return True
            if isinstance(state, Object):
                if self.relevance.class_(state.cls):
                    return True
                return any(self._carries(frame, slot.value, seen) for slot in state.attrs.values())
            if isinstance(state, Sequence):
                parts = [*(state.items or ()), *([state.element] if state.element is not None else [])]
                return any(self._carries(frame, part, seen) for part in parts)
            if isinstance(state, Dict):
                parts = [*state.items.values(), *([state.element] if state.element is not None else [])]
                return any(self._carries(frame, part, seen) for part in parts)
            return state is not None
        kind = type(value)
        if kind in _PLAIN_VALUES:
            return False
        if isinstance(value, (Tuple, OneOf)):
            inside = value.items if isinstance(value, Tuple) else value.values
            return any(self._carries(frame, part, seen) for part in inside)
        if isinstance(value, Func):
            if self.relevance.function(value.fn, _class_of(frame, value.receiver)):
                return True
            inner = [part for _, part in value.closure]
            return any(self._carries(frame, part, seen) for part in [*inner, value.receiver or NONE])
        if isinstance(value, Class):
            return self.relevance.class_(value.cls)
        return True

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
            if param.annotation is not None and is_foreign(value):
                value = self.annotation(frame, fn.module, param.annotation, ("param", param), fn) or value
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
        self, fn: FunctionInfo, names: dict[str, Value], cells: dict[str, Value], heap: Heap, depth: int
    ) -> Summary | None:
        frozen = tuple((number, freeze(state)) for number, state in heap.items())
        key: Hashable = (fn, tuple(names.items()), tuple(cells.items()), frozen)
        found = self._summaries.get(key)
        if found is not None:
            return found
        stack = self._stack
        for candidate in self._partial.get(key, ()):
            if all(head in stack for head in candidate.depends):
                return candidate
        if key in self._active or depth > MAX_DEPTH or stack.count(fn) >= 2:
            return None
        variants = self._variants.get(fn, 0)
        if variants >= MAX_VARIANTS:
            return None
        self._variants[fn] = variants + 1
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
        if fn.is_async or fn in self.on_loop:
            self.outcome.incidents.extend((fn, effect) for effect in found.effects)
        return found

    def _execute(
        self, fn: FunctionInfo, names: dict[str, Value], cells: dict[str, Value], heap: Heap, depth: int
    ) -> Summary:
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
        for nested in frame.nested_coroutines:
            if nested not in self._nested_run:
                func = frame.closed(nested)
                self.root_call(frame, func)

    def _summarise(self, frames: list[Evaluator], fn: FunctionInfo, heap: Heap) -> Summary:
        final: Heap | None = None
        returned: Value = NEVER
        yielded: Value = NEVER
        effects: list[Effect] = []
        writes: dict[str, Value] = {}
        for frame in frames:
            ended = (frame.exit or frame.env).heap
            final = ended if final is None else join_heaps(final, ended)
            returned = join_values(returned, frame.returned, final)
            yielded = join_values(yielded, frame.yielded, final)
            effects.extend(frame.effects)
            for name, value in frame.cell_writes.items():
                writes[name] = join_values(writes.get(name), value, final)
        exporter = Exporter(final or {}, {number: number for number in heap})
        result = exporter.value(returned)
        elements = exporter.value(yielded)
        written = tuple((name, exporter.value(value)) for name, value in writes.items())
        unique = {(id(e.site.node), e.kind, e.what): e for e in reversed(effects)}
        changed = {n: state for n, state in exporter.heap().items() if n not in heap or heap[n] != state}
        depends = frozenset(fn for frame in frames for fn in frame.depends)
        ordered = tuple(e for e in effects if unique.get((id(e.site.node), e.kind, e.what)) is e)
        return Summary(result, elements, changed, ordered, written, depends)

    def dispatched(self, frame: Frame, default: Value, args: Seq[Value]) -> Value:
        """Return the function that ``singledispatch`` chooses for the type of the first argument."""
        if not isinstance(default, Func) or not args:
            return default
        state = frame.state(args[0])
        family: list[object] = []
        if isinstance(state, Instance):
            family = [state.model, *state.model.bases]
        elif isinstance(state, Object):
            family = list(state.cls.mro)
        for wanted in family:
            for kind, fn in self._registered(default.fn):
                if kind is wanted:
                    return Func(fn)
        return default

    def _registered(self, fn: FunctionInfo) -> list[tuple[object, FunctionInfo]]:
        """Return the implementations registered for a ``singledispatch`` function, by type."""
        found: list[tuple[object, FunctionInfo]] = []
        for path in self.project.tree.containing(f"@{fn.name}.register".encode()):
            module = self.project.module(path)
            for node in module.parsed.tree.body if module is not None else ():
                if not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) or module is None:
                    continue
                for decorator in node.decorator_list:
                    target = decorator.func if isinstance(decorator, ast.Call) else decorator
                    if not (
                        isinstance(target, ast.Attribute)
                        and target.attr == "register"
                        and fn in self.project.resolve(module, target.value)
                    ):
                        continue
                    info = module.function(node)
                    kinds = list(decorator.args) if isinstance(decorator, ast.Call) else []
                    if not kinds and info.params and info.params[0].annotation is not None:
                        kinds = [info.params[0].annotation]
                    for kind in kinds:
                        for definition in self.project.resolve(module, kind):
                            found.append((self.project.model_of(definition) or definition, info))
        return found

    # -- roots ---------------------------------------------------------------------------------------------

    def root(self, fn: FunctionInfo, cls: ClassInfo | None = None) -> None:
        """Analyse a function as something unknown calls it; ``cls`` is the class of ``self``."""
        frame = self.evaluator(fn.module, None, Env({}, {}), {}, 0, 0)
        receiver = self._receiver(frame, fn, cls or fn.cls)
        func = Func(fn, receiver)
        self.root_call(frame, func)
        if fn.decorators:
            self._run_decorated(frame, fn, receiver)

    def _run_decorated(self, frame: Evaluator, fn: FunctionInfo, receiver: Value | None) -> None:
        """Analyse a function through its project decorators, which may hand it arguments of their own."""
        value = self.function(frame, fn)
        for part in alternatives(value):
            if isinstance(part, Func) and part.fn is not fn and part.fn.module.parsed is not None:
                self.root_call(frame, Func(part.fn, receiver or part.receiver, part.closure))

    def root_call(self, frame: Evaluator, func: Func) -> Ref | None:
        """Call a function with arguments of which only the annotations are known."""
        fn = func.fn
        self._nested_run.add(fn)
        given: list[Value] = []
        for param in fn.params[1:] if func.receiver is not None else fn.params:
            given.append(self._unknown_argument(frame, fn, param))
        if fn.args.vararg is not None:
            given.append(Star(Unknown("argument of an entry point")))
        kwargs = [(param.arg, self._unknown_argument(frame, fn, param)) for param in fn.args.kwonlyargs]
        self.run(frame, func, given, kwargs, fn.node)
        return func.receiver if isinstance(func.receiver, Ref) else None

    def _unknown_argument(self, frame: Evaluator, fn: FunctionInfo, param: ast.arg) -> Value:
        found = None
        default = fn.defaults.get(param.arg)
        injected = self._injected(frame, fn, default) if default is not None else None
        if injected is not None and not is_foreign(injected):
            return injected
        if param.annotation is not None:
            found = self.annotation(frame, fn.module, param.annotation, ("param", param), fn)
            held = frame.state(found) if found is not None else None
            if isinstance(held, Instance) and isinstance(found, Ref) and fn.resolves_field:
                # The parent object of a GraphQL field comes fresh from another resolver.
                frame.put(found, Instance(held.model, certain=False))
        if found is None and default is not None and fn.parent is None and not isinstance(default, ast.Constant):
            value = self.expression(frame, fn.module, default, fn.cls)
            if not is_foreign(value):  # callers that leave it out get the default
                return value
        return found if found is not None else frameworks.argument(param.arg)

    def _injected(self, frame: Evaluator, fn: FunctionInfo, default: ast.expr) -> Value | None:
        """Return what dependency injection passes: ``book: Book = Depends(get_book)``."""
        if not isinstance(default, ast.Call) or not default.args:
            return None
        name = default.func.attr if isinstance(default.func, ast.Attribute) else getattr(default.func, "id", "")
        if name not in _INJECTORS:
            return None
        provider = self.expression(frame, fn.module, default.args[0], fn.cls)
        if not isinstance(provider, (Func, Bridge)):
            return None
        with frame.muted():
            if isinstance(provider, Func):
                receiver = self.root_result(frame, provider)
                return receiver
            return frame.await_(frame.call(provider, (), (), default), default)

    def root_result(self, frame: Evaluator, func: Func) -> Value:
        """Return what a function gives when something unknown calls it."""
        given = [self._unknown_argument(frame, func.fn, param) for param in func.fn.params]
        value = frame.call(func, given, (), func.fn.node)
        value = frame.await_(value, func.fn.node) if func.fn.is_async and not func.fn.is_generator else value
        return frame.iterate(value, func.fn.node, func.fn.is_async) if func.fn.is_generator else value

    def _receiver(self, frame: Evaluator, fn: FunctionInfo, cls: ClassInfo | None) -> Value | None:
        if cls is None or not fn.params:
            return None
        names = {getattr(d, "id", getattr(d, "attr", "")) for d in fn.decorators}
        if "staticmethod" in names:
            return None
        model = self.project.models.of_class(cls)
        shown = self._shown_model(cls)
        if shown is not None:
            return frame.alloc("self", Instance(shown, certain=False))
        if "classmethod" in names or fn.name in {"__init_subclass__", "__new__"}:
            return ModelClass(model) if model is not None else Class(cls)
        if model is not None:
            return frame.alloc("self", Instance(model, OPAQUE_SPEC))
        if is_manager_class(cls, self.catalog.managers):
            if any(base.endswith("QuerySet") for base in cls.externals):
                return frame.alloc("self", QuerySet(None, OPAQUE_SPEC, cls=cls, certain=False))
            return Manager(None, cls, certain=False)
        return frame.alloc("self", Object(cls))

    def _shown_model(self, cls: ClassInfo) -> Model | None:
        """Return the model whose instances are ``self`` in a GraphQL type made for it."""
        for decorator in cls.node.decorator_list if cls.node is not None else ():
            if isinstance(decorator, ast.Call) and decorator.args:
                api = self.project.external_name(cls.module, decorator.func, cls.parent)
                if api is not None and api.startswith("strawberry_django.") and api.endswith((".type", ".node")):
                    for definition in self.project.resolve(cls.module, decorator.args[0], cls.parent):
                        return self.project.model_of(definition)
        return None

    # -- attributes that methods set on self ---------------------------------------------------------------

    def stored_by_methods(self, frame: Frame, ref: Ref, state: Object, name: str) -> Value | None:
        """Return what the methods of a class store in ``self.<name>``; None when none of them does."""
        found: Value | None = None
        for cls in state.cls.mro:
            for method in cls.self_stores.get(name, ()):
                stored = self._attributes_after(state.cls, method, frame.depth).get(name)
                if stored is not None:
                    value = self.imported(frame, stored, ("self", ref.id, method))
                    self.open_up(frame, value)
                    if not isinstance(value, Never):
                        found = join_values(found, value, frame.env.heap)
        return found

    def _attributes_after(self, cls: ClassInfo, method: FunctionInfo, depth: int) -> dict[str, tuple[Value, Heap]]:
        key = (cls, method)
        found = self._self_attributes.get(key)
        if found is not None:
            return found
        self._self_attributes[key] = {}  # what is needed to compute itself stays unknown
        if depth > MAX_DEPTH:
            return {}
        frame = self.evaluator(method.module, None, Env({}, {}), {}, depth + 1, 0)
        receiver = frame.alloc("self", Object(cls))
        self._forced = method
        self.root_call(frame, Func(method, receiver))
        self._forced = None
        state = frame.state(receiver)
        result: dict[str, tuple[Value, Heap]] = {}
        if isinstance(state, Object):
            for name, slot in state.attrs.items():
                exporter = Exporter(frame.env.heap)
                value = exporter.value(slot.value)
                result[name] = (value, exporter.heap())
        self._self_attributes[key] = result
        return result

    def field_default(
        self, frame: Frame, member: Assigned, cls: ClassInfo, node: ast.AST | None = None
    ) -> Value | None:
        """Return what a dataclass field is when it is not given; None when the class does not say.

        ``node`` is the call that makes the object: a factory runs there.
        """
        value = member.value
        if value is None:
            return None
        name = value.func.attr if isinstance(value, ast.Call) and isinstance(value.func, ast.Attribute) else ""
        if isinstance(value, ast.Call) and isinstance(value.func, ast.Name):
            name = value.func.id
        if isinstance(value, ast.Call) and name in {"field", "Field", "ib", "attrib"}:
            for keyword in value.keywords:
                if keyword.arg in {"default_factory", "factory"}:
                    factory = self.expression(frame, member.module, keyword.value, cls)
                    with nullcontext() if node is not None else frame.muted(), frame.tagged(member):
                        return frame.call(factory, (), (), node or value)
                if keyword.arg == "default":
                    return self.expression(frame, member.module, keyword.value, cls)
            return None
        return self.assigned(frame, member, cls)

    def subclasses_with(self, cls: ClassInfo, name: str) -> list[ClassInfo]:
        """Return the project classes that derive from ``cls`` and bind ``name`` to more than a stub."""
        key = (cls, name)
        found = self._subclasses.get(key)
        if found is None:
            found = self._subclasses[key] = []
            for path in self.project.tree.containing(cls.name.encode()):
                module = self.project.module(path)
                for bindings in module.bindings.values() if module is not None else ():
                    for binding in bindings:
                        if isinstance(binding, ClassInfo) and binding is not cls and binding.derives_from(cls):
                            member = binding.find(name)
                            if member is None or not isinstance(member[1], FunctionInfo):
                                continue
                            if not member[1].is_stub and binding not in found:
                                found.append(binding)
        return found

    # -- frameworks ----------------------------------------------------------------------------------------

    def framework_attribute(self, frame: Frame, ref: Ref, state: Object, name: str, node: ast.AST) -> Value | None:
        """Return an attribute that a framework's base class provides."""
        return frameworks.attribute(frame, ref, state, name, node)

    def framework_call(
        self, frame: Frame, receiver: Value, name: str, args: Seq[Value], kwargs: Kwargs, node: ast.AST
    ) -> Value | None:
        """Call a method that a framework's base class provides."""
        return frameworks.call(frame, receiver, name, args, kwargs, node)


def _class_of(frame: Frame, receiver: Value | None) -> ClassInfo | None:
    if isinstance(receiver, Class):
        return receiver.cls
    state = frame.state(receiver) if receiver is not None else None
    return state.cls if isinstance(state, Object) else None


__all__ = ["Engine", "Outcome", "Summary"]
