"""Shows a piece of source with the span of a finding underlined."""

from __future__ import annotations

import unicodedata

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from django_async_migrate.core.findings import Span

# Longer spans show their first lines and their last one.
_MOST_LINES = 5
# Columns of source shown; a longer line is cut around the span.
_WIDTH = 120
_TAB = 4


def frame(span: Span, lines: Sequence[str]) -> list[tuple[str, str, str]]:
    """Return the rows of a code frame: the line number (or empty), the source text, and the marks below it.

    ``lines`` are those of the file; ``lines[0]`` is line 1. Empty when the span is not in the file.
    """
    if not 1 <= span.line <= span.end_line <= len(lines):
        return []
    rows: list[tuple[str, str, str]] = []
    # A line above shows the context, unless there is nothing on it.
    if span.line > 1 and lines[span.line - 2].strip():
        rows.append((str(span.line - 1), _cut(_shown(lines[span.line - 2]), 0)[0], ""))
    numbers = list(range(span.line, span.end_line + 1))
    if len(numbers) > _MOST_LINES:
        numbers = [*numbers[: _MOST_LINES - 2], 0, numbers[-1]]
    for number in numbers:
        rows.append(_row(span, number, lines[number - 1]) if number else ("...", "", ""))
    return rows


def _row(span: Span, number: int, line: str) -> tuple[str, str, str]:
    """Return one line of source and its marks."""
    indent = len(line) - len(line.lstrip())
    start = span.column - 1 if number == span.line else indent
    end = span.end_column - 1 if number == span.end_line else len(line.rstrip())
    first = len(_shown(line[:start]))
    last = first + len(_shown(line[start:end]))
    text, shift = _cut(_shown(line), first)
    before = _width(text[: first - shift])
    marked = _width(text[first - shift : last - shift])
    return str(number), text, " " * before + "^" * max(marked, 1)


def _shown(text: str) -> str:
    """Return source text as a terminal may show it: tabs become spaces, control characters a replacement."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(
        # Every tab is as wide as the next: the source is what counts, not how it lines up.
        " " * _TAB
        if character == "\t"
        else "\N{REPLACEMENT CHARACTER}"
        if unicodedata.category(character) in ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp")
        else character
        for character in text
    )


def _width(text: str) -> int:
    """Return how many columns a terminal needs for ``text``."""
    if text.isascii():
        return len(text)
    return sum(
        0 if unicodedata.combining(character) else 2 if unicodedata.east_asian_width(character) in "WF" else 1
        for character in text
    )


def _cut(text: str, position: int) -> tuple[str, int]:
    """Cut a long line so that ``position`` is shown; return it and by how many characters it moved left."""
    if len(text) <= _WIDTH:
        return text, 0
    start = 0 if position < _WIDTH // 2 else position - 20
    end = start + _WIDTH
    kept = text[start:end]
    if start:
        kept = "..." + kept[3:]
    if end < len(text):
        kept = kept[:-3] + "..."
    return kept, start
