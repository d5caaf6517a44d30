"""Which line of the old file a line of the new one comes from."""

from __future__ import annotations

import difflib


def original_line(before: bytes, after: bytes, line: int) -> int:
    """Return the line of ``before`` that became a line of ``after``; both count from 1.

    A line that was inserted counts as the one it stands behind.
    """
    old, new = _lines(before), _lines(after)
    start = 0
    while start < min(len(old), len(new)) and old[start] == new[start]:
        start += 1
    end = 0
    while end < min(len(old), len(new)) - start and old[-1 - end] == new[-1 - end]:
        end += 1
    if line <= start:
        return line
    if line > len(new) - end:
        return line - len(new) + len(old)
    # Only what lies between is compared: most of a file stays as it is.
    matcher = difflib.SequenceMatcher(None, old[start : len(old) - end], new[start : len(new) - end], autojunk=False)
    wanted = line - 1 - start
    for kind, first, last, new_first, new_last in matcher.get_opcodes():
        if not new_first <= wanted < new_last:
            continue
        if kind == "insert":
            return max(1, start + first)
        return start + 1 + min(first + wanted - new_first, max(first, last - 1))
    return min(line, len(old))


def _lines(data: bytes) -> list[bytes]:
    return data.replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n")
