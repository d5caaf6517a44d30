"""Where the Django version of a project is learned from."""

from __future__ import annotations

import pytest

from django_async_migrate.config.target import detect_target
from django_async_migrate.core.findings import Target
from django_async_migrate.syntax.filesystem import MemoryFileSystem

_UV = """
[[package]]
name = "django-filter"
version = "25.1"

[[package]]
name = "django"
version = "5.1.4"
"""
_POETRY = '[[package]]\nname = "Django"\nversion = "5.2.1"\ndescription = "x"\n'
_PIPFILE_LOCK = '{"default": {"django": {"hashes": ["sha256:ab"], "index": "pypi", "version": "==4.2.11"}}}'


def target_of(files: dict[str, str], *folders: str) -> Target:
    return detect_target(folders or ("/p",), MemoryFileSystem({f"/p/{name}": text for name, text in files.items()}))


@pytest.mark.parametrize(
    ("name", "text", "version", "source"),
    [
        ("uv.lock", _UV, "5.1", "lock"),
        ("uv.lock", _UV + '[[package]]\nname = "django"\nversion = "4.2.9"\n', "4.2", "lock"),
        ("poetry.lock", _POETRY, "5.2", "lock"),
        ("pdm.lock", '[[package]]\nname = "django"\nversion = "6.0"\n', "6.0", "lock"),
        ("Pipfile.lock", _PIPFILE_LOCK, "4.2", "lock"),
        ("requirements.txt", "asgiref\nDjango==5.0.2  # pinned\n", "5.0", "requirements"),
        ("requirements.txt", "django[argon2]>=5.1,<6.0 ; python_version > '3.9'\n", "5.1", "requirements"),
        ("requirements.txt", "django-filter==25.1\ndjango~=5.2.0\n", "5.2", "requirements"),
        ("requirements.txt", "Django==5.2.1 \\\n    --hash=sha256:abc\n", "5.2", "requirements"),
        ("requirements-dev.txt", "django==5.1\n", "5.1", "requirements"),
        ("requirements.in", "django>=5.1\n", "5.1", "requirements"),
        ("requirements/base.txt", "django==5.0\n", "5.0", "requirements"),
        ("constraints.txt", "django==6.0.1\n", "6.0", "requirements"),
        ("pyproject.toml", '[project]\ndependencies = ["Django>=5.0,<6"]\n', "5.0", "requirements"),
        (
            "pyproject.toml",
            '[project]\ndependencies = ["x"]\n[dependency-groups]\ndev = ["django>=5.2"]\n',
            "5.2",
            "requirements",
        ),
        (
            "pyproject.toml",
            '[tool.poetry.dependencies]\npython = "^3.12"\nDjango = "^5.1"\n',
            "5.1",
            "requirements",
        ),
        (
            "pyproject.toml",
            '[tool.poetry.dependencies]\ndjango = {version = "~5.2", extras = ["bcrypt"]}\n',
            "5.2",
            "requirements",
        ),
        ("Pipfile", '[packages]\ndjango = "~=5.1.0"\n', "5.1", "requirements"),
        ("Pipfile", '[packages]\ndjango = {version = "==5.0.*"}\n', "5.0", "requirements"),
        ("setup.cfg", "[options]\ninstall_requires =\n    Django >= 5.0\n    x\n", "5.0", "requirements"),
        ("setup.py", "setup(install_requires=['Django>=4.2,<6'])\n", "4.2", "requirements"),
    ],
)
def test_declared_versions(name: str, text: str, version: str, source: str) -> None:
    assert target_of({name: text}) == Target(version, source)


@pytest.mark.parametrize(
    "files",
    [
        {},
        {"requirements.txt": "django\n"},
        {"requirements.txt": "django-filter==2.0\n# django==4.2\n"},
        {"pyproject.toml": "django = [broken"},
        {"pyproject.toml": '[project]\nname = "django"\n'},
        {"uv.lock": '[[package]]\nname = "djangorestframework"\nversion = "3.15"\n'},
    ],
)
def test_without_an_answer_the_newest_is_taken(files: dict[str, str]) -> None:
    assert target_of(files) == Target("6.1", "default")


def test_the_order_of_sources() -> None:
    files = {
        "uv.lock": _UV,
        "requirements.txt": "django==5.0\n",
        "pyproject.toml": '[project]\ndependencies = ["django>=4.2"]\n',
        ".venv/pyvenv.cfg": "",
        ".venv/lib/python3.12/site-packages/django-5.2.3.dist-info/METADATA": "",
    }
    found = []
    for name in list(files):
        found.append(target_of(files))
        del files[name]
        if name.startswith(".venv/pyvenv"):
            break
    assert found == [
        Target("5.1", "lock"),
        Target("5.0", "requirements"),
        Target("4.2", "requirements"),
        Target("5.2", "environment"),
    ]


def test_the_main_requirements_file_comes_first() -> None:
    files = {
        "requirements/a.txt": "django==4.2\n",
        "requirements/base.txt": "django==5.0\n",
        "requirements-old.txt": "django==4.2\n",
    }
    assert target_of(files).django == "5.0"
    assert target_of({**files, "requirements.txt": "django==5.2\n"}).django == "5.2"


def test_a_bare_name_leaves_the_answer_to_the_next_source() -> None:
    files = {
        "requirements.txt": "django\n",
        "venv/pyvenv.cfg": "",
        "venv/Lib/site-packages/Django-5.1.dist-info/METADATA": "",
    }
    assert target_of(files) == Target("5.1", "environment")


def test_an_environment_is_only_believed_when_it_is_one() -> None:
    files = {"env/lib/python3.12/site-packages/django-5.1.dist-info/METADATA": ""}
    assert target_of(files).source == "default"


def test_later_folders_are_asked_when_earlier_ones_say_nothing() -> None:
    files = {"pyproject.toml": "[tool.x]\n", "site/requirements.txt": "django==5.0\n", "other/x": ""}
    assert target_of(files, "/p", "/p/none", "/p/site") == Target("5.0", "requirements")
