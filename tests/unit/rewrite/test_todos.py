"""TODO comments where the machine gives up: put in once, in the right place, and taken away when it is done."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from support.files import write

from django_async_migrate import cli
from django_async_migrate.rewrite.todos import with_todos

_MODELS = """\
from django.db import models


class Post(models.Model):
    title = models.CharField(max_length=20)
"""
# A default argument cannot await, and it runs while the coroutine does: nothing is right here.
_VIEWS = """\
from blog.models import Post


async def shown(request):
    # About it.
    def later(number=Post.objects.count()):
        return number

    return later()


async def index(request):
    return Post.objects.get(pk=1)
"""
_FILES = {
    "pyproject.toml": '[project]\ndependencies = ["django>=5.2,<5.3"]\n',
    "blog/__init__.py": "",
    "blog/models.py": _MODELS,
    "blog/views.py": _VIEWS,
}


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(write(tmp_path, _FILES))
    return tmp_path


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    code = cli.run(arguments)
    captured = capsys.readouterr()
    return code, captured.out, captured.err


def mark(source: str, *wanted: tuple[int, str], gone: bool = False) -> str:
    """Return a source with TODO comments; a second run must change nothing."""
    entries = [(line, code, "do it") for line, code in wanted]
    after, _, _ = with_todos(source.encode(), entries, True, lambda line, code: gone)
    compile(after, "a.py", "exec")
    added = after.count(b"\n") - source.encode().count(b"\n")
    shifted = [(line, code, text) for line, code, text in entries]
    if len(wanted) == 1 and added >= 0:
        shifted = [(line + added, code, text) for line, code, text in entries]
        assert with_todos(after, shifted, True, lambda line, code: gone) == (after, [], 0)
    return after.decode()


@pytest.mark.parametrize(
    ("source", "line", "above"),
    [
        ("x = 1\n", 1, 1),
        ("def f():\n    x = (\n        1,\n        2,\n    )\n", 4, 2),
        ("def f():\n    x = 1 + \\\n        2\n", 3, 2),
        ('def f():\n    x = """a\n# b\n"""; y = 2\n', 4, 2),
        ('def f():\n    """Doc.\n    # no comment"""\n    y = 2\n', 4, 4),
        ("def f():\n    @a\n    # c\n    @b(\n        1\n    )\n    def g():\n        pass\n", 5, 2),
        ("def f():\n    @a\n    @b\n    def g(x=1):\n        pass\n", 4, 2),
        ("def f():\n    @a\n    class g(\n        B\n    ):\n        x = 1\n", 6, 6),
        ("def f(x):\n    if x:\n        pass\n    elif (\n        x\n    ):\n        pass\n", 5, 4),
        ("def f(x):\n    if x: y = 1\n", 2, 2),
        ("def f(x):\n    for a in b: c; d\n", 2, 2),
        ("def f(x):\n\ty = 1\n", 2, 2),
        ("def f(x):\n    match x:\n        case 1 if x:\n            pass\n", 3, 3),
        ("def f(x):\n    try:\n        pass\n    except x:\n        pass\n", 4, 4),
        ("def f(x):\n    y = f'''{\n    x}'''\n", 3, 2),
    ],
)
def test_the_place_of_a_comment(source: str, line: int, above: int) -> None:
    lines = source.splitlines(keepends=True)
    text = lines[above - 1]
    indent = text[: len(text) - len(text.lstrip())]
    lines.insert(above - 1, f"{indent}# TODO(django-async-migrate): DAM101 do it\n")
    assert mark(source, (line, "DAM101")) == "".join(lines)


def test_one_comment_for_each_rule_of_a_statement() -> None:
    source = "# Mine.\nx = (\n    1, 2\n)\n"
    after = mark(source, (2, "DAM101"), (3, "DAM101"), (3, "DAM201"))
    todo = "# TODO(django-async-migrate): {} do it\n"
    assert after == "# Mine.\n" + todo.format("DAM101") + todo.format("DAM201") + source.removeprefix("# Mine.\n")
    assert mark(after, (4, "DAM101"), (5, "DAM201")) == after
    # One of them is done.
    assert mark(after, (5, "DAM201"), gone=True) == after.replace(todo.format("DAM101"), "")
    assert mark(after, gone=True) == source
    assert mark(after) == after


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (
            b"\xef\xbb\xbfx = 1\r\ny = 2\r\n",
            b"\xef\xbb\xbf# TODO(django-async-migrate): DAM101 \xc3\xa9\r\nx = 1\r\ny = 2\r\n",
        ),
        (b"# coding: latin-1\nx = 1", b"# coding: latin-1\n# TODO(django-async-migrate): DAM101 \xe9\nx = 1"),
        (b"# coding: ascii\r\nx = 1", b"# coding: ascii\r\n# TODO(django-async-migrate): DAM101 ?\r\nx = 1"),
        (b"a = 1\r\nx = 1\n", b"a = 1\r\n# TODO(django-async-migrate): DAM101 \xc3\xa9\nx = 1\n"),
        (b"a = 1\rx = 1\r", b"a = 1\rx = 1\r"),
        (b"a = (\n", b"a = (\n"),
    ],
)
def test_bytes_of_the_file_stay(before: bytes, after: bytes) -> None:
    line = 1 if before.startswith(b"\xef") else 2
    assert with_todos(before, [(line, "DAM101", "\xe9")], True, lambda line, code: True)[0] == after


