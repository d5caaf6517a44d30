"""What is said about files that do not parse."""

from __future__ import annotations

import sys

import pytest

from django_async_migrate.syntax import newer
from django_async_migrate.syntax.parse import SourceError, parse

_NEWER = {
    (3, 11): [
        "try:\n    pass\nexcept* ValueError:\n    pass\n",
        "a[*b]\n",
        "def f(*args: *Ts): pass\n",
    ],
    (3, 12): [
        "x = 1\ntype X = int\n",
        "type X[T] = list[T]\n",
        "def f[T](x: T) -> T:\n    return x\n",
        "class A[T]: pass\n",
        "async def f[**P, *Ts](): pass\ntype X = 1\n",
        'x = f"{a["b"]}"\n',
        "x = f'{\"\\n\".join(a)}'\n",
        'x = f"""{\n  a # comment\n}"""\n',
        "f'{f'{x}'}'\n",
        "x = (f'{\na\n}')\n",
    ],
    (3, 13): ["class A[T: int = str](B):\n  pass\n", "class A[T = int]: pass\n"],
    (3, 14): ['t"hello {x}"\n', "try:\n  pass\nexcept A, b.C:\n  pass\n"],
    (3, 15): ["lazy import os\n", "[*x for x in y]\n", "{**x for x in y}\n"],
}
_BROKEN = {
    "def f(:\n  pass\n": (1, "syntax error: invalid syntax"),
    "x = (\n": (1, "syntax error: '(' was never closed"),
    "def f():\nx\n": (2, "syntax error: expected an indented block after function definition on line 1"),
    "a = 1\n<<<<<<< HEAD\na = 1\n=======\na = 2\n>>>>>>> x\n": (2, "a merge conflict was left in the file"),
    "print 'x'\n": (1, "Python 2 syntax: Missing parentheses in call to 'print'"),
    "raise A, 'x'\n": (1, "Python 2 syntax: "),
    "try:\n  pass\nexcept A, e:\n  pass\nx = 0777\n": (None, "Python 2 syntax: "),
}


def message_of(text: str) -> tuple[int, str]:
    with pytest.raises(SourceError) as caught:
        parse("a.py", text)
    assert caught.value.stage == "parse"
    return caught.value.line, caught.value.message


@pytest.mark.parametrize(("version", "text"), [(version, text) for version, texts in _NEWER.items() for text in texts])
def test_newer_syntax_names_the_python_to_use(version: tuple[int, int], text: str) -> None:
    if version <= sys.version_info[:2]:
        parse("a.py", text)
        return
    _, message = message_of(text)
    name = ".".join(map(str, version))
    assert f"needs Python {name} and this is Python {sys.version_info[0]}.{sys.version_info[1]}" in message
    assert message.endswith(f"run django-async-migrate with Python {name} or newer")


@pytest.mark.parametrize("text", _BROKEN)
def test_broken_files_are_called_broken(text: str) -> None:
    line, message = message_of(text)
    expected_line, expected = _BROKEN[text]
    assert message.startswith(expected)
    assert expected_line in (None, line)


def test_newer_syntax_above_a_real_error_is_still_named() -> None:
    text = "lazy import os\ndef f(:\n"
    _, message = message_of(text)
    assert "needs Python 3.15" in message


@pytest.mark.parametrize("text", ['f"{a b}"\n', 'f"{a!}"\n', "type = = 1\n", "class A[: pass\n"])
def test_errors_near_newer_syntax_are_not_blamed_on_python(text: str) -> None:
    assert message_of(text)[1].startswith("syntax error: ")


def test_an_error_without_a_line_is_explained_too() -> None:
    assert newer.explain("x", SyntaxError("no line")) == "syntax error: no line"
