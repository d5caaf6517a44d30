"""From the tree of a template to the body of a function."""

from __future__ import annotations

import ast
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from .code import Called, Code, Filtered, Lookup, Maybe, Operator, Plain, Regrouped, Shown, Touched
from .expressions import Condition, Expression, Literal, Operation, TemplateError, Variable, condition, expression
from .parser import Node, Print, Section, Source, Tag, parse

_Located = TypeVar("_Located", ast.Assign, ast.Constant, ast.Expr, ast.For, ast.If)

#: Templates inside one another that are followed.
MAX_DEPTH = 12
#: Variables that only the template language gives.
_LOOPS = frozenset({"forloop"})
_CONSTANTS: dict[str, bool | None] = {"True": True, "False": False, "None": None}


@dataclass(frozen=True)
class CustomTag:
    """A tag of the project: a function, and the template of an inclusion tag."""

    function: object
    takes_context: bool = False
    template: str | None = None
    holds_content: bool = False


@dataclass(frozen=True)
class Loader:
    """Where the compiler gets things from; each gives None for what is not known."""

    template: Callable[[str, str], Source | None]
    tag: Callable[[Source, str], CustomTag | None]
    filter: Callable[[Source, str], object | None]


@dataclass
class Compiled:
    """The body of a template; ``names`` are the variables it takes from the context.

    ``doubtful``: a part of it is only probably shown, since what it extends is not known.
    """

    body: list[ast.stmt]
    names: list[str]
    doubtful: bool = False


def compile_template(source: Source, loader: Loader) -> Compiled:
    """Return the code of a template. Raises TemplateError."""
    compiler = _Compiler(loader)
    body = compiler.template(source, {})
    return Compiled(body, sorted(compiler.names), compiler.doubtful)


