"""Coroutines that nobody awaits, and what is awaited though it cannot be.

These are facts about values, not about threads: a coroutine that is dropped never runs, whether an event loop runs
here or not. So they are noted apart from effects, in every function that is interpreted. A place counts only when
each value that was ever seen there was a mistake: one unknown value, one kind of arguments or one path on which it is
none, and nothing is said.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping
from functools import cached_property

from django_async_migrate.catalog import rules_folder
from django_async_migrate.catalog.releases import coroutine_names
from django_async_migrate.core.effects import Effect
from django_async_migrate.index.functions import FunctionInfo
from django_async_migrate.index.modules import ModuleInfo
from django_async_migrate.index.usages import BRIDGES, Use, called_name, uses_in
from django_async_migrate.semantics import asynchronous
from django_async_migrate.syntax.nodes import statements_in
from django_async_migrate.values.heap import Instance, Object, QuerySet
from django_async_migrate.values.types import (
    Coroutine,
    External,
    Func,
    Manager,
    Method,
    Never,
    Ref,
    RelatedManager,
    Value,
    alternatives,
)

from .base import EngineBase
from .frame import Frame

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
    }
)
_KEEPING = ("django.views.decorators.", "pytest.mark.")
_BUILTIN_KEEPERS = frozenset({"staticmethod", "classmethod", "property"})
#: Methods of containers, files and other things that every module uses: as the name of a coroutine function of the
#: project they tell nothing.
_COMMON = frozenset(
    name for kind in (dict, list, str, bytes, set, tuple, int) for name in dir(kind) if not name.startswith("__")
) | frozenset(
    {
        "all",
        "call",
        "close",
        "commit",
        "connect",
        "create",
        "delete",
        "emit",
        "execute",
        "exists",
        "fetch",
        "filter",
        "first",
        "get",
        "handle",
        "join",
        "load",
        "log",
        "next",
        "open",
        "options",
        "parse",
        "patch",
        "post",
        "process",
        "publish",
        "put",
        "read",
        "request",
        "run",
        "save",
        "search",
        "send",
        "set",
        "start",
        "stop",
        "submit",
        "update",
        "validate",
        "wait",
        "write",
    }
)
#: What names with common names for methods are worth a look.
_OWNERS = frozenset({"self", "cls", "channel_layer"})
#: Effects of asking a queryset for its rows.
_EVALUATIONS = frozenset({"iteration", "length", "truth", "index", "membership", "repr"})
_PROPERTIES = frozenset({"property"})
_BRIDGES = frozenset({"sync_to_async", "database_sync_to_async", "to_thread"})


class Mistakes(EngineBase):
    """Judges what is done with coroutines; part of the engine."""

    # -- which functions are worth a look ------------------------------------------------------------------

    @cached_property
    def coroutine_names(self) -> frozenset[str]:
        """The names under which something async is called: the project's coroutine functions, and known APIs."""
        catalog = self.catalog
        found = {name for name, row in catalog.queryset_methods.items() if row.kind == "async"}
        found |= {name for name, row in catalog.related_manager_methods.items() if row.kind == "async"}
        found |= {name for name, row in catalog.model_methods.items() if row.is_async}
        data = [self.project.tree.data(path) or b"" for path in self.project.tree.project_async_paths()]
        rows = catalog.functions_of(lambda package: any(package.encode() in text for text in data))
        found |= {row.api.rpartition(".")[2] for row in rows if row.is_async}
        found |= {name for name in coroutine_names(rules_folder()) if name.startswith("a")}
        found |= _BRIDGES
        for path in self.project.tree.project_async_paths():
            module = self.project.module(path)
            for node in statements_in(module.parsed.tree.body) if module is not None else ():
                if isinstance(node, ast.AsyncFunctionDef) or (
                    isinstance(node, ast.FunctionDef)
                    and any(called_name(decorator) in _BRIDGES for decorator in node.decorator_list)
                ):
                    found.add(node.name)
        return frozenset(found)

    @cached_property
    def _plain_names(self) -> frozenset[str]:
        return self.coroutine_names - _COMMON

    def suspects(self, fn: FunctionInfo) -> bool:
        """Whether a function may, by the names it holds, misuse a coroutine."""
        known = self._suspects.get(fn)
        if known is None:
            if isinstance(fn.node, ast.Lambda) and self._is_async_call(fn, fn.node.body):
                known = True
            else:
                known = any(self._is_suspect(fn, *entry) for entry in self.watched(fn).items()) or _runs_loop(fn)
            self._suspects[fn] = known
        return known

    def _is_suspect(self, fn: FunctionInfo, expr: ast.expr, use: Use) -> bool:
        if use.kind == "bridged":
            body = expr.body if isinstance(expr, ast.Lambda) else expr
            return isinstance(body, ast.Call) or called_name(body) in self.coroutine_names
        if use.kind == "returned":
            return self.is_view(fn)
        if use.kind != "awaited":
            return True
        if not isinstance(expr, ast.Call):
            return isinstance(expr, ast.Name) and expr.id in self.coroutine_names
        func, name = expr.func, called_name(expr)
        if name in BRIDGES:
            return True
        if name in self.coroutine_names:
            return False
        definitions: list[object] = []
        if isinstance(func, ast.Name) and name not in fn.local_names:
            definitions += self.project.lookup(fn.module, name)
        elif isinstance(func, ast.Attribute) and isinstance(func.value, ast.Name) and func.value.id == "self":
            member = fn.cls.find(name) if fn.cls is not None else None
            definitions += [member[1]] if member is not None else []
        return any(isinstance(definition, FunctionInfo) for definition in definitions)

    def watched(self, fn: FunctionInfo) -> Mapping[ast.expr, Use]:
        """Return the expressions of a function whose value may turn out to be misused, by the names they hold."""
        known = self._watched.get(fn)
        if known is None:
            uses = uses_in(fn.own_nodes, self._bridges_of(fn.module))
            if any(called_name(decorator) in {"patch", "object", "dict"} for decorator in fn.decorators):
                # A test with mocks looks at what they were called with.
                uses = {expr: use for expr, use in uses.items() if use.kind != "dropped"}
            held = self._held_names(fn)
            known = self._watched[fn] = {
                expr: use
                for expr, use in uses.items()
                if use.kind in {"awaited", "bridged"} or self._may_be_coroutine(fn, expr, use, held)
            }
        return known

    def _bridges_of(self, module: ModuleInfo) -> frozenset[str]:
        """Return the names of bridges in a module, those they are imported under included."""
        known = self._bridge_names.get(module)
        if known is None:
            aliases = {
                alias.asname
                for node in statements_in(module.parsed.tree.body)
                if isinstance(node, ast.ImportFrom)
                for alias in node.names
                if alias.asname and alias.name in BRIDGES
            }
            known = self._bridge_names[module] = BRIDGES | aliases
        return known

    def _held_names(self, fn: FunctionInfo) -> frozenset[str]:
        """Return the variables that may hold a coroutine."""
        found: set[str] = set()
        for node in fn.own_nodes:
            if isinstance(node, (ast.Assign, ast.AnnAssign)) and node.value is not None:
                if self._is_async_call(fn, node.value):
                    targets = node.targets if isinstance(node, ast.Assign) else [node.target]
                    found.update(target.id for target in targets if isinstance(target, ast.Name))
        return frozenset(found)

    def _may_be_coroutine(self, fn: FunctionInfo, expr: ast.expr, use: Use, held: frozenset[str]) -> bool:
        if isinstance(expr, ast.Name):
            return expr.id in held or (use.kind == "given" and expr.id in self.coroutine_names)
        if isinstance(expr, ast.Attribute):
            return expr.attr in (self.coroutine_names if use.kind == "given" else self._property_names)
        return self._is_async_call(fn, expr)

    @cached_property
    def _property_names(self) -> frozenset[str]:
        found = set()
        for path in self.project.tree.project_async_paths():
            module = self.project.module(path)
            for node in statements_in(module.parsed.tree.body) if module is not None else ():
                if isinstance(node, ast.AsyncFunctionDef) and node.decorator_list:
                    if any(called_name(decorator) in _PROPERTIES for decorator in node.decorator_list):
                        found.add(node.name)
        return frozenset(found)

    def _is_async_call(self, fn: FunctionInfo, expr: ast.expr) -> bool:
        if not isinstance(expr, ast.Call):
            return False
        func = expr.func
        if isinstance(func, ast.Call):
            return called_name(func) in _BRIDGES
        if isinstance(func, ast.Name):
            return func.id in self.coroutine_names
        if not isinstance(func, ast.Attribute):
            return False
        if func.attr in self._plain_names:
            return True
        if func.attr not in self.coroutine_names:
            return False
        owner = func.value
        if isinstance(owner, ast.Call):
            name = called_name(owner)
            return name == "super" or name[:1].isupper()
        return isinstance(owner, (ast.Name, ast.Attribute)) and called_name(owner) in _OWNERS

    def sync_suspects(self, paths: Iterable[str]) -> list[FunctionInfo]:
        """Return the sync functions that call something async by name, in the files given."""
        import re

        call = re.compile(rb"(\w+)\(")
        names = {name.encode() for name in self.coroutine_names}
        found: list[FunctionInfo] = []
        for path in paths:
            data = self.project.tree.data(path)
            if data is None or names.isdisjoint(call.findall(data)):
                continue
            module = self.project.module(path)
            if module is None:
                continue
            for owner in [None, *module_classes(module.parsed.tree)]:
                body = module.parsed.tree.body if owner is None else owner.body
                cls = module.class_(owner) if owner is not None else None
                for node in body:
                    if isinstance(node, ast.FunctionDef):
                        fn = module.function(node, cls)
                        if self.suspects(fn):
                            found.append(fn)
        return found

    # -- judging -------------------------------------------------------------------------------------------

    def observe(self, frame: Frame, node: ast.expr, value: Value, use: Use) -> None:
        """Judge the use that code makes of a value."""
        if isinstance(value, Never) or not frame.alive or frame.fn is None:
            return
        outcome = self.outcome
        if node in outcome.harmless:
            return
        found = self._judged(frame, node, value, use)
        if found is None:
            outcome.harmless.add(node)
            outcome.mistakes.pop(node, None)
        else:
            outcome.mistakes[node] = (frame.fn, found)

    def proven_mistakes(self) -> list[tuple[FunctionInfo, Effect]]:
        """Return the mistakes that every value seen at their place agrees on; the first use of each variable."""
        found: list[tuple[FunctionInfo, Effect]] = []
        seen: set[tuple[FunctionInfo, str]] = set()
        lost = {
            argument
            for node, (_, effect) in self.outcome.mistakes.items()
            for argument in _bridged_in(node, effect.rule)
        }
        evaluates = {fn for fn, effect in self.outcome.incidents if effect.kind in _EVALUATIONS}
        for node, (fn, effect) in sorted(
            self.outcome.mistakes.items(), key=lambda item: (item[1][1].site.path, item[0].lineno, item[0].col_offset)
        ):
            if isinstance(node, ast.Name):
                if (fn, node.id) in seen:
                    continue
                seen.add((fn, node.id))
            if effect.rule == "DAM610" and fn in evaluates:
                continue  # what goes wrong is told where the rows are asked for
            if node in lost and effect.rule in {"DAM610", "DAM613"}:
                continue  # so is what becomes of the coroutine
            given = node.args[:1] if isinstance(node, ast.Call) and effect.rule in {"DAM601", "DAM609"} else []
            if any(self._rule_at(argument) in {"DAM607", "DAM608"} for argument in given):
                continue  # what is wrong is what the bridge is given
            found.append((fn, effect))
        return found

    def _rule_at(self, node: ast.expr) -> str:
        found = self.outcome.mistakes.get(node)
        return found[1].rule if found is not None else ""

    def _judged(self, frame: Frame, node: ast.expr, value: Value, use: Use) -> Effect | None:
        if use.kind == "given":
            return self._given(frame, node, value, use)
        certain = True
        for part in alternatives(value):
            proof = self.is_coroutine(frame, part)
            if proof is None:
                return None
            certain = certain and proof
        if use.kind in {"dropped", "unused"}:
            return self._mistake(frame, node, "DAM601", certain)
        if use.kind == "tested":
            return self._mistake(frame, node, "DAM602", certain)
        if use.kind == "used":
            return self._mistake(frame, node, "DAM603", certain, use.how)
        if use.kind == "returned" and frame.fn is not None and self.is_view(frame.fn) and self._keeps(frame.fn):
            if frame.fn.is_async or frame.fn.name not in {"dispatch", "setup"}:
                return self._mistake(frame, node, "DAM603", certain, "returns it from a view")
        return None

    def _given(self, frame: Frame, node: ast.expr, value: Value, use: Use) -> Effect | None:
        """``cache.aget_or_set(key, load)`` stores what ``load()`` gives: a coroutine, which cannot be stored."""
        call = use.around
        if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Attribute):
            return None
        if self.project.external_name(frame.module, call.func.value, frame.fn) != "django.core.cache.cache":
            return None
        for part in alternatives(value):
            made = isinstance(part, Func) and self.gives_coroutine(frame, part)
            if not made and self.is_coroutine(frame, part) is None:
                return None
        return self._mistake(frame, node, "DAM603", True, "stores it")

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
                if definitions and all(_hands_back(definition) for definition in definitions):
                    continue
                return False
            row = self.catalog.bridges.get(api)
            if row is not None and row.kind == "to-thread-decorator" and not fn.is_async:
                continue
            if api not in _KEEPERS and not api.startswith(_KEEPING):
                return False
        return True


def _stands_for_generator(fn: FunctionInfo) -> bool:
    """Whether an abstract method without ``yield`` is declared to be an async generator function."""
    returns = getattr(fn.node, "returns", None)
    return fn.is_stub and returns is not None and "Async" in ast.unparse(returns)


def _bridged_in(node: ast.expr, rule: str) -> list[ast.expr]:
    """Return the function that a bridge is given of which something worse is said."""
    bridge = node if rule == "DAM609" else node.func if isinstance(node, ast.Call) else None
    return bridge.args[:1] if isinstance(bridge, ast.Call) else []


def _runs_loop(fn: FunctionInfo) -> bool:
    """Whether a coroutine function runs a loop by the method that does."""
    return fn.is_async and any(
        isinstance(node, ast.Attribute) and node.attr == "run_until_complete" for node in fn.own_nodes
    )


def _hands_back(definition: object) -> bool:
    """Whether a decorator of the project returns the function it is given, as registries do."""
    return isinstance(definition, FunctionInfo) and definition.hands_back and not definition.makes_functions


def module_classes(tree: ast.Module) -> list[ast.ClassDef]:
    """Return the classes of a module, nested ones left out, wherever they stand."""
    return [node for node in tree.body if isinstance(node, ast.ClassDef)]
