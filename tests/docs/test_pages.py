"""Links lead somewhere, and code in the documentation is code."""

from __future__ import annotations

import ast
import json
import sys
from pathlib import Path

import pytest

from docs.pages import REPOSITORY, Block, anchors, blocks, links, pages

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

_PAGES = pages()


def _name(page: Path) -> str:
    return page.relative_to(REPOSITORY).as_posix()


@pytest.mark.parametrize("page", _PAGES, ids=_name)
def test_links_lead_somewhere(page: Path) -> None:
    broken = []
    for link in links(page):
        if link.startswith(("https://", "mailto:")):
            continue
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        inside = target.is_relative_to(REPOSITORY)
        if not (inside and target.exists()) or (anchor and target.suffix == ".md" and anchor not in anchors(target)):
            broken.append(link)
    assert broken == []


def _parses(block: Block) -> None:
    if block.language in ("py", "python"):
        ast.parse(block.text)
    elif block.language == "toml":
        tomllib.loads(block.text)
    elif block.language == "json":
        json.loads(block.text.replace("…", "0"))


@pytest.mark.parametrize("page", _PAGES, ids=_name)
def test_code_blocks_parse(page: Path) -> None:
    for block in blocks(page):
        try:
            _parses(block)
        except (SyntaxError, ValueError) as error:
            pytest.fail(f"{block.where}: {error}")
