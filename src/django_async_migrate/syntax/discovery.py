"""Finds the project and the Python files that the user's paths name."""

from __future__ import annotations

from dataclasses import dataclass

from django_async_migrate.core.errors import UsageError
from django_async_migrate.core.findings import Problem
from django_async_migrate.syntax.ignore import Patterns
from django_async_migrate.syntax.paths import absolute, base_name, is_inside, relative
from django_async_migrate.syntax.project import Project, find_project
from django_async_migrate.syntax.walk import Walker

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from django_async_migrate.syntax.filesystem import FileSystem


@dataclass(frozen=True)
class Layout:
    """The files findings are reported for. All paths are relative to the root of the project.

    ``selected``: the files that PATHS name, sorted.
    ``direct``: those of them named as files.
    ``skipped``: files named directly that are not Python.
    ``problems``: folders that could not be read.
    ``complete``: whether ``selected`` is the whole project.
    """

    project: Project
    selected: tuple[str, ...]
    direct: frozenset[str]
    skipped: tuple[str, ...]
    problems: tuple[Problem, ...]
    complete: bool


def locate(paths: Sequence[str], project: str | None, filesystem: FileSystem, cwd: str) -> Project:
    """Find the project of ``paths``; ``project`` is the folder the user named, if any.

    Raises UsageError when a path does not exist, or lies outside the named project.
    """
    for path in paths:
        if not filesystem.exists(absolute(path, cwd)):
            raise UsageError(f"no such file or folder: {path}")
    if project is None:
        return find_project([absolute(path, cwd) for path in paths], filesystem, cwd)
    root = absolute(project, cwd)
    if not filesystem.is_folder(root):
        raise UsageError(f"no such project folder: {project}")
    for path in paths:
        if not is_inside(absolute(path, cwd), root):
            raise UsageError(f"{path} lies outside the project folder {project}")
    return Project(root, (root,))


def discover(
    paths: Sequence[str], project: Project, exclude: Iterable[str], filesystem: FileSystem, cwd: str
) -> Layout:
    """List the Python files that ``paths`` name, relative to ``cwd``.

    ``exclude`` holds patterns for paths that are no part of the project, even when named directly: a
    pre-commit hook names files one by one.
    """
    patterns = Patterns(exclude)
    walker = Walker(filesystem, project.root, patterns)
    names = [absolute(path, cwd) for path in paths]
    selected: set[str] = set()
    direct: set[str] = set()
    skipped: set[str] = set()
    for path in names:
        inside = relative(path, project.root)
        if filesystem.is_folder(path):
            selected.update(walker.walk(path))
        elif not path.endswith((".py", ".pyw")) and "." in base_name(path):
            skipped.add(inside)
        elif not patterns.matches(inside):
            direct.add(inside)
    return Layout(
        project,
        tuple(sorted(selected | direct)),
        frozenset(direct),
        tuple(sorted(skipped)),
        tuple(walker.problems),
        all(folder in names for folder in project.folders),
    )


def project_files(layout: Layout, exclude: Iterable[str], filesystem: FileSystem) -> set[str]:
    """List every Python file of the project."""
    if layout.complete:
        return set(layout.selected)
    walker = Walker(filesystem, layout.project.root, Patterns(exclude))
    found: set[str] = set()
    for folder in layout.project.folders:
        found.update(walker.walk(folder))
    return found
