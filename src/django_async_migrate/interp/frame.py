"""One activation of a function: its variables, its heap, and what it did so far."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from collections.abc import Sequence as Seq
from contextlib import contextmanager
from typing import TYPE_CHECKING

from django_async_migrate.core.effects import Effect, EffectKind, Load, Rows, Site, Terminal, telling
from django_async_migrate.core.record import replace
from django_async_migrate.index.classes import ClassInfo
from django_async_migrate.index.doubles import rule_of
from django_async_migrate.index.functions import FunctionInfo
from django_async_migrate.index.modules import ModuleInfo
from django_async_migrate.templates.code import Code
from django_async_migrate.values.heap import Heap, State
from django_async_migrate.values.join import heap_changes, join_values
from django_async_migrate.values.refs import reachable
from django_async_migrate.values.types import NEVER, Const, Func, Property, Ref, Unknown, Value, alternatives

if TYPE_CHECKING:
    from django_async_migrate.catalog import Catalog
    from django_async_migrate.index.project import Project
    from django_async_migrate.index.usages import Use

    from .engine import Engine

#: Effects that are no queries.
NO_QUERIES = frozenset({"blocking", "to-loop", "mistake", "idle", "absent"})


class Numbers:
    """Object numbers by place in the code."""

    __slots__ = ("next", "sites")

    def __init__(self, start: int) -> None:
        self.sites: dict[object, int] = {}
        self.next = start


class Loop:
    """Where ``break`` and ``continue`` of one loop lead."""

    def __init__(self, climbs: bool = False) -> None:
        self.climbs = climbs  # in a helper: it may follow a relation as far as its caller has loaded it
        self.broken: Env | None = None
        self.continued: Env | None = None


class Env:
    """Variables and heap at one point of the code."""

    __slots__ = ("heap", "names", "pinned")

    def __init__(self, names: dict[str, Value], heap: Heap, pinned: int = 0) -> None:
        self.names = names
        self.heap = heap
        self.pinned = pinned  # objects below this number belong to the caller: always reachable

    def copy(self) -> Env:
        """Return a copy that can go its own way."""
        return Env(dict(self.names), dict(self.heap), self.pinned)

    def reachable(self) -> set[int]:
        """Return the objects that variables lead to."""
        return reachable(self.names.values(), self.heap)

    def same(self, other: Env) -> bool:
        """Whether two points know exactly the same."""
        return self.names == other.names and self.heap == other.heap


def join_envs(one: Env | None, other: Env | None, optimistic: bool = False) -> Env | None:
    """Return what is known after either of two paths; None stands for a path that does not arrive.

    ``optimistic``: a relation that one path loads counts as loaded. Where the paths are the ways out of a
    function, its author has decided what needs loading; the caller's code relies on that.
    """
    if one is None or other is None:
        return other if one is None else one
    return join_into(one.copy(), other, optimistic)


def join_into(one: Env, other: Env, optimistic: bool = False) -> Env:
    """Join another path into ``one``, which nothing else may hold, and return it."""
    changes = heap_changes(one.heap, other.heap, _Owner(one, other), optimistic)
    if changes:
        one.heap.update(changes)
    heap, names = one.heap, one.names
    known = names.get
    for name, value in other.names.items():
        mine = known(name)
        if mine is not value:
            names[name] = value if mine is None else join_values(mine, value, heap)
    return one


class _Owner:
    """Tells which of two paths still knows an object; asked only for objects the paths differ on."""

    def __init__(self, one: Env, other: Env) -> None:
        self._envs = (one, other)
        self._reach: list[set[int] | None] = [None, None]

    def __call__(self, number: int) -> int | None:
        """Return 0 or 1 for the only path on which an object is still reachable; None for both or neither."""
        if number < self._envs[0].pinned:
            return None
        found = []
        for side in (0, 1):
            reach = self._reach[side]
            if reach is None:
                reach = self._reach[side] = self._envs[side].reachable()
            found.append(number in reach)
        if found[0] is found[1]:
            return None
        return 0 if found[0] else 1


#: What names of marks begin with: no variable is named so.
MARK = " done "


class Frame:
    """Base of the evaluator: state and services. The evaluator's parts are mixed in (see ``evaluator``)."""

    def __init__(
        self,
        engine: Engine,
        module: ModuleInfo,
        fn: FunctionInfo | None,
        env: Env,
        cells: dict[str, Value],
        depth: int,
        start: int,
    ) -> None:
        self.engine = engine
        self.module = module
        self.fn = fn
        self.env = env
        self.cells = cells
        self.depth = depth
        self.effects: list[Effect] = []
        self.returned: Value = NEVER
        self.exit: Env | None = None
        self.yielded: Value = NEVER
        self.alive = True
        self.depends: set[FunctionInfo] = set()
        self.assumed: dict[str, bool] = {}
        self.awaited: ast.expr | None = None
        self.class_scope: ClassInfo | None = None
        self.cell_writes: dict[str, Value] = {}
        self.default_values: dict[tuple[FunctionInfo, str], Value] = {}
        self.nested_coroutines: list[FunctionInfo] = []
        self._loops: list[Loop] = []
        self._tries: list[Env | None] = []
        self._muted = 0
        self._probe: list[Effect] | None = None  # what code in a thread of its own would do
        self._doubts = 0
        self.guarded = 0  # in a try that expects an attribute to be missing
        self._mixed = 0  # in a call of one of several things, not all of them Django's
        self._calling: list[tuple[ast.Call, Seq[Value], Seq[tuple[str, Value]]]] = []
        self._numbers = Numbers(start)
        self._prefix: tuple[object, ...] = ()
        self._seen: set[tuple[int, str, str, int]] = set()
        self.watched: Mapping[ast.expr, Use] = {}  # expressions whose value is put to a use that may be a mistake

    # -- services for semantics ----------------------------------------------------------------------------

    @property
    def project(self) -> Project:
        return self.engine.project

    @property
    def catalog(self) -> Catalog:
        return self.engine.catalog

    @property
    def version(self) -> tuple[int, int]:
        return self.engine.version

    @property
    def is_muted(self) -> bool:
        return self._muted > 0

    @property
    def recursing(self) -> bool:
        return self.engine.recursing or (bool(self._loops) and self._loops[-1].climbs)

    def state(self, value: Value) -> State | None:
        return self.env.heap.get(value.id) if type(value) is Ref else None

    def put(self, ref: Ref, state: State) -> None:
        self.env.heap[ref.id] = state

    def alloc(self, node: ast.AST | object, state: State, tag: object = "") -> Ref:
        number = self.number_of((node, tag))
        self.env.heap[number] = state
        return Ref(number)

    def number_of(self, key: object) -> int:
        """Return the object number that belongs to a place in the code, the same each time."""
        if self._prefix:
            key = (self._prefix, key)
        number = self._numbers.sites.get(key)
        if number is None:
            number = self._numbers.sites[key] = self._numbers.next
            self._numbers.next += 1
        return number

    def numbers(self) -> list[tuple[object, int]]:
        """Return the object numbers given so far, each with the place it belongs to."""
        return list(self._numbers.sites.items())

    def share_numbers(self, other: Frame) -> None:
        """Give objects the numbers another run of the same function gave them."""
        self._numbers = other._numbers

    def site(self, node: ast.AST) -> Site:
        """Return the place of a node of this function."""
        if isinstance(node, Code):
            return Site(node.path, node, node.path)
        return Site(self.module.path, node, self.fn.qualname if self.fn is not None else self.module.name)

    def effect(
        self,
        node: ast.AST,
        kind: EffectKind,
        what: str = "",
        advice: str = "",
        certain: bool = True,
        rule: str = "",
        about: Terminal | Rows | Load | None = None,
        value: Value | None = None,
        closes: bool = False,
    ) -> None:
        if (self._muted and self._probe is None) or not self.alive:
            return
        if kind == "blocking" and node is self.awaited and not self.engine.gives_plain(self.fn, self.awaited):
            return  # an async client of the same name, whatever its annotation says
        certain = certain and not self._doubts
        site = self.site(node)
        operand = self._operand(node, value) if value is not None else None
        about = None if self._mixed else about
        what = what or self.text(node)
        self.record(Effect(kind, site, what, advice, certain, False, (), rule, about, operand, closes))

    def remember(self, what: str) -> None:
        """Note that something happened that is done once in a process: a cache is filled."""
        self.env.names[f"{MARK}{what}"] = Const(True)
        self.engine.remembers = True

    def remembers(self, what: str) -> bool:
        """Whether that happened before, on some way to here."""
        return f"{MARK}{what}" in self.env.names

    def unsure(self) -> None:
        """Note that this function does something nobody can follow: it may query."""
        if self.fn is not None:
            self.engine.outcome.unsure.add(self.fn.node)

    def saw_other(self, node: ast.AST) -> None:
        """Note that what is iterated or tested at a node is known to be no queryset."""
        running = self._calling and self._calling[-1][0] is node
        outcome = self.engine.outcome
        (outcome.others if running else outcome.other_values).add(node)

    def _operand(self, node: ast.AST, value: Value) -> ast.expr | None:
        """Return the argument of the running call that holds a value; ``node`` itself when it is not that call."""
        call, args, kwargs = self._calling[-1] if self._calling else (None, (), ())
        if call is not node or call is None:
            return node if isinstance(node, ast.expr) else None
        if len(args) == len(call.args) and len(kwargs) == len(call.keywords):
            expressions = [*call.args, *(keyword.value for keyword in call.keywords)]
            for expression, held in zip(expressions, [*args, *(item for _, item in kwargs)], strict=True):
                if value in alternatives(held):
                    return expression
        return None

    def record(self, effect: Effect) -> None:
        """Keep an effect, once for each place and kind."""
        if self._muted and self._probe is not None and self.alive:
            self._probe.append(effect)
        if self._muted or not self.alive:
            return
        key = (id(effect.site.node), effect.kind, effect.what, id(effect.operand))
        if key in self._seen:
            return
        self._seen.add(key)
        self.effects.append(effect)

    def forget(self, mark: int, keep: frozenset[str] = frozenset()) -> None:
        """Drop the effects recorded since there were ``mark`` of them, but for kinds to ``keep``."""
        recorded = self.effects[mark:]
        for effect in recorded:
            if effect.kind not in keep:
                self._seen.discard((id(effect.site.node), effect.kind, effect.what, id(effect.operand)))
        self.effects[mark:] = [effect for effect in recorded if effect.kind in keep]

    def passed_up(self, effects: Seq[Effect], node: ast.AST, implicit: bool, same_code: bool = False) -> None:
        """Record what a called sync function did, at the expression that called it.

        ``same_code``: it is a generator expression, whose code stands in the calling function itself.
        """
        for effect in telling(effects):
            if same_code:
                certain = effect.certain and not self._doubts
                self.record(replace(effect, site=self.site(node), certain=certain, about=None, operand=None))
                continue
            rule = rule_of(effect.site.path)
            if rule and effect.kind == "blocking":
                self.effect(node, "blocking", "", effect.advice, effect.certain, effect.rule, Terminal(None))
                continue
            if rule and not effect.steps:
                self.effect(node, "framework", "", "run it through sync_to_async", effect.certain, rule, Terminal(None))
                continue
            if rule:
                self.record(replace(effect, site=self.site(node), certain=effect.certain and not self._doubts))
                continue
            inner = (effect.site, "" if effect.steps else effect.what)
            self.record(
                Effect(
                    "framework" if effect.kind == "dispatch" else effect.kind,
                    self.site(node),
                    effect.what,
                    effect.advice,
                    effect.certain and not self._doubts,
                    effect.implicit or implicit,
                    (inner, *effect.steps),
                    effect.rule,
                    effect.about if isinstance(effect.about, Load) else None,
                    closes=effect.closes,
                )
            )

    def dispatched(
        self, func: Value, args: Seq[Value], kwargs: Seq[tuple[str, Value]], node: ast.AST, rule: str, advice: str
    ) -> None:
        """Call project code as a framework does at ``node``; a query in it is an effect of its own kind there."""
        mark = len(self.effects)
        self.call(func, args, kwargs, node)
        queries = [effect for effect in self.effects[mark:] if effect.kind != "blocking"]
        if queries:
            self.forget(mark)
            first = next((effect for effect in queries if effect.certain), queries[0])
            self.record(replace(first, kind="dispatch", rule=rule, advice=advice, about=None, operand=None))

    @contextmanager
    def muted(self) -> Iterator[None]:
        """Drop effects: what runs in here runs in a thread, or only to learn a value."""
        self._muted += 1
        try:
            yield
        finally:
            self._muted -= 1

    @contextmanager
    def probed(self, node: ast.AST | None) -> Iterator[None]:
        """Run what is given to any thread of a pool; ``node`` is where it is awaited, None for other code."""
        before, self._probe = self._probe, [] if node is not None else None
        try:
            yield
        finally:
            found, self._probe = self._probe, before
        if not found or any(effect.closes for effect in found):
            return  # no query, or code that knows that its connection is its own
        reached = next((effect for effect in found if effect.kind not in NO_QUERIES), None)
        if reached is not None and node is not None and self.alive:
            site = self.site(node.value if isinstance(node, ast.Await) else node)
            what, certain = self.text(site.node), reached.certain
            found_here = Effect("mistake", site, what, certain=certain, steps=reached.steps, rule="DAM611")
            if self.fn is not None:
                self.engine.outcome.incidents.append((self.fn, found_here))

    @contextmanager
    def doubted(self) -> Iterator[None]:
        """Mark effects as likely: the value is one of several."""
        self._doubts += 1
        try:
            yield
        finally:
            self._doubts -= 1

    @contextmanager
    def tagged(self, tag: object) -> Iterator[None]:
        """Keep objects made in here apart from those made at the same place under another tag."""
        before = self._prefix
        self._prefix = (*before, tag)
        try:
            yield
        finally:
            self._prefix = before

    def text(self, node: ast.AST) -> str:
        if isinstance(node, Code):
            return node.text
        try:
            source = ast.unparse(node)
        except (ValueError, RecursionError):  # a node too deep to print
            return "..."
        source = " ".join(source.split())
        return source if len(source) <= 60 else source[:57] + "..."

    def unknown(self, reason: str) -> Value:
        """Return an unknown value and count why."""
        self.engine.count_unknown(reason)
        return Unknown(reason)

    def return_(self, value: Value, node: ast.expr | None = None) -> None:
        """Leave the function with a value; ``node`` is the expression after ``return``."""
        ended = self.env.copy()
        ended.names[" returned"] = value
        self.exit = join_into(self.exit, ended, optimistic=True) if self.exit is not None else ended
        self.returned = join_values(self.returned, value, self.exit.heap if self.exit else self.env.heap)

    # -- the evaluator's parts -----------------------------------------------------------------------------

    def eval(self, node: ast.expr) -> Value:
        raise NotImplementedError

    def truth(self, value: Value, node: ast.AST) -> bool | None:
        raise NotImplementedError

    def assign(self, target: ast.expr, value: Value) -> None:
        raise NotImplementedError

    def call(
        self,
        func: Value,
        args: Seq[Value],
        kwargs: Seq[tuple[str, Value]],
        node: ast.AST,
        implicit: bool = False,
    ) -> Value:
        raise NotImplementedError

    def iterate(self, value: Value, node: ast.AST, asynchronous: bool = False) -> Value:
        raise NotImplementedError

    def attribute(self, value: Value, name: str, node: ast.AST) -> Value:
        raise NotImplementedError

    def await_(self, value: Value, node: ast.AST) -> Value:
        raise NotImplementedError

    def force(self, value: Value, node: ast.AST) -> Value:
        raise NotImplementedError

    def stringify(self, value: Value, node: ast.AST, how: str = "str") -> None:
        raise NotImplementedError

    def refine(self, test: ast.expr, positive: bool) -> None:
        raise NotImplementedError

    def branch(self, test: ast.expr) -> tuple[Env | None, Env | None]:
        raise NotImplementedError

    def closed(self, fn: FunctionInfo) -> Func:
        raise NotImplementedError

    def hashed(self, value: Value, node: ast.AST) -> None:
        raise NotImplementedError

    def eval_code(self, node: ast.expr) -> Value:
        raise NotImplementedError

    def render(self, names: Value, context: Value | None, request: Value | None, node: ast.AST) -> None:
        raise NotImplementedError

    def render_text(self, text: Value, context: Value | None, node: ast.AST, line: int) -> None:
        raise NotImplementedError

    def names_like(self, value: Value, prefix: str, suffix: str) -> list[str]:
        raise NotImplementedError

    def store_attribute(self, owner: Value, name: str, value: Value, node: ast.AST) -> None:
        raise NotImplementedError

    def special(self, value: Value, name: str, args: Seq[Value], node: ast.AST) -> Value | None:
        raise NotImplementedError

    def entered(self, manager: Value, node: ast.AST, asynchronous: bool) -> Value:
        raise NotImplementedError

    def property_value(self, getter: Property, receiver: Value, name: str, node: ast.AST) -> Value:
        raise NotImplementedError

    def execute(self, body: Seq[ast.stmt]) -> None:
        raise NotImplementedError
