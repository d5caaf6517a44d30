"""Coroutines that nobody awaits, and what is awaited though it cannot be.

These are facts about values, not about threads: a coroutine that is dropped never runs, whether an event loop runs
here or not. So they are noted apart from effects, in every function that is interpreted. A place counts only when
each value that was ever seen there was a mistake: one unknown value, one kind of arguments or one path on which it is
none, and nothing is said.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable
from functools import cached_property

from django_async_migrate.core.effects import Effect
from django_async_migrate.core.record import replace
from django_async_migrate.index.functions import FunctionInfo
from django_async_migrate.index.parameters import Parameters
from django_async_migrate.index.usages import Use
from django_async_migrate.semantics import asynchronous
from django_async_migrate.syntax.nodes import nodes_in, statements_in
from django_async_migrate.values.heap import Dict, Instance, Object, QuerySet, Sequence
from django_async_migrate.values.types import (
    Class,
    Coroutine,
    External,
    Func,
    Manager,
    Method,
    ModelClass,
    Never,
    Ref,
    RelatedManager,
    Tuple,
    Unknown,
    Value,
    alternatives,
)

from .frame import Frame
from .makers import at_its_call
from .suspects import UNDER_ANOTHER_NAME, Suspects

#: Decorators from outside that leave a coroutine function one.
_KEEPERS = frozenset(
    {
        "builtins.staticmethod",
        "builtins.classmethod",
        "builtins.property",
        "abc.abstractmethod",
        "typing.final",
        "typing.override",
        "typing_extensions.final",
        "typing_extensions.override",
        "functools.wraps",
        "django.utils.decorators.method_decorator",
        *(
            f"rest_framework.decorators.{name}"
            for name in (
                *("action", "authentication_classes", "content_negotiation_class", "metadata_class"),
                *("parser_classes", "permission_classes", "renderer_classes", "schema", "throttle_classes"),
                "versioning_class",
            )
        ),
    }
)
_KEEPING = ("django.views.decorators.", "pytest.mark.", "adrf.decorators.")
_BUILTIN_KEEPERS = frozenset({"staticmethod", "classmethod", "property"})
#: Effects of asking a queryset for its rows.
_EVALUATIONS = frozenset({"iteration", "length", "truth", "index", "membership", "repr"})

#: What a coroutine is in a test, by how that tests.
_TRUE = "always true"
_TRUTHS = {
    "compared": "equal to nothing",
    "compared with None": "never None",
    "compared with a truth value": "neither True nor False",
}


class Mistakes(Suspects):
    """Judges what is done with coroutines; part of the engine."""

    # -- judging -------------------------------------------------------------------------------------------

    def observe(self, frame: Frame, node: ast.expr, value: Value, use: Use) -> None:
        """Judge the use that code makes of a value."""
        if isinstance(value, Never) or not frame.alive or frame.fn is None:
            return
        outcome = self.outcome
        if node in outcome.harmless:
            return
        found = self._judged(frame, node, value, use)
        if found is None and use.how == UNDER_ANOTHER_NAME and isinstance(value, Unknown):
            outcome.doubted.add(node)
        elif found is None:
            outcome.harmless.add(node)
            outcome.mistakes.pop(node, None)
        else:
            outcome.mistakes[node] = (frame.fn, found)

    def proven_mistakes(self) -> list[tuple[FunctionInfo, Effect]]:
        """Return the mistakes that every value seen at their place agrees on; the first use of each variable."""
        found: list[tuple[FunctionInfo, Effect]] = []
        seen: set[tuple[FunctionInfo, str]] = set()
        places: set[ast.AST] = set()
        lost = {
            argument
            for node, (_, effect) in self.outcome.mistakes.items()
            for argument in _bridged_in(node, effect.rule)
        }
        evaluates = {fn for fn, effect in self.outcome.incidents if effect.kind in _EVALUATIONS}
        for node, (fn, effect) in sorted(
            self.outcome.mistakes.items(), key=lambda item: (item[1][1].site.path, item[0].lineno, item[0].col_offset)
        ):
            if not effect.rule:
                continue  # a variable holds it: what becomes of that is looked at on its own
            if effect.rule == "DAM610" and fn in evaluates:
                continue  # what goes wrong is told where the rows are asked for
            if node in lost and effect.rule in {"DAM610", "DAM613"}:
                continue  # so is what becomes of the coroutine
            given = node.args[:1] if isinstance(node, ast.Call) and effect.rule in {"DAM601", "DAM609"} else []
            if any(self._rule_at(argument) in {"DAM607", "DAM608"} for argument in given):
                continue  # what is wrong is what the bridge is given
            told = [effect if node not in self.outcome.doubted else replace(effect, certain=False)]
            if isinstance(node, ast.Name):
                told = at_its_call(fn, node, effect, self.watched(fn)[node], self.outcome.mistakes)
                if told == [effect]:
                    if (fn, node.id) in seen:
                        continue
                    seen.add((fn, node.id))
            found += [(fn, each) for each in told if each.site.node not in places]
            places.update(each.site.node for each in told)
        return found

    def _rule_at(self, node: ast.expr) -> str:
        found = self.outcome.mistakes.get(node)
        return found[1].rule if found is not None else ""

    def _judged(self, frame: Frame, node: ast.expr, value: Value, use: Use) -> Effect | None:
        if use.kind == "asked":
            return self._asked(frame, node, value, use)
        certain, within = True, False
        for part in alternatives(value):
            proof = self.is_coroutine(frame, part)
            if proof is None and use.inside:
                proof, within = self._holds(frame, part), True
            if proof is None:
                return None
            certain = certain and proof
        if not self._minds(frame, node, use, within):
            return None
        if use.kind == "held":
            return self._mistake(frame, node, "", certain)
        if use.kind in {"passed", "stored"}:
            how = f"passes it to {use.how}()" if use.kind == "passed" else f"stores it as .{use.how}"
            return self._mistake(frame, node, "DAM603", certain, how)
        if use.kind in {"dropped", "unused"}:
            return self._mistake(frame, node, "DAM601", certain)
        if use.kind == "tested":
            return self._mistake(frame, node, "DAM602", certain, _TRUTHS.get(use.how, _TRUE))
        if use.kind == "used":
            return self._mistake(frame, node, "DAM603", certain, use.how)
        if use.kind == "returned" and frame.fn is not None and self.is_view(frame.fn) and self._keeps(frame.fn):
            if frame.fn.is_async or frame.fn.name not in {"dispatch", "setup"}:
                return self._mistake(frame, node, "DAM603", certain, "returns it from a view")
        return None

    def _minds(self, frame: Frame, node: ast.expr, use: Use, within: bool) -> bool:
        """Whether what a value is passed to, or stored in, is known to take no coroutine.

        That is what Django stores in the database, and functions and classes of the project that use their argument
        as a value. ``within``: a container that holds a coroutine is passed.
        """
        if use.kind == "passed" and isinstance(use.around, ast.Call):
            call = use.around
            direct = node in call.args or any(node is keyword.value for keyword in call.keywords)
            with frame.muted():
                func = frame.eval(call.func)
            return all(
                self._takes_value(frame, part, call, node, within or not direct)
                or (not within and direct and _stores(frame, part))
                for part in alternatives(func)
            )
        if use.kind == "stored" and isinstance(use.around, ast.Attribute):
            with frame.muted():
                owner = frame.eval(use.around.value)
            return all(_has_field(frame.state(part), use.how) for part in alternatives(owner))
        return True

    def _takes_value(self, frame: Frame, func: Value, call: ast.Call, argument: ast.expr, within: bool) -> bool:
        """Whether a function or class of the project uses an argument as a value, whichever subclass's it is."""
        takes = self._parameters.takes_value
        if isinstance(func, Class):
            return takes(func.cls, call, argument, within)
        if not isinstance(func, Func) or not self._keeps(func.fn) or not takes(func.fn, call, argument, within):
            return False
        state = frame.state(func.receiver) if func.receiver is not None else None
        if not isinstance(state, Object) or state.whole or func.fn.cls is None:
            return True
        found = [cls.find(func.fn.name) for cls in self.subclasses_with(state.cls, func.fn.name)]
        members = [entry[1] if entry is not None else None for entry in found]
        return all(isinstance(member, FunctionInfo) and takes(member, call, argument, within) for member in members)

    @cached_property
    def _parameters(self) -> Parameters:
        return Parameters(self.project)

    def _holds(self, frame: Frame, value: Value) -> bool | None:
        """Whether a container certainly holds a coroutine; None where nobody knows."""
        state = frame.state(value)
        items: Iterable[Value] = ()
        if isinstance(value, Tuple):
            items = value.items
        elif isinstance(state, Sequence):
            items = state.items if state.items is not None else [state.element] if state.element is not None else []
        elif isinstance(state, Dict):
            items = [*state.items.values(), *([state.element] if state.element is not None else [])]
        found = [[self.is_coroutine(frame, part) for part in alternatives(item)] for item in items]
        proofs = [all(parts) for parts in found if parts and None not in parts]
        return any(proofs) if proofs else None

    def _asked(self, frame: Frame, node: ast.expr, value: Value, use: Use) -> Effect | None:
        """``filter(check, rows)`` keeps all rows if ``check()`` gives a coroutine; nothing can be sorted by one."""
        if not all(isinstance(part, Func) and self.gives_coroutine(frame, part) for part in alternatives(value)):
            return None
        if use.how == "filter":
            return self._mistake(frame, node, "DAM602", True, _TRUE)
        return self._mistake(frame, node, "DAM603", True, "sorts by it")

    def _mistake(self, frame: Frame, node: ast.expr, rule: str, certain: bool, advice: str = "") -> Effect:
        return Effect("mistake", frame.site(node), frame.text(node), advice, certain, rule=rule)

    def is_coroutine(self, frame: Frame, value: Value) -> bool | None:
        """Whether a value is certainly a coroutine object; False where it is very likely, None where nobody knows."""
        if not isinstance(value, Coroutine):
            return None
        if value.mode == "async":
            return True if isinstance(value.func, Func) and self.gives_coroutine(frame, value.func) else None
        if value.mode == "thread":
            func = value.func
            if isinstance(func, Func) and func.fn.decorators and not self._keeps(func.fn):
                return None
            return True
        if value.mode != "method":
            return None
        return self._api_gives_coroutine(frame, value.func)

    def _api_gives_coroutine(self, frame: Frame, func: Value) -> bool | None:
        if isinstance(func, External):
            row = self.catalog.functions.get(func.api)
            if row is None and asynchronous.is_coroutine_path(frame, func.api):
                return True
            return True if row is not None and row.is_async and (row.since or (0, 0)) <= self.version else None
        if not isinstance(func, Method):
            return None
        if asynchronous.is_coroutine_method(frame, func.receiver, func.name):
            return True
        receiver, state = func.receiver, frame.state(func.receiver)
        certain: bool | None = None
        since: tuple[int, int] | None = None
        if isinstance(state, QuerySet):
            method = self.catalog.queryset_methods.get(func.name)
            certain, since = (state.certain, method.since) if method is not None else (None, None)
        elif isinstance(receiver, RelatedManager):
            own = self.catalog.related_manager_methods.get(func.name)
            certain, since = (receiver.certain, own.since) if own is not None else (None, None)
        elif isinstance(receiver, Manager):
            certain = receiver.certain
        elif isinstance(state, Instance):
            known = self.catalog.model_methods.get(func.name)
            certain, since = (state.certain, known.since if known is not None else None)
        return None if certain is None or (since or (0, 0)) > self.version else certain

    def gives_coroutine(self, frame: Frame, func: Func) -> bool:
        """Whether calling a coroutine function surely gives a coroutine: no decorator or subclass makes it sync."""
        fn = func.fn
        if not fn.is_async or fn.is_generator or not self._keeps(fn) or _stands_for_generator(fn):
            return False
        if fn.cls is None:
            return True
        for node in statements_in(fn.cls.node.body) if fn.cls.node is not None else ():
            if isinstance(node, ast.FunctionDef) and node.name == fn.name:
                return False  # defined twice: which one is meant depends on more than is known here
        state = frame.state(func.receiver) if func.receiver is not None else None
        if isinstance(state, Object) and isinstance(func.receiver, Ref) and not state.whole:
            for cls in self.subclasses_with(state.cls, fn.name):
                member = cls.find(fn.name)
                if member is None or not isinstance(member[1], FunctionInfo) or not member[1].is_async:
                    return False
        return True

    def _keeps(self, fn: FunctionInfo) -> bool:
        """Whether all decorators of a function are known to keep what a call of it gives, or make it a coroutine."""
        for decorator in fn.decorators:
            target = decorator.func if isinstance(decorator, ast.Call) else decorator
            scope = fn.parent or fn.cls
            api = self.project.external_name(fn.module, target, scope)
            if api is None:
                if isinstance(target, ast.Name) and target.id in _BUILTIN_KEEPERS:
                    continue
                definitions = self.project.resolve(fn.module, target, scope)
                if definitions and all(
                    _hands_back(definition) or (target is not decorator and _makes_registrar(definition))
                    for definition in definitions
                ):
                    continue
                return False
            row = self.catalog.bridges.get(api)
            if row is not None and row.kind == "to-thread-decorator" and not fn.is_async:
                continue
            if api not in _KEEPERS and not api.startswith(_KEEPING):
                return False
        return True