class _Compiler:
    def __init__(self, loader: Loader) -> None:
        self.loader = loader
        self.names: dict[str, None] = {}
        self.doubtful = False
        self._scopes: list[dict[str, str]] = []
        self._sealed = 0  # scopes below this number are not seen: {% include only %}
        self._counter = 0
        self._blocks: dict[str, list[Tag]] = {}
        self._showing: list[list[Tag]] = []
        self._stack: list[str] = []

    # -- templates -----------------------------------------------------------------------------------------

    def template(self, source: Source, blocks: dict[str, list[Tag]]) -> list[ast.stmt]:
        """Compile a template whose descendants define ``blocks``, the lowest first."""
        if len(self._stack) > MAX_DEPTH or self._stack.count(source.path) > 1:
            return []
        nodes = parse(source)
        self._stack.append(source.path)
        head = nodes[0].head if nodes and isinstance(nodes[0], Tag) else None
        if head is not None and head.name == "extends":
            found = self._extending(source, head, nodes, blocks)
        else:
            outer, self._blocks = self._blocks, blocks
            found = self.nodes(nodes)
            self._blocks = outer
        self._stack.pop()
        return found

    def _extending(
        self, source: Source, head: Section, nodes: list[Node], blocks: dict[str, list[Tag]]
    ) -> list[ast.stmt]:
        for tag in _blocks_in(nodes):
            blocks.setdefault(tag.head.words[1], []).append(tag)
        name = _constant(head.words[1]) if len(head.words) > 1 else None
        parent = self.loader.template(name, source.path) if name is not None else None
        if parent is not None:
            return self.template(parent, blocks)
        self.doubtful = True
        outer, self._blocks = self._blocks, blocks
        top = [node for node in nodes if isinstance(node, Tag) and node.head.name == "block"]
        found = self.nodes(list(top))
        self._blocks = outer
        return found

    def nodes(self, nodes: list[Node]) -> list[ast.stmt]:
        """Compile nodes one after the other."""
        body: list[ast.stmt] = []
        for node in nodes:
            if isinstance(node, Print):
                body += self._print(node)
            else:
                body += self._tag(node)
        return body

    def _print(self, node: Print) -> list[ast.stmt]:
        section = Section(node.source, node.token, "", [])
        if node.token.contents == "block.super":
            return self._super()
        return _statement(self._place(Shown(self._expression(node.token.contents, section)), section))

    # -- tags ----------------------------------------------------------------------------------------------

    def _tag(self, tag: Tag) -> list[ast.stmt]:
        head = tag.head
        custom = self.loader.tag(head.source, head.name)
        if custom is not None and not (custom.holds_content and tag.known):
            return self._custom(head, custom)
        method = _TAGS.get(head.name)
        if method is None or not tag.known:
            return []
        return method(self, tag)

    def _block(self, tag: Tag) -> list[ast.stmt]:
        name = tag.head.words[1] if len(tag.head.words) > 1 else ""
        queue = [*self._blocks.get(name, []), tag]
        return self._show_block(list(dict.fromkeys(queue)))

    def _show_block(self, queue: list[Tag]) -> list[ast.stmt]:
        self._showing.append(queue)
        self._scopes.append({})
        found = self.nodes(queue[0].head.body)
        self._scopes.pop()
        self._showing.pop()
        return found

    def _super(self) -> list[ast.stmt]:
        queue = self._showing[-1][1:] if self._showing else []
        return self._show_block(queue) if queue else []

    def _if(self, tag: Tag) -> list[ast.stmt]:
        return self._branches(tag.sections)

    def _branches(self, sections: list[Section]) -> list[ast.stmt]:
        head, rest = sections[0], sections[1:]
        if head.name == "else":
            return self.nodes(head.body)
        test = self._condition(condition(head.words[1:]), head)
        body = self.nodes(head.body)
        orelse = self._branches(rest) if rest else []
        return [_located(ast.If(test, body or [ast.Pass()], orelse), test)]

    def _for(self, tag: Tag) -> list[ast.stmt]:
        head = tag.head
        words = head.words[:-1] if head.words[-1] == "reversed" else head.words
        if len(words) < 4 or words[-2] != "in":
            raise TemplateError(f"{head.source.path}:{head.token.line}: not a for tag")
        rows = self._expression(words[-1], head)
        names = [name for name in " ".join(words[1:-2]).replace(",", " ").split() if name]
        scope: dict[str, str] = {}
        self._scopes.append(scope)
        targets = [ast.Name(self._bind(name), ast.Store()) for name in names]
        scope["forloop"] = ""
        target: ast.expr = targets[0] if len(targets) == 1 else ast.Tuple(list(targets), ast.Store())
        body = self.nodes(head.body)
        self._scopes.pop()
        found: list[ast.stmt] = [_located(ast.For(target, rows, body or [ast.Pass()], []), rows)]
        for section in tag.sections[1:]:
            found += self._maybe(section, self.nodes(section.body))
        return found

    def _maybe(self, section: Section, body: list[ast.stmt]) -> list[ast.stmt]:
        if not body:
            return []
        test = self._place(Maybe(), section)
        return [_located(ast.If(test, body, []), test)]

    def _with(self, tag: Tag) -> list[ast.stmt]:
        head = tag.head
        given = _keywords(head.words[1:])
        if not given and len(head.words) == 4 and head.words[2] == "as":
            given = [(head.words[3], head.words[1])]
        return self._with_scope(given, head, lambda: self.nodes(head.body))

    def _with_scope(
        self, given: list[tuple[str, str]], head: Section, inside: Callable[[], list[ast.stmt]], sealed: bool = False
    ) -> list[ast.stmt]:
        values = [(name, self._expression(text, head)) for name, text in given]
        before = self._sealed
        self._sealed = len(self._scopes) if sealed else before
        self._scopes.append({"": ""} if sealed else {})
        found = [self._assign(name, value) for name, value in values]
        found += inside()
        self._scopes.pop()
        self._sealed = before
        return found

    def _include(self, tag: Tag) -> list[ast.stmt]:
        head = tag.head
        name = _constant(head.words[1]) if len(head.words) > 1 else None
        source = self.loader.template(name, head.source.path) if name is not None else None
        if source is None:
            return []
        words = head.words[2:]
        only = "only" in words
        given = _keywords(words[words.index("with") + 1 :]) if "with" in words else []
        showing, self._showing = self._showing, []
        found = self._with_scope(given, head, lambda: self.template(source, {}), only)
        self._showing = showing
        return found

    def _regroup(self, tag: Tag) -> list[ast.stmt]:
        words = tag.head.words
        if len(words) != 6:
            return []
        node = Regrouped(self._expression(words[1], tag.head), tuple(words[3].split("|")[0].split(".")))
        return [self._assign(words[5], self._place(node, tag.head, words[1]))]

    def _transparent(self, tag: Tag) -> list[ast.stmt]:
        return self.nodes([node for section in tag.sections for node in section.body])

    def _if_changed(self, tag: Tag) -> list[ast.stmt]:
        found = self._touched(tag.head, tag.head.words[1:], "resolve")
        for section in tag.sections:
            found += self._maybe(section, self.nodes(section.body))
        return found

    def _filter_block(self, tag: Tag) -> list[ast.stmt]:
        return self.nodes(tag.head.body)

    def _cache(self, tag: Tag) -> list[ast.stmt]:
        head = tag.head
        return [*self._touched(head, head.words[3:], "show"), *self._maybe(head, self.nodes(head.body))]

    def _translated_block(self, tag: Tag) -> list[ast.stmt]:
        head = tag.head
        words = [word for word in head.words[1:] if word not in {"with", "and", "trimmed", "asvar"}]
        given = _keywords(words)
        if "count" in words and "=" not in words[words.index("count") + 1]:
            return []
        return self._with_scope(given, head, lambda: self._transparent(tag))

    def _arguments(self, tag: Tag) -> list[ast.stmt]:
        """``{% url name args as var %}``, ``{% cycle %}``: the arguments are resolved."""
        words = tag.head.words[1:]
        how = {"firstof": "test", "translate": "show", "trans": "show"}.get(tag.head.name, "resolve")
        found: list[ast.stmt] = []
        if len(words) > 2 and words[-2] == "as":
            words = words[:-2]
        if tag.head.name == "widthratio":
            how = "number"
        values = [word.partition("=")[2] if _is_keyword(word) else word for word in words]
        found += self._touched(tag.head, [word for word in values if word not in {"noop", "silent"}], how)
        if len(tag.head.words) > 3 and tag.head.words[-2] == "as":
            found.append(self._assign(tag.head.words[-1], self._place(Plain(), tag.head)))
        return found

    def _touched(self, head: Section, words: list[str], how: str) -> list[ast.stmt]:
        values = [self._expression(word, head) for word in words]
        if not values:
            return []
        return _statement(self._place(Touched(values, how), head, " ".join(words)))

    def _custom(self, head: Section, custom: CustomTag) -> list[ast.stmt]:
        words = head.words[1:]
        target = ""
        if len(words) >= 2 and words[-2] == "as":
            words, target = words[:-2], words[-1]
        named = [word for word in words if _is_keyword(word)]
        node = Called(
            custom.function,
            [self._expression(word, head) for word in words if word not in named],
            tuple(word.partition("=")[0] for word in named),
            [self._expression(word.partition("=")[2], head) for word in named],
            custom.takes_context,
            custom.template,
        )
        place = self._place(node, head, f"{{% {head.token.contents} %}}")
        if target:
            return [self._assign(target, place)]
        if custom.template is not None:
            return _statement(place)
        return _statement(self._place(Shown(place), head, place.text))

    # -- expressions ---------------------------------------------------------------------------------------

    def _condition(self, test: Condition, section: Section) -> ast.expr:
        if isinstance(test, Expression):
            return self._filtered(test, section)
        assert isinstance(test, Operation)
        first = self._condition(test.first, section)
        second = self._condition(test.second, section) if test.second is not None else None
        return self._place(Operator(test.operator, first, second), section, " ".join(section.words[1:]))

    def _expression(self, text: str, section: Section) -> ast.expr:
        return self._filtered(expression(text), section)

    def _filtered(self, parsed: Expression, section: Section) -> ast.expr:
        value = self._base(parsed.base, section, parsed.text)
        for entry in parsed.filters:
            argument = self._base(entry.argument, section, parsed.text) if entry.argument is not None else None
            function = self.loader.filter(section.source, entry.name)
            value = self._place(Filtered(value, argument, entry.name, function), section, parsed.text)
        return value

    def _base(self, base: Literal | Variable, section: Section, text: str) -> ast.expr:
        if isinstance(base, Literal):
            return _located(ast.Constant(base.value), self._place(Plain(), section, text))
        if base.name in _CONSTANTS:
            return _located(ast.Constant(_CONSTANTS[base.name]), self._place(Plain(), section, text))
        name = self._name(base.name)
        if name is None:
            return self._place(Plain(), section, text)
        node = Lookup(ast.Name(name, ast.Load()), base.lookups)
        return self._place(node, section, text)

    def _name(self, name: str) -> str | None:
        for number in range(len(self._scopes) - 1, -1, -1):
            scope = self._scopes[number]
            if name in scope:
                return scope[name] or None
            if number == self._sealed and "" in scope:
                return None
        if name in _LOOPS or name == "block":
            return None
        self.names[name] = None
        return name

    def _bind(self, name: str) -> str:
        self._counter += 1
        bound = f"{name} {self._counter}"
        if self._scopes:
            self._scopes[-1][name] = bound
        else:
            self._scopes.append({name: bound})
        return bound

    def _assign(self, name: str, value: ast.expr) -> ast.stmt:
        return _located(ast.Assign([ast.Name(self._bind(name), ast.Store())], value), value)

    def _place(self, node: Code, section: Section, text: str = "") -> Code:
        token, source = section.token, section.source
        node.at(
            source.path,
            text or token.contents,
            source.line or token.line,
            0 if source.line else source.column(token.start),
            0 if source.line else len(source.text[token.start : token.end].partition("\n")[0]),
        )
        return node


