"""Which functions, and which expressions in them, may misuse a coroutine: by the names they hold."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping
from functools import cached_property

from django_async_migrate.catalog import rules_folder
from django_async_migrate.catalog.releases import coroutine_names
from django_async_migrate.index.functions import FunctionInfo
from django_async_migrate.index.modules import ModuleInfo
from django_async_migrate.index.usages import BRIDGES, Use, called_name, parts_of, uses_in
from django_async_migrate.syntax.nodes import statements_in

from .base import EngineBase

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
_PROPERTIES = frozenset({"property"})
#: Uses that a function may be put to, which is called then.
_FUNCTIONS = frozenset({"given", "asked"})
_BRIDGES = frozenset({"sync_to_async", "database_sync_to_async", "to_thread"})


class Suspects(EngineBase):
    """Finds what is worth a look; part of the engine."""

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
        passing: list[tuple[str, str]] = []
        for path in self.project.tree.project_async_paths():
            module = self.project.module(path)
            for node in statements_in(module.parsed.tree.body) if module is not None else ():
                if isinstance(node, ast.AsyncFunctionDef) or (
                    isinstance(node, ast.FunctionDef)
                    and any(called_name(decorator) in _BRIDGES for decorator in node.decorator_list)
                ):
                    found.add(node.name)
                elif isinstance(node, ast.FunctionDef):
                    passing += [(node.name, name) for name in _passed_on(node)]
        for _ in range(2):  # a helper hands on what another helper does
            found |= {name for name, inner in passing if inner in found and name not in _COMMON}
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
            return self.is_view(fn) or (not fn.is_async and fn.name in self.coroutine_names)
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
            found = {
                expr: use
                for expr, use in uses.items()
                if use.kind in {"awaited", "bridged"} or self._may_be_coroutine(fn, expr, use, held)
            }
            if isinstance(fn.node, ast.GeneratorExp) and fn.parent is not None:
                around = self.watched(fn.parent)  # which function takes its items is written there
                found.update((node, around[node]) for node in parts_of(fn.node.elt) if node in around)
            known = self._watched[fn] = found
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
                if any(self._is_async_call(fn, part) for part in parts_of(node.value)):
                    targets = node.targets if isinstance(node, ast.Assign) else [node.target]
                    found.update(target.id for target in targets if isinstance(target, ast.Name))
        return frozenset(found)

    def _may_be_coroutine(self, fn: FunctionInfo, expr: ast.expr, use: Use, held: frozenset[str]) -> bool:
        if isinstance(expr, ast.Name):
            return expr.id in held or (use.kind in _FUNCTIONS and expr.id in self.coroutine_names)
        if isinstance(expr, ast.Attribute):
            return expr.attr in (self.coroutine_names if use.kind in _FUNCTIONS else self._property_names)
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


def _passed_on(node: ast.FunctionDef) -> list[str]:
    """Return the names of the calls whose results a sync function returns."""
    return [
        called_name(part)
        for statement in statements_in(node.body)
        if isinstance(statement, ast.Return) and statement.value is not None
        for part in parts_of(statement.value)
        if isinstance(part, ast.Call)
    ]


def _runs_loop(fn: FunctionInfo) -> bool:
    """Whether a coroutine function runs a loop by the method that does."""
    return fn.is_async and any(
        isinstance(node, ast.Attribute) and node.attr == "run_until_complete" for node in fn.own_nodes
    )


def module_classes(tree: ast.Module) -> list[ast.ClassDef]:
    """Return the classes of a module, nested ones left out, wherever they stand."""
    return [node for node in tree.body if isinstance(node, ast.ClassDef)]
