"""Fixing as a whole, from the command line: which lines are told, how helpers are treated, what JSON says."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from support.files import write

from django_async_migrate import cli
from django_async_migrate.api import fix
from django_async_migrate.core.options import ScanOptions
from django_async_migrate.rewrite.lines import original_line
from django_async_migrate.syntax.filesystem import MemoryFileSystem

_MODELS = """\
from django.db import models


class Author(models.Model):
    name = models.CharField(max_length=20)


class Post(models.Model):
    title = models.CharField(max_length=20)
    author = models.ForeignKey(Author, models.CASCADE)
"""
_HELPERS = """\
from blog.models import Post


def titles():
    return list(Post.objects.values_list("title", flat=True))
"""
_VIEWS = """\
from blog.helpers import titles
from blog.models import Post


async def index(request):
    return titles()


async def first(request):
    def later(number=Post.objects.count()):
        return number

    return later()


async def name(request):
    post = Post.objects.get(pk=1)
    return post.title
"""
_FILES = {
    "pyproject.toml": '[project]\ndependencies = ["django>=5.2,<5.3"]\n',
    "blog/__init__.py": "",
    "blog/helpers.py": _HELPERS,
    "blog/models.py": _MODELS,
    "blog/views.py": _VIEWS,
}


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(write(tmp_path, _FILES))
    return tmp_path


@pytest.mark.parametrize("where", ["option", "setting"])
@pytest.mark.parametrize(
    ("strategy", "call", "helper"),
    [
        ("auto", "return await titles()", "async def titles():"),
        ("convert", "return await titles()", "async def titles():"),
        ("twin", "return await atitles()", "def titles():"),
        ("wrap", "return await sync_to_async(titles)()", "def titles():"),
    ],
)
def test_the_helper_strategy(
    strategy: str, call: str, helper: str, where: str, project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["scan", "--fix", "--unsafe-fixes"]
    if where == "option":
        arguments += ["--helper-strategy", strategy]
    else:
        setting = f'[tool.django-async-migrate]\nhelper-strategy = "{strategy}"\n'
        write(project, {"pyproject.toml": _FILES["pyproject.toml"] + setting})
    cli.run(arguments)
    assert call in (project / "blog" / "views.py").read_text(), capsys.readouterr()
    assert helper in (project / "blog" / "helpers.py").read_text().split("\n")
    assert ("async def atitles():" in (project / "blog" / "helpers.py").read_text()) is (strategy == "twin")


def test_an_unknown_helper_strategy_is_refused(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["scan", "--fix", "--helper-strategy", "warp"]) == 2
    assert capsys.readouterr().err == (
        'error: --helper-strategy must be one of auto, convert, twin, wrap; did you mean "wrap"?\n'
    )


def test_the_lines_told_are_those_of_the_old_file(project: Path) -> None:
    """Two rounds, and an import above all: the second round sees other lines than the user does."""
    source = (
        "from blog.models import Author, Post\n\n\nasync def f(request):\n"
        "    post = Post.objects.get(pk=1)\n"
        "    print(\n        post.author.name,\n    )\n"
        "    async for author in Author.objects.all():\n"
        "        print(len(author.post_set.all()))\n"
        "    return [p.author.name for p in Post.objects.all()]\n"
    )
    files = {f"/p/{path}": text for path, text in {**_FILES, "blog/views.py": source}.items()}
    options = ScanOptions(paths=("/p",), project="/p", target_version="5.2")
    for cwd, prefix in (("/p", "blog/"), ("/p/blog", "")):
        outcome = fix(options, True, MemoryFileSystem(files), cwd, write=False)
        lines = source.split("\n")
        assert len(outcome.applied) >= 4
        for done in outcome.applied:
            assert done.path == f"{prefix}views.py"
            wanted = {"DAM101": "objects.get", "DAM201": "author.name", "DAM103": "len("}
            if done.code in wanted:
                assert wanted[done.code] in lines[done.line - 1], done


@pytest.mark.parametrize(
    ("before", "after", "pairs"),
    [
        ("a\nb\n", "a\nb\n", {1: 1, 2: 2, 3: 3}),
        ("a\nb\nc\n", "new\n\na\nb\nc\n", {3: 1, 4: 2, 5: 3, 1: 1}),
        ("a\nb\nc\n", "a\nB\nx\nc\n", {1: 1, 2: 2, 3: 2, 4: 3}),
        ("a\nb\nc\nd\n", "a\nd\n", {1: 1, 2: 4}),
        ("a\r\nb\r\n", "x\r\na\r\nb\r\n", {2: 1, 3: 2}),
        ("a\nb\nc\nd\ne\n", "0\na\nB\nc\ntwin\nd\nE\n", {2: 1, 3: 2, 4: 3, 5: 3, 6: 4, 7: 5}),
    ],
)
def test_the_way_back_to_the_old_line(before: str, after: str, pairs: dict[int, int]) -> None:
    assert {line: original_line(before.encode(), after.encode(), line) for line in pairs} == pairs


def test_json_of_a_fix(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["scan", "--output-format", "json"]) == 1
    before = json.loads(capsys.readouterr().out)
    assert "fixed" not in before
    assert [finding["fix"]["applicability"] for finding in before["findings"]] == ["safe", "manual", "safe"]
    assert before["summary"]["fixable"] == {"safe": 2, "unsafe": 0}
    assert cli.run(["scan", "--fix", "--helper-strategy", "wrap", "--output-format", "json"]) == 1
    captured = capsys.readouterr()
    after = json.loads(captured.out)
    assert "Fixed 2 hazards in 1 file.\n" in captured.err
    assert after["summary"]["fixable"] == {"safe": 0, "unsafe": 0}
    assert len(after["findings"]) == 1
    assert sorted(after["fixed"], key=lambda done: done["line"]) == [
        {
            "code": "DAM110",
            "path": "blog/views.py",
            "line": 6,
            "function": "blog.views.index",
            "title": "await sync_to_async(titles)(...)",
            "applicability": "safe",
        },
        {
            "code": "DAM101",
            "path": "blog/views.py",
            "line": 17,
            "function": "blog.views.name",
            "title": "await Post.objects.aget(...)",
            "applicability": "safe",
        },
    ]


def test_json_says_what_was_taken_back(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The file cannot be reproduced, so no rewrite can be made: nothing is fixable any more."""
    write(project, {"blog/views.py": _VIEWS.replace("async def name", "\x0casync def name")})
    assert cli.run(["scan", "--fix", "--output-format", "json"]) == 1
    document = json.loads(capsys.readouterr().out)
    assert document["fixed"] == []
    assert document["summary"]["fixable"] == {"safe": 0, "unsafe": 0}
    last = document["findings"][-1]
    assert last["fix"] == {"applicability": "manual", "title": "await Post.objects.aget(...)"}
    assert last["not_fixed"] == "LibCST cannot reproduce the file byte for byte"


