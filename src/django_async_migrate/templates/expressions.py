"""Expressions of the template language: variables with filters, and the conditions of ``{% if %}``."""

from __future__ import annotations

import re
from collections.abc import Sequence

from django_async_migrate.core.record import Record, record

_DOUBLE = r'"[^"\\]*(?:\\.[^"\\]*)*"'
_SINGLE = r"'[^'\\]*(?:\\.[^'\\]*)*'"
_STRING = rf"(?:_\({_DOUBLE}\)|_\({_SINGLE}\)|{_DOUBLE}|{_SINGLE})"
_NUMBER = r"[-+.]?\d[\d.e]*"
_FILTERS = re.compile(
    rf"""
^(?P<constant>{_STRING})|
^(?P<var>[\w.]+|{_NUMBER})|
 (?:\s*\|\s*
     (?P<filter_name>\w+)
         (?::
             (?:
              (?P<constant_arg>{_STRING})|
              (?P<var_arg>[\w.]+|{_NUMBER})
             )
         )?
 )""",
    re.VERBOSE,
)


class TemplateError(ValueError):
    """What Django would not compile."""


@record
class Literal(Record):
    """A text or a number."""

    __slots__ = ()

    value: str | int | float


@record
class Variable(Record):
    """``book.author.name``: the name of a variable and what is looked up on it."""

    __slots__ = ()

    name: str
    lookups: tuple[str, ...] = ()


@record
class Filter(Record):
    """One filter, with its argument."""

    __slots__ = ()

    name: str
    argument: Literal | Variable | None = None


@record
class Expression(Record):
    """A variable or literal that goes through filters; ``text`` is its source."""

    __slots__ = ()

    text: str
    base: Literal | Variable
    filters: tuple[Filter, ...] = ()


@record
class Operation(Record):
    """An operator of ``{% if %}``; ``second`` is None for ``not``. Whatever its operands raise makes it false."""

    __slots__ = ()

    operator: str
    first: Condition
    second: Condition | None = None


Condition = Expression | Operation


def expression(text: str) -> Expression:
    """Parse a variable or literal with filters. Raises TemplateError."""
    base: Literal | Variable | None = None
    filters: list[Filter] = []
    upto = 0
    for found in _FILTERS.finditer(text):
        if found.start() != upto:
            raise TemplateError(f"could not parse {text!r}")
        if base is None:
            word = found["constant"] or found["var"]
            if word is None:
                raise TemplateError(f"no variable in {text!r}")
            base = variable(word)
        else:
            if found["filter_name"] is None:
                raise TemplateError(f"could not parse {text!r}")
            word = found["constant_arg"] or found["var_arg"]
            filters.append(Filter(found["filter_name"], variable(word) if word else None))
        upto = found.end()
    if base is None or upto != len(text):
        raise TemplateError(f"could not parse {text!r}")
    return Expression(text, base, tuple(filters))


def variable(text: str) -> Literal | Variable:
    """Parse a variable, a number or a quoted text. Raises TemplateError."""
    try:
        if "." in text or "e" in text.lower():
            number: int | float = float(text)
            if text[-1] == ".":
                raise ValueError
        else:
            number = int(text)
    except ValueError:
        pass
    else:
        return Literal(number)
    if text.startswith("_(") and text.endswith(")"):
        text = text[2:-1]
    if text[:1] in "\"'" and text[-1:] == text[:1]:
        quote = text[0]
        return Literal(text[1:-1].replace(f"\\{quote}", quote).replace("\\\\", "\\"))
    if "._" in text or text.startswith("_"):
        raise TemplateError(f"variables and attributes may not begin with underscores: {text!r}")
    name, *lookups = text.split(".")
    return Variable(name, tuple(lookups))


#: Operators and how tightly they bind.
_POWERS = {
    "or": 6,
    "and": 7,
    "not": 8,
    "in": 9,
    "not in": 9,
    "is": 10,
    "is not": 10,
    "==": 10,
    "!=": 10,
    ">": 10,
    ">=": 10,
    "<": 10,
    "<=": 10,
}


def condition(words: Sequence[str]) -> Condition:
    """Parse what stands in ``{% if %}``. Raises TemplateError."""
    merged: list[str] = []
    skip = False
    for number, word in enumerate(words):
        if skip:
            skip = False
            continue
        pair = (word, words[number + 1] if number + 1 < len(words) else "")
        skip = pair in (("is", "not"), ("not", "in"))
        merged.append(" ".join(pair) if skip else word)
    parser = _Conditions(merged)
    found = parser.expression(0)
    if parser.position < len(merged):
        raise TemplateError(f"unused {merged[parser.position]!r} at the end of an if expression")
    return found


class _Conditions:
    """Precedence climbing, in the order that Django's own parser gives."""

    def __init__(self, words: Sequence[str]) -> None:
        self.words = words
        self.position = 0

    def expression(self, power: int) -> Condition:
        left = self._first()
        while self.position < len(self.words):
            operator = self.words[self.position]
            binding = _POWERS.get(operator, 0)
            if operator == "not":
                raise TemplateError("not expecting 'not' in this position")
            if binding <= power:
                if not binding:
                    raise TemplateError(f"unused {operator!r} in an if expression")
                break
            self.position += 1
            left = Operation(operator, left, self.expression(binding))
        return left

    def _first(self) -> Condition:
        if self.position >= len(self.words):
            raise TemplateError("unexpected end of an if expression")
        word = self.words[self.position]
        self.position += 1
        if word == "not":
            return Operation("not", self.expression(_POWERS["not"]))
        if word in _POWERS:
            raise TemplateError(f"not expecting {word!r} in this position")
        return expression(word)