def test_long_advice_is_cut_and_put_on_one_line() -> None:
    text = with_todos(b"x = 1\n", [(1, "DAM101", "a\n  b " + "c" * 200)], True, lambda line, code: True)[0].decode()
    assert text.startswith("# TODO(django-async-migrate): DAM101 a b ccc")
    assert text.split("\n")[0].endswith("c...")
    assert len(text.split("\n")[0]) < 140


# -- through the command line ----------------------------------------------------------------------------------

_TODO = "TODO(django-async-migrate)"


def test_what_is_not_fixed_gets_a_comment_once(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, "scan", "--fix", "--insert-todos")
    text = (project / "blog" / "views.py").read_text()
    assert code == 1
    assert text.count(_TODO) == 1
    before, _, after = text.partition(f"    # {_TODO}: DAM1")
    assert before + after.partition("\n")[2] == _VIEWS.replace(
        "return Post.objects.get", "return await Post.objects.aget"
    )
    assert "Fixed 1 hazard in 1 file.\nLeft 1 TODO marker.\n" in out
    assert "left by an earlier run" not in out
    code, out, _ = run(capsys, "scan", "--fix", "--insert-todos")
    assert (project / "blog" / "views.py").read_text() == text
    assert "Left" not in out
    assert "1 TODO marker left by an earlier run.\n" in out


def test_a_scan_lists_the_comments(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run(capsys, "scan", "--fix", "--insert-todos")
    line = next(n for n, text in enumerate((project / "blog" / "views.py").read_text().split("\n"), 1) if _TODO in text)
    code, out, _ = run(capsys, "scan")
    assert "\n1 TODO marker left by an earlier run.\n" in out
    _, out, _ = run(capsys, "scan", "--verbose")
    assert f"\n1 TODO marker left by an earlier run.\n  blog/views.py:{line} DAM1" in out
    document = json.loads(run(capsys, "scan", "--output-format", "json")[1])
    code = document["findings"][0]["code"]
    assert document["todos"] == [{"path": "blog/views.py", "line": line, "code": code}]
    assert run(capsys, "scan", "--quiet")[1].count("TODO marker") == 0


def test_a_diff_shows_the_comments_and_writes_nothing(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = run(capsys, "scan", "--diff", "--insert-todos")
    assert code == 1
    assert f"+    # {_TODO}: DAM1" in out
    assert "Would leave 1 TODO marker.\n" in err
    assert (project / "blog" / "views.py").read_text() == _VIEWS


def test_the_setting_asks_for_comments(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    settings = _FILES["pyproject.toml"] + "[tool.django-async-migrate]\ninsert-todos = true\n"
    write(project, {"pyproject.toml": settings})
    run(capsys, "scan", "--fix")
    assert _TODO in (project / "blog" / "views.py").read_text()


_FIXABLE = _VIEWS.replace("    return Post", f"    # {_TODO}: DAM101 x\n    # Mine.\n    return Post")
_MARKED = _FIXABLE.replace("    return later", f"    # {_TODO}: DAM201 by hand\n    return later")


def test_a_fix_takes_its_comment_away(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(project, {"blog/views.py": _MARKED})
    _, out, _ = run(capsys, "scan", "--fix")
    fixed = _VIEWS.replace("    return Post.objects.get", "    # Mine.\n    return await Post.objects.aget")
    # The other one is of no finding of this run; who asks for comments has it tidied up as well.
    assert (project / "blog" / "views.py").read_text() == fixed.replace(
        "    return later", f"    # {_TODO}: DAM201 by hand\n    return later"
    )
    assert "Removed 1 TODO marker of what is fixed.\n" in out
    run(capsys, "scan", "--fix", "--insert-todos", "--select", "DAM1")
    assert "DAM201 by hand" in (project / "blog" / "views.py").read_text()
    run(capsys, "scan", "--fix", "--insert-todos")
    assert "DAM201 by hand" not in (project / "blog" / "views.py").read_text()


def test_no_comment_without_being_asked(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run(capsys, "scan", "--fix", "--unsafe-fixes")
    assert _TODO not in (project / "blog" / "views.py").read_text()
    run(capsys, "scan", "--insert-todos")
    assert _TODO not in (project / "blog" / "views.py").read_text()


def test_from_another_folder(
    project: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(project / "blog")
    _, out, _ = run(capsys, "scan", "views.py", "--fix", "--insert-todos")
    assert "Left 1 TODO marker.\n" in out
    assert (project / "blog" / "views.py").read_text().count(_TODO) == 1


def test_what_stands_in_a_string_is_no_comment(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(project, {"blog/views.py": f'async def f():\n    return "# {_TODO}: DAM101 x"\n'})
    assert "TODO marker" not in run(capsys, "scan")[1]
