"""What a command imports: starting must be cheap."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from support.files import write

from django_async_migrate.checks.registry import FACT_FAMILIES

_HEAVY = {
    *("rich", "libcst", "django", "jinja2", "pathspec", "packaging", "yaml"),
    *("email", "http", "ssl", "socket", "asyncio", "multiprocessing", "concurrent", "subprocess", "logging"),
    *("xml", "zipfile", "tempfile", "importlib.resources", "importlib.metadata", "unittest", "difflib", "hashlib"),
}


def imported(folder: Path, *arguments: str) -> set[str]:
    """Run the program and return the modules it ends up with."""
    code = (
        "import sys\n"
        "from django_async_migrate.cli import run\n"
        f"run({list(arguments)!r})\n"
        "print('\\n' + ' '.join(sys.modules))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=folder, check=True)
    return set(done.stdout.splitlines()[-1].split())


def own(modules: set[str]) -> set[str]:
    return {name for name in modules if name.startswith("django_async_migrate")}


def test_the_version_needs_the_command_line_alone(tmp_path: Path) -> None:
    modules = imported(tmp_path, "--version")
    assert own(modules) == {
        "django_async_migrate",
        "django_async_migrate.cli",
        "django_async_migrate.core",
        "django_async_migrate.core.errors",
    }
    assert not modules & {*_HEAVY, "tomllib", "tomli", "json", "pathlib", "dataclasses"}


def test_a_scan_of_a_small_clean_project_imports_little(tmp_path: Path) -> None:
    modules = imported(write(tmp_path / "p", {"a.py": "import django\n"}), "scan")
    assert not modules & {*_HEAVY, "tomllib", "tomli", "json"}
    layers = {name.split(".")[1] for name in own(modules) if "." in name}
    assert layers == {"api", "cli", "config", "core", "report", "syntax"}


@pytest.mark.parametrize(
    ("files", "needed"),
    [
        ({"pyproject.toml": ""}, {"tomllib", "tomli"}),
        ({".gitignore": "[ab]*.py\n"}, {"pathspec"}),
    ],
)
def test_what_a_file_needs_is_imported_when_it_is_there(
    tmp_path: Path, files: dict[str, str], needed: set[str]
) -> None:
    modules = imported(write(tmp_path / "p", {"a.py": "import django\n", **files}), "scan")
    assert modules & needed


def test_plain_ignores_do_not_need_pathspec(tmp_path: Path) -> None:
    files = {"a.py": "", "b.tmp.py": "", ".gitignore": "*.pyc\n__pycache__/\n/build\nb.tmp.py\n*.py[cod]\n"}
    assert "pathspec" not in imported(write(tmp_path / "p", files), "scan")


def test_a_clean_scan_of_one_file_imports_what_it_uses(tmp_path: Path) -> None:
    files = {
        "shop/__init__.py": "",
        "shop/models.py": (
            "from django.db import models\n\nclass Book(models.Model):\n    title = models.TextField()\n"
        ),
        "shop/views.py": (
            "from shop.models import Book\n\nasync def view(request):\n    return await Book.objects.acount()\n"
        ),
    }
    modules = imported(write(tmp_path / "p", files), "scan", "shop/views.py")
    assert not modules & _HEAVY
    reports = {name.rpartition(".")[2] for name in own(modules) if ".report." in name}
    assert not reports & {"sarif", "github", "gitlab", "junit", "json", "concise", "unused", "fixes"}
    assert not {name for name in own(modules) if ".baseline" in name or ".rewrite" in name or name.endswith("extra")}
    # No rule about code is asked, and nothing is fixed: only rules about declarations and settings look at the project.
    rules = {name.rpartition(".")[2][3] for name in own(modules) if ".rules.dam" in name}
    assert rules <= FACT_FAMILIES
    assert not {name for name in own(modules) if name.endswith((".planning", ".spot", ".strategies"))}


@pytest.mark.parametrize("command", [[], ["scan"], ["rule"]])
def test_the_help_of_a_command_fits_a_screen(command: list[str], tmp_path: Path) -> None:
    arguments = [sys.executable, "-m", "django_async_migrate", *command, "--help"]
    printed = subprocess.run(arguments, capture_output=True, text=True, cwd=tmp_path, check=True).stdout
    lines = printed.splitlines()
    assert len(lines) <= 32
    assert max(map(len, lines)) <= 80
