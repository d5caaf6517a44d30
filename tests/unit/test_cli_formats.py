"""Every form of the report through the command line: exit codes, files, the same bytes again."""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path
from xml.etree import ElementTree

import pytest
from support import analysis
from support.files import write

from django_async_migrate import cli
from django_async_migrate.config.settings import FORMATS

_FILES = {
    "pyproject.toml": '[project]\ndependencies = ["django>=5.1"]\n',
    "blog/views.py": "async def detail(request):\n    return Post.objects.get(pk=1)\n",
    "blog/more.py": "async def index(request):\n    return rows.warn()\n",
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


@pytest.mark.parametrize("form", FORMATS)
def test_exit_codes_do_not_depend_on_the_form(project: Path, capsys: pytest.CaptureFixture[str], form: str) -> None:
    def code(*arguments: str) -> int:
        return run(capsys, "scan", "--output-format", form, *arguments)[0]

    assert code() == 1
    assert code("blog/models.py") == 0
    assert code("blog/more.py", "--fail-on", "error") == 0
    assert code("--fail-on", "never") == 0
    assert code("nowhere") == 2
    write(project, {"blog/broken.py": "def f(:\n"})
    assert code("blog/broken.py", "--fail-on", "never") == 1


@pytest.mark.parametrize("form", FORMATS)
def test_the_order_of_paths_and_the_jobs_change_nothing(capsys: pytest.CaptureFixture[str], form: str) -> None:
    paths = ["blog/views.py", "blog/more.py", "blog/models.py"]
    first = run(capsys, "scan", "--output-format", form, *paths)
    assert run(capsys, "scan", "--output-format", form, *reversed(paths), "--jobs", "3") == first
    assert run(capsys, "scan", "--output-format", form, *paths[1:], *paths, "--no-cache", "--jobs", "1") == first


@pytest.mark.parametrize("form", FORMATS)
def test_a_file_holds_what_would_be_printed(project: Path, capsys: pytest.CaptureFixture[str], form: str) -> None:
    _, printed, _ = run(capsys, "scan", "--output-format", form)
    assert run(capsys, "scan", "--output-format", form, "--output", "report") == (1, "", "")
    assert (project / "report").read_text("utf-8") == printed


def test_programs_can_read_the_forms(capsys: pytest.CaptureFixture[str]) -> None:
    def out(form: str) -> str:
        return run(capsys, "scan", "--output-format", form)[1]

    assert len(json.loads(out("sarif"))["runs"][0]["results"]) == 2
    assert len(json.loads(out("gitlab"))) == 2
    assert len(list(ElementTree.fromstring(out("junit")).iter("failure"))) == 2
    assert [line.split()[0] for line in out("github").splitlines()] == ["::warning", "::error"]


def test_a_file_is_replaced_as_a_whole(
    project: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    write(project, {"out/report.txt": "old"})
    os.chmod(project / "out/report.txt", 0o640)

    def fails(*arguments: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("os.replace", fails)
        code, _, err = run(capsys, "scan", "--output", "out/report.txt")
    assert (code, err) == (2, "error: cannot write out/report.txt: No space left on device\n")
    assert (project / "out/report.txt").read_text("utf-8") == "old"
    assert os.listdir(project / "out") == ["report.txt"]
    assert run(capsys, "scan", "--output", "out/report.txt")[0] == 1
    assert "DAM101" in (project / "out/report.txt").read_text("utf-8")
    assert stat.S_IMODE(os.stat(project / "out/report.txt").st_mode) == 0o640


def test_a_link_stays_a_link_and_a_device_a_device(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(project, {"real.txt": ""})
    os.symlink("real.txt", project / "link.txt")
    assert run(capsys, "scan", "--output", "link.txt")[0] == 1
    assert os.path.islink(project / "link.txt")
    assert "DAM101" in (project / "real.txt").read_text("utf-8")
    assert run(capsys, "scan", "--output", os.devnull)[0] == 1
    assert not os.path.isfile(os.devnull)


def test_names_of_files_cannot_write_commands(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(project, {"a\n::error::x.py": "async def f():\n    a.get()\n", "\x1b[31mred.py": "def f(:\n"})
    for form in FORMATS:
        _, out, _ = run(capsys, "scan", "--output-format", form)
        assert "\x1b" not in out
        assert not any(line.startswith("::error::") for line in out.splitlines()), form
