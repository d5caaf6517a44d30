"""The file system as a scan sees it: a small port, the real one, and one in memory for tests."""

from __future__ import annotations

import os
import stat

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Protocol

    class FileSystem(Protocol):
        """What a scan needs from a file system. Paths are absolute, with ``/``."""

        def list(self, folder: str) -> tuple[list[str], list[str], list[str]]:
            """Return the names of the folders, regular files and symbolic links in ``folder``.

            Raises OSError when the folder cannot be read.
            """

        def read(self, path: str) -> bytes:
            """Return the content of a file. Raises OSError when it cannot be read."""

        def is_file(self, path: str) -> bool:
            """Tell whether ``path`` is a regular file or a link to one."""

        def is_folder(self, path: str) -> bool:
            """Tell whether ``path`` is a folder or a link to one."""

        def exists(self, path: str) -> bool:
            """Tell whether there is anything at ``path``."""

        def real(self, path: str) -> str:
            """Return ``path`` with all symbolic links resolved."""


# Nearly all source files fit in one read of this size; a second read finds the end of the longer ones.
_CHUNK = 1 << 16


class RealFileSystem:
    """The machine's file system, read with as few system calls as possible."""

    def list(self, folder: str) -> tuple[list[str], list[str], list[str]]:
        """Return the names of the folders, regular files and symbolic links in ``folder``."""
        folders: list[str] = []
        files: list[str] = []
        links: list[str] = []
        with os.scandir(folder) as entries:
            for entry in entries:
                # The kind comes with the directory entry: no extra system call per file.
                if entry.is_file(follow_symlinks=False):
                    files.append(entry.name)
                elif entry.is_dir(follow_symlinks=False):
                    folders.append(entry.name)
                elif entry.is_symlink():
                    links.append(entry.name)
        return folders, files, links

    def read(self, path: str) -> bytes:
        """Return the content of a file."""
        descriptor = os.open(path, _READ_FLAGS)
        try:
            data = os.read(descriptor, _CHUNK)
            if len(data) < _CHUNK:
                return data
            parts = [data]
            while data:
                data = os.read(descriptor, 1 << 20)
                parts.append(data)
            return b"".join(parts)
        finally:
            os.close(descriptor)

    def is_file(self, path: str) -> bool:
        """Tell whether ``path`` is a regular file or a link to one."""
        return _kind(path, stat.S_ISREG)

    def is_folder(self, path: str) -> bool:
        """Tell whether ``path`` is a folder or a link to one."""
        return _kind(path, stat.S_ISDIR)

    def exists(self, path: str) -> bool:
        """Tell whether there is anything at ``path``."""
        return os.path.exists(path)

    def real(self, path: str) -> str:
        """Return ``path`` with all symbolic links resolved."""
        return os.path.realpath(path).replace(os.sep, "/")


# O_BINARY exists on Windows only. O_NONBLOCK keeps a file that was swapped for a pipe from hanging the scan.
_READ_FLAGS = os.O_RDONLY | sum(getattr(os, flag, 0) for flag in ("O_BINARY", "O_NONBLOCK", "O_CLOEXEC"))


def _kind(path: str, test: object) -> bool:
    try:
        mode = os.stat(path).st_mode
    except (OSError, ValueError):
        return False
    return bool(test(mode))  # type: ignore[operator]


class MemoryFileSystem:
    """Files held in a dict, for tests.

    Keys are absolute paths. A value that is an OSError is raised when the file is read.
    """

    def __init__(self, files: Mapping[str, str | bytes | OSError]) -> None:
        self._files = dict(files)
        self._folders: dict[str, tuple[set[str], set[str]]] = {"/": (set(), set())}
        for path in self._files:
            folder, _, name = path.rpartition("/")
            self._folder(folder or "/")[1].add(name)
        self.reads: list[str] = []

    def _folder(self, path: str) -> tuple[set[str], set[str]]:
        if path not in self._folders:
            self._folders[path] = (set(), set())
            parent, _, name = path.rpartition("/")
            self._folder(parent or "/")[0].add(name)
        return self._folders[path]

    def list(self, folder: str) -> tuple[list[str], list[str], list[str]]:
        """Return the names of the folders and files in ``folder``; there are no links in memory."""
        if folder not in self._folders:
            raise FileNotFoundError(2, "No such file or directory", folder)
        folders, files = self._folders[folder]
        return sorted(folders), sorted(files), []

    def read(self, path: str) -> bytes:
        """Return the content of a file, and note in ``reads`` that it was read."""
        if path not in self._files:
            raise FileNotFoundError(2, "No such file or directory", path)
        self.reads.append(path)
        content = self._files[path]
        if isinstance(content, OSError):
            raise content
        return content.encode() if isinstance(content, str) else content

    def is_file(self, path: str) -> bool:
        """Tell whether ``path`` is a file."""
        return path in self._files

    def is_folder(self, path: str) -> bool:
        """Tell whether ``path`` is a folder."""
        return path in self._folders

    def exists(self, path: str) -> bool:
        """Tell whether there is anything at ``path``."""
        return path in self._files or path in self._folders

    def real(self, path: str) -> str:
        """Return ``path``: there are no links in memory."""
        return path
