"""Writes a report to a file: at any moment it is the old one or the new one."""

from __future__ import annotations

import os
from contextlib import suppress

from django_async_migrate.core.errors import UsageError


def write_file(path: str, text: str, shown: str = "") -> None:
    """Write text to a file in one step; what is not a regular file (a pipe, a device) is written to as it is.

    ``shown``: how a message names the file. Raises UsageError when that is not possible; the file is then as it was.
    """
    data = text.encode("utf-8", "backslashreplace")
    try:
        real = os.path.realpath(path)
        if os.path.exists(real) and not os.path.isfile(real):
            with open(real, "wb") as file:
                file.write(data)
            return
        _replace(real, data)
    except OSError as error:
        raise UsageError(f"cannot write {shown or path}: {error.strerror or error}") from None


def _replace(path: str, data: bytes) -> None:
    import tempfile

    mode = _mode(path)
    descriptor, temporary = tempfile.mkstemp(prefix=".django-async-migrate.", dir=os.path.dirname(path))
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
        os.chmod(temporary, mode)
        os.replace(temporary, path)
    except BaseException:
        with suppress(OSError):
            os.unlink(temporary)
        raise


def _mode(path: str) -> int:
    """Return the mode of a file, or of one that would be made. Raises OSError when it must not be written."""
    try:
        known = os.stat(path).st_mode & 0o7777
    except FileNotFoundError:
        mask = os.umask(0)
        os.umask(mask)
        return 0o666 & ~mask
    with open(path, "ab"):
        return known
