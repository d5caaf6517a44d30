"""Calls that may give a coroutine, judged by the names alone.

Most sync code calls nothing async. Whether a file or a function does is told by names, before anything is interpreted
and, for files, before anything is parsed.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Set
from functools import cached_property

from django_async_migrate.catalog import rules_folder
from django_async_migrate.catalog.releases import coroutine_names
from django_async_migrate.index.classes import ClassInfo
from django_async_migrate.index.functions import FunctionInfo
from django_async_migrate.index.modules import ExternalRef, Import, ModuleInfo
from django_async_migrate.index.usages import ASKING, KEEPERS, called_name, functions_in, parts_of
from django_async_migrate.semantics import externals
from django_async_migrate.syntax.nodes import nodes_in, statements_in

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
_TO_THREAD = frozenset({"sync_to_async", "database_sync_to_async", "to_thread"})
#: A name that is called or defined, with what stands before it.
_CALL = re.compile(rb"(?:\bdef +)?[\w.]+\(")
_CALLED = re.compile(r"([\w.]+)\s*\(")


class AsyncNames(EngineBase):
    """Tells what may be a call of something async; part of the engine."""

    @cached_property
    def _plain_functions_seen(self) -> dict[FunctionInfo, bool]:
        return {}

    @cached_property
    def _definitions(self) -> tuple[frozenset[str], frozenset[str], frozenset[str], frozenset[str]]:
        """The names of the project's coroutine functions, coroutine methods, async properties and async generators.

        What hands on the coroutine that another function gives counts as well.
        """
        functions: set[str] = set()
        methods: set[str] = set()
        properties: set[str] = set()
        generators: set[str] = set()
        helpers: list[tuple[ast.FunctionDef, bool, ast.expr]] = []
        for path in self.project.tree.project_async_paths():
            module = self.project.module(path)
            nodes = statements_in(module.parsed.tree.body) if module is not None else []
            members = {id(member) for node in nodes if isinstance(node, ast.ClassDef) for member in node.body}
            for node in nodes:
                if isinstance(node, ast.AsyncFunctionDef) or (
                    isinstance(node, ast.FunctionDef)
                    and any(called_name(decorator) in _TO_THREAD for decorator in node.decorator_list)
                ):
                    (methods if id(node) in members else functions).add(node.name)
                    if module is not None and any("yield" in line for line in lines_of(module, node)):
                        generators.add(node.name)
                    if isinstance(node, ast.AsyncFunctionDef) and node.decorator_list:
                        if any(called_name(decorator) in _PROPERTIES for decorator in node.decorator_list):
                            properties.add(node.name)
                elif isinstance(node, ast.FunctionDef):
                    helpers += [(node, id(node) in members, func) for func in _passed_on(node)]
        known = functions | methods | self._library_names | _TO_THREAD
        for _ in range(2):  # a helper hands on what another helper does
            for node, is_method, func in helpers:
                if node.name not in _COMMON and _sounds_async(func, known):
                    (methods if is_method else functions).add(node.name)
            known |= functions | methods
        return frozenset(functions), frozenset(methods), frozenset(properties), frozenset(generators)

    @cached_property
    def _library_names(self) -> frozenset[str]:
        """The names of async functions and methods of libraries."""
        catalog = self.catalog
        found = {name for name, row in catalog.queryset_methods.items() if row.kind == "async"}
        found |= {name for name, row in catalog.related_manager_methods.items() if row.kind == "async"}
        found |= {name for name, row in catalog.model_methods.items() if row.is_async}
        data = [self.project.tree.data(path) or b"" for path in self.project.tree.project_async_paths()]
        rows = catalog.functions_of(lambda package: any(package.encode() in text for text in data))
        found |= {row.api.rpartition(".")[2] for row in rows if row.is_async}
        found |= {name for name in coroutine_names(rules_folder()) if name.startswith("a")}
        return frozenset(found)

    @cached_property
    def coroutine_names(self) -> frozenset[str]:
        """The names under which something async is called: the project's coroutine functions, and known APIs."""
        functions, methods, _, _ = self._definitions
        return functions | methods | self._library_names | _TO_THREAD

    @cached_property
    def _plain_names(self) -> frozenset[str]:
        return self.coroutine_names - _COMMON

    @property
    def _property_names(self) -> frozenset[str]:
        return self._definitions[2]

    @property
    def generator_names(self) -> frozenset[str]:
        """The names of the project's async generator functions."""
        return self._definitions[3]

    def _is_worth_a_look(self, fn: FunctionInfo, bridges: frozenset[str]) -> bool:
        """Whether a function holds anything of which a mistake with a coroutine is made."""
        names, properties = self.coroutine_names, self._property_names
        # The text of a template is no code.
        path = fn.module.path
        if path.endswith(".py") and self.project.module(path) is fn.module and not self._tells(fn, bridges):
            return False
        for node in fn.own_nodes:
            kind = type(node)
            if kind is ast.Call:
                if fn.is_async and isinstance(node.func, ast.Subscript):  # type: ignore[attr-defined]
                    return True
                name = called_name(node)
                if name in bridges or name == "iterator" or _sounds_async(node.func, names):  # type: ignore[attr-defined]
                    return True
                if name in ASKING or name in KEEPERS:
                    given = [*node.args, *(keyword.value for keyword in node.keywords)]  # type: ignore[attr-defined]
                    if any(called_name(func) in names for argument in given for func in functions_in(argument)):
                        return True
            elif kind is ast.Await or kind is ast.AsyncFor:
                return True
            elif isinstance(node, ast.comprehension):
                if node.is_async:
                    return True
            elif properties and isinstance(node, ast.Attribute) and node.attr in properties:
                return True
        return False

    def _tells(self, fn: FunctionInfo, bridges: frozenset[str]) -> bool:
        """Whether the text of a function may hold such a thing: most do not, and a look at its nodes takes longer."""
        node = fn.node
        text = "\n".join(lines_of(fn.module, node))
        names = self.coroutine_names
        if "await" in text or (fn.is_async and "](" in text) or any(name in text for name in self._property_names):
            return True
        for call in set(_CALLED.findall(text)):
            owner, _, name = call.rpartition(".")
            if name in names:
                if not owner or name not in _COMMON or owner.rpartition(".")[2] in _OWNERS:
                    return True
            elif name in bridges or name in ASKING or name in KEEPERS:
                return True
        return False

    def _is_async_call(self, fn: FunctionInfo, expr: ast.expr) -> bool:
        if isinstance(expr, ast.Call) and isinstance(expr.func, ast.Subscript):
            return fn.is_async  # CHECKS["size"](upload): what the table holds, no name tells
        if not isinstance(expr, ast.Call) or not _sounds_async(expr.func, self.coroutine_names):
            return False
        func = expr.func
        if isinstance(func, ast.Name):
            return self._may_give_coroutine(fn, func.id)
        if isinstance(func, ast.Attribute) and isinstance(func.value, ast.Name):
            return self._may_give_coroutine(fn, func.value.id, func.attr)
        return True

    def _may_give_coroutine(self, fn: FunctionInfo, name: str, attr: str = "") -> bool:
        """Whether a name, or an attribute of it, may be async where a function uses it.

        Builtins are not, nor what is imported from outside the project and known to be no coroutine function.
        """
        if any(name in scope.local_names for scope in _around(fn)):
            return True
        module = fn.module
        bindings = module.bindings.get(name)
        if not bindings:
            return bool(module.stars) or bool(attr)
        for binding in bindings:
            api = self.project.outside(module, binding) if isinstance(binding, Import) else None
            if api is None or not externals.gives_no_coroutine(self.catalog, f"{api}.{attr}" if attr else api):
                return True
        return False

    # -- what a call leads to ------------------------------------------------------------------------------

    def calls_async(self, fn: FunctionInfo) -> bool:
        """Whether a call in a function, with ``self`` of the class it stands in, may give a coroutine."""
        return any(
            isinstance(node, ast.Call) and self._is_async_call(fn, node) and not self._is_plain(fn, node)
            for node in fn.own_nodes
        )

    def _is_plain(self, fn: FunctionInfo, call: ast.Call) -> bool:
        """Whether all that a call may run is known, and gives no coroutine."""
        func = call.func
        if isinstance(func, ast.Name):
            if any(func.id in scope.local_names for scope in _around(fn)):
                return False
            definitions = self.project.lookup(fn.module, func.id)
            return bool(definitions) and all(self._gives_plain(definition) for definition in definitions)
        if not isinstance(func, ast.Attribute):
            return False
        owner = func.value
        if isinstance(owner, ast.Name):
            known = fn.cls is not None and owner.id in {"self", "cls"}
            return known and self._is_plain_member(fn.cls, func.attr)
        if not isinstance(owner, ast.Call) or not isinstance(owner.func, ast.Name):
            return False
        if owner.func.id == "super":
            return fn.cls is not None and self._is_plain_member(fn.cls, func.attr, behind=True)
        if any(owner.func.id in scope.local_names for scope in _around(fn)):
            return False
        makers = self.project.lookup(fn.module, owner.func.id)
        return bool(makers) and all(
            self._is_plain_member(maker, func.attr)
            if isinstance(maker, ClassInfo)
            else isinstance(maker, ExternalRef)
            and externals.gives_no_coroutine(self.catalog, f"{maker.api}.{func.attr}")
            for maker in makers
        )

    def _is_plain_member(self, cls: ClassInfo | None, name: str, behind: bool = False) -> bool:
        for base in cls.mro[behind:] if cls is not None else ():
            if name in base.members:
                return self._gives_plain(base.members[name])
        return name not in self._library_names

    def _gives_plain(self, definition: object) -> bool:
        """Whether a call of something is known to give no coroutine."""
        if isinstance(definition, ClassInfo):
            return True
        if isinstance(definition, ExternalRef):
            return externals.gives_no_coroutine(self.catalog, definition.api)
        if not isinstance(definition, FunctionInfo) or definition.is_async:
            return False
        if not all(self._keeps_plain(definition, decorator) for decorator in definition.decorators):
            return False
        known = self._plain_functions_seen.get(definition)
        if known is None:
            self._plain_functions_seen[definition] = True  # a recursion adds nothing
            known = self._plain_functions_seen[definition] = not definition.is_stub and all(
                not isinstance(node, ast.Return) or node.value is None or self._is_plain_value(definition, node.value)
                for node in definition.own_nodes
            )
        return known

    def _keeps_plain(self, fn: FunctionInfo, decorator: ast.expr) -> bool:
        """Whether a decorator makes no coroutine function of a plain one: it is the project's, and holds none."""
        if not isinstance(decorator, ast.Name):
            return False
        found = self.project.lookup(fn.module, decorator.id)
        if not found:
            return decorator.id in {"staticmethod", "classmethod"} and not fn.module.stars
        for made in found:
            node = made.node if isinstance(made, FunctionInfo) else None
            if not isinstance(node, ast.FunctionDef) or node.decorator_list or made.holds_coroutine:  # type: ignore[union-attr]
                return False
            if any(_sounds_async(part, self.coroutine_names) for part in _passed_on(node)):
                return False
        return True

    def _is_plain_value(self, fn: FunctionInfo, value: ast.expr) -> bool:
        calls = [node for node in nodes_in(value) if isinstance(node, ast.Call) and self._is_async_call(fn, node)]
        return not isinstance(value, ast.Name) and all(self._is_plain(fn, call) for call in calls)

    # -- which files call something async ------------------------------------------------------------------

    def files_calling_async(self) -> Iterator[ModuleInfo]:
        """Yield the modules that seem to call something async; others need not even be parsed."""
        tree = self.project.tree
        holding = frozenset(tree.project_async_paths())
        names = {name.encode() for name in self.coroutine_names}
        properties = [b"." + name.encode() for name in self._property_names]
        for path in tree.paths:
            data = tree.data(path)
            if data is None:
                continue
            if path not in holding and not any(name in data for name in properties):
                calls = set(_CALL.findall(data))
                if not any(call[:-1].rpartition(b".")[2] in names and self._is_telling(call, data) for call in calls):
                    continue
            module = self.project.module(path)
            if module is not None:
                yield module

    def _is_telling(self, call: bytes, data: bytes) -> bool:
        """Whether a call that has the name of something async may be one, by the bytes of its file."""
        owner, dot, name = call[:-1].decode("utf-8", "replace").rpartition(".")
        if name.startswith("def "):
            return False
        word = re.escape(name.encode())
        if not dot:
            functions, _, _, _ = self._definitions
            if name in functions or name in self._library_names or name in _TO_THREAD:
                found = re.findall(rb"^ *from ([\w.]+) import [^\n(]*\b%b\b" % word, data, re.MULTILINE)
                return not found or not all(self._is_known_plain(f"{module.decode()}.{name}") for module in found)
            # A method goes by a bare name only where the file gives it one.
            bound = rb"(?<![\w.])%b *(?::[^=\n]*)?=(?!=)|\b(?:import|as|for) [^\n]*\b%b\b|^def %b\("
            return re.search(bound % (word, word, word), data, re.MULTILINE) is not None
        if name in self._plain_names:
            if not self._is_known_plain(f"{owner}.{name}"):
                return True
            return re.search(rb"^ *import [^\n]*\b%b\b" % re.escape(owner.encode()), data, re.MULTILINE) is None
        if owner:
            return owner.rpartition(".")[2] in _OWNERS
        made = rb"(?:\bsuper\(|\b_*[A-Z]\w*\()[^\n]*\)\s*\.%b\(|^\s*\)\s*\.%b\(" % (word, word)
        return re.search(made, data, re.MULTILINE) is not None

    def _is_known_plain(self, api: str) -> bool:
        """Whether there is a row about something outside the project, and it is no coroutine function."""
        row = self.catalog.functions.get(api)
        return not row.is_async if row is not None else api in self.catalog.blocking


