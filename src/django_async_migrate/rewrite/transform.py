"""Applies the edits of one file to its LibCST tree."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TypeAlias

import libcst as cst

from django_async_migrate.core.edits import (
    AddArgument,
    AsyncFor,
    Await,
    Before,
    Edit,
    ListOf,
    MakeAsync,
    Outsource,
    Redefine,
    Rename,
    Template,
    Twin,
)
from django_async_migrate.core.findings import Span

from .blocks import outsourced
from .locate import Refused
from .parens import as_primary, bare, fits, with_parens_of
from .templates import filled

Node: TypeAlias = cst.CSTNode


class Transformer(cst.CSTTransformer):
    """Rewrites the nodes that edits point at, inner ones first, and nothing else."""

    def __init__(self, edits: Iterable[Edit], nodes: Mapping[Span, cst.BaseExpression], module: cst.Module) -> None:
        super().__init__()
        self._nodes = nodes
        self._config = module.config_for_parsing
        self._stack: list[Node] = []
        self._done: dict[Node, cst.BaseExpression] = {}
        self._edits: dict[Node, list[Edit]] = {}
        self._parts: set[Node] = set()
        self._loops: set[Node] = set()
        self._lists: set[Node] = set()
        self._async: set[Node] = set()
        self._twins: dict[Node, str] = {}
        self._moved: dict[Node, Outsource] = {}
        self._new: dict[Node, str] = {}
        self._before: dict[Node, list[Before]] = {}
        self._inserted: dict[Node, list[cst.SimpleStatementLine]] = {}
        self._quotes: list[str] = []
        code = module.code
        self._usual = '"' if code.count('"') >= code.count("'") else "'"
        for edit in edits:
            node = nodes[edit.span]
            if isinstance(edit, AsyncFor):
                self._loops.add(node)
            elif isinstance(edit, ListOf):
                self._lists.add(node)
            elif isinstance(edit, MakeAsync):
                self._async.add(node)
            elif isinstance(edit, Twin):
                self._twins[node] = edit.name
            elif isinstance(edit, Outsource):
                self._moved[node] = edit
            elif isinstance(edit, Redefine):
                self._new[node] = edit.source
            elif isinstance(edit, Before):
                self._before.setdefault(node, []).append(edit)
            else:
                self._edits.setdefault(node, []).append(edit)
            self._parts.update(nodes[hole] for hole in getattr(edit, "holes", ()))

    def on_visit(self, node: Node) -> bool:
        """Remember the way down."""
        if node in self._before:
            self._place(node)
        self._stack.append(node)
        if isinstance(node, cst.FormattedString):
            self._quotes.append(node.start[-1])
        return True

    def on_leave(self, original_node: Node, updated_node: Node) -> Node | cst.FlattenSentinel[Node]:  # type: ignore[override]
        """Rewrite a node once everything inside it is."""
        self._stack.pop()
        parent = self._stack[-1] if self._stack else None
        if isinstance(original_node, cst.FormattedString):
            self._quotes.pop()
        if isinstance(original_node, (cst.For, cst.CompFor)) and original_node.iter in self._loops:
            assert isinstance(updated_node, (cst.For, cst.CompFor))
            updated_node = updated_node.with_changes(asynchronous=cst.Asynchronous())
        if isinstance(original_node, cst.FunctionDef):
            assert isinstance(updated_node, cst.FunctionDef)
            if original_node.name in self._async:
                updated_node = updated_node.with_changes(asynchronous=cst.Asynchronous())
            if original_node.name in self._twins:
                return cst.FlattenSentinel([updated_node, _twin(updated_node, self._twins[original_node.name])])
        if isinstance(original_node, (cst.FunctionDef, cst.ClassDef)) and original_node.name in self._new:
            return _redefined(original_node, self._new[original_node.name], self._config)
        if isinstance(original_node, cst.GeneratorExp) and original_node.elt in self._lists:
            assert isinstance(updated_node, cst.GeneratorExp)
            updated_node = _list_of(updated_node)
        if isinstance(updated_node, cst.BaseExpression):
            for edit in self._edits.get(original_node, ()):
                updated_node = _APPLY[type(edit)](self, edit, original_node, updated_node, parent)
            if original_node in self._parts:
                assert isinstance(updated_node, cst.BaseExpression)
                self._done[original_node] = updated_node
        if isinstance(original_node, cst.With):
            assert isinstance(updated_node, cst.With)
            move = next((self._moved[item.item] for item in original_node.items if item.item in self._moved), None)
            if move is not None:
                if original_node in self._inserted or not isinstance(parent, cst.IndentedBlock):
                    raise Refused("the statement cannot be moved")
                return outsourced(updated_node, move, parent.body[0] is original_node, self._config)
        lines = self._inserted.get(original_node)
        if lines:
            return _inserted_before(updated_node, lines)
        return updated_node

    # -- edits ---------------------------------------------------------------------------------------------

    def _await(self, edit: Edit, old: Node, new: cst.BaseExpression, parent: Node | None) -> cst.BaseExpression:
        assert isinstance(old, cst.BaseExpression)
        result = with_parens_of(cst.Await(as_primary(bare(new))), new)
        return fits(result, parent, old)

    def _rename(self, edit: Edit, old: Node, new: cst.BaseExpression, parent: Node | None) -> cst.BaseExpression:
        assert isinstance(edit, Rename)
        if isinstance(new, cst.Attribute):
            return new.with_changes(attr=new.attr.with_changes(value=edit.name))
        if isinstance(new, cst.Name):
            return new.with_changes(value=edit.name)
        raise Refused("there is no name here to change")

    def _template(self, edit: Edit, old: Node, new: cst.BaseExpression, parent: Node | None) -> cst.BaseExpression:
        assert isinstance(edit, Template) and isinstance(old, cst.BaseExpression)
        parts = []
        for hole in edit.holes:
            node = self._nodes[hole]
            parts.append(bare(new) if node is old else self._done[node])
        result = with_parens_of(filled(self._quoted(edit.source), parts, self._config), new)
        return fits(result, parent, old)

    def _add(self, edit: Edit, old: Node, new: cst.BaseExpression, parent: Node | None) -> cst.BaseExpression:
        assert isinstance(edit, AddArgument)
        if not isinstance(new, cst.Call):
            raise Refused("there is no call here to give arguments to")
        added = [cst.Arg(cst.parse_expression(self._quoted(source), self._config)) for source in edit.arguments]
        space = cst.Comma(whitespace_after=cst.SimpleWhitespace(" "))
        args = list(new.args)
        trailing = args[-1].comma if args else cst.MaybeSentinel.DEFAULT
        if args:
            args[-1] = args[-1].with_changes(comma=args[-2].comma if len(args) > 1 else space)
        added = [arg.with_changes(comma=space) for arg in added[:-1]] + [added[-1].with_changes(comma=trailing)]
        if isinstance(trailing, cst.Comma):
            added[-1] = added[-1].with_changes(whitespace_after_arg=new.args[-1].whitespace_after_arg)
        return new.with_changes(args=[*args, *added])

    def _quoted(self, source: str) -> str:
        """Return a template with quotes that may stand in the f-string around it, before Python 3.12 too."""
        if '"' not in source:
            return source
        free = next((quote for quote in (self._usual, "'", '"') if quote not in self._quotes), None)
        if free is None:
            raise Refused("all kinds of quotes are used by the f-strings around it")
        return source.replace('"', free)

    # -- statements ----------------------------------------------------------------------------------------

    def _place(self, node: Node) -> None:
        """Find the statement that holds a node, and note what goes before it."""
        for position in range(len(self._stack) - 1, -1, -1):
            holder = self._stack[position]
            if not isinstance(holder, (cst.SimpleStatementLine, cst.BaseCompoundStatement)):
                continue
            around = self._stack[position - 1] if position else None
            if not isinstance(around, (cst.IndentedBlock, cst.Module)):
                break
            if isinstance(holder, cst.SimpleStatementLine) and len(holder.body) > 1:
                break
            for edit in self._before[node]:
                source = edit.source
                line = cst.parse_statement(source, self._config)
                assert isinstance(line, cst.SimpleStatementLine)
                self._inserted.setdefault(holder, []).append(line)
            return
        raise Refused("no statement can be put before this one")


def _list_of(node: cst.GeneratorExp) -> cst.ListComp:
    left, right = cst.LeftSquareBracket(), cst.RightSquareBracket()
    lpar, rpar = list(node.lpar), list(node.rpar)
    if lpar:  # its own parentheses become the brackets
        left = left.with_changes(whitespace_after=lpar.pop().whitespace_after)
        right = right.with_changes(whitespace_before=rpar.pop(0).whitespace_before)
    return cst.ListComp(node.elt, node.for_in, left, right, lpar, rpar)


def _twin(node: cst.FunctionDef, name: str) -> cst.FunctionDef:
    """Return an async copy of a function, as far below it as it is from what stands above."""
    copy = node.deep_clone()
    blank = [line for line in node.leading_lines if line.comment is None]
    if not blank:  # the first statement of a class or module
        blank = [cst.EmptyLine(indent=False)]
    return copy.with_changes(
        name=cst.Name(name), asynchronous=cst.Asynchronous(), leading_lines=blank, lines_after_decorators=()
    )


def _redefined(node: cst.FunctionDef | cst.ClassDef, source: str, config: cst.PartialParserConfig) -> Node:
    """Return the new definition with the comments above the old one, and those at the end of its body."""
    newline = config.default_newline
    text = source.replace("\n", newline) if isinstance(newline, str) else source
    made = cst.parse_statement(text, config)
    if not isinstance(made, type(node)) or not isinstance(node.body, cst.IndentedBlock):
        raise Refused("the definition cannot be replaced")
    assert isinstance(made, (cst.FunctionDef, cst.ClassDef)) and isinstance(made.body, cst.IndentedBlock)
    return made.with_changes(leading_lines=node.leading_lines, body=made.body.with_changes(footer=node.body.footer))


def _inserted_before(node: Node, lines: list[cst.SimpleStatementLine]) -> cst.FlattenSentinel[Node]:
    """Comments above a statement stay above it and what is inserted."""
    leading = getattr(node, "leading_lines", ())
    first = lines[0].with_changes(leading_lines=leading)
    return cst.FlattenSentinel([first, *lines[1:], node.with_changes(leading_lines=())])


_Apply: TypeAlias = Callable[[Transformer, Edit, Node, cst.BaseExpression, "Node | None"], cst.BaseExpression]
_APPLY: dict[type, _Apply] = {
    Await: Transformer._await,
    Rename: Transformer._rename,
    Template: Transformer._template,
    AddArgument: Transformer._add,
}
