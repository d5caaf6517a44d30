"""Whatever is wrong with one file, the message says so and every other file is still scanned."""

from __future__ import annotations

import codecs
import errno
import os
import sys
from pathlib import Path

import pytest
from support.files import write

from django_async_migrate import cli
from django_async_migrate.syntax.filesystem import RealFileSystem

_GOOD = {
    "manage.py": "",
    "requirements.txt": "django==5.2\n",
    "shop/__init__.py": "",
    "shop/models.py": ("from django.db import models\n\n\nclass Post(models.Model):\n    title = models.TextField()\n"),
    "shop/views.py": (
        "from shop.models import Post\n\n\nasync def detail(request, pk):\n    return Post.objects.get(pk=pk)\n"
    ),
}
_FOUND = "shop/views.py:5:12: DAM101 "


@pytest.fixture(autouse=True)
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(write(tmp_path / "project", _GOOD))
    return tmp_path / "project"


def scan(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, list[str]]:
    """Scan the project; return the exit code and the lines of the concise report."""
    code = cli.run(["scan", "--output-format", "concise", *arguments])
    captured = capsys.readouterr()
    assert captured.err == ""
    return code, captured.out.splitlines()


def test_the_project_without_bad_input(capsys: pytest.CaptureFixture[str]) -> None:
    code, lines = scan(capsys)
    assert code == 1
    assert len(lines) == 1
    assert lines[0].startswith(_FOUND)


_ASYNC = "async def f():\n    pass\n"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("def f(:\n    pass\n", "1:1: parse: syntax error: invalid syntax"),
        (_ASYNC + "x = (\n", "3:1: parse: syntax error: '(' was never closed"),
        ("if x:\n\ty\n        z\n", "3:1: parse: syntax error: "),
        ("print 'x'\n", "1:1: parse: Python 2 syntax: Missing parentheses in call to 'print'"),
        (_ASYNC + "<<<<<<< a\nx\n=======\n>>>>>>> b\n", "3:1: parse: a merge conflict was left in the file"),
        (
            _ASYNC.encode() + b"x = '\xe9'\n",
            "3:1: decode: byte 0xe9 is not valid utf-8; save the file as UTF-8",
        ),
        (b"# coding: klingon\n", '1:1: decode: unknown encoding "klingon"'),
        (_ASYNC.encode("utf-16"), "1:1: decode: the file is UTF-16, which Python cannot read"),
        (_ASYNC.encode() + b"\0\n", "3:1: decode: the file contains null bytes; it is not Python source"),
        (_ASYNC + "x = " + "-" * 100_000 + "1\n", "1:1: parse: the code is nested too deeply to be parsed"),
        (_ASYNC + "x = " + "[" * 5_000 + "]" * 5_000 + "\n", ": parse: "),
        (b"\x7fELF\x01\x00\x00" + bytes(range(256)), "1:1: decode: the file contains null bytes"),
    ],
)
def test_a_broken_file(project: Path, capsys: pytest.CaptureFixture[str], content: str | bytes, message: str) -> None:
    write(project, {"shop/bad.py": content})
    code, lines = scan(capsys)
    assert code == 1
    problem, finding = lines
    assert problem.startswith("shop/bad.py:")
    assert message in problem
    assert finding.startswith(_FOUND)


def test_syntax_newer_than_the_running_python(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(project, {"shop/bad.py": _ASYNC + "lazy import os\n"})
    _, lines = scan(capsys)
    running = f"{sys.version_info[0]}.{sys.version_info[1]}"
    expected = (
        f"shop/bad.py:3:1: parse: a lazy import needs Python 3.15 and this is Python {running};"
        " run django-async-migrate with Python 3.15 or newer"
    )
    assert (expected in lines) is (sys.version_info < (3, 15))
    assert lines[-1].startswith(_FOUND)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\n\n\n",
        b"\x0c\n",
        codecs.BOM_UTF8,
        codecs.BOM_UTF8 + "x = 'é'\n".encode(),
        b"# coding: latin-1\nx = '\xe9'\n",
        "# -*- coding: shift_jis -*-\nx = '日本'\n".encode("shift_jis"),
        b"x = 1\r\ny = 2\r\n",
        b"x = 1\ry = 2\r",
        b"x = 1",
        b"x = '\\d'\n",
    ],
)
def test_an_odd_but_sound_file(project: Path, capsys: pytest.CaptureFixture[str], content: bytes) -> None:
    write(project, {"shop/odd.py": content})
    _, lines = scan(capsys)
    assert len(lines) == 1
    assert lines[0].startswith(_FOUND)


@pytest.mark.parametrize("encoding", ["latin-1", "utf-8-sig", "euc-jp"])
def test_findings_in_other_encodings_have_their_columns_in_characters(
    project: Path, capsys: pytest.CaptureFixture[str], encoding: str
) -> None:
    letter = "日" if encoding == "euc-jp" else "é"
    source = f"# coding: {encoding}\n" + _GOOD["shop/views.py"].replace("    return ", f"    '{letter * 4}'; return ")
    write(project, {"shop/views.py": source.encode(encoding)})
    _, lines = scan(capsys)
    assert len(lines) == 1
    assert lines[0].startswith("shop/views.py:6:20: DAM101 ")


