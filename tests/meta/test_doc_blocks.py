"""The blocks of the pages are right: settings load, YAML is YAML, commands and options exist."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from django_async_migrate import cli
from django_async_migrate.catalog.extra import _TABLES
from django_async_migrate.config.settings import load_settings
from django_async_migrate.config.toml import read_toml
from django_async_migrate.syntax.filesystem import MemoryFileSystem

_REPOSITORY = Path(__file__).resolve().parents[2]
_PAGES = [_REPOSITORY / "README.md", *sorted((_REPOSITORY / "docs").glob("*.md"))]
_BLOCK = re.compile(r"^```([a-z]*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_BLOCKS = [
    pytest.param(kind, text, id=f"{page.name}-{number}-{kind or 'text'}")
    for page in _PAGES
    for number, (kind, text) in enumerate(_BLOCK.findall(page.read_text("utf-8")), 1)
]
_OPTION = re.compile(r"(?<![\w-])--[a-z][a-z-]+")


@pytest.mark.parametrize(("kind", "text"), [block for block in _BLOCKS if block.values[0] == "toml"])
def test_settings_load(kind: str, text: str) -> None:
    document = read_toml(text)
    if set(document) & {*_TABLES, "method", "member", "model", "manager", "helper"}:
        return  # rows, which have tests of their own
    name = "pyproject.toml" if "tool" in document else "django-async-migrate.toml"
    assert load_settings("/p", "pyproject.toml", MemoryFileSystem({f"/p/{name}": text}))


@pytest.mark.parametrize(("kind", "text"), [block for block in _BLOCKS if block.values[0] == "yaml"])
def test_yaml_is_yaml(kind: str, text: str) -> None:
    assert yaml.safe_load(text)


@pytest.mark.parametrize(("kind", "text"), _BLOCKS)
def test_commands_and_options_exist(kind: str, text: str) -> None:
    commands = (cli.main, *cli.main.commands.values())
    known = {option for command in commands for item in command.params for option in item.opts}
    for line in text.splitlines():
        called = re.search(r"\bdjango-async-migrate ((?:[a-z]+|--version)\b.*)", line)
        if called and not line.lstrip().startswith(("#", "-", "pip", "- run: pip", "repo")) and "install" not in line:
            words = called[1].partition("#")[0].split()
            assert words[0] in {*cli.main.commands, "--version"}, line
            given = _OPTION.findall(called[1].partition(" $(")[0])
            assert [option for option in given if option not in known] == [], line


def test_hooks_are_those_of_the_page() -> None:
    hooks = yaml.safe_load((_REPOSITORY / ".pre-commit-hooks.yaml").read_text("utf-8"))
    page = (_REPOSITORY / "docs" / "pre-commit.md").read_text("utf-8")
    assert [hook["id"] for hook in hooks] == ["django-async-migrate", "django-async-migrate-fix"]
    assert all(f"`{hook['id']}`" in page for hook in hooks)
