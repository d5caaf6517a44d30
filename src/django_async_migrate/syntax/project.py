"""Finds the project that a path belongs to."""

from __future__ import annotations

import os.path
from dataclasses import dataclass

from django_async_migrate.syntax.paths import (
    ancestors,
    base_name,
    common_folder,
    is_inside,
    outermost,
    parent,
)
from django_async_migrate.syntax.walk import is_ignored

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from django_async_migrate.syntax.filesystem import FileSystem

_MARKERS = ("pyproject.toml", "django-async-migrate.toml", "setup.py", "setup.cfg", ".git")
# Looked for only where none of the others is found.
_WEAK_MARKERS = (
    "requirements.txt",
    "Pipfile",
    "uv.lock",
    "poetry.lock",
    "tox.ini",
    "pytest.ini",
    "conftest.py",
)
_LIBRARIES = frozenset(("site-packages", "dist-packages"))


@dataclass(frozen=True)
class Project:
    """Where a project is.

    ``root``: all project paths are relative to it; the folder above the top package when a package was named.
    ``folders``: what is listed; the root, or parts of it when several projects were named.
    """

    root: str
    folders: tuple[str, ...]


def find_project(paths: Sequence[str], filesystem: FileSystem, cwd: str) -> Project:
    """Return the project of ``paths``: absolute, existing files and folders.

    Paths of several projects make one with several folders; its root is what these have in common.
    """
    folders = outermost([_project_folder(path, filesystem, cwd) for path in paths])
    root = common_folder(folders)
    if len(folders) == 1 and not _marked(root, filesystem):
        while filesystem.is_file(f"{root}/__init__.py") and parent(root) != root:
            root = parent(root)
    return Project(root, folders)


def _project_folder(path: str, filesystem: FileSystem, cwd: str) -> str:
    """Return the folder of the project that ``path`` belongs to.

    The first folder upwards that holds pyproject.toml, django-async-migrate.toml, setup.py, setup.cfg or .git. A
    folder with manage.py counts only when no such folder encloses it: a repository often keeps its Django project one
    level down, beside its libraries. An installed package ends at its site-packages folder, a search at the home
    folder, and a folder that git ignores is no part of the repository around it.

    Without any of these, the first folder with a requirements or test settings file. Without that, too: a
    folder named by the user is its own project (the top package if it lies in one); for a single file the
    working directory if the file lies in it, else the folder that holds its top package.
    """
    start = path if filesystem.is_folder(path) else parent(path)
    home = os.path.expanduser("~").replace(os.sep, "/")
    manage: str | None = None
    weak: str | None = None
    for folder in ancestors(start):
        if base_name(folder) in _LIBRARIES or (folder == home and folder != start):
            break
        if _marked(folder, filesystem):
            if folder != start and is_ignored(start, folder, filesystem):
                break
            return folder
        if manage is None and filesystem.is_file(f"{folder}/manage.py"):
            manage = folder
        if weak is None and any(filesystem.is_file(f"{folder}/{marker}") for marker in _WEAK_MARKERS):
            weak = folder
    return manage or weak or _unmarked(path, start, filesystem, cwd, home)


def _marked(folder: str, filesystem: FileSystem) -> bool:
    return any(filesystem.exists(f"{folder}/{marker}") for marker in _MARKERS)


def _unmarked(path: str, start: str, filesystem: FileSystem, cwd: str, home: str) -> str:
    """Return the project folder of a path that nothing marks as part of a project."""
    top = start
    while filesystem.is_file(f"{top}/__init__.py") and parent(top) != top:
        top = parent(top)
    if path != start:
        if is_inside(start, cwd) and cwd not in ("/", home):
            return cwd
        # The home folder, a folder of libraries or one at the top of the machine holds many projects.
        if top != home and base_name(top) not in _LIBRARIES and parent(top) != parent(parent(top)):
            return top
    return _below(top, start)


def _below(folder: str, path: str) -> str:
    """Return the part of ``path`` that is one level below ``folder``."""
    if path == folder:
        return path
    prefix = folder if folder.endswith("/") else folder + "/"
    return prefix + path[len(prefix) :].partition("/")[0]
