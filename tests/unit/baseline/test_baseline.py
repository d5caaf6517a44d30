"""Known findings: silent, gone when they are gone, never more without being asked for."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from support import analysis
from support.files import write

from django_async_migrate import cli
from django_async_migrate.baseline.entries import Entry, entries_text, read_entries
from django_async_migrate.core.errors import UsageError
from django_async_migrate.core.options import BASELINE_NAME as DEFAULT_NAME

_FILES = {
    "pyproject.toml": '[project]\ndependencies = ["django>=5.1"]\n',
    "blog/views.py": "async def detail(request):\n    return Post.objects.get(pk=1)\n",
    "blog/more.py": "async def index(request):\n    rows.warn()\n    rows.warn()\n",
    "blog/models.py": "x = 1\n",
}


@pytest.fixture(autouse=True)
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    analysis.install(monkeypatch)
    monkeypatch.delenv("CI", raising=False)
    monkeypatch.chdir(write(tmp_path / "p", _FILES))
    return tmp_path / "p"


class Runner:
    """Runs scans of the project."""

    def __init__(self, capsys: pytest.CaptureFixture[str], project: Path) -> None:
        self._capsys = capsys
        self.file = project / DEFAULT_NAME

    def __call__(self, *arguments: str) -> tuple[int, list[str], str]:
        code = cli.run(["scan", "--output-format", "concise", *arguments])
        captured = self._capsys.readouterr()
        return code, [line.partition(" ")[0] for line in captured.out.splitlines()], captured.err

    def lines(self) -> list[str]:
        """The entries in the file."""
        return [line for line in self.file.read_text("utf-8").splitlines() if not line.startswith("#")]


@pytest.fixture
def scan(capsys: pytest.CaptureFixture[str], project: Path) -> Runner:
    return Runner(capsys, project)


def test_known_findings_are_silent_and_new_ones_fail(scan: Runner, project: Path) -> None:
    assert scan("--write-baseline") == (0, [], f"Wrote 3 findings to {DEFAULT_NAME}.\n")
    assert scan() == (0, [], "")
    write(project, {"blog/new.py": "async def f():\n    a.get()\n"})
    assert scan() == (1, ["blog/new.py:2:5:"], "")
    assert len(scan.lines()) == 3


def test_all_can_be_seen_without_the_baseline(scan: Runner) -> None:
    scan("--write-baseline")
    before = scan.file.read_bytes()
    code, found, _ = scan("--no-baseline")
    assert (code, len(found)) == (1, 3)
    assert scan.file.read_bytes() == before


def test_moved_lines_and_duplicates(scan: Runner, project: Path) -> None:
    scan("--write-baseline")
    moved = "import os\n\n\n# new lines\n" + _FILES["blog/more.py"]
    write(project, {"blog/more.py": moved})
    assert scan() == (0, [], "")
    write(project, {"blog/more.py": moved + "    rows.warn()\n"})
    assert scan() == (1, ["blog/more.py:8:5:"], "")


def test_it_shrinks_by_itself_and_says_so(scan: Runner, project: Path) -> None:
    scan("--write-baseline")
    write(project, {"blog/more.py": "async def index(request):\n    rows.warn()\n"})
    assert scan() == (0, [], f"Took 1 finding out of {DEFAULT_NAME}: fixed or removed.\n")
    assert len(scan.lines()) == 2
    assert scan() == (0, [], "")
    write(project, {"blog/more.py": _FILES["blog/more.py"]})
    assert scan()[:2] == (1, ["blog/more.py:3:5:"])


def test_a_renamed_file_keeps_its_findings(scan: Runner, project: Path) -> None:
    scan("--write-baseline")
    os.rename(project / "blog/more.py", project / "blog/other.py")
    assert scan("blog/other.py") == (0, [], "")
    assert [line.split()[0] for line in scan.lines()] == ["blog/more.py", "blog/more.py", "blog/views.py"]
    assert scan() == (0, [], "")
    assert [line.split()[0] for line in scan.lines()] == ["blog/other.py", "blog/other.py", "blog/views.py"]


def test_a_copied_file_is_new(scan: Runner, project: Path) -> None:
    scan("--write-baseline")
    write(project, {"blog/copy.py": _FILES["blog/views.py"]})
    assert scan()[:2] == (1, ["blog/copy.py:2:12:"])


def test_a_deleted_file_takes_its_entries_with_it(scan: Runner, project: Path) -> None:
    scan("--write-baseline")
    os.remove(project / "blog/more.py")
    assert scan("blog/views.py") == (0, [], "")
    assert len(scan.lines()) == 3
    assert "Took 2 findings out" in scan()[2]
    assert len(scan.lines()) == 1


def test_an_empty_baseline_can_go(scan: Runner, project: Path) -> None:
    write(project, {"blog/more.py": ""})
    scan("--write-baseline")
    write(project, {"blog/views.py": ""})
    assert scan()[2].endswith("fixed or removed. It is empty now: delete it.\n")
    assert scan() == (0, [], "")


def test_fixing_empties_the_baseline(project: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """With the real analysis: what is known is fixed as well, and leaves the file."""
    monkeypatch.undo()
    monkeypatch.chdir(tmp_path)
    files = {
        "manage.py": "",
        "shop/__init__.py": "",
        "shop/models.py": (
            "from django.db import models\n\nclass Book(models.Model):\n    title = models.TextField()\n"
        ),
        "shop/views.py": "from shop.models import Book\n\nasync def f():\n    return Book.objects.count()\n",
    }
    folder = write(tmp_path / "real", files)
    environment = {key: value for key, value in os.environ.items() if key != "CI"}

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "django_async_migrate", "scan", *arguments]
        return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)

    assert run("--write-baseline").returncode == 0
    fixed = run("--fix")
    assert (fixed.returncode, "Took 1 finding out of" in fixed.stderr) == (0, True)
    assert "await Book.objects.acount()" in (folder / "shop/views.py").read_text("utf-8")


def test_a_scan_of_a_part_leaves_the_rest_alone(scan: Runner, project: Path) -> None:
    scan("--write-baseline")
    before = scan.file.read_bytes()
    write(project, {"blog/more.py": "async def index(request):\n    pass\n"})
    for arguments in (["blog/views.py"], ["blog/more.py"], ["--select", "DAM101"], ["--exclude", "more.py"]):
        assert scan(*arguments) == (0, [], "")
        assert scan.file.read_bytes() == before
    assert scan("--target-version", "5.2") == (0, [], "")
    assert scan.file.read_bytes() == before


def test_what_could_not_be_read_is_not_gone(scan: Runner, project: Path) -> None:
    scan("--write-baseline")
    before = scan.file.read_bytes()
    write(project, {"blog/more.py": "async def index(:\n"})
    assert scan()[0] == 1
    assert scan.file.read_bytes() == before
    scan("--write-baseline")
    assert scan.file.read_bytes() == before


def test_writing_a_part_keeps_the_rest(scan: Runner, project: Path) -> None:
    scan("--write-baseline")
    write(project, {"blog/views.py": "async def detail(request):\n    b.get()\n    c.get()\n"})
    assert scan("--write-baseline", "blog/views.py")[2] == f"Wrote 4 findings to {DEFAULT_NAME}: 2 more, 1 gone.\n"
    assert scan() == (0, [], "")


def test_in_ci_it_only_says_what_is_gone(scan: Runner, project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    scan("--write-baseline")
    before = scan.file.read_bytes()
    write(project, {"blog/views.py": "x = 1\n"})
    monkeypatch.setenv("CI", "true")
    code, found, told = scan()
    assert (code, found) == (0, [])
    assert told.startswith(f"1 finding in {DEFAULT_NAME} is gone. A scan of the whole project outside CI")
    assert scan.file.read_bytes() == before
    assert scan("--quiet")[2] == ""


def test_another_file(scan: Runner, project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(project, {"ci/x.txt": ""})
    assert scan("--write-baseline", "--baseline", "ci/known.txt")[2].startswith("Wrote 3 findings to ci/known.txt.\n")
    assert not scan.file.exists()
    assert scan()[0] == 1
    assert scan("--baseline", "ci/known.txt") == (0, [], "")
    write(project, {"pyproject.toml": '[tool.django-async-migrate]\nbaseline = "ci/known.txt"\n'})
    assert scan() == (0, [], "")
    monkeypatch.chdir(project / "blog")
    assert scan() == (0, [], "")
    (project / "ci/known.txt").unlink()
    assert scan()[2] == "error: no such baseline: {}; --write-baseline makes it\n".format(project / "ci/known.txt")


def test_problems_still_fail(scan: Runner, project: Path) -> None:
    write(project, {"blog/broken.py": "def f(:\n"})
    assert scan("--write-baseline")[0] == 1
    assert scan()[0] == 1


def test_a_finding_silenced_by_a_comment_is_gone(scan: Runner, project: Path) -> None:
    scan("--write-baseline")
    text = _FILES["blog/views.py"].replace("pk=1)", "pk=1)  # noqa: DAM101")
    write(project, {"blog/views.py": text})
    assert "Took 1 finding out" in scan()[2]


def test_the_report_tells_how_many_are_known(scan: Runner, capsys: pytest.CaptureFixture[str]) -> None:
    scan("--write-baseline")
    cli.run(["scan"])
    out = capsys.readouterr().out
    assert out.startswith("No new async hazards found: ")
    assert "\n3 known findings are in the baseline.\n" in out


def _git(*arguments: str) -> str:
    identity = ["-c", "user.name=x", "-c", "user.email=x@example.org"]
    return subprocess.run(["git", *identity, *arguments], capture_output=True, text=True, check=True).stdout


def test_branches_merge(scan: Runner, project: Path) -> None:
    """Both sides fix and both sides add, beside each other: the file merges, and the next scan puts it right."""
    files = {f"blog/v{number}.py": f"async def f{number}():\n    a.get()\n" for number in range(6)}
    write(project, {**files, ".gitattributes": f"{DEFAULT_NAME} merge=union\n"})
    scan("--write-baseline")
    _git("init", "-q", "-b", "main")
    _git("add", ".")
    _git("commit", "-qm", "a")
    _git("checkout", "-qb", "topic")
    write(project, {"blog/v2.py": "", "blog/w1.py": "async def w1():\n    a.get()\n"})
    scan("--write-baseline")
    _git("add", ".")
    _git("commit", "-qm", "b")
    _git("checkout", "-q", "main")
    write(project, {"blog/v3.py": "", "blog/w2.py": "async def w2():\n    a.get()\n"})
    scan("--write-baseline")
    _git("add", ".")
    _git("commit", "-qm", "c")
    _git("merge", "-q", "topic", "-m", "d")
    assert scan()[:2] == (0, [])
    merged = scan.file.read_bytes()
    scan("--write-baseline")
    assert scan.file.read_bytes() == merged


def test_what_is_written_is_read() -> None:
    entries = (
        Entry("a b/\u65e5\n\"'\\.py", "DAM101", "x.<locals>.f", "0" * 20, "1" * 12),
        Entry("blog/views.py", "DAM201", "", "2" * 20, "3" * 12),
        Entry("blog/views.py", "DAM201", "blog.views.f", "4" * 20, "3" * 12),
    )
    text = entries_text(reversed(entries))
    assert read_entries(text, "b.txt") == tuple(sorted(entries))
    assert entries_text(read_entries(text + text, "b.txt")) == text
    assert "blog/views.py DAM201 blog.views.f 44444444444444444444 333333333333\n" in text


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("# x\nblog/views.py DAM101\n", "b.txt:2: not an entry of a baseline"),
        ("a E501 f 1 2\n", "b.txt:1: not an entry"),
        ('"a\\q" DAM101 f 1 2\n', "b.txt:1: not an entry"),
        ("a DAM101 f 1 2\n<<<<<<< HEAD\n", "b.txt:2: a merge left a conflict; keep the lines of both sides"),
        ("{}\n", "b.txt:1: not an entry"),
    ],
)
def test_what_is_no_baseline(text: str, message: str) -> None:
    with pytest.raises(UsageError) as caught:
        read_entries(text, "b.txt")
    assert str(caught.value).startswith(message)
