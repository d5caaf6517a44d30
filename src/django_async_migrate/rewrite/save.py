"""Writes files so that each is, at any moment, either the old one or the new one."""

from __future__ import annotations

import os
import stat
import tempfile
from collections.abc import Sequence

from django_async_migrate.core.edits import Change


class Unsaved(Exception):
    """A file that could not be written; it is as it was."""


def save(path: str, change: Change) -> None:
    """Replace the file at ``path`` by its new content, in one step, its mode kept.

    A symbolic link stays one: the file it leads to is replaced. Raises Unsaved when the file has changed since it
    was read, is not writable, or cannot be written.
    """
    real = os.path.realpath(path)
    try:
        with open(real, "rb") as file:
            if file.read() != change.before:
                raise Unsaved("it was changed while the scan was running; run again")
        mode = stat.S_IMODE(os.stat(real).st_mode)
        if not mode & 0o222 or not os.access(real, os.W_OK):
            raise Unsaved("it is read-only")
        _replace(real, change.after, mode)
    except OSError as error:
        raise Unsaved(error.strerror or str(error)) from None


def _replace(real: str, content: bytes, mode: int) -> None:
    folder, name = os.path.split(real)
    descriptor, temporary = tempfile.mkstemp(prefix=f".{name}.", suffix=".tmp", dir=folder)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(temporary, mode)
        os.replace(temporary, real)
    except BaseException:
        # Whatever stops us, also an interrupt: the old file is untouched, and nothing is left beside it.
        if os.path.exists(temporary):
            os.unlink(temporary)
        raise


def save_all(root: str, changes: Sequence[Change]) -> list[tuple[str, str]]:
    """Write every change; return the paths that could not be written, with the reason."""
    failed = []
    for change in changes:
        try:
            save(os.path.join(root, change.path), change)
        except Unsaved as error:
            failed.append((change.path, str(error)))
    return failed
