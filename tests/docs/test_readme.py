"""The example of the README prints what it says."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from support.files import write

from django_async_migrate import cli
from docs.pages import REPOSITORY, blocks

_NAME = re.compile(r"`(shop/\w+\.py)`")


def test_the_example_prints_what_it_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    example = blocks(REPOSITORY / "README.md")
    named = [(_NAME.search(block.before), block) for block in example if block.language == "py"]
    code = [(name[1], block.text) for name, block in named if name]
    assert [path for path, _ in code] == ["shop/models.py", "shop/selectors.py", "shop/views.py"]
    monkeypatch.chdir(write(tmp_path, {"manage.py": "", "shop/__init__.py": "", **dict(code)}))
    assert cli.run(["scan"]) == 1
    printed = capsys.readouterr().out
    assert printed in [block.text for block in example]
