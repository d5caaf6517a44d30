"""Which file a dotted module name means: the import system's answer, without running it."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from functools import cached_property

_STDLIB = frozenset(sys.stdlib_module_names)


class ModulePaths:
    """Maps dotted names to project files by the ends of their paths.

    Source roots are not configured: every folder that is no package may be one, so ``src/`` layouts, namespace
    packages and several Django projects in one repository need no settings. Where several files fit, the one
    nearest to the importing file is meant.
    """

    def __init__(self, paths: Iterable[str], root_name: str = "", root_is_package: bool = False) -> None:
        self._paths = tuple(paths)
        self._known = frozenset(self._paths)
        self._root_prefix = (root_name,) if root_is_package and root_name else ()

    @cached_property
    def _by_tail(self) -> dict[str, list[tuple[tuple[str, ...], str]]]:
        table: dict[str, list[tuple[tuple[str, ...], str]]] = {}
        for path in self._paths:
            parts = self.parts(path)
            if parts:
                table.setdefault(parts[-1], []).append((parts, path))
        return table

    @cached_property
    def _packages(self) -> frozenset[str]:
        return frozenset(path.rpartition("/")[0] for path in self._paths if path.endswith("__init__.py"))

    @cached_property
    def _folders(self) -> dict[str, list[tuple[str, ...]]]:
        table: dict[str, list[tuple[str, ...]]] = {}
        seen = set()
        for path in self._paths:
            folder = path.rpartition("/")[0]
            while folder and folder not in seen:
                seen.add(folder)
                parts = (*self._root_prefix, *folder.split("/"))
                table.setdefault(parts[-1], []).append(parts)
                folder = folder.rpartition("/")[0]
        return table

    def parts(self, path: str) -> tuple[str, ...]:
        """Return the path as module name parts, from the project root down."""
        stem = path[:-3]
        if stem == "__init__":
            return self._root_prefix
        stem = stem.removesuffix("/__init__")
        return (*self._root_prefix, *stem.split("/"))

    def name(self, path: str) -> str:
        """Return the dotted name a file most likely has: its path below the outermost package."""
        folder = path.rpartition("/")[0]
        top = folder
        while top and top in self._packages:
            top = top.rpartition("/")[0]
        if top == folder and folder:
            return ".".join(self.parts(path))
        rest = path[len(top) + 1 :] if top else path
        return ".".join(self.parts(rest))

    def find(self, dotted: str, importer: str) -> str | None:
        """Return the file (or folder, for a package without ``__init__``) that ``dotted`` names, or None."""
        wanted = tuple(dotted.split("."))
        best: tuple[int, int, str] | None = None
        near = importer.split("/")
        if wanted[0] in _STDLIB:
            return None
        for parts, path in self._by_tail.get(wanted[-1], ()):
            if parts[-len(wanted) :] == wanted and self._may_be_root(parts[: -len(wanted)], near):
                rank = (-_common(near, path.split("/")), len(parts), path)
                if best is None or rank < best:
                    best = rank
        if best is not None:
            return best[2]
        for parts in self._folders.get(wanted[-1], ()):
            if parts[-len(wanted) :] == wanted and self._may_be_root(parts[: -len(wanted)], near):
                return "/".join(parts[len(self._root_prefix) :]) + "/"
        return None

    def relative(self, importer: str, level: int, dotted: str) -> str | None:
        """Return the file that ``from <dots><dotted>`` in ``importer`` names, or None."""
        folder = importer.split("/")[:-1]
        for _ in range(level - 1):
            if not folder:
                return None
            folder.pop()
        return self.inside("/".join(folder), dotted)

    def inside(self, folder: str, dotted: str) -> str | None:
        """Return the module ``dotted`` below a folder, or the folder's own ``__init__`` for an empty name."""
        base = "/".join(part for part in (folder, *dotted.split(".")) if part)
        for candidate in (f"{base}.py", f"{base}/__init__.py" if base else "__init__.py"):
            if candidate in self._known:
                return candidate
        name = base.rpartition("/")[2]
        prefixed = (*self._root_prefix, *base.split("/")) if base else self._root_prefix
        if any(parts == prefixed for parts in self._folders.get(name, ())):
            return base + "/"
        return None

    def submodule(self, path: str, name: str) -> str | None:
        """Return the module ``name`` inside the package whose ``__init__`` or folder is ``path``."""
        if path.endswith("/"):
            return self.inside(path[:-1], name)
        if path.endswith("__init__.py"):
            return self.inside(path.rpartition("/")[0], name)
        return None

    def _may_be_root(self, prefix: tuple[str, ...], near: list[str]) -> bool:
        if not prefix:
            return True
        folder = "/".join(prefix[len(self._root_prefix) :])
        if folder not in self._packages:
            return True
        # A package folder is an import root only when a script in it was started there (manage.py beside it).
        return f"{folder}/manage.py" in self._known


def _common(one: list[str], other: list[str]) -> int:
    count = 0
    for left, right in zip(one, other, strict=False):
        if left != right:
            break
        count += 1
    return count
