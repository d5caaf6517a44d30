"""The tree of a template: what it prints, and its tags with what stands between them and their ends."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

from .expressions import TemplateError
from .lexer import Token, tokenize

#: Tags that have an end, each with the tags that part it into sections.
_BLOCKS: dict[str, frozenset[str]] = {
    "autoescape": frozenset(),
    "block": frozenset(),
    "blocktrans": frozenset({"plural"}),
    "blocktranslate": frozenset({"plural"}),
    "cache": frozenset(),
    "filter": frozenset(),
    "for": frozenset({"empty"}),
    "if": frozenset({"elif", "else"}),
    "ifchanged": frozenset({"else"}),
    "language": frozenset(),
    "localize": frozenset(),
    "localtime": frozenset(),
    "partialdef": frozenset(),
    "spaceless": frozenset(),
    "timezone": frozenset(),
    "with": frozenset(),
}
#: What these hold is not read as a template.
_RAW = frozenset({"comment", "verbatim"})


@dataclass(eq=False)
class Source:
    """The text of one template and where it stands.

    ``line``: where code gives the text, the line of that; the lines of the text itself are not known, then.
    """

    path: str
    text: str
    line: int = 0

    @cached_property
    def libraries(self) -> tuple[str, ...]:
        """The libraries of tags and filters that the template loads."""
        found: list[str] = []
        for token in self.tokens:
            words = token.contents.split() if token.kind == "block" else []
            if words[:1] == ["load"]:
                found += words[words.index("from") + 1 :] if "from" in words else words[1:]
        return tuple(found)

    @cached_property
    def tokens(self) -> list[Token]:
        """Its tokens."""
        return tokenize(self.text)

    def column(self, offset: int) -> int:
        """Return the column of an offset, from 0, in characters."""
        return offset - (self.text.rfind("\n", 0, offset) + 1)


@dataclass(eq=False)
class Print:
    """``{{ expression }}``."""

    source: Source
    token: Token


@dataclass(eq=False)
class Section:
    """A tag, or a part of one, with what follows it: ``{% elif x %}...``."""

    source: Source
    token: Token
    name: str
    words: list[str]
    body: list[Node] = field(default_factory=list)


@dataclass(eq=False)
class Tag:
    """A tag. The first section is the tag itself; its body is empty where the tag has no end.

    ``known``: False where the tag has an end, but what it does with what is inside nobody has read.
    """

    sections: list[Section]
    known: bool = True

    @property
    def head(self) -> Section:
        """The section of the tag itself."""
        return self.sections[0]


Node = Print | Tag


def parse(source: Source) -> list[Node]:
    """Return the tree of a template. Raises TemplateError."""
    return _Parser(source).parse()


class _Parser:
    def __init__(self, source: Source) -> None:
        self.source = source
        self.tokens = source.tokens
        self.position = 0
        self.names = {token.contents.split(None, 1)[0] for token in self.tokens if _is_tag(token)}

    def parse(self) -> list[Node]:
        nodes: list[Node] = []
        end = self._until(nodes, frozenset())
        assert end is None
        return nodes

    def _until(self, nodes: list[Node], ends: frozenset[str]) -> Section | None:
        """Read nodes up to a tag that is one of ``ends``; return it."""
        while self.position < len(self.tokens):
            token = self.tokens[self.position]
            self.position += 1
            if token.kind == "variable":
                nodes.append(Print(self.source, token))
            elif _is_tag(token):
                words = token.split()
                section = Section(self.source, token, words[0], words)
                if words[0] in ends:
                    return section
                nodes.append(self._tag(section))
        if ends:
            raise TemplateError(f"{self.source.path}: no end of a block")
        return None

    def _tag(self, section: Section) -> Tag:
        name = section.name
        end = f"end{name}"
        if name in _RAW or (name not in _BLOCKS and end in self.names and self._is_ended(end)):
            self._skip(name, end)
            return Tag([section], known=name in _RAW)
        parts = _BLOCKS.get(name)
        if parts is None:
            return Tag([section])
        tag = Tag([section])
        while True:
            following = self._until(section.body, parts | {end})
            if following is None or following.name == end:
                return tag
            tag.sections.append(following)
            section = following

    def _is_ended(self, end: str) -> bool:
        return any(_is_tag(token) and token.contents.split(None, 1)[0] == end for token in self.tokens[self.position :])

    def _skip(self, name: str, end: str) -> None:
        """Go behind the end of a tag, past others of its kind inside it."""
        depth = 1
        while self.position < len(self.tokens):
            token = self.tokens[self.position]
            self.position += 1
            word = token.contents.split(None, 1)[0] if _is_tag(token) else ""
            if word == end:
                depth -= 1
                if not depth or name in _RAW:
                    return
            elif word == name:
                depth += 1


def _is_tag(token: Token) -> bool:
    return token.kind == "block" and bool(token.contents)