def _stores(frame: Frame, func: Value) -> bool:
    """Whether a call makes or looks for rows: a model, or a method of a queryset or a manager."""
    return isinstance(func, ModelClass) or (
        isinstance(func, Method)
        and (isinstance(func.receiver, (Manager, RelatedManager)) or isinstance(frame.state(func.receiver), QuerySet))
    )


def _has_field(state: object, name: str) -> bool:
    """Whether an object is an instance of a model with a field of a name."""
    if not isinstance(state, Instance) or not state.certain:
        return False
    return name in state.model.scalars() or name in state.model.relations()


def _stands_for_generator(fn: FunctionInfo) -> bool:
    """Whether an abstract method without ``yield`` is declared to be an async generator function."""
    returns = getattr(fn.node, "returns", None)
    return fn.is_stub and returns is not None and "Async" in ast.unparse(returns)


def _bridged_in(node: ast.expr, rule: str) -> list[ast.expr]:
    """Return the function that a bridge is given of which something worse is said."""
    bridge = node if rule == "DAM609" else node.func if isinstance(node, ast.Call) else None
    return bridge.args[:1] if isinstance(bridge, ast.Call) else []


def _hands_back(definition: object) -> bool:
    """Whether a decorator of the project returns the function it is given, as registries do."""
    return isinstance(definition, FunctionInfo) and definition.hands_back and not definition.makes_functions


def _makes_registrar(definition: object) -> bool:
    """Whether a function returns a decorator that returns what it is given: ``@handler("mail")``."""
    if not isinstance(definition, FunctionInfo) or not isinstance(definition.node, ast.FunctionDef):
        return False
    body = statements_in(definition.node.body)
    made = [node for node in body if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef))]
    inner = made[0] if len(made) == 1 else None
    if not isinstance(inner, ast.FunctionDef) or inner.decorator_list or not inner.args.args:
        return False
    inside = {*statements_in(inner.body)}
    own = inner.args.args[0].arg
    if any(
        isinstance(node, ast.Name) and node.id == own and isinstance(node.ctx, ast.Store) for node in nodes_in(inner)
    ):
        return False
    if not isinstance(inner.body[-1], ast.Return):
        return False
    return all(
        isinstance(node.value, ast.Name) and node.value.id == (own if node in inside else inner.name)
        for node in body
        if isinstance(node, ast.Return)
    )