def _located(node: _Located, like: ast.expr) -> _Located:
    node.lineno, node.col_offset = like.lineno, like.col_offset
    node.end_lineno, node.end_col_offset = like.end_lineno, like.end_col_offset
    return node


def _statement(value: ast.expr) -> list[ast.stmt]:
    return [_located(ast.Expr(value), value)]


def _blocks_in(nodes: list[Node]) -> list[Tag]:
    found: list[Tag] = []
    for node in nodes:
        if isinstance(node, Tag):
            if node.head.name == "block" and len(node.head.words) > 1:
                found.append(node)
            for section in node.sections:
                found += _blocks_in(section.body)
    return found


def _constant(word: str) -> str | None:
    return word[1:-1] if word[:1] in "\"'" and word[-1:] == word[:1] and len(word) > 1 else None


def _is_keyword(word: str) -> bool:
    name, equals, value = word.partition("=")
    return bool(equals and value) and name.isidentifier()


def _keywords(words: list[str]) -> list[tuple[str, str]]:
    return [(name, value) for name, _, value in (word.partition("=") for word in words if _is_keyword(word))]


_TAGS: dict[str, Callable[[_Compiler, Tag], list[ast.stmt]]] = {
    "autoescape": _Compiler._transparent,
    "block": _Compiler._block,
    "blocktrans": _Compiler._translated_block,
    "blocktranslate": _Compiler._translated_block,
    "cache": _Compiler._cache,
    "cycle": _Compiler._arguments,
    "filter": _Compiler._filter_block,
    "firstof": _Compiler._arguments,
    "for": _Compiler._for,
    "if": _Compiler._if,
    "ifchanged": _Compiler._if_changed,
    "include": _Compiler._include,
    "language": _Compiler._transparent,
    "localize": _Compiler._transparent,
    "localtime": _Compiler._transparent,
    "partialdef": _Compiler._transparent,
    "regroup": _Compiler._regroup,
    "spaceless": _Compiler._transparent,
    "static": _Compiler._arguments,
    "timezone": _Compiler._transparent,
    "trans": _Compiler._arguments,
    "translate": _Compiler._arguments,
    "url": _Compiler._arguments,
    "widthratio": _Compiler._arguments,
    "with": _Compiler._with,
}
