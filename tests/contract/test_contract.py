"""What users and scripts rely on, asked from outside: the real program on a real project."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from support.files import write

from django_async_migrate import __version__, cli

_FILES = {
    "pyproject.toml": '[project]\ndependencies = ["django>=5.2,<5.3"]\n',
    "manage.py": "",
    "shop/__init__.py": "",
    "shop/models.py": (
        "from django.db import models\n\n\nclass Book(models.Model):\n    title = models.CharField(max_length=80)\n"
    ),
    "shop/selectors.py": "from shop.models import Book\n\n\ndef titles():\n    return list(Book.objects.all())\n",
    "shop/views.py": (
        "import time\n\nfrom shop.models import Book\nfrom shop.selectors import titles\n\n\n"
        "async def detail(request, pk):\n    return Book.objects.get(pk=pk)\n\n\n"
        "async def listing(request):\n    return titles()\n\n\n"
        "async def slow(request):\n    time.sleep(1)\n"
    ),
    "shop/clean.py": "async def nothing():\n    return 1\n",
    "shop/advice.py": "async def nothing():\n    return 1  # noqa: DAM101\n",
}
_EXPECTED = [
    ("shop/advice.py", 2, 15, "DAM001"),
    ("shop/views.py", 8, 12, "DAM101"),
    ("shop/views.py", 12, 12, "DAM110"),
    ("shop/views.py", 16, 5, "DAM502"),
]


@pytest.fixture(autouse=True)
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.delenv("CI", raising=False)
    monkeypatch.chdir(write(tmp_path / "site", _FILES))
    return tmp_path / "site"


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Any:
    def run(*arguments: str) -> tuple[int, str, str]:
        code = cli.run(["scan", *arguments])
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return run


def places(out: str) -> list[tuple[str, int, int, str]]:
    return [(f["path"], f["line"], f["column"], f["code"]) for f in json.loads(out)["findings"]]


# -- exit codes --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        ([], 1),
        (["shop/clean.py"], 0),
        (["shop/advice.py"], 0),
        (["shop/advice.py", "--fail-on", "info"], 1),
        (["shop/views.py", "--select", "DAM502"], 1),
        (["shop/views.py", "--select", "DAM502", "--fail-on", "error"], 0),
        (["shop/views.py", "--select", "DAM101", "--fail-on", "error"], 1),
        (["--fail-on", "never"], 0),
        (["--ignore", "DAM"], 0),
        (["--exclude", "shop"], 0),
        (["--level", "1", "--select", "DAM5"], 0),
        (["--select", "DAM112"], 2),
        (["--select", "E501"], 2),
        (["--target-version", "3.2"], 2),
        (["--target-version", "new"], 2),
        (["--output-format", "html5"], 2),
        (["--fail-on", "warn"], 2),
        (["--level", "0"], 2),
        (["--jobs", "0"], 2),
        (["--project", "nowhere"], 2),
        (["--baseline", "nowhere.txt"], 2),
        (["--output", "nowhere/report.txt"], 2),
        (["--nonsense"], 2),
        (["nowhere.py"], 2),
        (["shop/clean.py", "nowhere.py"], 2),
    ],
    ids=str,
)
def test_the_exit_code(run: Any, arguments: list[str], code: int) -> None:
    given, out, err = run(*arguments)
    assert given == code, err
    if code == 2:
        assert out == ""
        assert err.startswith("error: ")
        assert err.count("\n") == 1


def test_a_wrong_configuration_and_a_problem(run: Any, project: Path) -> None:
    write(project, {"shop/broken.py": "def f(:\n"})
    for severity in ("error", "warning", "info", "never"):
        assert run("shop/broken.py", "--fail-on", severity)[0] == 1
    write(project, {"pyproject.toml": "[tool.django-async-migrate]\nexlude = []\n"})
    assert run()[0] == 2


# -- JSON --------------------------------------------------------------------------------------------------------


def test_json_has_the_keys_of_the_contract(run: Any, project: Path) -> None:
    write(project, {"old/py2.py": "x = 1\nprint 'x'\n"})
    code, out, err = run("--output-format", "json")
    assert (code, err) == (1, "")
    document = json.loads(out)
    assert list(document)[:6] == ["schema_version", "tool", "target", "findings", "problems", "summary"]
    assert document["schema_version"] == 1
    assert document["tool"] == {"name": "django-async-migrate", "version": __version__}
    assert document["target"] == {"django": "5.2", "source": "requirements"}
    assert places(out) == _EXPECTED
    for finding in document["findings"]:
        assert list(finding) == [
            *("code", "name", "severity", "certainty", "message", "path"),
            *("line", "column", "end_line", "end_column", "function", "trace", "fix", "fingerprint"),
        ]
    helper = document["findings"][2]
    assert helper["function"] == "shop.views.listing"
    assert (helper["severity"], helper["certainty"]) == ("error", "certain")
    assert (helper["end_line"], helper["end_column"]) == (12, 20)
    assert [(step["path"], step["line"], step["column"]) for step in helper["trace"]] == [("shop/selectors.py", 5, 12)]
    assert list(helper["trace"][0]) == ["path", "line", "column", "message"]
    assert helper["fix"]["applicability"] in ("safe", "unsafe", "manual")
    assert list(helper["fix"]) == ["applicability", "title"]
    assert [list(problem) for problem in document["problems"]] == [["path", "line", "stage", "message"]]
    problem = document["problems"][0]
    assert (problem["path"], problem["line"], problem["stage"]) == ("old/py2.py", 2, "parse")
    summary = document["summary"]
    assert list(summary) == ["files", "async_functions", "findings", "fixable"]
    assert summary["findings"] == {"error": 2, "warning": 1, "info": 1}
    assert list(summary["fixable"]) == ["safe", "unsafe"]


def test_the_same_bytes_whatever_the_order_the_jobs_and_the_place(run: Any, project: Path) -> None:
    paths = [f"shop/{name}.py" for name in ("views", "advice", "models", "clean", "selectors")]
    first = run(*paths, "--output-format", "json")
    for seed in range(3):
        random.Random(seed).shuffle(paths)
        given = [*paths, "--output-format", "json", "--jobs", str(seed + 1)]
        assert run(*given) == first
        assert run(*given, "--no-cache") == first
    # The same findings for the whole, for the folder, and for each file alone.
    assert places(run("--output-format", "json")[1]) == _EXPECTED
    assert places(run("shop", "--output-format", "json")[1]) == _EXPECTED
    alone = [place for path in sorted(paths) for place in places(run(path, "--output-format", "json")[1])]
    assert alone == _EXPECTED


def test_paths_are_relative_to_the_working_directory(run: Any, project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def shown(*arguments: str) -> list[str]:
        return sorted({place[0] for place in places(run(*arguments, "--output-format", "json")[1])})

    monkeypatch.chdir(project / "shop")
    assert shown() == ["advice.py", "views.py"]
    assert shown("..") == ["advice.py", "views.py"]
    monkeypatch.chdir(project.parent)
    assert shown("site") == ["site/shop/advice.py", "site/shop/views.py"]
    assert shown("--project", "site") == ["site/shop/advice.py", "site/shop/views.py"]
    write(project.parent, {"other/x.py": ""})
    monkeypatch.chdir(project.parent / "other")
    assert shown("../site/shop/views.py") == ["../site/shop/views.py"]
    os.symlink(project, project.parent / "link")
    monkeypatch.chdir(project.parent / "link")
    assert shown() == ["shop/advice.py", "shop/views.py"]


def test_a_path_outside_of_the_project(run: Any, project: Path) -> None:
    write(project.parent, {"other/x.py": ""})
    code, _, err = run("--project", ".", "../other/x.py")
    assert (code, err) == (2, "error: ../other/x.py lies outside the project folder .\n")


# -- lines and columns -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("before", "column"),
    [
        ("    ", 5),
        ("\t", 2),
        ("    'é'; ", 10),
        ("    '日本語'; ", 12),
        ("    '😀'; ", 10),
        ("    'e\u0301'; ", 11),
        ("    '\\f'; ", 11),
        ("    '\x0c'; ", 10),
        ("    '\u2028'; ", 10),
    ],
)
@pytest.mark.parametrize("end", ["\n", "\r\n"], ids=["lf", "crlf"])
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"], ids=["plain", "bom"])
def test_columns_count_characters(run: Any, project: Path, before: str, column: int, end: str, mark: bytes) -> None:
    lines = ["from shop.models import Book", "\x0c", "async def f():", f"{before}Book.objects.get(pk=1)", ""]
    write(project, {"shop/view.py": mark + end.join(lines).encode()})
    assert places(run("shop/view.py", "--output-format", "json")[1]) == [("shop/view.py", 4, column, "DAM101")]


# -- suppression -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("first", "last", "silent"),
    [
        ("", "", False),
        ("  # noqa: DAM101", "", True),
        ("", "  # noqa: DAM101", True),
        ("  # noqa: DAM1", "", True),
        ("  # noqa: DAM", "", True),
        ("  # noqa", "", True),
        ("", "  # NOQA", True),
        ("  # noqa: E501, DAM101", "", True),
        ("  # noqa: DAM201,DAM101", "", True),
        ("  # noqa:DAM101 because of this", "", True),
        ("  # noqa: DAM201", "", False),
        ("  # noqa: E501", "", False),
    ],
)
def test_noqa(run: Any, project: Path, first: str, last: str, silent: bool) -> None:
    text = f"async def f():\n    return Book.objects.get({first}\n        pk=1\n    ){last}\n"
    text = f"from shop.models import Book\n\n\n{text}"
    write(project, {"shop/view.py": text})
    found = places(run("shop/view.py", "--output-format", "json", "--ignore", "DAM001")[1])
    assert found == ([] if silent else [("shop/view.py", 5, 12, "DAM101")])


# -- what must not be written, and where output goes -------------------------------------------------------------


def _everything(folder: Path) -> dict[str, bytes]:
    return {path.as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_scan_and_a_diff_write_nothing(run: Any, project: Path) -> None:
    before = _everything(project.parent)
    for arguments in ([], ["--diff"], ["--fix", "--diff", "--unsafe-fixes"], ["--output-format", "sarif"]):
        assert run(*arguments)[0] == 1
    assert _everything(project.parent) == before


def test_a_diff_can_be_applied_and_its_exit_code_says_whether_there_is_one(run: Any, project: Path) -> None:
    code, diff, _ = run("--diff")
    assert code == 1
    subprocess.run(["git", "apply", "-p0", "-"], input=diff, text=True, cwd=project, check=True)
    assert places(run("--output-format", "json")[1]) == []
    assert run("--diff")[:2] == (0, "")


def test_output_to_a_file(run: Any, project: Path) -> None:
    printed = run("--output-format", "json")[1]
    assert run("--output-format", "json", "--output", "report.json") == (1, "", "")
    assert (project / "report.json").read_text("utf-8") == printed
    assert run("--output-format", "json", "--output", "-") == (1, printed, "")


def test_quiet_and_verbose(run: Any) -> None:
    assert "hazards" not in run("--quiet")[1]
    assert run("--quiet", "shop/clean.py") == (0, "", "")
    assert len(run("--verbose")[1]) > len(run()[1])


def _process(project: Path, *arguments: str, **options: Any) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", "django_async_migrate", "scan", *arguments],
        cwd=project,
        stderr=subprocess.PIPE,
        stdout=subprocess.PIPE,
        **options,
    )


def test_an_interruption(project: Path) -> None:
    write(project, {f"shop/more{number}.py": _FILES["shop/views.py"] * 40 for number in range(150)})
    running = _process(project)
    try:
        with pytest.raises(subprocess.TimeoutExpired):
            running.wait(0.5)
        running.send_signal(signal.SIGINT)
        out, err = running.communicate(timeout=60)
    finally:
        running.kill()
    assert (running.returncode, out) == (130, b"")
    assert b"Traceback" not in err


def test_a_home_that_cannot_be_written(project: Path) -> None:
    home = project.parent / "home"
    home.mkdir()
    home.chmod(0o500)
    environment = {**os.environ, "HOME": str(home), "XDG_CACHE_HOME": str(home / "cache"), "TMPDIR": str(home)}
    running = _process(project, "--output-format", "concise", env=environment)
    out, err = running.communicate(timeout=60)
    assert (running.returncode, err) == (1, b"")
    assert out.count(b"\n") == len(_EXPECTED)


# -- files that are no good --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (b"x = 1\nprint x\n", 2),
        (b"try:\n    pass\nexcept ValueError, e:\n    pass\n", 3),
        (b"def f(:\n    pass\n", 1),
        (b"def f():\n    x = (1,\n", 2),
        (b"def f():\nx = 1\n", 2),
        (b"x = 'a\n", 1),
        (b"x = 0755\n", 1),
        (b"x = {{ name }}\ny = {% if %}\n", 2),
        (b"# x\nx = '\xe9'\n", 2),
        (b"x = 1\n\0", 2),
    ],
)
def test_a_file_that_does_not_parse_is_told_in_a_project_of_any_size(
    run: Any, project: Path, text: bytes, line: int
) -> None:
    """Also one without async code, among files of which only a few have to be parsed."""
    filler = {f"old/file{number}.py": "VALUE = 'some text'\n" * 1000 for number in range(25)}
    write(project, {**filler, "old/bad.py": text})
    code, out, _ = run("--output-format", "json", "--fail-on", "never")
    document = json.loads(out)
    assert code == 1
    assert [(problem["path"], problem["line"]) for problem in document["problems"]] == [("old/bad.py", line)]
    assert places(out) == _EXPECTED
