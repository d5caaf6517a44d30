"""Settings in pyproject.toml, and what is said about wrong ones."""

from __future__ import annotations

import pytest

from django_async_migrate.config.settings import load_settings
from django_async_migrate.core.errors import UsageError
from django_async_migrate.syntax.filesystem import MemoryFileSystem


def settings_of(text: str | bytes | OSError) -> dict[str, object]:
    return dict(load_settings("/p", "pyproject.toml", MemoryFileSystem({"/p/pyproject.toml": text})))


def test_every_setting() -> None:
    text = """
[project]
name = "x"
[tool.django-async-migrate]
select = ["DAM1", "dam201"]
ignore = ["DAM102, DAM103"]
exclude = ["legacy"]
target-version = "5.2.1"
fail-on = "error"
output-format = "concise"
output = "report.txt"
statistics = true
no-cache = true
jobs = 2
quiet = false
verbose = true
[tool.django-async-migrate.per-file-ignores]
"tests" = ["DAM1"]
"""
    assert settings_of(text) == {
        "select": ("DAM1", "DAM201"),
        "ignore": ("DAM102", "DAM103"),
        "exclude": ("legacy",),
        "target-version": "5.2",
        "fail-on": "error",
        "output-format": "concise",
        "output": "report.txt",
        "statistics": True,
        "no-cache": True,
        "jobs": 2,
        "quiet": False,
        "verbose": True,
        "per-file-ignores": (("tests", ("DAM1",)),),
    }


@pytest.mark.parametrize("text", ["", "[project]\nname = 'x'\n", "[tool.ruff]\nselect = 1\n"])
def test_no_settings(text: str) -> None:
    assert settings_of(text) == {}
    assert load_settings("/p", "pyproject.toml", MemoryFileSystem({"/p/a.py": ""})) == {}


_HEAD = "[project]\nname = 'x'\n\n[tool.django-async-migrate]\n"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[tool]\nx = = 1\n", "pyproject.toml:2: not valid TOML: "),
        ("[tool\n", "pyproject.toml:1: not valid TOML: "),
        ("x = '''\n\n", "pyproject.toml:3: not valid TOML: "),
        (b"[tool]\nx = '\xe9'\n", "pyproject.toml:2: the file is not UTF-8"),
        (PermissionError(13, "Permission denied"), "pyproject.toml: cannot read the file: Permission denied"),
        (
            "[tool]\ndjango-async-migrate = 1\n",
            "pyproject.toml:2: [tool.django-async-migrate] must be a table",
        ),
        (_HEAD + "\nexlude = []\n", 'pyproject.toml:6: unknown setting "exlude"; did you mean "exclude"?'),
        (
            _HEAD + "target_version = '5.2'\n",
            'unknown setting "target_version"; did you mean "target-version"?',
        ),
        (_HEAD + "zzz = 1\n", 'pyproject.toml:5: unknown setting "zzz"'),
        (_HEAD + "exclude = 'x'\n", 'pyproject.toml:5: "exclude" must be a list of strings'),
        (_HEAD + "select = [1]\n", '"select" must be a list of strings'),
        (_HEAD + "select = ['E501']\n", '"select": "E501" is not a rule code'),
        (_HEAD + "target-version = 5.2\n", '"target-version" must be a string, such as "5.2"'),
        (
            _HEAD + "target-version = '3.2'\n",
            "Django 3.2 is not known; choose one of 4.2, 5.0, 5.1, 5.2, 6.0, 6.1",
        ),
        (
            _HEAD + "fail-on = 'warn'\n",
            '"fail-on" must be one of error, warning, info, never; did you mean "warning"?',
        ),
        (_HEAD + "fail-on = 1\n", '"fail-on" must be one of error, warning, info, never'),
        (_HEAD + "output-format = 'jsn'\n", 'did you mean "json"?'),
        (_HEAD + "jobs = 0\n", '"jobs" must be a number above 0'),
        (_HEAD + "jobs = true\n", '"jobs" must be a number above 0'),
        (_HEAD + "quiet = 'yes'\n", '"quiet" must be true or false'),
        (_HEAD + "output = 1\n", '"output" must be a string'),
        (_HEAD + "write-baseline = true\n", 'pyproject.toml:5: "write-baseline" is an option of the command line'),
        (
            _HEAD + "per-file-ignores = []\n",
            '"per-file-ignores" must be a table of patterns and lists of codes',
        ),
        (_HEAD + "[tool.django-async-migrate.per-file-ignores]\nx = ['DAM1']\n'a/*' = ['?']\n", "pyproject.toml:7: "),
        (
            _HEAD + "[tool.other]\nexlude = 1\n[tool.django-async-migrate.exlude]\n",
            "pyproject.toml:7: unknown",
        ),
        ("[tool]\ndjango-async-migrate.exlude = 1\n", "pyproject.toml:2: unknown"),
    ],
)
def test_wrong_settings(text: str | bytes | OSError, message: str) -> None:
    with pytest.raises(UsageError) as caught:
        settings_of(text)
    assert message in str(caught.value)
    assert str(caught.value).startswith("pyproject.toml")


def own(text: str, pyproject: str = "") -> dict[str, object]:
    files = {"/p/django-async-migrate.toml": text, "/p/pyproject.toml": pyproject}
    return dict(load_settings("/p", "pyproject.toml", MemoryFileSystem(files)))


def test_settings_may_be_in_a_file_of_their_own() -> None:
    text = 'select = ["DAM1"]\nlevel = 2\n\n[per-file-ignores]\n"tests" = ["DAM1"]\n'
    assert own(text, "[project]\nname = 'x'\n") == {
        "select": ("DAM1",),
        "level": 2,
        "per-file-ignores": (("tests", ("DAM1",)),),
    }


@pytest.mark.parametrize(
    ("text", "pyproject", "message"),
    [
        ("\nlvel = 1\n", "", 'django-async-migrate.toml:2: unknown setting "lvel"; did you mean "level"?'),
        ("level = 9\n", "", 'django-async-migrate.toml:1: "level" must be a number from 1 to 5'),
        ("[tool.django-async-migrate]\nlevel = 1\n", "", 'django-async-migrate.toml:1: unknown setting "tool"'),
        (
            "level = 1\n",
            "[tool.django-async-migrate]\nlevel = 1\n",
            "django-async-migrate.toml:1: pyproject.toml has settings in [tool.django-async-migrate] as well",
        ),
        ("x = = 1\n", "", "django-async-migrate.toml:1: not valid TOML"),
        ("[per-file-ignores]\nx = ['?']\n", "", "django-async-migrate.toml:2: "),
        ("to-thread-functions = ['run']\n", "", '"run" is not a dotted name, such as "shop.tools.run"'),
        ("loop-entry-points = ['a b.c']\n", "", '"a b.c" is not a dotted name or pattern'),
    ],
)
def test_wrong_settings_in_a_file_of_their_own(text: str, pyproject: str, message: str) -> None:
    with pytest.raises(UsageError) as caught:
        own(text, pyproject)
    assert message in str(caught.value)


def test_files_of_windows_are_read() -> None:
    text = "\ufeff[tool.django-async-migrate]\r\nselect = [\r\n  'DAM101',\r\n]\r\n"
    assert settings_of(text.encode()) == {"select": ("DAM101",)}
    with pytest.raises(UsageError, match=r"^pyproject\.toml:5: unknown setting"):
        settings_of(text.encode() + b"exlude = []\r\n")
