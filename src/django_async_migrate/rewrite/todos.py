"""Leaves TODO comments above statements that could not be fixed, and takes away those that have been.

Lines are handled as bytes: everything else in the file stays as it is.
"""

from __future__ import annotations

import io
import re
import tokenize
from collections.abc import Callable, Iterable, Mapping
from token import COMMENT, DEDENT, ENDMARKER, INDENT, NEWLINE, NL

from django_async_migrate.syntax.parse import BOM, SourceError, decode
from django_async_migrate.syntax.todos import MARK, todo_code

#: Longer advice is cut; the report has all of it.
_MAX_ADVICE = 100
_OUTSIDE = frozenset({COMMENT, DEDENT, ENDMARKER, INDENT, NL})
_LONE_RETURN = re.compile(rb"\r(?!\n)")


class Layout:
    """The logical lines of a file, and the comments that stand alone on a line."""

    def __init__(self, text: str) -> None:
        self.comments: dict[int, str] = {}
        self._starts: dict[int, int] = {}
        self._ends: dict[int, int] = {}
        self._before: dict[int, int] = {}
        self._decorators: set[int] = set()
        start = previous = 0
        for token in tokenize.generate_tokens(io.StringIO(text).readline):
            line = token.start[0]
            if token.type == COMMENT and not start and not token.line[: token.start[1]].strip():
                self.comments[line] = token.string
            if token.type in _OUTSIDE:
                continue
            if not start:
                start = line
                self._before[start] = previous
                if token.string == "@":
                    self._decorators.add(start)
            if token.type == NEWLINE:
                self._starts.update((number, start) for number in range(start, line + 1))
                self._ends[start] = line
                start, previous = 0, start

    def above(self, line: int) -> int | None:
        """Return the line above which a comment about a line of code stands: that of its first decorator, if any."""
        start = self._starts.get(line)
        while start is not None and self._before[start] in self._decorators:
            start = self._before[start]
        return start

    def marked(self, start: int) -> dict[int, str]:
        """Return the TODO comments right above a line, by their lines."""
        found = {}
        line = start - 1
        while line in self.comments:
            code = todo_code(self.comments[line])
            if code is not None:
                found[line] = code
            line -= 1
        return found

    def all_marked(self) -> dict[int, tuple[str, int]]:
        """Return every TODO comment: its line, its code, and the line of code it is about (0: none)."""
        found = {}
        for line, comment in self.comments.items():
            code = todo_code(comment)
            if code is not None:
                about = line
                while about in self.comments:
                    about += 1
                found[line] = (code, self._starts.get(about, 0))
        return found


def with_todos(
    data: bytes, left: Iterable[tuple[int, str, str]], insert: bool, gone: Callable[[int, str], bool]
) -> tuple[bytes, list[str], int]:
    """Return a file with TODO comments for what is left to do, the codes of those added, and how many were removed.

    ``left``: line, rule code and advice of what is left, in order. ``insert``: whether comments are added for it.
    ``gone``: whether a TODO, by its line and code, is done with when its finding is not among these.
    """
    try:
        text = decode(data)
        layout = Layout(text)
        encoding = tokenize.detect_encoding(io.BytesIO(data).readline)[0].replace("utf-8-sig", "utf-8")
    except (SourceError, SyntaxError, tokenize.TokenError, LookupError):
        return data, [], 0
    if _LONE_RETURN.search(data):
        return data, [], 0  # old line ends, which would put every comment on a wrong line
    needed: dict[int, dict[str, str]] = {}
    for line, code, advice in left:
        place = layout.above(line)
        if place is not None:
            needed.setdefault(place, {}).setdefault(code, advice)
    kept_places = {(code, place) for place, codes in needed.items() for code in codes}
    drop = {
        line
        for line, (code, about) in layout.all_marked().items()
        if (code, layout.above(about)) not in kept_places and gone(line, code)
    }
    mark = BOM if data.startswith(BOM) else b""
    lines = data[len(mark) :].split(b"\n")
    added: list[str] = []
    result: list[bytes] = []
    for number, line_bytes in enumerate(lines, 1):
        there = set(layout.marked(number).values()) if number in needed else set()
        for code, advice in needed.get(number, {}).items():
            if insert and code not in there:
                added.append(code)
                result.append(_comment(line_bytes, code, advice, encoding, data))
        if number not in drop:
            result.append(line_bytes)
    return mark + b"\n".join(result), added, len(drop)


def _comment(below: bytes, code: str, advice: str, encoding: str, data: bytes) -> bytes:
    indent = below[: len(below) - len(below.lstrip(b" \t\f"))]
    newline = b"\r" if below.endswith(b"\r") or (b"\r\n" in data and data.endswith(below)) else b""
    words = " ".join(advice.split())
    if len(words) > _MAX_ADVICE:
        words = words[: _MAX_ADVICE - 3] + "..."
    return indent + f"# {MARK}: {code} {words}".rstrip().encode(encoding, "replace") + newline


def done_with(before: bytes, fixed: Mapping[str, Iterable[int]]) -> Callable[[int, str], bool]:
    """Return whether a TODO of the old file, by its line and code, is about one of the lines that were fixed."""
    try:
        layout = Layout(decode(before))
    except (SourceError, SyntaxError, tokenize.TokenError):
        return lambda line, code: False
    places = {(code, layout.above(line)) for code, lines in fixed.items() for line in lines}
    marked = layout.all_marked()

    def gone(line: int, code: str) -> bool:
        known = marked.get(line)
        return known is not None and known[0] == code and (code, layout.above(known[1])) in places

    return gone
