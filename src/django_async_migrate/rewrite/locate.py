"""From spans to LibCST nodes.

``ast`` gives columns in bytes of a line, our spans characters, LibCST bytes of the whole file: they meet at UTF-8
byte offsets.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

import libcst as cst
from libcst.metadata import ByteSpanPositionProvider, MetadataWrapper

from django_async_migrate.core.findings import Span

_NEWLINE = re.compile(r"\r\n|\r|\n")


class Refused(Exception):
    """A rewrite that cannot be made here, and why. Nothing is changed."""


class Locator:
    """Finds the nodes of one parsed file."""

    def __init__(self, wrapper: MetadataWrapper) -> None:
        self._starts: list[int] = [0]
        self._lines: list[str] = []
        code = wrapper.module.code
        position = offset = 0
        for newline in _NEWLINE.finditer(code):
            line = code[position : newline.start()]
            self._lines.append(line)
            offset += len(line.encode("utf-8", "surrogatepass")) + len(newline.group())
            self._starts.append(offset)
            position = newline.end()
        self._lines.append(code[position:])
        self._spans: Mapping[cst.CSTNode, object] = wrapper.resolve(ByteSpanPositionProvider)

    def expressions(self, spans: Iterable[Span]) -> dict[Span, cst.BaseExpression]:
        """Return the expression at each span. Raises Refused when there is none."""
        wanted: dict[tuple[int, int], list[Span]] = {}
        for span in spans:
            wanted.setdefault((self._offset(span.line, span.column), self._end(span)), []).append(span)
        found: dict[Span, cst.BaseExpression] = {}
        for node, place in self._spans.items():
            if isinstance(node, cst.BaseExpression):
                start: int = place.start  # type: ignore[attr-defined]
                length: int = place.length  # type: ignore[attr-defined]
                for span in wanted.get((start, start + length), ()):
                    found.setdefault(span, node)
        for spans_here in wanted.values():
            for span in spans_here:
                if span not in found:
                    raise Refused(f"the expression in line {span.line} was not found in the file")
        return found

    def _offset(self, line: int, column: int) -> int:
        text = self._lines[line - 1][: column - 1] if line <= len(self._lines) else ""
        return self._starts[line - 1] + len(text.encode("utf-8", "surrogatepass"))

    def _end(self, span: Span) -> int:
        return self._offset(span.end_line, span.end_column)
