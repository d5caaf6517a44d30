"""Modules and the names they bind at the top level."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from django_async_migrate.syntax.nodes import statements_in

from .classes import ClassInfo
from .conditions import holds, names_of_version
from .fallbacks import live_handlers
from .functions import FunctionInfo, FunctionNode

if TYPE_CHECKING:
    from django_async_migrate.syntax.tree import ParsedFile

    from .project import Project


#: What a file holds that starts coroutines from sync code.
STARTERS = ("async_to_sync", "asyncio.run(", "anyio.run(", "run_until_complete(")


@dataclass(frozen=True, slots=True)
class Import:
    """``from module import attr`` (``attr`` None for ``import module``); ``level`` counts leading dots."""

    module: str
    attr: str | None
    level: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class Assigned:
    """A name bound by an assignment at module or class level; ``path`` leads through unpacked tuples."""

    module: ModuleInfo
    value: ast.expr | None
    annotation: ast.expr | None = None
    path: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class ModuleRef:
    """A module or package folder of the project, by path of its file (or folder, for a namespace)."""

    path: str


@dataclass(frozen=True, slots=True)
class ExternalRef:
    """A name outside the project."""

    api: str


Definition = FunctionInfo | ClassInfo | Assigned | ModuleRef | ExternalRef
Binding = Import | FunctionInfo | ClassInfo | Assigned


class ModuleInfo:
    """One parsed file. Compared by identity: the project makes one for each path."""

    def __init__(self, project: Project, parsed: ParsedFile, name: str) -> None:
        self.project = project
        self.parsed = parsed
        self.path = parsed.path
        self.name = name
        self._functions: dict[ast.AST, FunctionInfo] = {}
        self._classes: dict[ast.AST, ClassInfo] = {}

    def __repr__(self) -> str:
        return f"<ModuleInfo {self.path}>"

    @property
    def folder(self) -> str:
        """Folder of the file, relative to the project root, without a trailing slash."""
        return self.path.rpartition("/")[0]

    def function(
        self, node: FunctionNode, cls: ClassInfo | None = None, parent: FunctionInfo | None = None
    ) -> FunctionInfo:
        """Return the one ``FunctionInfo`` of a node, made at the first question."""
        info = self._functions.get(node)
        if info is None:
            info = self._functions[node] = FunctionInfo(self, node, cls, parent)
        return info

    def class_(self, node: ast.ClassDef, parent: FunctionInfo | ClassInfo | None = None) -> ClassInfo:
        """Return the one ``ClassInfo`` of a node, made at the first question."""
        info = self._classes.get(node)
        if info is None:
            info = self._classes[node] = ClassInfo(self, node, parent)
        return info

    @cached_property
    def bindings(self) -> dict[str, list[Binding]]:
        """Top-level names, each with every place that binds it, in order."""
        found: dict[str, list[Binding]] = {}
        self._stars: list[Import] = []
        self._collect(self.parsed.tree.body, found)
        return found

    def rebinds(self, definition: Assigned) -> bool:
        """Whether a function of the module gives a top-level name another value, by ``global``."""
        return any(
            name in self.bindings and any(binding is definition for binding in self.bindings[name])
            for name in self._globals
        )

    @cached_property
    def may_start_coroutines(self) -> bool:
        """Whether the text names what runs coroutines from sync code."""
        return any(starter in self.parsed.text for starter in STARTERS)

    @cached_property
    def _globals(self) -> frozenset[str]:
        if "global " not in self.parsed.text:
            return frozenset()
        nodes = (node for node in statements_in([self.parsed.tree]) if isinstance(node, ast.Global))
        return frozenset(name for node in nodes for name in node.names)

    @property
    def stars(self) -> list[Import]:
        """``from x import *`` statements."""
        self.bindings  # noqa: B018 - fills the list
        return self._stars

    # -- tests of Django's version -------------------------------------------------------------------------

    def live_branches(self, node: ast.If, far: bool = True) -> list[list[ast.stmt]]:
        """Return the branches of a statement that the target Django can take: both, unless its version decides.

        ``far``: also ask other modules what a name stands for.
        """
        truth = self.version_test(node.test, far)
        branches = [node.body, node.orelse]
        return branches if truth is None else [branches[0 if truth else 1]]

    def live_handlers(self, node: ast.stmt) -> Sequence[ast.ExceptHandler]:
        """Return the handlers of a ``try`` that the target Django can get to; none for any other statement."""
        return live_handlers(node, self.project.version) if isinstance(node, ast.Try) else getattr(node, "handlers", ())

    def version_test(self, test: ast.expr, far: bool = True, depth: int = 0) -> bool | None:
        """Return what a test of Django's version gives with the target Django; None for any other test."""
        version = self.project.version
        if version is None or depth > 5:
            return None
        return holds(test, version, self._version_names, lambda name: self._flag(name, far, depth + 1))

    @cached_property
    def _version_names(self) -> dict[str, str]:
        return names_of_version(self.parsed.tree.body) if "VERSION" in self.parsed.text else {}

    @cached_property
    def _tests(self) -> dict[str, ast.expr]:
        """The comparisons that a top-level name stands for, where it is assigned once."""
        found: dict[str, ast.expr] = {}
        for node in self.parsed.tree.body if self._version_names else ():
            if isinstance(node, ast.Assign) and len(node.targets) == 1 and isinstance(node.targets[0], ast.Name):
                name = node.targets[0].id
                if name in found or isinstance(node.value, (ast.Compare, ast.BoolOp, ast.UnaryOp)):
                    found[name] = ast.Constant(None) if name in found else node.value
        return found

    def _flag(self, name: ast.Name | ast.Attribute, far: bool, depth: int) -> bool | None:
        if isinstance(name, ast.Name) and name.id in self._tests:
            return self.version_test(self._tests[name.id], far, depth)
        if not far or not _may_tell_version(name):
            return None
        for definition in self.project.resolve(self, name):
            if isinstance(definition, Assigned) and definition.value is not None and definition.module is not self:
                return definition.module.version_test(definition.value, far, depth)
        return None

    def _collect(self, body: list[ast.stmt], found: dict[str, list[Binding]]) -> None:
        for node in body:
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
                found.setdefault(node.name, []).append(self.function(node))
            elif isinstance(node, ast.ClassDef):
                found.setdefault(node.name, []).append(self.class_(node))
            elif isinstance(node, (ast.Import, ast.ImportFrom)):
                for name, binding in import_bindings(node):
                    if name == "*":
                        self._stars.append(binding)
                    else:
                        found.setdefault(name, []).append(binding)
            elif isinstance(node, (ast.Assign, ast.AnnAssign)):
                for name, assigned in assigned_names(self, node):
                    found.setdefault(name, []).append(assigned)
            elif isinstance(node, ast.If):
                for branch in self.live_branches(node, far=False):
                    self._collect(branch, found)
            else:
                for part in ("body", "orelse", "finalbody"):
                    self._collect(getattr(node, part, None) or [], found)
                for handler in self.live_handlers(node):
                    self._collect(handler.body, found)


