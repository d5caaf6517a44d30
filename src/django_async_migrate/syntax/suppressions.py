"""``# noqa`` comments."""

from __future__ import annotations

import re
from dataclasses import dataclass

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from django_async_migrate.syntax.parse import ParsedFile

#: The rule about these comments themselves.
UNUSED = "DAM001"

_OURS = re.compile(r"DAM[0-9]{0,3}", re.IGNORECASE)
_CODES = r"[A-Za-z]+[0-9]*(?:[\s,]+[A-Za-z]+[0-9]+)*"
_NOQA = re.compile(rf"#\s*noqa\b(?P<colon>\s*:\s*(?P<codes>{_CODES})?)?", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Noqa:
    """One ``# noqa`` comment: its place (columns from 1, the end exclusive) and the codes as they are written."""

    line: int
    column: int
    end_column: int
    codes: tuple[str, ...]


def noqa_of(comment: str) -> tuple[int, int, tuple[str, ...] | None] | None:
    """Return where in a comment ``# noqa`` starts and ends, and its codes (None when it is bare); None without one."""
    found = _NOQA.search(comment)
    if found is None:
        return None
    if found.group("colon") is None:
        return found.start(), found.end(), None
    return found.start(), found.end(), tuple(name for name in re.split(r"[\s,]+", found.group("codes") or "") if name)


class Suppressions:
    """The ``# noqa`` comments of one file, and which codes of them silenced something."""

    def __init__(self, parsed: ParsedFile) -> None:
        self._lines = parsed.lines
        self._text = parsed.text
        self._comments: dict[int, tuple[int, str]] | None = None
        self._used: set[tuple[int, str]] = set()

    def silences(self, code: str, *lines: int) -> bool:
        """Tell whether a comment on one of the lines silences a rule.

        A bare ``# noqa`` silences all rules; one with codes or prefixes those it names.
        """
        # All lines are asked: a comment on each end of an expression is used.
        silenced = [self._on_line(code, line) for line in sorted(set(lines))]
        return any(silenced)

    def unused(self) -> list[Noqa]:
        """Return the comments with codes of ours that silenced nothing so far, by line; ``codes`` are those."""
        found = []
        for line, (column, comment) in self._all().items():
            place = noqa_of(comment)
            if place is None:
                continue
            start, end, names = place
            idle = tuple(dict.fromkeys(name for name in names or () if self._idle(line, name)))
            if idle:
                found.append(Noqa(line, column + start + 1, column + end + 1, idle))
        return found

    def _idle(self, line: int, name: str) -> bool:
        """Whether a code is one of ours and silenced nothing. That this is found can be silenced as well."""
        return bool(_OURS.fullmatch(name)) and name.upper() != UNUSED and (line, name) not in self._used

    def _all(self) -> dict[int, tuple[int, str]]:
        if self._comments is None:
            self._comments = {line: (column, text) for line, column, text in comments(self._text)}
        return self._comments

    def _on_line(self, code: str, line: int) -> bool:
        if not 1 <= line <= len(self._lines) or not _NOQA.search(self._lines[line - 1]):
            return False
        # Only now is it worth finding out whether that is a comment or part of a string.
        place = noqa_of(self._all().get(line, (0, ""))[1])
        if place is None:
            return False
        names = place[2]
        if names is None:
            return True
        matching = [name for name in names if code.startswith(name.upper())]
        self._used.update((line, name) for name in matching)
        return bool(matching)


def comments(text: str) -> Iterator[tuple[int, int, str]]:
    """Yield the line, the column (from 0) and the text of each comment."""
    import io
    import tokenize

    try:
        for token in tokenize.generate_tokens(io.StringIO(text).readline):
            if token.type == tokenize.COMMENT:
                yield *token.start, token.string
    except (tokenize.TokenError, SyntaxError):
        # The file parsed, so this does not happen; should a tokenizer disagree, keep what was found.
        return
