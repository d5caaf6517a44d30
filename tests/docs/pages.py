"""Reads the documentation: its pages, their code blocks, links and headings."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
DOCS = REPOSITORY / "docs"
_FENCE = re.compile(r"^ *(`{3,})([\w-]*)[^\n`]*$")
_LINK = re.compile(r"(?<!!)\[[^\]\[]*\]\(([^()\s]+)\)")


@dataclass(frozen=True, slots=True)
class Block:
    """A fenced block; ``before`` is the last line of text above it."""

    page: Path
    line: int
    language: str
    text: str
    before: str

    @property
    def where(self) -> str:
        """Return file and line, for messages."""
        return f"{self.page.relative_to(REPOSITORY).as_posix()}:{self.line}"


def pages() -> list[Path]:
    """Return every page of the documentation, the README and the changelog."""
    return [REPOSITORY / "README.md", REPOSITORY / "CHANGELOG.md", *sorted(DOCS.rglob("*.md"))]


def blocks(page: Path) -> list[Block]:
    """Return the fenced blocks of a page."""
    found: list[Block] = []
    fence = language = before = ""
    start = 0
    held: list[str] = []
    for number, line in enumerate(page.read_text("utf-8").splitlines(), 1):
        match = _FENCE.match(line)
        if fence:
            if match and match[1].startswith(fence) and not match[2]:
                found.append(Block(page, start, language, "\n".join(held) + "\n", before))
                fence = ""
            else:
                held.append(line)
        elif match:
            fence, language, start, held = match[1], match[2], number + 1, []
        elif line.strip():
            before = line.strip()
    assert not fence, f"{page}: a code block is not closed"
    return found


def prose(page: Path) -> str:
    """Return a page without its code blocks and inline code."""
    lines: list[str] = []
    fence = ""
    for line in page.read_text("utf-8").splitlines():
        match = _FENCE.match(line)
        if match and not fence:
            fence = match[1]
        elif match and match[1].startswith(fence) and not match[2]:
            fence = ""
        elif not fence:
            lines.append(re.sub(r"`[^`]*`", "`code`", line))
    return "\n".join(lines)


def links(page: Path) -> Iterator[str]:
    """Yield the targets of the links of a page."""
    for match in _LINK.finditer(prose(page)):
        yield match[1]


def anchors(page: Path) -> set[str]:
    """Return the anchors of a page's headings, as GitHub and the site make them."""
    found: set[str] = set()
    fence = ""
    for line in page.read_text("utf-8").splitlines():
        match = _FENCE.match(line)
        if match and not fence:
            fence = match[1]
        elif match and match[1].startswith(fence) and not match[2]:
            fence = ""
        elif not fence and line.startswith("#"):
            title = re.sub(r"[^\w\- ]", "", line.lstrip("#").strip().lower())
            found.add(title.replace(" ", "-"))
    return found
