"""The page about async Django says what real Django does: its samples are run, and print what the page says."""

from __future__ import annotations

import itertools
import subprocess
import sys
from pathlib import Path

import pytest

from docs.pages import DOCS, Block, blocks

_PAGE = DOCS / "async-django.md"
_SETTINGS = """
SECRET_KEY = "of a sample"
USE_TZ = True
DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": "sample.db"}}
INSTALLED_APPS = ["django.contrib.contenttypes", "django.contrib.auth", "shop"]
TEMPLATES = [{"BACKEND": "django.template.backends.django.DjangoTemplates"}]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
"""
_SEED = """
import django
django.setup()
from django.core.management import call_command
call_command("migrate", run_syncdb=True, verbosity=0)
from shop.models import Author, Book
jane = Author.objects.create(name="Jane Austen")
george = Author.objects.create(name="George Eliot")
for title, author in (("Emma", jane), ("Persuasion", jane), ("Middlemarch", george)):
    Book.objects.create(title=title, author=author)
"""


def _samples() -> list[tuple[Block, Block]]:
    found = blocks(_PAGE)
    pairs = itertools.pairwise(found)
    return [(code, output) for code, output in pairs if code.before == "<!-- run -->" and code.language == "py"]


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sample")
    (folder / "shop").mkdir()
    (folder / "shop" / "__init__.py").write_text("", "utf-8")
    models = blocks(_PAGE)[0].text
    (folder / "shop" / "models.py").write_text(f"from django.db import models\n\n{models}", "utf-8")
    (folder / "sample_settings.py").write_text(_SETTINGS, "utf-8")
    return folder


def _run(project: Path, code: str) -> str:
    path = project / "sample.py"
    path.write_text(code, "utf-8")
    env = {"DJANGO_SETTINGS_MODULE": "sample_settings", "PYTHONPATH": str(project), "PATH": ""}
    done = subprocess.run([sys.executable, str(path)], cwd=project, env=env, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_there_are_samples() -> None:
    assert len(_samples()) >= 8


@pytest.mark.parametrize(("code", "output"), _samples(), ids=[code.where for code, _ in _samples()])
def test_a_sample_prints_what_the_page_says(project: Path, code: Block, output: Block) -> None:
    (project / "sample.db").unlink(missing_ok=True)
    _run(project, _SEED)
    assert output.language == "text"
    assert _run(project, f"import django\ndjango.setup()\n{code.text}") == output.text
