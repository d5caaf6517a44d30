"""Moves a ``with`` statement into a function of its own."""

from __future__ import annotations

import libcst as cst

from django_async_migrate.core.edits import Outsource


def outsourced(
    node: cst.With, edit: Outsource, is_first: bool, config: cst.PartialParserConfig
) -> cst.FlattenSentinel[cst.CSTNode]:
    """Return a function that holds the statement, and the statement that runs it."""
    body: list[cst.BaseStatement] = []
    if edit.outer:
        body.append(_line(f"nonlocal {', '.join(edit.outer)}", config))
    body.append(node.with_changes(leading_lines=()))
    if edit.given:
        given = _line(f"return {', '.join(edit.given)}", config)
        last = node.body.body[-1] if isinstance(node.body, cst.IndentedBlock) else None
        if isinstance(last, (cst.FunctionDef, cst.ClassDef)):
            given = given.with_changes(leading_lines=[cst.EmptyLine(indent=False)])
        body.append(given)
    leading = list(node.leading_lines)
    if not is_first and not any(line.comment is None for line in leading[:1]):
        leading.insert(0, cst.EmptyLine(indent=False))
    function = cst.FunctionDef(cst.Name(edit.name), cst.Parameters(), cst.IndentedBlock(body), leading_lines=leading)
    before = "return " if edit.returns else f"{', '.join(edit.given)} = " if edit.given else ""
    call = _line(f"{before}await {edit.call.format(edit.name)}", config)
    return cst.FlattenSentinel([function, call.with_changes(leading_lines=[cst.EmptyLine(indent=False)])])


def _line(source: str, config: cst.PartialParserConfig) -> cst.SimpleStatementLine:
    line = cst.parse_statement(source, config)
    assert isinstance(line, cst.SimpleStatementLine)
    return line
