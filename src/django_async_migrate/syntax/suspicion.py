"""Cheap signs that a file will not parse, for the many files a scan has no other reason to parse."""

from __future__ import annotations

# Beyond this many bytes of source the searches for Python 2 are left out: they would take longer than
# reading the files.
THOROUGH_BYTES = 8_000_000


def is_suspicious(data: bytes, thorough: bool) -> bool:
    """Tell whether a file looks as if it could not be parsed: a second look (parsing it) is worth its time.

    Null bytes, bytes that are not UTF-8 (the second look finds out whether an encoding is declared), merge
    conflicts and, if ``thorough``, statements of Python 2.
    """
    if b"\0" in data:
        return True
    if not data.isascii():
        try:
            data.decode()
        except UnicodeDecodeError:
            return True
    if b"\n=======" in data and _has_conflict(data):
        return True
    return thorough and _is_python_2(data)


def _has_conflict(data: bytes) -> bool:
    return b"\n>>>>>>> " in data and (data.startswith(b"<<<<<<< ") or b"\n<<<<<<< " in data)


def _is_python_2(data: bytes) -> bool:
    # The plain searches are far faster than the expression, and nearly always fail.
    if not (b"print " in data or b", e:" in data or b"exec " in data):
        return False
    import re

    return (
        re.search(
            rb"""^[ \t]*(?:print[ ]+["'\w]|print[ ]*>>|exec[ ]+["']|except[ ]+[\w.]+[ ]*,[ ]*\w+[ ]*:)""",
            data,
            re.MULTILINE,
        )
        is not None
    )
