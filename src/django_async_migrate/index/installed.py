"""Middleware of installed packages: read from the virtual environment beside the project, never imported."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from django_async_migrate.config.target import libraries
from django_async_migrate.syntax.tree import SourceTree

if TYPE_CHECKING:
    from django_async_migrate.syntax.filesystem import FileSystem

    from .classes import ClassInfo
    from .functions import FunctionInfo
    from .project import Project

#: A package with more files is no place to look for one class in.
_MOST_FILES = 5000


class InstalledPackages:
    """Finds definitions in the packages of the ``.venv``, ``venv`` or ``env`` of a project's root."""

    def __init__(self, project: Project) -> None:
        self._project = project
        self._packages: dict[str, Project | None] = {}

    def definition(self, dotted: str) -> FunctionInfo | ClassInfo | None:
        """Return the definition that a dotted name has in an installed package, or None."""
        name = dotted.partition(".")[0]
        if name not in self._packages:
            self._packages[name] = self._package(name) if name.isidentifier() else None
        package = self._packages[name]
        return package.middleware.resolve(dotted, package.tree.paths[0]) if package is not None else None

    def _package(self, name: str) -> Project | None:
        from .project import Project

        filesystem = self._project.tree.filesystem
        for library in libraries(self._project.tree.root, filesystem):
            paths = tuple(_files(library, name, filesystem))
            if paths:
                tree = SourceTree(library, (), filesystem, lambda found=paths: found)  # type: ignore[misc]
                return Project(tree, self._project.catalog, self._project.version)
        return None


def _files(library: str, package: str, filesystem: FileSystem) -> Iterator[str]:
    """Yield the Python files of a package, relative to where it is installed; nothing when there are too many."""
    if filesystem.is_file(f"{library}/{package}.py"):
        yield f"{package}.py"
        return
    found: list[str] = []
    todo = [package]
    while todo and len(found) <= _MOST_FILES:
        folder = todo.pop()
        try:
            folders, files, _ = filesystem.list(f"{library}/{folder}")
        except OSError:
            continue
        found += [f"{folder}/{name}" for name in files if name.endswith(".py")]
        todo += [f"{folder}/{name}" for name in folders if name != "__pycache__"]
    if len(found) <= _MOST_FILES:
        yield from sorted(found)
