"""The command line: options, exit codes, where output goes."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from support import analysis
from support.files import write

from django_async_migrate import __main__, __version__, cli

_VIEWS = """\
from django.db import models

async def detail(request):
    return Post.objects.get(pk=1)

async def index(request):
    return rows.warn()
"""
_FILES = {
    "pyproject.toml": '[project]\ndependencies = ["django>=5.1"]\n',
    "blog/views.py": _VIEWS,
    "blog/models.py": "x = 1\n",
}


@pytest.fixture(autouse=True)
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    analysis.install(monkeypatch)
    monkeypatch.chdir(write(tmp_path / "p", _FILES))
    return tmp_path / "p"


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    code = cli.run(arguments)
    captured = capsys.readouterr()
    return code, captured.out, captured.err


def test_a_scan_prints_findings_and_exits_with_1(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = run(capsys, "scan")
    assert code == 1
    assert err == ""
    assert "4:12 error DAM101 Post.objects.get() runs a query on the event loop" in out
    assert "  4 |     return Post.objects.get(pk=1)\n" in out
    assert out.endswith(
        "2 async hazards (1 error, 1 warning) in 1 file: 2 files read, 2 coroutines analysed,"
        " Django 5.1 (requirements).\n"
    )
    assert "\033" not in out


def test_a_clean_scan_says_what_was_looked_at(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(capsys, "scan", "blog/models.py") == (
        0,
        "No async hazards found: 1 file read, 0 coroutines analysed, Django 5.1 (requirements).\n",
        "",
    )


@pytest.mark.parametrize(
    ("content", "fail_on", "code"),
    [
        ("a.get()", "error", 1),
        ("a.warn()", "error", 0),
        ("a.warn()", "warning", 1),
        ("a.info()", "warning", 0),
        ("a.info()", None, 0),
        ("a.warn()", None, 1),
        ("a.info()", "info", 1),
        ("a.get()", "never", 0),
        ("a.crash()", "never", 1),
    ],
)
def test_fail_on(
    project: Path, capsys: pytest.CaptureFixture[str], content: str, fail_on: str | None, code: int
) -> None:
    write(project, {"blog/views.py": f"async def f():\n    {content}\n"})
    assert run(capsys, "scan", *(["--fail-on", fail_on] if fail_on else []))[0] == code


def test_formats(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(capsys, "scan", "--output-format", "concise")[1] == (
        "blog/views.py:4:12: DAM101 Post.objects.get() runs a query on the event loop\n"
        "blog/views.py:7:12: DAM102 rows.warn() runs a query on the event loop\n"
    )
    document = json.loads(run(capsys, "scan", "--output-format", "json")[1])
    assert document["tool"]["version"] == __version__
    assert len(document["findings"]) == 2


def test_the_report_can_go_to_a_file(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = run(capsys, "scan", "--output-format", "json", "--output", "report.json")
    assert (code, out, err) == (1, "", "")
    assert json.loads((project / "report.json").read_text("utf-8"))["schema_version"] == 1
    code, _, err = run(capsys, "scan", "--output", "no/such/folder.txt")
    assert (code, err) == (2, "error: cannot write no/such/folder.txt: No such file or directory\n")


def test_select_and_ignore_take_codes_and_prefixes(capsys: pytest.CaptureFixture[str]) -> None:
    def codes(*arguments: str) -> list[str]:
        return [
            line.split()[1] for line in run(capsys, "scan", "--output-format", "concise", *arguments)[1].splitlines()
        ]

    assert codes("--select", "dam101") == ["DAM101"]
    assert codes("--select", "DAM1", "--ignore", "DAM101,DAM3") == ["DAM102"]
    assert codes("--select", "DAM101", "--select", "DAM102") == ["DAM101", "DAM102"]


def test_statistics_verbose_and_quiet(capsys: pytest.CaptureFixture[str]) -> None:
    _, out, _ = run(capsys, "scan", "--statistics", "--verbose")
    assert "1  DAM101  sync-orm-call\n1  DAM102  queryset-iteration\n" in out
    assert out.endswith("3 values stayed unknown and cannot lead to a finding:\n       3  unknown call\n")
    _, out, _ = run(capsys, "scan", "--quiet")
    assert "hazards" not in out
    assert "DAM101" in out


def test_forms_without_a_place_for_statistics_leave_them_to_standard_error(capsys: pytest.CaptureFixture[str]) -> None:
    for form in ("concise", "json", "sarif", "github", "gitlab", "junit"):
        plain = run(capsys, "scan", "--output-format", form)
        code, out, err = run(capsys, "scan", "--output-format", form, "--statistics", "--level", "1")
        assert (code, err) == (1, "1  DAM101  sync-orm-call\n" + err.split("\n", 1)[1])
        assert err.splitlines()[1:3] == ["Level 1 of 5. Level 2 adds 0 findings.", "Level 3 adds 1 more finding."]
        assert len(out) < len(plain[1])


def test_settings_are_read_from_the_project_and_replaced_by_options(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = '[tool.django-async-migrate]\nselect = ["DAM102"]\noutput-format = "json"\ntarget-version = "5.0"\n'
    write(project, {"pyproject.toml": settings})
    document = json.loads(run(capsys, "scan", "blog")[1])
    assert document["target"] == {"django": "5.0", "source": "config"}
    assert [finding["code"] for finding in document["findings"]] == ["DAM102"]
    document = json.loads(run(capsys, "scan", "--select", "DAM101", "--target-version", "4.2")[1])
    assert document["target"] == {"django": "4.2", "source": "option"}
    assert [finding["code"] for finding in document["findings"]] == ["DAM101"]


def test_a_named_project_is_scanned_as_a_whole(
    project: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(project.parent)
    code, out, _ = run(capsys, "scan", "--project", "p", "--output-format", "concise")
    assert code == 1
    assert out.startswith("p/blog/views.py:4:12: DAM101")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["scan", "nowhere"], "error: no such file or folder: nowhere"),
        (["scan", "--project", "nowhere"], "error: no such file or folder: nowhere"),
        (
            ["scan", "--select", "E501"],
            'error: --select: "E501" is not a rule code (DAM101) or prefix (DAM1); django-async-migrate rule lists',
        ),
        (["scan", "--select", "DAM112"], "error: --select: there is no rule DAM112; did you mean DAM111?\n"),
        (["scan", "--ignore", "DAM101,DAM99"], "error: --ignore: no rule begins with DAM99; did you mean DAM907?\n"),
        (["scan", "--select", "DAM101x"], "(DAM101) or prefix (DAM1); did you mean DAM101?\n"),
        (["scan", "--target-version", "3.2"], "error: --target-version: Django 3.2 is not known"),
        (
            ["scan", "--fail-on", "warn"],
            'error: --fail-on must be one of error, warning, info, never; did you mean "warning"?',
        ),
        (["scan", "--output-format", "xml"], "error: --output-format must be one of text, concise, json"),
        (["scan", "--output-format", "sariff"], 'did you mean "sarif"?'),
        (["scan", "--jobs", "0"], "error: --jobs must be a number above 0"),
        (["scan", "--jobs", "many"], "error: --jobs must be a number above 0"),
        (["scan", "--baseline", "x.txt"], "error: no such baseline: x.txt; --write-baseline makes it"),
        (
            ["scan", "--write-baseline", "--diff"],
            "error: --write-baseline cannot be combined with --no-baseline or --diff",
        ),
        (["scan", "--no-such-option"], "error: no such option: --no-such-option"),
        (["scan", "--basline"], "error: no such option: --basline; did you mean --baseline?\n"),
        (["scan", "--jobs"], "error: option '--jobs' requires an argument"),
        (["nonsense"], "error: no such command 'nonsense'; see django-async-migrate --help\n"),
        (["rule", "DAM000"], "error: there is no rule DAM000"),
    ],
)
def test_what_cannot_be_done_exits_with_2(
    capsys: pytest.CaptureFixture[str], arguments: list[str], message: str
) -> None:
    code, out, err = run(capsys, *arguments)
    assert code == 2
    assert message in err
    assert out == ""


def test_jobs_and_no_cache_are_accepted(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(capsys, "scan", "--jobs", "2", "--no-cache")[:2] == run(capsys, "scan")[:2]


def test_an_internal_error_exits_with_2_and_says_where_when_asked(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(project, {"blog/views.py": "async def f():\n    a.explode()\n"})
    code, out, err = run(capsys, "scan")
    assert (code, out) == (2, "")
    assert err.startswith("internal error: RuntimeError: boom\n")
    assert "Traceback" not in err
    assert "Traceback" in run(capsys, "scan", "--verbose")[2]


def test_an_internal_error_in_one_function_is_a_problem(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(project, {"blog/other.py": "async def f():\n    a.crash()\n"})
    code, out, _ = run(capsys, "scan")
    assert code == 1
    assert "2 internal error: crashed in f" in out
    assert "DAM101" in out


def test_version_and_help(capsys: pytest.CaptureFixture[str]) -> None:
    for arguments in (["--version"], ["scan", "--version"]):
        assert run(capsys, *arguments) == (0, f"django-async-migrate {__version__}\n", "")
    code, out, _ = run(capsys, "scan", "--help")
    assert code == 0
    for option in ("--select", "--target-version", "--output-format", "--fail-on", "--fix", "--insert-todos"):
        assert option in out


def test_an_interruption_is_not_a_finding(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*arguments: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(sys.modules[analysis.MODULE], "analyze", interrupt)
    assert run(capsys, "scan")[0] == 130


def test_an_interrupted_program_does_not_wait_for_its_analysis(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    class LeftError(Exception):
        pass

    def leave(code: int) -> None:
        raise LeftError(code)

    monkeypatch.setattr("django_async_migrate.cli.run", lambda arguments: cli.EXIT_INTERRUPTED)
    monkeypatch.setattr("os._exit", leave)
    with pytest.raises(LeftError, match="130"):
        __main__.main()


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


def test_color_is_for_terminals_and_not_with_no_color(monkeypatch: pytest.MonkeyPatch) -> None:
    def printed() -> str:
        stream = Terminal()
        monkeypatch.setattr(sys, "stdout", stream)
        cli.run(["scan"])
        return stream.getvalue()

    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    assert "\033[31merror\033[0m" in printed()
    monkeypatch.setenv("TERM", "dumb")
    assert "\033" not in printed()
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\033" not in printed()


def test_a_bar_is_shown_on_a_terminal_when_the_scan_takes_long(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = iter(range(0, 1000, 10))
    monkeypatch.setattr("time.monotonic", lambda: next(clock))
    stream = Terminal()
    monkeypatch.setattr(sys, "stderr", stream)
    assert cli.run(["scan", "--quiet"]) == 1
    assert stream.getvalue() == ""
    cli.run(["scan"])
    assert "Analysing" in stream.getvalue()
    # The bar is wiped away when the report comes.
    assert stream.getvalue().endswith("\r\033[K")


def test_no_bar_for_a_short_scan(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = Terminal()
    monkeypatch.setattr(sys, "stderr", stream)
    cli.run(["scan"])
    assert stream.getvalue() == ""


def test_the_module_runs(project: Path) -> None:
    def module(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "django_async_migrate", *arguments],
            capture_output=True,
            text=True,
            cwd=project,
        )

    clean = module("scan", "blog/models.py")
    assert (clean.returncode, clean.stderr) == (0, "")
    assert clean.stdout.startswith("No async hazards found: 1 file read")
    assert module("scan", "nowhere").returncode == 2


def test_a_reader_that_stops_early_gets_no_traceback(project: Path) -> None:
    write(project, {f"bad{number}.py": "def f(:\n" for number in range(2000)})
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "wb") as closed:
        done = subprocess.run(
            [sys.executable, "-m", "django_async_migrate", "scan", "--output-format", "concise"],
            stdout=closed,
            stderr=subprocess.PIPE,
            text=True,
            cwd=project,
        )
    assert "Traceback" not in done.stderr
    assert "Exception" not in done.stderr


def test_output_that_the_terminal_cannot_encode_is_escaped(project: Path) -> None:
    write(project, {"\u65e5.py": "x = (\n"})
    done = subprocess.run(
        [sys.executable, "-m", "django_async_migrate", "scan", "--output-format", "concise"],
        capture_output=True,
        cwd=project,
        env={**os.environ, "PYTHONIOENCODING": "latin-1"},
    )
    assert done.returncode == 1
    assert b"\\u65e5.py:1:1: parse" in done.stdout
