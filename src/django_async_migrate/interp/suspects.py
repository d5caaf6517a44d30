"""Which functions, and which expressions in them, may misuse a coroutine: by the names they hold."""

from __future__ import annotations

import ast
from collections.abc import Mapping

from django_async_migrate.index.classes import ClassInfo
from django_async_migrate.index.functions import FunctionInfo
from django_async_migrate.index.modules import ModuleInfo
from django_async_migrate.index.usages import (
    BINDERS,
    BRIDGES,
    Use,
    awaits_inside,
    bound_by,
    called_name,
    functions_in,
    parts_of,
    uses_in,
)
from django_async_migrate.semantics import plain
from django_async_migrate.syntax.nodes import statements_in

from .indirect import Indirect

#: Uses that a function may be put to, which is called then.
_FUNCTIONS = frozenset({"given", "asked"})


_DISPLAYS = (ast.List, ast.Tuple, ast.Set, ast.Dict, ast.GeneratorExp)


#: Uses that lose a coroutine without a trace.
_LOST = frozenset({"dropped", "unused"})
#: How what is dropped was called, where that may be anything: a value that nobody knows tells nothing there.
UNDER_ANOTHER_NAME = "under another name"


class Suspects(Indirect):
    """Finds what is worth a look; part of the engine."""

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
            if use.how == "async_to_sync":
                return isinstance(expr, ast.Call)
            body = expr.body if isinstance(expr, ast.Lambda) else expr
            return isinstance(body, ast.Call) or called_name(body) in self.coroutine_names
        if use.kind == "returned":
            return self.is_view(fn) or (not fn.is_async and fn.name in self.coroutine_names)
        if use.kind not in {"awaited", "iterated"}:
            if use.kind != "held" and self.is_indirect(fn, expr) and not self._is_async_call(fn, expr):
                return self.seems_async(fn, expr, use.kind in _LOST)
            return use.kind != "held"  # what becomes of the variable counts
        if use.kind == "iterated" and isinstance(expr, ast.Name):
            return any(
                self._is_suspect(fn, value, use)
                for value in _assigned(fn, expr.id)
                if isinstance(value, (ast.Call, *_DISPLAYS))
            )
        if isinstance(expr, ast.Name):
            held = (called_name(value) for value in _assigned(fn, expr.id))
            return expr.id in self.coroutine_names or any(name in self.generator_names for name in held)
        if not isinstance(expr, ast.Call):
            return isinstance(expr, _DISPLAYS)
        func, name = expr.func, called_name(expr)
        if name in BRIDGES or use.how == "async for":
            return True
        if name in self.coroutine_names:
            return name in self.generator_names
        definitions: list[object] = []
        if use.kind == "awaited" and self.gives_plain(fn, expr):
            return True
        if isinstance(func, ast.Name) and name not in fn.local_names:
            definitions += self.project.lookup(fn.module, name)
        elif isinstance(func, ast.Attribute) and isinstance(func.value, ast.Name) and func.value.id == "self":
            member = fn.cls.find(name) if fn.cls is not None else None
            definitions += [member[1]] if member is not None else []
        elif isinstance(func, ast.Attribute) and isinstance(func.value, ast.Call):
            for cls in self.project.resolve(fn.module, func.value.func, fn):
                member = cls.find(name) if isinstance(cls, ClassInfo) else None
                definitions += [member[1]] if member is not None else []
        return any(isinstance(definition, FunctionInfo) for definition in definitions)

    def gives_plain(self, fn: FunctionInfo | None, call: ast.expr) -> bool:
        """Whether a call is one of Django's or Python's own functions, whose result nobody can await."""
        func = call.func if isinstance(call, ast.Call) else None
        if fn is None or not isinstance(func, (ast.Name, ast.Attribute)):
            return False
        if isinstance(func, ast.Attribute) and isinstance(func.value, ast.Subscript):
            api = self.project.external_name(fn.module, func.value.value, fn)
            return api == plain.CACHES and plain.gives_plain(f"{plain.CACHE}.{func.attr}")
        api = self.project.external_name(fn.module, func, fn)
        return api is not None and plain.gives_plain(api)

    def watched(self, fn: FunctionInfo) -> Mapping[ast.expr, Use]:
        """Return the expressions of a function whose value may turn out to be misused, by the names they hold."""
        known = self._watched.get(fn)
        if known is None:
            bridges = self._bridges_of(fn.module)
            if not isinstance(fn.node, ast.GeneratorExp) and not self._is_looked_at(fn, bridges):
                known = self._watched[fn] = {}
                return known
            uses = uses_in(fn.own_nodes, bridges, given_names(fn))
            if any(called_name(decorator) in {"patch", "object", "dict"} for decorator in fn.decorators):
                # A test with mocks looks at what they were called with.
                uses = {expr: use for expr, use in uses.items() if use.kind != "dropped"}
            held = self._held_names(fn)
            found = {
                expr: use
                for expr, use in uses.items()
                if use.kind in {"awaited", "iterated", "bridged", "gathered"}
                or self._may_be_coroutine(fn, expr, use, held)
            }
            if self.may_call_indirectly(fn):
                found = {**self._indirect(fn, uses), **found}
            if isinstance(fn.node, ast.GeneratorExp) and fn.parent is not None:
                around = self.watched(fn.parent)  # which function takes its items is written there
                found.update((node, around[node]) for node in parts_of(fn.node.elt) if node in around)
            known = self._watched[fn] = found
        return known

    def _indirect(self, fn: FunctionInfo, uses: Mapping[ast.expr, Use]) -> Mapping[ast.expr, Use]:
        """Return the uses of calls that run a function under another name."""
        called = [node for node in fn.own_nodes if isinstance(node, ast.Call) and self.is_indirect(fn, node)]
        # A function that does something with what such a call gives in another place tells two kinds apart.
        kept = {ast.unparse(node.func) for node in called if node not in uses or uses[node].kind not in _LOST}
        return {
            node: uses[node]._replace(how=UNDER_ANOTHER_NAME) if uses[node].kind == "dropped" else uses[node]
            for node in called
            if node in uses and not (uses[node].kind in _LOST and ast.unparse(node.func) in kept)
        }

    def _is_looked_at(self, fn: FunctionInfo, bridges: frozenset[str]) -> bool:
        if self._is_worth_a_look(fn, bridges):
            return True
        return self.may_call_indirectly(fn) and any(
            isinstance(node, ast.Call) and self.is_indirect(fn, node) for node in fn.own_nodes
        )

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
        aliases: list[tuple[str, set[str]]] = []
        for node in fn.own_nodes:
            for target, value in bound_by(node) if type(node) in BINDERS else ():
                names = {target.id} if isinstance(target, ast.Name) else set()
                for part in parts_of(value) if names else ():
                    if isinstance(part, ast.Name):
                        aliases.append((part.id, names))
                    elif isinstance(part, ast.GeneratorExp):
                        found |= names if awaits_inside(part) else set()
                    elif self._is_async_call(fn, part) or self.is_indirect(fn, part):
                        found |= names
        for _ in aliases if found else ():  # an alias of an alias
            found.update(name for held, names in aliases if held in found for name in names)
        return frozenset(found)

    def _may_be_coroutine(self, fn: FunctionInfo, expr: ast.expr, use: Use, held: frozenset[str]) -> bool:
        if use.kind in _FUNCTIONS and any(called_name(func) in self.coroutine_names for func in functions_in(expr)):
            return True
        if isinstance(expr, ast.Name):
            return expr.id in held or use.kind in _FUNCTIONS
        if isinstance(expr, ast.Subscript):
            return any(
                self._is_async_call(fn, part) or (isinstance(part, ast.Name) and part.id in held)
                for part in parts_of(expr.value)
            )
        if isinstance(expr, ast.Attribute):
            return use.kind not in _FUNCTIONS and expr.attr in self._property_names
        return self._is_async_call(fn, expr)

    def sync_suspects(self) -> list[FunctionInfo]:
        """Return the sync functions of the project that seem to call something async."""
        found: list[FunctionInfo] = []
        for module in self.files_calling_async():
            for owner in [None, *module_classes(module.parsed.tree)]:
                body = module.parsed.tree.body if owner is None else owner.body
                cls = module.class_(owner) if owner is not None else None
                for node in body:
                    if isinstance(node, ast.FunctionDef):
                        fn = module.function(node, cls)
                        if self.suspects(fn) and (self.calls_async(fn) or self._hands_over(fn)):
                            found.append(fn)
        return found

    def _hands_over(self, fn: FunctionInfo) -> bool:
        """Whether a function may misuse what it does not name: what a bridge or a cache is given, a property."""
        return any(
            (use.kind in {"bridged", *_FUNCTIONS} or isinstance(expr, ast.Attribute) or self.is_indirect(fn, expr))
            and self._is_suspect(fn, expr, use)
            for expr, use in self.watched(fn).items()
        )


def given_names(fn: FunctionInfo) -> frozenset[str]:
    """Return the names of a function's parameters."""
    args = fn.args
    extra = [arg for arg in (args.vararg, args.kwarg) if arg is not None]
    return frozenset(arg.arg for arg in (*fn.params, *args.kwonlyargs, *extra))


def _assigned(fn: FunctionInfo, name: str) -> list[ast.expr]:
    """Return the expressions whose values a variable is given."""
    return [
        node.value
        for node in fn.own_nodes
        if isinstance(node, ast.Assign)
        and any(isinstance(target, ast.Name) and target.id == name for target in node.targets)
    ]


def _runs_loop(fn: FunctionInfo) -> bool:
    """Whether a coroutine function runs a loop by the method that does."""
    return fn.is_async and any(
        isinstance(node, ast.Attribute) and node.attr == "run_until_complete" for node in fn.own_nodes
    )


def module_classes(tree: ast.Module) -> list[ast.ClassDef]:
    """Return the classes of a module, nested ones left out, wherever they stand."""
    return [node for node in tree.body if isinstance(node, ast.ClassDef)]
