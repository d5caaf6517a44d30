"""Levels: what each reports, and what the next one would add."""

from __future__ import annotations

from pathlib import Path

import pytest
from support import analysis
from support.files import write

from django_async_migrate import cli

_VIEWS = "async def f():\n    a.get()\n    a.warn()\n    a.warn()\n    a.info()\n"


@pytest.fixture(autouse=True)
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    analysis.install(monkeypatch)
    monkeypatch.chdir(write(tmp_path / "p", {"pyproject.toml": "", "blog/views.py": _VIEWS}))
    return tmp_path / "p"


def lines(capsys: pytest.CaptureFixture[str], *arguments: str) -> list[str]:
    code = cli.run(["scan", *arguments])
    captured = capsys.readouterr()
    assert captured.err == ""
    assert code == 1
    return captured.out.splitlines()


@pytest.mark.parametrize(("level", "number"), [(1, 1), (2, 1), (3, 3), (4, 3), (5, 4)])
def test_a_level_reports_what_it_holds(capsys: pytest.CaptureFixture[str], level: int, number: int) -> None:
    assert len(lines(capsys, "--level", str(level), "--output-format", "concise")) == number


def test_statistics_tell_what_the_next_level_adds(capsys: pytest.CaptureFixture[str]) -> None:
    printed = "\n".join(lines(capsys, "--level", "2", "--statistics"))
    assert (
        "1  DAM101  sync-orm-call\n"
        "Level 2 of 5. Level 3 adds 2 findings:\n"
        "2  DAM102  queryset-iteration\n"
        "Level 4 adds 0 more findings.\n"
        "Level 5 adds 1 more finding.\n"
    ) in printed
    assert "Level 1 of 5. Level 2 adds 0 findings.\n" in "\n".join(lines(capsys, "--level", "1", "--statistics"))
    assert "Level" not in "\n".join(lines(capsys, "--statistics"))


def test_the_level_can_be_a_setting(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(project, {"pyproject.toml": "[tool.django-async-migrate]\nlevel = 1\n"})
    assert len(lines(capsys, "--output-format", "concise")) == 1
    assert len(lines(capsys, "--output-format", "concise", "--level", "3")) == 3


def test_a_lower_level_does_not_empty_the_baseline(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["scan", "--write-baseline", "--quiet"]) == 0
    before = (project / "django-async-migrate-baseline.txt").read_bytes()
    for arguments in (["--level", "1"], ["--level", "1", "--write-baseline"], ["--level", "3", "--statistics"]):
        assert cli.run(["scan", *arguments]) == 0
        assert (project / "django-async-migrate-baseline.txt").read_bytes() == before
    assert "Level 4 adds 0 findings." in capsys.readouterr().out


@pytest.mark.parametrize("value", ["0", "6", "x", "1.5"])
def test_other_levels(capsys: pytest.CaptureFixture[str], value: str) -> None:
    assert cli.run(["scan", "--level", value]) == 2
    assert capsys.readouterr().err == "error: --level must be a number from 1 to 5\n"
