"""Projects that are not what was expected: the message is plain, the exit code the contract's."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.files import write

from django_async_migrate import cli


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    code = cli.run(["scan", *arguments])
    captured = capsys.readouterr()
    return code, captured.out, captured.err


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "project").mkdir()
    monkeypatch.chdir(tmp_path / "project")
    return tmp_path / "project"


def test_a_folder_without_python(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(folder, {"README.md": "# Nothing\n", "static/app.js": ""})
    code, out, err = run(capsys)
    assert (code, err) == (0, "")
    assert out == (
        "No async hazards found: 0 files read, 0 coroutines analysed, Django 6.1 (default).\n"
        "Note: no Python files were found in this folder.\n"
    )


def test_an_empty_folder(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "empty").mkdir()
    code, out, _ = run(capsys, "empty")
    assert code == 0
    assert "Note: no Python files were found in empty.\n" in out


def test_a_project_without_django(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(folder, {"pyproject.toml": "", "app.py": "async def main():\n    return cache.get('x')\n"})
    code, out, err = run(capsys)
    assert (code, err) == (0, "")
    assert out == (
        "No async hazards found: 1 file read, 1 coroutine analysed, Django 6.1 (default).\n"
        "Note: nothing in this project uses Django.\n"
    )


def test_a_file_that_is_not_python(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(folder, {"README.md": "# Nothing\n"})
    code, out, _ = run(capsys, "README.md")
    assert code == 0
    assert "Note: README.md is not a Python file and was left out.\n" in out


@pytest.mark.parametrize("path", ["nowhere", "nowhere/a.py", "../missing", "a\nb"])
def test_a_wrong_path(folder: Path, capsys: pytest.CaptureFixture[str], path: str) -> None:
    write(folder, {"a.py": ""})
    assert run(capsys, "a.py", path) == (2, "", f"error: no such file or folder: {path}\n")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[tool\n", "error: pyproject.toml:1: not valid TOML: "),
        (
            "[tool.django-async-migrate]\nselct = []\n",
            'pyproject.toml:2: unknown setting "selct"; did you mean "select"?',
        ),
        ("[tool.django-async-migrate]\njobs = 'two'\n", 'pyproject.toml:2: "jobs" must be a number above 0'),
    ],
)
def test_a_bad_configuration(folder: Path, capsys: pytest.CaptureFixture[str], text: str, message: str) -> None:
    write(folder, {"pyproject.toml": text, "a.py": "async def f():\n    pass\n"})
    code, out, err = run(capsys)
    assert (code, out) == (2, "")
    assert message in err


def test_the_configuration_is_named_relative_to_the_working_directory(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    write(folder, {"pyproject.toml": "[tool\n", "app/a.py": ""})
    monkeypatch.chdir(folder / "app")
    assert run(capsys)[2].startswith("error: ../pyproject.toml:1: not valid TOML: ")


def test_bad_files_that_only_tell_the_version_are_passed_over(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(
        folder,
        {
            "requirements.txt": b"\xff\xfe\0d",
            "uv.lock": b"\0\1",
            "setup.py": b"\xe9",
            "a.py": "import django",
        },
    )
    assert run(capsys)[1].endswith("Django 6.1 (default).\n")


def test_a_working_directory_that_is_gone(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder.rmdir()
    assert run(capsys) == (2, "", "error: the working directory does not exist\n")
