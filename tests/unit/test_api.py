"""The pipeline around the analysis."""

from __future__ import annotations

import gc
import sys
from dataclasses import replace

import pytest
from support import analysis

from django_async_migrate.api import SMALL_BYTES, scan
from django_async_migrate.core.errors import UsageError
from django_async_migrate.core.findings import Problem, Report, Target
from django_async_migrate.core.options import ScanOptions
from django_async_migrate.report.json import json_text
from django_async_migrate.syntax.filesystem import MemoryFileSystem

_VIEWS = """\
from django.db import models

async def detail(request):
    post = Post.objects.get(pk=1)
    rows.warn()
    return rows.info()
"""
_FILES = {
    "/p/pyproject.toml": "",
    "/p/requirements.txt": "django==5.2.1\n",
    "/p/blog/views.py": _VIEWS,
    "/p/blog/models.py": "x = 1\n",
    "/p/shop/views.py": "async def f():\n    a.objects.get()  # noqa: DAM101\n",
}


@pytest.fixture(autouse=True)
def stand_in(monkeypatch: pytest.MonkeyPatch) -> None:
    analysis.install(monkeypatch)


def report_of(files: dict[str, str] | dict[str, str | bytes | OSError], cwd: str = "/p", **options: object) -> Report:
    return scan(ScanOptions(**options), MemoryFileSystem(files), cwd)  # type: ignore[arg-type]


def places(report: Report) -> list[tuple[str, str, int]]:
    return [(finding.code, finding.span.path, finding.span.line) for finding in report.findings]


def test_a_scan_of_a_project() -> None:
    report = report_of(_FILES)
    assert report.target == Target("5.2", "requirements")
    assert places(report) == [
        ("DAM101", "blog/views.py", 4),
        ("DAM102", "blog/views.py", 5),
        ("DAM201", "blog/views.py", 6),
    ]
    assert report.findings[0].function == "blog.views.detail"
    assert all(len(finding.fingerprint) == 20 for finding in report.findings)
    assert report.problems == ()
    assert report.coverage.files == 3
    assert report.coverage.async_functions == 2
    assert report.coverage.suppressed == 1
    assert report.coverage.notes == ()
    assert report.coverage.unknown == (("unknown call", 3),)


def test_single_files_get_the_findings_of_the_whole_project() -> None:
    whole = report_of(_FILES)
    single = report_of(_FILES, paths=("blog/views.py",))
    assert single.findings == whole.findings
    assert single.target == whole.target


@pytest.mark.parametrize(
    ("cwd", "path", "prefix"),
    [
        ("/p/blog", ".", ""),
        ("/p/shop", "../blog", "../blog/"),
        ("/", "p/blog", "p/blog/"),
        ("/q", "/p/blog", "../p/blog/"),
    ],
)
def test_paths_are_relative_to_the_working_directory(cwd: str, path: str, prefix: str) -> None:
    report = report_of({**_FILES, "/p/blog/bad.py": "def f(:\n"}, cwd, paths=(path,))
    assert {finding.span.path for finding in report.findings} == {prefix + "views.py"}
    assert report.findings[1].trace[0].path == prefix + "views.py"
    assert report.problems == (Problem(prefix + "bad.py", 1, "parse", "syntax error: invalid syntax"),)


def test_fingerprints_do_not_depend_on_the_working_directory_or_on_what_is_selected() -> None:
    whole = [finding.fingerprint for finding in report_of(_FILES).findings]
    assert [finding.fingerprint for finding in report_of(_FILES, "/", paths=("p",)).findings] == whole
    assert [finding.fingerprint for finding in report_of(_FILES, select=("DAM2",)).findings] == whole[2:]


def test_the_order_of_files_and_paths_does_not_change_a_byte() -> None:
    turned = dict(reversed(_FILES.items()))
    one = json_text(report_of(_FILES, paths=("blog", "shop")), "0")
    assert json_text(report_of(turned, paths=("shop", "blog", "shop/views.py")), "0") == one


def test_rules_can_be_selected_and_ignored() -> None:
    assert [code for code, _, _ in places(report_of(_FILES, select=("DAM1",), ignore=("DAM102",)))] == ["DAM101"]
    per_file = (("blog", ("DAM1",)),)
    assert [code for code, _, _ in places(report_of(_FILES, per_file_ignores=per_file))] == ["DAM201"]


def test_noqa_comments_on_the_first_or_last_line() -> None:
    files = {
        "/p/setup.cfg": "",
        "/p/a.py": "async def f():\n    a.get(  # noqa: DAM101\n        1,  # noqa\n    )\n",
        "/p/b.py": "async def f():\n    a.get(\n        1,  # noqa\n    )\n",
        "/p/c.py": "async def f():\n    a.get(\n        1,\n    )  # noqa\n",
    }
    report = report_of(files)
    assert [path for _, path, _ in places(report)] == ["b.py"]
    assert report.coverage.suppressed == 2


def test_excluded_files_are_not_scanned() -> None:
    assert places(report_of(_FILES, exclude=("blog",))) == []


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"target_version": "4.2"}, Target("4.2", "option")),
        ({"target_version": "6.0", "target_source": "config"}, Target("6.0", "config")),
    ],
)
def test_a_named_target_wins(options: dict[str, object], expected: Target) -> None:
    assert report_of(_FILES, **options).target == expected


