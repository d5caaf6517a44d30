"""From bytes to a syntax tree: encodings, line ends, and what Python says about broken files."""

from __future__ import annotations

import warnings
from _ast import PyCF_ONLY_AST
from dataclasses import dataclass
from functools import cached_property

from django_async_migrate.core.findings import Span

TYPE_CHECKING = False
if TYPE_CHECKING:
    import ast
    from typing import TypeAlias

    # The kinds of node that have a place.
    Located: TypeAlias = ast.expr | ast.stmt | ast.excepthandler | ast.arg | ast.keyword | ast.alias | ast.pattern

BOM = b"\xef\xbb\xbf"


class SourceError(Exception):
    """A file that cannot be turned into a syntax tree: where, at which stage, and why."""

    def __init__(self, line: int, stage: str, message: str) -> None:
        super().__init__(message)
        self.line = line
        self.stage = stage
        self.message = message


@dataclass(frozen=True)
class ParsedFile:
    """One parsed file. ``text`` has ``\\n`` line ends and no byte order mark."""

    path: str
    text: str
    tree: ast.Module

    @cached_property
    def lines(self) -> list[str]:
        """The lines of the text without their ends; ``lines[0]`` is line 1."""
        # Not splitlines(): Python's own lines do not end at form feeds or Unicode separators.
        return self.text.split("\n")

    @cached_property
    def _ascii(self) -> bool:
        return self.text.isascii()

    def column(self, line: int, offset: int) -> int:
        """Turn a UTF-8 byte offset, as ``ast`` gives it, into a column in characters, from 1."""
        if self._ascii:
            return offset + 1
        text = self.lines[line - 1]
        if text.isascii():
            return offset + 1
        return len(text.encode("utf-8", "surrogatepass")[:offset].decode("utf-8", "replace")) + 1

    def span(self, node: Located) -> Span:
        """Return the place of ``node``, columns in characters from 1, the end exclusive."""
        line = node.lineno
        end_line = node.end_lineno or line
        end_offset = node.col_offset if node.end_col_offset is None else node.end_col_offset
        return Span(self.path, line, self.column(line, node.col_offset), end_line, self.column(end_line, end_offset))

    def source(self, span: Span) -> str:
        """Return the source text of a span."""
        lines = self.lines[span.line - 1 : span.end_line]
        if not lines:
            return ""
        lines[-1] = lines[-1][: span.end_column - 1]
        lines[0] = lines[0][span.column - 1 :]
        return "\n".join(lines)


def decode(data: bytes) -> str:
    """Decode the source of a Python file as Python would; the result has ``\\n`` line ends only.

    Honours the UTF-8 byte order mark and the encoding cookie. Raises SourceError.
    """
    text = decode_raw(data)
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    return text


def decode_raw(data: bytes) -> str:
    """Decode the source of a Python file as Python would, its line ends as they are. Raises SourceError."""
    if b"\0" in data:
        raise SourceError(data[: data.index(b"\0")].count(b"\n") + 1, "decode", _null_message(data))
    bom = data.startswith(BOM)
    if bom:
        data = data[3:]
    encoding = _cookie(data)
    if encoding is None or bom:
        if encoding is not None and encoding not in ("utf-8", "utf-8-sig", "utf8"):
            raise SourceError(1, "decode", f'the file starts with a UTF-8 mark but declares the encoding "{encoding}"')
        encoding = "utf-8"
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        byte = data[error.start]
        advice = "save the file as UTF-8 or declare its encoding"
        raise SourceError(line, "decode", f"byte 0x{byte:02x} is not valid {encoding}; {advice}") from None
    except (LookupError, UnicodeError):
        raise SourceError(1, "decode", f'unknown encoding "{encoding}"') from None
    return text


def _null_message(data: bytes) -> str:
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "the file is UTF-16, which Python cannot read; save it as UTF-8"
    return "the file contains null bytes; it is not Python source"


def _cookie(data: bytes) -> str | None:
    """Return the declared encoding of a file (PEP 263), or None."""
    head = data[:400]
    if b"coding" not in head:
        return None
    import re

    for line in head.replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n")[:2]:
        found = re.match(rb"[ \t\f]*#.*?coding[:=][ \t]*([-\w.]+)", line)
        if found:
            return found.group(1).decode("ascii", "replace").lower().replace("_", "-")
        if not re.match(rb"[ \t\f]*(?:#.*)?$", line):
            return None
    return None


def parse(path: str, text: str) -> ast.Module:
    """Parse decoded source. Raises SourceError with the line and what to do."""
    try:
        with warnings.catch_warnings():
            # Invalid escape sequences and the like are for the project's own linter.
            warnings.simplefilter("ignore")
            # What ast.parse does, without the cost of importing ast.
            tree = compile(text, path, "exec", PyCF_ONLY_AST, dont_inherit=True)
    except SyntaxError as error:
        from django_async_migrate.syntax.newer import explain

        raise SourceError(error.lineno or 1, "parse", explain(text, error)) from None
    except (RecursionError, MemoryError):
        raise SourceError(1, "parse", "the code is nested too deeply to be parsed") from None
    except ValueError as error:
        raise SourceError(1, "parse", str(error)) from None
    return tree  # type: ignore[return-value]