def test_a_file_of_5_megabytes(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data = "DATA = [\n" + "    'a line of data in a very long list of data',\n" * 100_000 + "]\n"
    write(project, {"shop/data.py": data})
    assert (project / "shop" / "data.py").stat().st_size > 5_000_000
    code, lines = scan(capsys)
    assert code == 1
    assert len(lines) == 1
    assert lines[0].startswith(_FOUND)


@pytest.mark.parametrize(
    "body",
    [
        "return 1" + " + 1" * 900,
        "return a" + ".b()" * 400,
        "return " + "[" * 80 + "]" * 80,
        "if a: pass\n" + "    elif a: pass\n" * 900,
    ],
)
def test_deep_code_that_python_can_parse(project: Path, capsys: pytest.CaptureFixture[str], body: str) -> None:
    write(project, {"shop/deep.py": f"async def f(a):\n    {body}\n"})
    code, lines = scan(capsys)
    assert code == 1
    assert lines[-1].startswith(_FOUND)
    assert all(line.startswith("shop/deep.py:") and " internal: " in line for line in lines[:-1])


def test_loops_of_links(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    os.symlink(project, project / "shop" / "up")
    os.symlink("loop.py", project / "shop" / "loop.py")
    os.symlink("nowhere.py", project / "shop" / "dangling.py")
    os.symlink("a", project / "b")
    os.symlink("b", project / "a")
    _, lines = scan(capsys)
    assert len(lines) == 1
    assert lines[0].startswith(_FOUND)


def test_a_folder_with_the_name_of_a_file(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(project, {"shop/folder.py/inner.py": "x = (\n"})
    _, lines = scan(capsys)
    assert lines[0] == "shop/folder.py/inner.py:1:1: parse: syntax error: '(' was never closed"
    assert lines[1].startswith(_FOUND)


def test_pipes_and_other_special_files_are_not_read(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    os.mkfifo(project / "shop" / "pipe.py")
    _, lines = scan(capsys)
    assert len(lines) == 1


class Refusing(RealFileSystem):
    """The machine's files, some of which cannot be read. Permissions would not stop a privileged user."""

    def __init__(self, error: OSError) -> None:
        self._error = error

    def read(self, path: str) -> bytes:
        if path.endswith("refused.py"):
            raise self._error
        return super().read(path)

    def list(self, folder: str) -> tuple[list[str], list[str], list[str]]:
        if folder.endswith("/refused"):
            raise self._error
        return super().list(folder)


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (PermissionError(errno.EACCES, "Permission denied"), "cannot read the file: Permission denied"),
        (OSError(errno.EIO, "Input/output error"), "cannot read the file: Input/output error"),
        (FileNotFoundError(errno.ENOENT, "No such file"), "the file vanished while the scan was running"),
    ],
)
def test_a_file_that_cannot_be_read(
    project: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    error: OSError,
    message: str,
) -> None:
    write(project, {"shop/refused.py": "", "shop/refused/inner.py": ""})
    monkeypatch.setattr("django_async_migrate.api.RealFileSystem", lambda: Refusing(error))
    code, lines = scan(capsys)
    assert code == 1
    assert lines[0].startswith("shop/refused:1:1: read: cannot read the folder: ")
    assert lines[1] == f"shop/refused.py:1:1: read: {message}"
    assert lines[2].startswith(_FOUND)


class Vanishing(RealFileSystem):
    """The machine's files, one of which can be read once."""

    def __init__(self) -> None:
        self._reads = 0

    def read(self, path: str) -> bytes:
        if path.endswith("vanishing.py"):
            self._reads += 1
            if self._reads > 1:
                raise FileNotFoundError(errno.ENOENT, "No such file or directory", path)
        return super().read(path)


def test_a_file_that_vanishes_during_the_scan(
    project: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    write(project, {"shop/vanishing.py": "x = 1\n"})
    monkeypatch.setattr("django_async_migrate.api.RealFileSystem", Vanishing)
    code, lines = scan(capsys)
    assert code == 1
    assert lines[0] == "shop/vanishing.py:1:1: read: the file vanished while the scan was running"
    assert lines[1].startswith(_FOUND)


def test_broken_files_outside_the_paths_are_not_reported(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(project, {"shop/models.py": _GOOD["shop/models.py"], "broken.py": "models.ForeignKey(\n"})
    _, lines = scan(capsys, "shop/views.py")
    assert len(lines) == 1
    assert lines[0].startswith(_FOUND)


def test_names_that_are_not_utf_8(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    name = os.fsencode(project) + b"/shop/caf\xe9.py"
    with open(name, "wb") as file:
        file.write(b"x = (\n")
    code = cli.run(["scan", "--output-format", "json"])
    assert code == 1
    assert "caf\\udce9.py" in capsys.readouterr().out


def test_scanning_leaves_no_trace(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    trap = "open('trace', 'w').close()\nraise SystemExit(3)\n"
    write(
        project,
        {"shop/__init__.py": trap, "settings.py": trap, "shop/apps.py": trap + _ASYNC, "manage.py": trap},
    )
    before = sorted(project.rglob("*"))
    code, lines = scan(capsys)
    assert code == 1
    assert lines[0].startswith(_FOUND)
    assert sorted(project.rglob("*")) == before
