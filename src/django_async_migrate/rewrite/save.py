"""Writes files so that each is, at any moment, either the old one or the new one."""

from __future__ import annotations

import os
import stat
import tempfile
from collections.abc import Collection, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass

from django_async_migrate.core.edits import Change


class Unsaved(Exception):
    """A file that could not be written; it is as it was."""


@dataclass(frozen=True, slots=True)
class _Staged:
    """A new content that lies beside its file, ready to take its place."""

    change: Change
    real: str
    temporary: str


def save_all(root: str, changes: Sequence[Change], together: Iterable[Collection[str]] = ()) -> list[tuple[str, str]]:
    """Write every change; return the paths that could not be written, with the reason.

    ``together``: paths that belong to one rewrite. They are all written or none is, for a helper that became a
    coroutine is of no use to callers that do not await it. All contents are on disk before the first file is
    replaced, so a disk that is full is found out in time.
    """
    failed: list[tuple[str, str]] = []
    for group in _groups(changes, together):
        failed += _save_group(root, group)
    return sorted(failed)


def _groups(changes: Sequence[Change], together: Iterable[Collection[str]]) -> list[list[Change]]:
    """Return the changes in groups that share no rewrite."""
    groups = [{change.path} for change in changes]
    for paths in together:
        joined = [group for group in groups if group.intersection(paths)]
        if len(joined) > 1:
            groups = [group for group in groups if group not in joined] + [set().union(*joined)]
    return [[change for change in changes if change.path in group] for group in groups]


def _save_group(root: str, changes: Sequence[Change]) -> list[tuple[str, str]]:
    staged: list[_Staged] = []
    done: list[_Staged] = []
    path = ""
    try:
        for change in changes:
            path = change.path
            entry = _stage(os.path.join(root, path), change)
            if entry is not None:
                staged.append(entry)
        for entry in staged:
            path = entry.change.path
            with _reasons():
                os.replace(entry.temporary, entry.real)
            done.append(entry)
    except Unsaved as error:
        for entry in done:
            _restore(entry)
        rest = [change.path for change in changes if change.path != path]
        return [(path, str(error)), *((other, f"{path} could not be written: {error}") for other in rest)]
    finally:
        # Whatever stops us, also an interrupt: nothing is left beside the files.
        for entry in staged:
            if entry not in done:
                with suppress(OSError):
                    os.unlink(entry.temporary)
    return []


def _restore(entry: _Staged) -> None:
    """Put the old content back. What cannot be put back stays new: there is no better state left."""
    with suppress(Unsaved, OSError):
        back = _stage(entry.real, Change(entry.change.path, entry.change.after, entry.change.before))
        if back is not None:
            os.replace(back.temporary, back.real)


def save(path: str, change: Change) -> None:
    """Replace the file at ``path`` by its new content, in one step, its mode and owner kept.

    A symbolic link stays one: the file it leads to is replaced. Raises Unsaved when the file has changed since it
    was read, is not writable, or cannot be written.
    """
    for _, reason in _save_group("", [Change(path, change.before, change.after)]):
        raise Unsaved(reason)


def _stage(path: str, change: Change) -> _Staged | None:
    """Write the new content beside the file; None when the file has it already. Raises Unsaved."""
    real = os.path.realpath(path)
    with _reasons():
        with open(real, "rb") as file:
            content = file.read()
        if content == change.after:
            return None  # two names of one file
        if content != change.before:
            raise Unsaved("it was changed while the scan was running; run again")
        known = os.stat(real)
        if not stat.S_IMODE(known.st_mode) & 0o222 or not os.access(real, os.W_OK):
            raise Unsaved("it is read-only")
        folder, name = os.path.split(real)
        if not os.access(folder, os.W_OK):
            raise Unsaved("its folder is not writable")
        descriptor, temporary = tempfile.mkstemp(prefix=f".{name[:100]}.", suffix=".tmp", dir=folder)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(change.after)
                file.flush()
                os.fsync(file.fileno())
            _keep_attributes(real, temporary, known)
        except BaseException:
            with suppress(OSError):
                os.unlink(temporary)
            raise
    return _Staged(change, real, temporary)


def _keep_attributes(real: str, temporary: str, known: os.stat_result) -> None:
    """Give the new file the owner, the mode and the access lists of the old one. Raises Unsaved."""
    made = os.stat(temporary)
    if hasattr(os, "chown") and (made.st_uid, made.st_gid) != (known.st_uid, known.st_gid):
        try:
            os.chown(temporary, known.st_uid, known.st_gid)
        except PermissionError:
            raise Unsaved("it belongs to another user or group, which would not be kept") from None
    if hasattr(os, "listxattr"):
        with suppress(OSError):
            for name in os.listxattr(real):
                os.setxattr(temporary, name, os.getxattr(real, name))
    # After the owner: changing that takes special bits away.
    os.chmod(temporary, stat.S_IMODE(known.st_mode))


class _reasons:
    """Turns an error of the operating system into Unsaved."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, OSError):
            raise Unsaved(error.strerror or str(error)) from None