def _may_tell_version(name: ast.Name | ast.Attribute) -> bool:
    """Whether a name is written like a constant about a version: ``DJANGO_GTE_51``, ``compat.HAS_ASYNC_AUTH``."""
    last = name.id if isinstance(name, ast.Name) else name.attr
    return last.isupper() and len(last) > 3


def import_bindings(node: ast.Import | ast.ImportFrom) -> list[tuple[str, Import]]:
    """Return the names an import statement binds, ``*`` for a star import."""
    if isinstance(node, ast.ImportFrom):
        return [(alias.asname or alias.name, Import(node.module or "", alias.name, node.level)) for alias in node.names]
    return [
        (alias.asname, Import(alias.name, None))
        if alias.asname
        else (alias.name.split(".")[0], Import(alias.name.split(".")[0], None))
        for alias in node.names
    ]


def assigned_names(module: ModuleInfo, node: ast.Assign | ast.AnnAssign) -> list[tuple[str, Assigned]]:
    """Return the plain names an assignment binds, with the path to each through unpacked tuples."""
    if isinstance(node, ast.AnnAssign):
        if isinstance(node.target, ast.Name):
            return [(node.target.id, Assigned(module, node.value, node.annotation))]
        return []
    found: list[tuple[str, Assigned]] = []

    def visit(target: ast.expr, path: tuple[int, ...]) -> None:
        if isinstance(target, ast.Name):
            found.append((target.id, Assigned(module, node.value, None, path)))
        elif isinstance(target, (ast.Tuple, ast.List)):
            for number, item in enumerate(target.elts):
                visit(item, (*path, number))

    for target in node.targets:
        visit(target, ())
    return found
