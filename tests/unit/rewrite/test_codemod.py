"""The rewrites through LibCST's own command."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import libcst as cst
import pytest
from libcst.codemod import CodemodContext, SkipFile
from support.files import write

from django_async_migrate.rewrite.codemod import FixAsyncHazards

_NAME = "django_async_migrate.rewrite.codemod.FixAsyncHazards"
_PACKAGE = "django_async_migrate.rewrite"
_OPTIONS = ("--no-format", "--hide-progress", "-j", "1")
_VIEWS = """\
from blog.helpers import titles
from blog.models import Post


async def detail(request, pk):  # a view
    post = Post.objects.get(pk=pk)
    return post


async def index(request):
    return titles()


async def first(request):
    for post in Post.objects.all()[:1]:
        return post
"""
_SAFE = _VIEWS.replace("Post.objects.get", "await Post.objects.aget").replace("for post", "async for post")
_HELPERS = """\
from blog.models import Post


def titles():
    return list(Post.objects.values_list("title", flat=True))
"""
_MODELS = """\
from django.db import models


class Post(models.Model):
    title = models.CharField(max_length=20)
"""
_FILES = {
    "pyproject.toml": '[project]\ndependencies = ["django>=5.2,<5.3"]\n',
    "blog/__init__.py": "",
    "blog/helpers.py": _HELPERS,
    "blog/models.py": _MODELS,
    "blog/views.py": _VIEWS,
}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return write(tmp_path / "project", _FILES)


def tool(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run LibCST's command in a folder; it must succeed."""
    done = subprocess.run(
        [sys.executable, "-m", "libcst.tool", *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)},
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    return done


def test_the_command_fixes_a_project(project: Path) -> None:
    tool(project, "initialize", ".")
    done = tool(project, "codemod", "-x", _NAME, *_OPTIONS, "blog")
    text = (project / "blog" / "views.py").read_text()
    wrapped = _SAFE.replace("return titles()", "return await sync_to_async(titles)()")
    assert text == wrapped.replace(
        "from blog.helpers", "from asgiref.sync import sync_to_async\n\nfrom blog.helpers", 1
    )
    for name in ("blog/helpers.py", "blog/models.py"):
        assert (project / name).read_text() == _FILES[name]
    assert "Failed to codemod 0 files." in done.stderr
    # The other way to name it: through the configuration.
    config = (project / ".libcst.codemod.yaml").read_text()
    (project / ".libcst.codemod.yaml").write_text(config.replace("'libcst.codemod.commands'", f"'{_PACKAGE}'"))
    again = tool(project, "codemod", "codemod.FixAsyncHazards", *_OPTIONS, "--unsafe-fixes", "blog")
    assert (project / "blog" / "views.py").read_text() == text
    assert "warnings were generated" in again.stderr


def _run(project: Path, source: str, monkeypatch: pytest.MonkeyPatch, unsafe: bool = False) -> tuple[str, list[str]]:
    monkeypatch.chdir(project)
    context = CodemodContext(filename="blog/views.py")
    return FixAsyncHazards(context, unsafe).transform_module(cst.parse_module(source)).code, context.warnings


_LAZY = """\
from blog.models import Post


def rows():
    for post in Post.objects.all():
        yield post.title


async def title(request):
    for title in rows():
        return title
"""


def test_unsafe_rewrites_are_asked_for(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(project, {"blog/views.py": _LAZY})
    assert _run(project, _LAZY, monkeypatch) == (
        _LAZY,
        ["1 left to fix by hand, with --unsafe-fixes or across files: see django-async-migrate scan"],
    )
    text, warnings = _run(project, _LAZY, monkeypatch, unsafe=True)
    assert "for title in await sync_to_async(list)(rows()):\n" in text
    assert warnings == []


def test_the_tree_counts_and_not_the_file(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Codemods can be chained: the one before may have changed the tree."""
    write(project, {"blog/views.py": "nothing = 1\n"})
    source = "from blog.models import Post\n\nasync def f():\n    return Post.objects.count()\n"
    assert _run(project, source, monkeypatch)[0] == source.replace("Post.objects.c", "await Post.objects.ac")
    assert (project / "blog" / "views.py").read_text() == "nothing = 1\n"


def test_settings_of_the_project_hold(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(project, {"pyproject.toml": '[tool.django-async-migrate]\nignore = ["DAM1"]\n'})
    assert _run(project, _VIEWS, monkeypatch) == (_VIEWS, [])


def test_a_file_that_needs_nothing_stays(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(project)
    tree = cst.parse_module(_HELPERS)
    result = FixAsyncHazards(CodemodContext(filename="blog/helpers.py")).transform_module(tree)
    assert result.deep_equals(tree)


def test_code_without_a_file_is_skipped() -> None:
    with pytest.raises(SkipFile, match="its project is not known"):
        FixAsyncHazards(CodemodContext()).transform_module(cst.parse_module(_VIEWS))
