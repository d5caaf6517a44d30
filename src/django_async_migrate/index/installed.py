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


def installed_definition(project: Project, dotted: str) -> FunctionInfo | ClassInfo | None:
    """Return the definition that a dotted name has in an installed package, or None.

    ``project`` says where to look: in the ``.venv``, ``venv`` or ``env`` of its root.
    """
    from .project import Project

    filesystem = project.tree.filesystem
    package = dotted.partition(".")[0]
    if not package.isidentifier():
        return None
    for library in libraries(project.tree.root, filesystem):
        paths = list(_files(library, package, filesystem))
        if paths:
            tree = SourceTree(library, (), filesystem, lambda found=tuple(paths): found)  # type: ignore[misc]
            return Project(tree, project.catalog, project.version).middleware.resolve(dotted, paths[0])
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
