"""Files as they were when they were first read, and as they would be after rewriting."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from django_async_migrate.syntax.filesystem import FileSystem


class Overlay:
    """A file system in which some files have another content. Nothing is written."""

    def __init__(self, below: FileSystem, files: Mapping[str, bytes]) -> None:
        self._below = below
        self._files = dict(files)

    def list(self, folder: str) -> tuple[list[str], list[str], list[str]]:
        """Return the names of the folders, regular files and symbolic links in ``folder``."""
        return self._below.list(folder)

    def read(self, path: str) -> bytes:
        """Return the content of a file, the new one where there is one."""
        held = self._files.get(path)
        return self._below.read(path) if held is None else held

    def is_file(self, path: str) -> bool:
        """Tell whether ``path`` is a regular file or a link to one."""
        return self._below.is_file(path)

    def is_folder(self, path: str) -> bool:
        """Tell whether ``path`` is a folder or a link to one."""
        return self._below.is_folder(path)

    def exists(self, path: str) -> bool:
        """Tell whether there is anything at ``path``."""
        return self._below.exists(path)

    def real(self, path: str) -> str:
        """Return ``path`` with all symbolic links resolved."""
        return self._below.real(path)


class Snapshot(Overlay):
    """A file system in which a file keeps the content it had when it was first read.

    Every round of rewriting sees the same files, and a file that somebody edits meanwhile differs from what it was
    when it is written: so the edit is noticed, and not lost.
    """

    def __init__(self, below: FileSystem) -> None:
        super().__init__(below, {})

    def read(self, path: str) -> bytes:
        """Return the content of a file at the first time it was read."""
        held = self._files.get(path)
        if held is None:
            held = self._files[path] = self._below.read(path)
        return held