def test_the_target_of_a_project_one_level_down() -> None:
    files = {
        "/p/.git/HEAD": "",
        "/p/site/manage.py": "",
        "/p/site/requirements.txt": "django==5.1\n",
        "/p/site/app/views.py": _VIEWS,
    }
    assert report_of(files).target == Target("5.1", "requirements")
    assert report_of(files, paths=("site/app/views.py",)).target == Target("5.1", "requirements")


def test_problems_of_the_analysis_are_listed() -> None:
    report = report_of({"/p/setup.cfg": "", "/p/a.py": "async def f():\n    a.crash()\n    a.get()\n"})
    assert report.problems == (Problem("a.py", 2, "internal", "crashed in f"),)
    assert len(report.findings) == 1


def test_an_error_of_the_program_is_not_hidden_and_garbage_is_collected_again() -> None:
    gc.enable()  # another test may have run the program, which switches it off
    with pytest.raises(RuntimeError, match="boom"):
        report_of({"/p/setup.cfg": "", "/p/a.py": "async def f():\n    a.explode()\n"})
    assert gc.isenabled()


def test_without_async_code_the_analysis_is_not_imported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, analysis.MODULE, None)
    filesystem = MemoryFileSystem({"/p/setup.cfg": "", "/p/a.py": "x = 1\n", "/p/b/c.py": _VIEWS})
    report = scan(ScanOptions(paths=("a.py",)), filesystem, "/p")
    assert report.findings == ()
    assert "/p/b/c.py" not in filesystem.reads


def test_progress_counts_the_files_with_async_code() -> None:
    told: list[tuple[int, int]] = []
    scan(ScanOptions(), MemoryFileSystem(_FILES), "/p", lambda done, total: told.append((done, total)))
    assert told[0] == (1, 2)
    assert told[-1] == (2, 2)
    assert told == sorted(told)


_LARGE = "x = 1\n" * (SMALL_BYTES // 6 + 1)


def test_in_a_small_selection_every_syntax_error_is_reported() -> None:
    files = {"/p/setup.cfg": "", "/p/a.py": _VIEWS, "/p/b.py": "x = = 1\n"}
    assert [problem.path for problem in report_of(files).problems] == ["b.py"]


def test_in_a_large_selection_files_nobody_asked_for_are_not_parsed() -> None:
    files = {"/p/setup.cfg": "", "/p/a.py": _VIEWS, "/p/b.py": "x = = 1\n", "/p/large.py": _LARGE}
    assert report_of(files).problems == ()


@pytest.mark.parametrize(
    "content",
    [
        b"async def f():\n    x = = 1\n",
        b"x = '\xe9'\n",
        b"x\0",
        b"print 'x'\n",
        b"x = 1\n<<<<<<< a\nx = 1\n=======\n>>>>>>> b\n",
    ],
)
def test_in_a_large_selection_what_looks_broken_is_parsed(content: bytes) -> None:
    files: dict[str, str | bytes | OSError] = {"/p/setup.cfg": "", "/p/b.py": content, "/p/large.py": _LARGE}
    assert [problem.path for problem in report_of(files).problems] == ["b.py"]


def test_a_file_named_directly_is_always_parsed() -> None:
    files = {"/p/setup.cfg": "", "/p/b.py": "x = = 1\n", "/p/large.py": _LARGE}
    assert [problem.path for problem in report_of(files, paths=(".", "b.py")).problems] == ["b.py"]


def test_problems_outside_the_paths_are_only_counted() -> None:
    files = {**_FILES, "/p/broken.py": PermissionError(13, "Permission denied")}

    def ask_everything(tree: object, target: Target, *rewriting: object) -> analysis.Analysis:
        found = analysis.analyze(tree, target)  # type: ignore[arg-type]
        tree.model_paths()  # type: ignore[attr-defined]
        return replace(found, problems=(Problem("elsewhere.py", 1, "internal", "x"),))

    sys.modules[analysis.MODULE].analyze = ask_everything  # type: ignore[attr-defined]
    report = report_of(files, paths=("blog",))
    assert report.problems == ()
    assert report.coverage.outside_problems == 2


def test_notes() -> None:
    assert report_of({"/p/README.md": ""}).coverage.notes == ("no Python files were found in this folder",)
    assert report_of({"/p/setup.cfg": "", "/p/a.py": "async def f(): pass\n"}).coverage.notes == (
        "nothing in this project uses Django",
    )
    assert report_of(_FILES, paths=("blog/models.py",)).coverage.notes == ()
    assert report_of(_FILES, paths=("blog/models.py",), exclude=("models.py",)).coverage.notes == (
        "blog/models.py is excluded",
    )
    assert report_of({**_FILES, "/p/README.md": ""}, paths=("README.md", "blog")).coverage.notes == (
        "README.md is not a Python file and was left out",
    )


def test_a_wrong_path_is_an_error() -> None:
    with pytest.raises(UsageError, match="no such file or folder: nowhere"):
        report_of(_FILES, paths=("blog", "nowhere"))
