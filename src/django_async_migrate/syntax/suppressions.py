"""``# noqa`` comments."""

from __future__ import annotations

import re

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from django_async_migrate.syntax.parse import ParsedFile

_CODES = r"[A-Za-z]+[0-9]*(?:[\s,]+[A-Za-z]+[0-9]+)*"
_NOQA = re.compile(rf"#\s*noqa\b(?P<colon>\s*:\s*(?P<codes>{_CODES})?)?", re.IGNORECASE)


class Suppressions:
    """The ``# noqa`` comments of one file."""

    def __init__(self, parsed: ParsedFile) -> None:
        self._lines = parsed.lines
        self._text = parsed.text
        self._comments: dict[int, str] | None = None

    def silences(self, code: str, *lines: int) -> bool:
        """Tell whether a comment on one of the lines silences a rule.

        A bare ``# noqa`` silences all rules; one with codes or prefixes those it names.
        """
        return any(self._on_line(code, line) for line in set(lines))

    def _on_line(self, code: str, line: int) -> bool:
        if not 1 <= line <= len(self._lines) or not _NOQA.search(self._lines[line - 1]):
            return False
        # Only now is it worth finding out whether that is a comment or part of a string.
        if self._comments is None:
            self._comments = dict(comments(self._text))
        found = _NOQA.search(self._comments.get(line, ""))
        if found is None:
            return False
        if found.group("colon") is None:
            return True
        codes = re.split(r"[\s,]+", found.group("codes") or "")
        return any(name and code.startswith(name.upper()) for name in codes)


def comments(text: str) -> Iterator[tuple[int, str]]:
    """Yield the line and the text of each comment."""
    import io
    import tokenize

    try:
        for token in tokenize.generate_tokens(io.StringIO(text).readline):
            if token.type == tokenize.COMMENT:
                yield token.start[0], token.string
    except (tokenize.TokenError, SyntaxError):
        # The file parsed, so this does not happen; should a tokenizer disagree, keep what was found.
        return