def lines_of(module: ModuleInfo, node: ast.stmt | ast.expr) -> list[str]:
    """Return the lines that a node stands on."""
    return module.parsed.lines[node.lineno - 1 : node.end_lineno]


def _around(fn: FunctionInfo) -> Iterator[FunctionInfo]:
    """Yield a function and those it is nested in."""
    scope: FunctionInfo | None = fn
    while scope is not None:
        yield scope
        scope = scope.parent


def _passed_on(node: ast.FunctionDef) -> list[ast.expr]:
    """Return what a sync function calls to return its result."""
    return [
        part.func
        for statement in statements_in(node.body)
        if isinstance(statement, ast.Return) and statement.value is not None
        for part in parts_of(statement.value)
        if isinstance(part, ast.Call)
    ]


def _sounds_async(func: ast.expr, names: Set[str]) -> bool:
    """Whether what is called has the name of something async; a common name counts on some objects only."""
    if isinstance(func, ast.Name):
        return func.id in names
    if isinstance(func, ast.Call):
        return called_name(func) in _TO_THREAD
    if not isinstance(func, ast.Attribute) or func.attr not in names:
        return False
    if func.attr not in _COMMON:
        return True
    owner = func.value
    if isinstance(owner, ast.Call):
        name = called_name(owner)
        return name == "super" or name[:1].isupper()
    return isinstance(owner, (ast.Name, ast.Attribute)) and called_name(owner) in _OWNERS