def test_the_help_fits_a_screen(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["scan", "--help"]) == 0
    lines = capsys.readouterr().out.split("\n")
    assert len(lines) <= 32
    assert max(map(len, lines)) <= 80


@pytest.mark.parametrize(
    "restriction",
    [
        {"paths": ("blog/views.py",)},
        {"select": ("DAM110",)},
        {"ignore": ("DAM102",)},
        {"per_file_ignores": (("blog/helpers.py", ("DAM",)),)},
        {"paths": ("blog/views.py",), "select": ("DAM110",)},
    ],
    ids=str,
)
def test_a_rewrite_is_judged_by_all_rules_in_all_files_it_changes(
    project: Path, restriction: dict[str, object]
) -> None:
    """A twin, in a file that was not asked for, is itself free of findings of rules that were not asked for."""
    outcome = fix(ScanOptions(**restriction))  # type: ignore[arg-type]
    assert outcome.report.findings == fix(ScanOptions(**restriction), write=False).report.findings  # type: ignore[arg-type]
    text = (project / "blog/helpers.py").read_text("utf-8")
    assert "async def " in text
    assert "async for" in text
    left = {finding.code for finding in fix(ScanOptions(), write=False).report.findings}
    assert "DAM102" not in left
    assert "DAM110" not in {finding.code for finding in outcome.report.findings}


def test_only_what_was_asked_for_is_fixed(project: Path) -> None:
    write(project, {"blog/more.py": _VIEWS})
    fix(ScanOptions(paths=("blog/views.py",), select=("DAM110",)))
    assert (project / "blog/more.py").read_text("utf-8") == _VIEWS
    text = (project / "blog/views.py").read_text("utf-8")
    assert "return await atitles()" in text
    assert "post = Post.objects.get(pk=1)" in text
