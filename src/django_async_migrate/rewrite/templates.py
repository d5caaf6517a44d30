"""New code with parts of the old in it."""

from __future__ import annotations

import re
from collections.abc import Sequence

import libcst as cst

from .locate import Refused
from .parens import as_primary, bare

_HOLE = re.compile(r"\{(\d)\}")
#: A hole in these places holds an expression of its own and needs no parentheses.
_FOLLOWED = re.compile(r"\{(\d)\}(?=[.\[(])")
_ARGUMENT = re.compile(r"(?:\(|, |\w=|lambda: )\{(\d)\}(?=\)|,)")


def filled(source: str, parts: Sequence[cst.BaseExpression], config: cst.PartialParserConfig) -> cst.BaseExpression:
    """Return the expression that a template stands for, its holes filled with ``parts``.

    Raises Refused when a part cannot stand in its hole.
    """
    loose = {int(found.group(1)) for found in _ARGUMENT.finditer(source)}
    tight = {int(found.group(1)) for found in _FOLLOWED.finditer(source)}
    names = {f"hole_{number}_": number for number in range(len(parts))}
    code = _HOLE.sub(lambda found: f"hole_{found.group(1)}_", source)
    tree = cst.parse_expression(code, config)

    class Fill(cst.CSTTransformer):
        def leave_Name(self, original_node: cst.Name, updated_node: cst.Name) -> cst.BaseExpression:
            number = names.get(original_node.value)
            if number is None:
                return updated_node
            part = parts[number].deep_clone()
            if number in loose:
                return _as_argument(part)
            if number not in tight and isinstance(part, (cst.Integer, cst.Await)):
                return part
            return as_primary(part)

    result = tree.visit(Fill())
    if not isinstance(result, cst.BaseExpression):
        raise Refused("the new expression is none")
    return result


def _as_argument(part: cst.BaseExpression) -> cst.BaseExpression:
    """Return an expression as it may stand between commas; a generator expression keeps parentheses."""
    if isinstance(part, (cst.GeneratorExp, cst.Yield, cst.NamedExpr, cst.Tuple)):
        return part if part.lpar else part.with_changes(lpar=[cst.LeftParen()], rpar=[cst.RightParen()])
    return bare(part) if len(part.lpar) == 1 and _is_plain(part) else part


def _is_plain(part: cst.BaseExpression) -> bool:
    """Whether parentheses hold no comment or line break."""
    left = part.lpar[0].whitespace_after
    right = part.rpar[0].whitespace_before
    return isinstance(left, cst.SimpleWhitespace) and isinstance(right, cst.SimpleWhitespace)
