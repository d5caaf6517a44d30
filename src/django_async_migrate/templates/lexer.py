"""Tokens of Django's template language, cut exactly as Django cuts them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

_TAG = re.compile(r"({%.*?%}|{{.*?}}|{#.*?#})")
_SPLIT = re.compile(
    r"""
    ((?:
        [^\s'"]*
        (?:
            (?:"(?:[^"\\]|\\.)*" | '(?:[^'\\]|\\.)*')
            [^\s'"]*
        )+
    ) | \S+)
""",
    re.VERBOSE,
)

TokenKind = Literal["text", "variable", "block", "comment"]


@dataclass(frozen=True, slots=True)
class Token:
    """One piece of a template; ``start`` and ``end`` are offsets in its text, ``line`` counts from 1."""

    kind: TokenKind
    contents: str
    line: int
    start: int
    end: int

    def split(self) -> list[str]:
        """Return the words of a tag: quoted and translated texts stay whole."""
        words: list[str] = []
        found = split_words(self.contents)
        for word in found:
            if word.startswith(('_("', "_('")):
                closing = word[2] + ")"
                parts = [word]
                while not word.endswith(closing):
                    word = next(found, closing)
                    parts.append(word)
                word = " ".join(parts)
            words.append(word)
        return words


def split_words(text: str) -> Iterator[str]:
    """Split at blanks that stand outside of quotes."""
    for found in _SPLIT.finditer(text):
        yield found[0]


def tokenize(text: str) -> list[Token]:
    """Cut a template into tokens."""
    tokens: list[Token] = []
    verbatim = ""
    line, offset = 1, 0
    for number, piece in enumerate(_TAG.split(text)):
        if not piece:
            continue
        kind: TokenKind = "text"
        contents = piece
        if number % 2:  # what the expression caught
            inner = piece[2:-2].strip()
            if piece.startswith("{%"):
                if not verbatim or inner == verbatim:
                    kind, contents = "block", inner
                    verbatim = f"end{inner}" if not verbatim and inner[:9] in ("verbatim", "verbatim ") else ""
            elif not verbatim:
                kind = "variable" if piece.startswith("{{") else "comment"
                contents = inner
        tokens.append(Token(kind, contents, line, offset, offset + len(piece)))
        line += piece.count("\n")
        offset += len(piece)
    return tokens
