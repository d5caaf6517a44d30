"""The repository keeps the promises it makes about itself: small files, whole README, nothing local in it."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

_REPOSITORY = Path(__file__).resolve().parents[2]
_SOURCES = sorted((_REPOSITORY / "src").rglob("*.py"))
_MAX_LINES = 500


def _tracked() -> list[Path]:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=_REPOSITORY, capture_output=True, text=True, check=True)
    return [path for name in listed.stdout.split("\0") if name and (path := _REPOSITORY / name).is_file()]


@pytest.mark.parametrize("path", _SOURCES, ids=lambda path: path.relative_to(_REPOSITORY).as_posix())
def test_a_source_file_is_small(path: Path) -> None:
    assert len(path.read_text("utf-8").splitlines()) <= _MAX_LINES


@pytest.mark.parametrize("path", _SOURCES, ids=lambda path: path.relative_to(_REPOSITORY).as_posix())
def test_public_functions_and_classes_have_docstrings(path: Path) -> None:
    tree = ast.parse(path.read_text("utf-8"))
    nodes = [node for node in tree.body if isinstance(node, ast.FunctionDef | ast.ClassDef)]
    assert [node.name for node in nodes if not node.name.startswith("_") and not ast.get_docstring(node)] == []


def test_nothing_local_is_committed() -> None:
    local = re.compile(r"(?<![\w.~-])/(?:root|work|home/\w+)/")
    found = []
    for path in _tracked():
        try:
            text = path.read_text("utf-8")
        except UnicodeDecodeError:
            continue
        found += [f"{path.relative_to(_REPOSITORY)}: {hit.group()}" for hit in local.finditer(text)]
    assert found == []


def test_tests_are_neither_skipped_nor_expected_to_fail() -> None:
    banned = re.compile(r"pytest\.(?:skip|xfail|importorskip)|mark\.(?:skip|skipif|xfail)|unittest\.skip")
    tests = sorted((_REPOSITORY / "tests").rglob("*.py"))
    own = Path(__file__).resolve()
    assert [path.name for path in tests if path != own and banned.search(path.read_text("utf-8"))] == []


def test_the_readme_names_every_command_and_promise() -> None:
    readme = (_REPOSITORY / "README.md").read_text("utf-8")
    needed = [
        "pip install django-async-migrate",
        "django-async-migrate scan",
        "django-async-migrate rule",
        "make demo",
        "make test",
        "docs/architecture.md",
        "docs/rows.md",
        "CHANGELOG.md",
        "LICENSE",
        "## Limits",
        "## Contributing",
    ]
    assert [text for text in needed if text not in readme] == []


def test_the_example_of_the_readme_is_what_a_scan_prints(tmp_path: Path) -> None:
    section = (_REPOSITORY / "README.md").read_text("utf-8").partition("## Example\n")[2].partition("\n## ")[0]
    (tmp_path / "manage.py").touch()
    (tmp_path / "shop").mkdir()
    (tmp_path / "shop" / "__init__.py").touch()
    names = re.findall(r"`(shop/\w+\.py)`", section)
    sources = re.findall(r"^```py\n(.*?)^```$", section, re.DOTALL | re.MULTILINE)
    assert len(names) == len(sources) == 3
    for name, text in zip(names, sources, strict=True):
        (tmp_path / name).write_text(text, "utf-8")
    command = [sys.executable, "-m", "django_async_migrate", "scan"]
    printed = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert f"```\n{printed.stdout.rstrip()}\n```" in section


def test_the_changelog_has_the_version_of_the_package() -> None:
    from django_async_migrate import __version__

    assert f"## {__version__}" in (_REPOSITORY / "CHANGELOG.md").read_text("utf-8")
