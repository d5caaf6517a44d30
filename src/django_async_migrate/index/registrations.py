"""What is put into registries: module-level containers that decorators and calls fill while modules are imported.

A dict of handlers, a list of classes, or an object that keeps them is empty where it is made. What it holds is
said by the statements that fill it: ``HANDLERS["x"] = f``, ``registry.register(f)``, ``@handler("x")``, and the
class statements whose base class remembers its subclasses. They are found by name.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django_async_migrate.syntax.nodes import nodes_in

from .classes import ClassInfo
from .functions import FunctionInfo
from .modules import Assigned, ModuleInfo

if TYPE_CHECKING:
    from .project import Project

_EMPTY_MAKERS = frozenset({"dict", "list", "set", "defaultdict", "OrderedDict", "deque"})
_FILLERS = frozenset({"append", "add", "setdefault", "update", "insert", "extend", "appendleft", "__setitem__"})
#: A registry with more entries than this is left alone: what is called is anybody's guess.
MAX_REGISTRATIONS = 40

Definition = FunctionInfo | ClassInfo


@dataclass(frozen=True, slots=True)
class Registration:
    """A statement run at import that fills a registry: the whole of it, or the decorators of a definition.

    ``subclass``: the statement is a class whose base runs ``__init_subclass__``.
    """

    module: ModuleInfo
    node: ast.stmt
    subclass: FunctionInfo | None = None


class Registrations:
    """Finds what fills a registry; remembers every answer."""

    def __init__(self, project: Project) -> None:
        self._project = project
        self._found: dict[Assigned, tuple[Registration, ...]] = {}

    def of(self, registry: Assigned, owner: ClassInfo | None = None) -> tuple[Registration, ...]:
        """Return what fills a module-level container, or one that a class body (``owner``) makes."""
        found = self._found.get(registry)
        if found is None:
            self._found[registry] = ()
            if self._may_be_filled(registry, owner):
                self._found[registry] = tuple(self._search(registry, owner))
            found = self._found[registry]
        return found

    def definitions(self, registry: Assigned, owner: ClassInfo | None = None) -> list[Definition]:
        """Return the functions and classes that a registry may hold, as far as they are defined in place."""
        found: list[Definition] = []
        for entry in self.of(registry, owner):
            node = entry.node
            if isinstance(node, ast.ClassDef):
                found.append(entry.module.class_(node))
            elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
                found.append(entry.module.function(node))
            for part in nodes_in(node) if not isinstance(node, (ast.ClassDef, ast.FunctionDef)) else ():
                if isinstance(part, ast.Name):
                    held = self._project.lookup(entry.module, part.id)
                    found += [item for item in held if isinstance(item, (FunctionInfo, ClassInfo))]
        return found

    def _may_be_filled(self, registry: Assigned, owner: ClassInfo | None) -> bool:
        value = registry.value
        if value is None or registry.path:
            return False
        if is_empty_container(value):
            return True
        if owner is not None or not isinstance(value, ast.Call):
            return False
        for definition in self._project.resolve(registry.module, value.func):
            if isinstance(definition, ClassInfo) and self._project.models.of_class(definition) is None:
                return any(_keeps_things(cls) for cls in definition.mro)
        return False

    # -- searching -----------------------------------------------------------------------------------------

    def _search(self, registry: Assigned, owner: ClassInfo | None) -> list[Registration]:
        name = _name_of(registry, owner)
        if name is None:
            return []
        found: list[Registration] = []
        fillers: list[FunctionInfo] = []
        if owner is not None:
            fillers = [
                member
                for member in owner.members.values()
                if isinstance(member, FunctionInfo) and _fills(member.node, name)
            ]
            for filler in fillers:
                if filler.name == "__init_subclass__":
                    found += self._subclasses(owner, filler)
        else:
            for module in self._modules(name):
                if not any(registry is item for item in self._project.lookup(module, name)):
                    continue
                for node in _at_import(module.parsed.tree.body):
                    if isinstance(node, ast.FunctionDef) and _fills(node, name):
                        fillers.append(module.function(node))
                    if any(_fills(part, name) for part in _run_at_import(node)):
                        found.append(Registration(module, node))
        for filler in fillers:
            if not filler.is_async:
                found += self._calls(filler, owner)
        unique = {id(entry.node): entry for entry in found}
        return list(unique.values()) if len(unique) <= MAX_REGISTRATIONS else []

    def _modules(self, *names: str) -> Iterator[ModuleInfo]:
        for path in self._project.tree.containing(*(name.encode() for name in names)):
            if not _is_test(path):
                module = self._project.module(path)
                if module is not None:
                    yield module

    def _calls(self, filler: FunctionInfo, owner: ClassInfo | None) -> Iterator[Registration]:
        """Yield the statements that call a function, or decorate with it, while a module is imported."""
        for module in self._modules(f"@{filler.name}", f"{filler.name}(", f".{filler.name}", f"{filler.name} as "):
            for node in _at_import(module.parsed.tree.body):
                for part in _run_at_import(node):
                    targets = [call.func for call in nodes_in(part) if isinstance(call, ast.Call)]
                    if isinstance(part, ast.expr):  # a decorator
                        targets.append(part)
                    if any(self._is(module, target, filler) for target in targets):
                        yield Registration(module, node)
                        break

    def _is(self, module: ModuleInfo, target: ast.expr, filler: FunctionInfo) -> bool:
        if isinstance(target, ast.Attribute) and target.attr != filler.name:
            return False
        return isinstance(target, (ast.Name, ast.Attribute)) and filler in self._project.resolve(module, target)

    def _subclasses(self, owner: ClassInfo, hook: FunctionInfo) -> Iterator[Registration]:
        for module in self._modules(owner.name):
            for node in _at_import(module.parsed.tree.body):
                if isinstance(node, ast.ClassDef):
                    cls = module.class_(node)
                    if cls is not owner and cls.derives_from(owner):
                        yield Registration(module, node, hook)


def is_empty_container(value: ast.expr) -> bool:
    """Whether an expression makes a container that holds nothing yet."""
    if isinstance(value, ast.Dict):
        return not value.keys
    if isinstance(value, (ast.List, ast.Set)):
        return not value.elts
    if isinstance(value, ast.Call) and not value.keywords:
        name = value.func.attr if isinstance(value.func, ast.Attribute) else getattr(value.func, "id", "")
        return name in _EMPTY_MAKERS and (not value.args or name == "defaultdict")
    return False


def _keeps_things(cls: ClassInfo) -> bool:
    """Whether ``__init__`` gives an object an empty container."""
    made = cls.members.get("__init__")
    if not isinstance(made, FunctionInfo):
        return False
    return any(
        isinstance(node, (ast.Assign, ast.AnnAssign)) and node.value is not None and is_empty_container(node.value)
        for node in made.own_nodes
    )


def _name_of(registry: Assigned, owner: ClassInfo | None) -> str | None:
    if owner is not None:
        return next((name for name, member in owner.members.items() if member is registry), None)
    for name, bindings in registry.module.bindings.items():
        if any(binding is registry for binding in bindings):
            return name
    return None


def _is_test(path: str) -> bool:
    return "tests/" in path or path.rpartition("/")[2].startswith(("test_", "conftest"))


def _at_import(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    """Yield the statements that importing a module runs, those under a condition included."""
    for node in body:
        yield node
        if isinstance(node, (ast.If, ast.Try, ast.With)):
            yield from _at_import(node.body)
            yield from _at_import(getattr(node, "orelse", []))


def _run_at_import(node: ast.stmt) -> list[ast.AST]:
    """Return what a statement runs while its module is imported: itself, or a definition's decorators."""
    if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
        return list(node.decorator_list)
    return [node] if isinstance(node, (ast.Expr, ast.Assign, ast.AugAssign, ast.For)) else []


def _fills(tree: ast.AST, name: str) -> bool:
    """Whether code puts something into a container of that name."""
    for node in nodes_in(tree):
        if isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Store) and _is_named(node.value, name):
            return True
        if isinstance(node, ast.Attribute) and _is_named(node.value, name) and isinstance(node.ctx, ast.Load):
            if node.attr in _FILLERS or node.attr.startswith(
                ("register", "add", "connect", "subscribe", "on", "route")
            ):
                return True
    return False


def _is_named(node: ast.expr, name: str) -> bool:
    return (isinstance(node, ast.Name) and node.id == name) or (isinstance(node, ast.Attribute) and node.attr == name)
