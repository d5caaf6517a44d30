"""Takes codes out of ``# noqa`` comments. Everything else in the file stays, the codes of other tools included."""

from __future__ import annotations

import io
import re
import tokenize
from collections.abc import Collection, Mapping

from django_async_migrate.syntax.parse import BOM, SourceError, decode
from django_async_migrate.syntax.suppressions import comments, noqa_of

_LONE_RETURN = re.compile(rb"\r(?!\n)")


def without_codes(data: bytes, named: Mapping[int, Collection[str]]) -> bytes:
    """Return a file whose ``# noqa`` comments on some lines no longer name some codes.

    ``named``: by line, the codes to take out. A comment that is left without codes goes, and so does a line that held
    nothing else. The file is returned as it is when it cannot be read.
    """
    try:
        text = decode(data)
        encoding = tokenize.detect_encoding(io.BytesIO(data).readline)[0].replace("utf-8-sig", "utf-8")
    except (SourceError, SyntaxError, LookupError):
        return data
    if _LONE_RETURN.search(data):
        return data
    mark = BOM if data.startswith(BOM) else b""
    lines: list[bytes | None] = [*data[len(mark) :].split(b"\n")]
    for line, column, comment in comments(text):
        if line not in named:
            continue
        old = lines[line - 1]
        assert old is not None
        end = b"\r" if old.endswith(b"\r") else b""
        before = text.split("\n")[line - 1][:column]
        new = (before + _without(comment, named[line])).rstrip()
        lines[line - 1] = new.encode(encoding) + end if new else None
    return mark + b"\n".join(line for line in lines if line is not None)


def _without(comment: str, codes: Collection[str]) -> str:
    """Return a comment without some of the codes of its ``noqa``; empty when nothing is left."""
    place = noqa_of(comment)
    if place is None or place[2] is None:
        return comment
    start, end = place[:2]
    kept = [name for name in place[2] if name not in codes]
    rest = comment[end:]
    if kept:
        # The separators that are there are kept as far as the codes are.
        return f"{comment[:start]}{_renamed(comment[start:end], kept)}{rest}"
    rest = rest.strip()
    if rest and not rest.startswith("#"):
        rest = f"# {rest}"
    return (comment[:start].rstrip() + ("  " if comment[:start].strip() and rest else "") + rest).strip()


def _renamed(noqa: str, kept: list[str]) -> str:
    head = noqa[: noqa.index(":") + 1]
    space = re.match(r"\s*", noqa[len(head) :])
    return head + (space.group() if space else " ") + ", ".join(kept)
