"""The hooks, run by pre-commit on a repository of their own. Needs a package index: pre-commit installs the program."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from support.files import write

_REPOSITORY = Path(__file__).resolve().parents[2]
_FILES = {
    "pyproject.toml": '[project]\nname = "site"\nversion = "1"\ndependencies = ["django>=5.1"]\n',
    "shop/__init__.py": "",
    "shop/models.py": (
        "from django.db import models\n\n\nclass Book(models.Model):\n    title = models.CharField(max_length=80)\n"
    ),
    "shop/selectors.py": "from shop.models import Book\n\n\ndef titles():\n    return list(Book.objects.all())\n",
    "shop/views.py": (
        "from shop.models import Book\nfrom shop.selectors import titles\n\n\n"
        "async def detail(request, pk):\n    return Book.objects.get(pk=pk)\n\n\n"
        "async def listing(request):\n    return titles()\n"
    ),
    "README.md": "not Python\n",
}


class Repository:
    """A git repository in which hooks are tried."""

    def __init__(self, folder: Path, home: Path) -> None:
        self.folder = folder
        self._environment = {
            **{key: value for key, value in os.environ.items() if not key.startswith(("GIT_", "PYTHONPATH"))},
            "PRE_COMMIT_HOME": str(home),
            "PRE_COMMIT_COLOR": "never",
        }
        write(folder, _FILES)
        self.git("init", "-q", "-b", "main")
        self.commit()

    def git(self, *arguments: str) -> str:
        """Run git and return what it printed."""
        command = ["git", "-c", "user.name=x", "-c", "user.email=x@example.org", *arguments]
        return subprocess.run(
            command, cwd=self.folder, env=self._environment, capture_output=True, text=True, check=True
        ).stdout

    def commit(self) -> None:
        """Commit everything."""
        self.git("add", "-A")
        self.git("commit", "-qm", "x", "--allow-empty")

    def try_repo(self, name: str) -> tuple[int, str]:
        """Try a hook on all files, as somebody does who has not set it up; return its exit code and output."""
        return self._run("try-repo", str(_REPOSITORY), name, "--verbose", "--all-files")

    def set_up(self) -> None:
        """Put both hooks into the settings of the repository."""
        head = subprocess.run(["git", "rev-parse", "HEAD"], cwd=_REPOSITORY, capture_output=True, text=True, check=True)
        hooks = "".join(f"      - id: {name}\n" for name in ("django-async-migrate", "django-async-migrate-fix"))
        text = f"repos:\n  - repo: {_REPOSITORY}\n    rev: {head.stdout.strip()}\n    hooks:\n{hooks}"
        write(self.folder, {".pre-commit-config.yaml": text})
        self.commit()

    def hook(self, name: str, *files: str) -> tuple[int, str]:
        """Run a hook on files; return its exit code and output."""
        return self._run("run", name, "--verbose", "--files", *files)

    def _run(self, *arguments: str) -> tuple[int, str]:
        command = [sys.executable, "-m", "pre_commit", *arguments]
        done = subprocess.run(command, cwd=self.folder, env=self._environment, capture_output=True, text=True)
        return done.returncode, done.stdout + done.stderr


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return Repository(tmp_path / "site", tmp_path / "pre-commit")


@pytest.mark.network
def test_the_hooks(repository: Repository) -> None:
    code, out = repository.try_repo("django-async-migrate")
    assert code == 1, out
    assert "shop/views.py\n  6:12 error DAM101 Book.objects.get(pk=pk) runs a query on the event loop" in out
    assert "10:12 error DAM110" in out

    repository.set_up()
    # A hook is given the files that change, and must say the same about them.
    _, alone = repository.hook("django-async-migrate", "shop/views.py")
    assert "2 async hazards (2 errors) in 1 file" in alone
    code, clean = repository.hook("django-async-migrate", "shop/models.py", "README.md")
    assert code == 0, clean

    # Known findings pass; a partial run leaves the baseline alone.
    scan = [sys.executable, "-m", "django_async_migrate", "scan", "--write-baseline", "--quiet"]
    assert subprocess.run(scan, cwd=repository.folder, check=False).returncode == 0
    repository.commit()
    code, known = repository.hook("django-async-migrate", "shop/views.py")
    assert code == 0, known
    assert repository.git("status", "--short") == ""

    code, out = repository.hook("django-async-migrate-fix", "shop/views.py")
    assert code == 1, out
    assert "files were modified by this hook" in out
    text = (repository.folder / "shop/views.py").read_text("utf-8")
    assert "return await Book.objects.aget(pk=pk)" in text
    # The helper in another file became async as well, and is right itself.
    scan = [sys.executable, "-m", "django_async_migrate", "scan", "--no-baseline", "--output-format", "concise"]
    whole = subprocess.run(scan, cwd=repository.folder, check=False, capture_output=True, text=True)
    assert (whole.returncode, whole.stdout) == (0, "")
    repository.commit()
    code, out = repository.hook("django-async-migrate-fix", "shop/views.py")
    assert code == 0, out
