"""Absolute paths as plain strings with ``/``."""

from __future__ import annotations

import os.path

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


def absolute(path: str, cwd: str) -> str:
    """Return ``path`` absolute and normalised, with ``/``."""
    return os.path.normpath(os.path.join(cwd, path)).replace(os.sep, "/")


def relative(path: str, folder: str) -> str:
    """Return the absolute ``path`` relative to ``folder``; climbs with ``..`` when it lies outside."""
    if path == folder:
        return "."
    if is_inside(path, folder):
        return path[len(folder) :].lstrip("/")
    try:
        return os.path.relpath(path, folder).replace(os.sep, "/")
    except ValueError:  # Another drive on Windows.
        return path


def is_inside(path: str, folder: str) -> bool:
    """Tell whether ``path`` is ``folder`` or lies below it."""
    return path == folder or path.startswith(folder if folder.endswith("/") else folder + "/")


def parent(path: str) -> str:
    """Return the folder of an absolute path; the top is its own parent."""
    return os.path.dirname(path)


def ancestors(path: str) -> list[str]:
    """Return ``path`` and the folders above it, innermost first."""
    found = [path]
    while (above := parent(found[-1])) != found[-1]:
        found.append(above)
    return found


def base_name(path: str) -> str:
    """Return the last part of a path."""
    return path.rpartition("/")[2]


def common_folder(folders: Sequence[str]) -> str:
    """Return the innermost folder that holds all of ``folders``."""
    return next(
        (above for above in ancestors(folders[0]) if all(is_inside(folder, above) for folder in folders)),
        folders[0],
    )


def outermost(folders: Iterable[str]) -> tuple[str, ...]:
    """Drop the folders that lie inside another one; sorted."""
    kept: list[str] = []
    for folder in sorted(set(folders)):
        if not any(is_inside(folder, other) for other in kept):
            kept.append(folder)
    return tuple(kept)
