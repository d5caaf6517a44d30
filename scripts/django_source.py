"""Reads the source of a Django release without importing it: what its modules and classes hold.

``generate_django_async.py`` writes rows from it, and the tests compare the rows with the Django that is installed.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

FunctionNode = ast.FunctionDef | ast.AsyncFunctionDef
#: Folders of a release that hold no API: data, templates of files, and Django's own tests of nothing.
_NO_API = ("conf/locale", "conf/app_template", "conf/project_template")


@dataclass(frozen=True)
class Imported:
    """A name that stands for something of another module."""

    path: str


Binding = ast.stmt | ast.expr | Imported


class Source:
    """The source of one release; ``folder`` is that of the package ``django``."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._bindings: dict[str, dict[str, Binding]] = {}

    @cached_property
    def files(self) -> dict[str, Path]:
        """Map the dotted name of each module to its file."""
        found = {}
        for path in sorted(self.folder.rglob("*.py")):
            below = path.relative_to(self.folder).as_posix()
            if below.startswith(_NO_API) or "/migrations/" in below:
                continue
            parts = ["django", *below.removesuffix(".py").split("/")]
            found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
        return found

    @cached_property
    def _texts(self) -> dict[str, bytes]:
        return {module: path.read_bytes() for module, path in self.files.items()}

    def mentions(self, text: bytes) -> list[str]:
        """Return the modules whose file holds ``text``."""
        return [module for module, held in self._texts.items() if text in held]

    def nodes(self, module: str) -> Iterator[ast.AST]:
        """Yield all nodes of the syntax tree of a module."""
        return ast.walk(ast.parse(self._texts[module]))

    def names(self, module: str) -> dict[str, Binding]:
        """Return what the names of a module stand for, those in branches and ``try`` statements included."""
        known = self._bindings.get(module)
        if known is None:
            known = self._bindings[module] = {}
            tree = ast.parse(self._texts[module])
            known.update(self._bound(module, tree.body))
            for child in self.files:  # a submodule is an attribute of its package
                package, _, name = child.rpartition(".")
                if package == module:
                    known.setdefault(name, Imported(child))
        return known

    def _bound(self, module: str, body: list[ast.stmt]) -> Iterator[tuple[str, Binding]]:
        for node in body:
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                yield node.name, node
            elif isinstance(node, ast.Import):
                for alias in node.names:
                    yield alias.asname or alias.name.partition(".")[0], Imported(alias.name)
            elif isinstance(node, ast.ImportFrom):
                yield from self._imported(module, node)
            elif isinstance(node, ast.Assign):
                for target in node.targets:
                    parts = (part for part in ast.walk(target) if isinstance(part, ast.Name))
                    yield from ((part.id, node.value) for part in parts if isinstance(part.ctx, ast.Store))
            elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
                yield node.target.id, node.value or node
            elif isinstance(node, ast.If | ast.Try | ast.With):
                for part in ("body", "orelse", "finalbody"):
                    yield from self._bound(module, getattr(node, part, []))
                for handler in getattr(node, "handlers", []):
                    yield from self._bound(module, handler.body)

    def _imported(self, module: str, node: ast.ImportFrom) -> Iterator[tuple[str, Binding]]:
        base = node.module or ""
        if node.level:
            package = module if self.files[module].stem == "__init__" else module.rpartition(".")[0]
            parts = package.split(".")
            above = ".".join(parts[: len(parts) - node.level + 1])
            base = f"{above}.{base}".rstrip(".")
        for alias in node.names:
            if alias.name != "*":
                yield alias.asname or alias.name, Imported(f"{base}.{alias.name}")
            elif base in self.files:
                yield from ((name, Imported(f"{base}.{name}")) for name in self.exported(base))

    def exported(self, module: str) -> list[str]:
        """Return the names that ``from module import *`` gives."""
        names = self.names(module)
        listed = names.get("__all__")
        if isinstance(listed, ast.List | ast.Tuple):
            return [str(item.value) for item in listed.elts if isinstance(item, ast.Constant)]
        return [name for name in names if not name.startswith("_")]

    def offers(self, module: str, name: str) -> bool:
        """Whether a package offers an imported name as its own."""
        listed = "__all__" in self.names(module)
        return name in self.exported(module) if listed else self.files[module].stem == "__init__"

    def aliases(self) -> dict[str, list[str]]:
        """Map the path of a definition to the other paths that packages offer it under."""
        found: dict[str, list[str]] = {}
        for module in self.files:
            for name, binding in self.names(module).items():
                if isinstance(binding, Imported) and not name.startswith("_") and self.offers(module, name):
                    defined = self.resolve(binding.path)
                    if defined is not None:
                        found.setdefault(defined[0], []).append(f"{module}.{name}")
        return found

    def resolve(self, path: str) -> tuple[str, Binding] | None:
        """Follow imports to where ``path`` is defined: that path, and its definition. None outside Django."""
        for _ in range(20):
            module, _, name = path.rpartition(".")
            if module not in self.files:
                return None
            found = self.names(module).get(name)
            if found is None:
                return None
            if not isinstance(found, Imported):
                return path, found
            if found.path in self.files:
                return None  # a module
            path = found.path
        return None

    def resolved(self, module: str, node: ast.expr) -> tuple[str, Binding] | None:
        """Return where the thing that ``node`` names in ``module`` is defined."""
        if isinstance(node, ast.Name):
            return self.resolve(f"{module}.{node.id}")
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            holder = self.names(module).get(node.value.id)
            return self.resolve(f"{holder.path}.{node.attr}") if isinstance(holder, Imported) else None
        return None

    def lineage(self, path: str) -> list[tuple[str, ast.ClassDef]]:
        """Return a class and the classes of Django it descends from, the class first."""
        found = self.resolve(path)
        if found is None or not isinstance(found[1], ast.ClassDef):
            return []
        own, node = found[0], found[1]
        line = [(own, node)]
        for base in node.bases:
            above = self.resolved(own.rpartition(".")[0], base)
            if above is not None:
                line.extend(item for item in self.lineage(above[0]) if item not in line)
        return line

    def classes(self, module: str) -> Iterator[tuple[str, ast.ClassDef]]:
        """Yield the public classes that a module defines, with their dotted paths."""
        for name, node in self.names(module).items():
            if isinstance(node, ast.ClassDef) and not name.startswith("_"):
                yield f"{module}.{name}", node


def members(node: ast.ClassDef) -> dict[str, ast.stmt]:
    """Return what the body of a class defines, by name."""
    found: dict[str, ast.stmt] = {}
    for statement in node.body:
        if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            found[statement.name] = statement
        elif isinstance(statement, ast.Assign):
            found.update((target.id, statement) for target in statement.targets if isinstance(target, ast.Name))
        elif isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name):
            found[statement.target.id] = statement
    return found
