"""Templates are cut and parsed as Django's own lexer and parser do it."""

from __future__ import annotations

from pathlib import Path

import django
import pytest
from django.conf import settings
from django.template import engines
from django.template.base import FilterExpression, Lexer, Token, TokenType, Variable
from django.template.exceptions import TemplateSyntaxError
from django.template.smartif import Literal as IfLiteral
from django.template.smartif import infix, prefix

from django_async_migrate.templates.compiler import Loader, compile_template
from django_async_migrate.templates.expressions import (
    Expression,
    Literal,
    Operation,
    TemplateError,
    condition,
    expression,
)
from django_async_migrate.templates.lexer import tokenize
from django_async_migrate.templates.parser import Source, parse

_KINDS = {
    TokenType.TEXT: "text",
    TokenType.VAR: "variable",
    TokenType.BLOCK: "block",
    TokenType.COMMENT: "comment",
}
_FILES = sorted(Path(django.__file__).parent.rglob("templates/**/*.html"))
_ODD = [
    "",
    "{{ a }}{{b}}{%x%}{#c#}",
    "{% verbatim %}{{ a }}{% x %}{# c #}{% endverbatim %}{{ b }}",
    "{% verbatim one %}{% endverbatim %}{{ a }}{% endverbatim one %}{{ b }}",
    "{% a\n%} {{ b\n}} { { c } } {%%} {{}} {##}",
    "{{ a }\n}} {% x %}\n{% y %}\n\n{{ z }}",
    "{% x 'a b' \"c %} d\" _('e f') _(\"g\") h='i j' %}",
    "{# a {{ b }} #}{{ c }}{% comment %}{{ d }}{% endcomment %}",
]
_EXPRESSIONS = [
    "a",
    "a.b.0.c",
    "'text'|length",
    "_('text')",
    '"a|b:c"|default:"d|e"',
    "a|default:b.c|join:', '",
    "1",
    "1.5",
    "-2",
    "1e3",
    "a|add:-1",
    "a|date:_('Y')",
    "'it\\'s'",
    "True",
    "a | upper | lower",
    "a|",
    "a||b",
    "|a",
    "_a",
    "a._b",
    "a b",
    "a|default:",
    "1.",
    "'open",
    "a|floatformat:2.5",
]
_CONDITIONS = [
    "a",
    "not a",
    "a and b",
    "a or b and c",
    "not a and b or c",
    "a == b",
    "a == b and c != d or not e",
    "a in b",
    "a not in b",
    "a is not b",
    "not a in b",
    "a > 1 and b|length <= 2",
    "a < b < c",
    "a and",
    "and a",
    "a b",
    "a not b",
    "",
    "not not a",
]


@pytest.fixture(scope="module", autouse=True)
def _django() -> None:
    if not settings.configured:
        settings.configure(TEMPLATES=[{"BACKEND": "django.template.backends.django.DjangoTemplates"}])
        django.setup()


def _texts() -> list[str]:
    return [*_ODD, *(path.read_text("utf-8") for path in _FILES)]


def test_there_are_many_templates() -> None:
    """Django's own templates are the sample."""
    assert len(_FILES) > 80


@pytest.mark.parametrize("text", _texts())
def test_tokens(text: str) -> None:
    """Each token has the kind, the contents, the line and the words that Django gives it."""
    theirs = [(_KINDS[token.token_type], token.contents, token.lineno) for token in Lexer(text).tokenize()]
    ours = tokenize(text)
    assert [(token.kind, token.contents, token.line) for token in ours] == theirs
    for token in ours:
        if token.kind == "block":
            assert token.split() == Token(TokenType.BLOCK, token.contents).split_contents()
            assert text[token.start : token.start + 2] == "{%"
            assert text[token.end - 2 : token.end] == "%}"


class _Filters:
    """A parser that knows every filter."""

    def find_filter(self, name: str) -> object:
        return lambda value, arg=None: value


def _theirs(text: str) -> object:
    found = FilterExpression(text, _Filters())
    filters = [(number, [_part(*arg) for arg in args]) for number, (_, args) in enumerate(found.filters)]
    return _part(True, found.var) if isinstance(found.var, Variable) else ("literal", str(found.var)), filters


def _part(lookup: bool, value: object) -> tuple[str, object]:
    if not isinstance(value, Variable):
        return "literal", str(value)
    return ("literal", str(value.literal)) if value.lookups is None else ("variable", ".".join(value.lookups))


def _ours(found: Expression) -> object:
    filters = [(n, [_own(entry.argument)] if entry.argument else []) for n, entry in enumerate(found.filters)]
    return _own(found.base), filters


def _own(value: object) -> tuple[str, object]:
    if isinstance(value, Literal):
        return "literal", str(value.value)
    return "variable", ".".join((value.name, *value.lookups))  # type: ignore[attr-defined]


@pytest.mark.parametrize("text", _EXPRESSIONS)
def test_expressions(text: str) -> None:
    """Variables, literals, filters and their arguments are Django's; so is what is refused."""
    try:
        theirs = _theirs(text)
    except TemplateSyntaxError:
        with pytest.raises(TemplateError):
            expression(text)
    else:
        assert _ours(expression(text)) == theirs


def _shape(found: object) -> object:
    if isinstance(found, Operation):
        second = [_shape(found.second)] if found.second is not None else []
        return [found.operator, _shape(found.first), *second]
    assert isinstance(found, Expression)
    return found.text


def _their_shape(found: object) -> object:
    if isinstance(found, IfLiteral):
        return found.value.token
    second = [_their_shape(found.second)] if found.second is not None else []  # type: ignore[attr-defined]
    return [found.id, _their_shape(found.first), *second]  # type: ignore[attr-defined]


@pytest.mark.parametrize("text", _CONDITIONS)
def test_conditions(text: str) -> None:
    """Operators bind as Django's do."""
    from django.template.defaulttags import TemplateIfParser

    assert infix and prefix
    parser = engines.all()[0].engine
    from django.template.base import Parser

    words = text.split()
    try:
        theirs = _their_shape(
            TemplateIfParser(Parser([], parser.template_libraries, parser.template_builtins), words).parse()
        )
    except TemplateSyntaxError:
        with pytest.raises(TemplateError):
            condition(words)
    else:
        assert _shape(condition(words)) == theirs


@pytest.mark.parametrize("path", _FILES, ids=lambda path: path.name)
def test_every_template_of_django_compiles(path: Path) -> None:
    """The tree is built, and code made of it, without any of the files around."""
    source = Source(path.as_posix(), path.read_text("utf-8"))
    parse(source)
    compile_template(source, Loader(lambda name, near: None, lambda source, name: None, lambda source, name: None))
