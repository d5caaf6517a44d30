"""What a template does, as code: the nodes that Python's own syntax tree lacks.

A template becomes the body of a function whose parameters are the variables of its context. Loops, tests and
assignments are Python's; what follows rules of the template language is one of these nodes. Each knows its place.
"""

from __future__ import annotations

import ast
from typing import ClassVar


class Code(ast.expr):
    """An expression of a template. ``path`` is its file; ``text`` how it is written."""

    _fields: ClassVar[tuple[str, ...]] = ()
    path: str
    text: str

    def __init__(self) -> None:
        pass  # no field is left to the constructor of a syntax node

    def at(self, path: str, text: str, line: int, column: int, width: int) -> None:
        """Set the place of the node."""
        self.path = path
        self.text = text
        self.lineno = self.end_lineno = line
        self.col_offset = column
        self.end_col_offset = column + width


class Plain(Code):
    """A value that nothing happens with: ``forloop.counter``, a number."""


class Maybe(Code):
    """A test that nobody can decide."""


class Lookup(Code):
    """``value.a.b``: keys, attributes and indexes are looked up, and what can be called is called."""

    _fields = ("value",)

    def __init__(self, value: ast.expr, bits: tuple[str, ...]) -> None:
        self.value = value
        self.bits = bits


class Filtered(Code):
    """``value|name:argument``; ``function`` is the project's own function of that name."""

    _fields = ("value", "argument")

    def __init__(self, value: ast.expr, argument: ast.expr | None, name: str, function: object | None) -> None:
        self.value = value
        self.argument = argument
        self.name = name
        self.function = function


class Operator(Code):
    """An operator of ``{% if %}``: false where an operand raises."""

    _fields = ("first", "second")

    def __init__(self, operator: str, first: ast.expr, second: ast.expr | None) -> None:
        self.operator = operator
        self.first = first
        self.second = second


class Shown(Code):
    """A value put into the page."""

    _fields = ("value",)

    def __init__(self, value: ast.expr) -> None:
        self.value = value


class Touched(Code):
    """Values that a tag resolves, and what it does with each: "resolve", "show", "test" or "number"."""

    _fields = ("values",)

    def __init__(self, values: list[ast.expr], how: str) -> None:
        self.values = values
        self.how = how


class Regrouped(Code):
    """``{% regroup rows by bits as name %}``."""

    _fields = ("value",)

    def __init__(self, value: ast.expr, bits: tuple[str, ...]) -> None:
        self.value = value
        self.bits = bits


class Called(Code):
    """A tag that is a function of the project. ``template`` is what an inclusion tag renders with the result."""

    _fields = ("arguments", "values")

    def __init__(
        self,
        function: object,
        arguments: list[ast.expr],
        names: tuple[str, ...],
        values: list[ast.expr],
        takes_context: bool,
        template: str | None,
    ) -> None:
        self.function = function
        self.arguments = arguments
        self.names = names
        self.values = values
        self.takes_context = takes_context
        self.template = template
