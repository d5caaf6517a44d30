"""Django's handlers prove the rewrites of middleware: sync and async requests, sync and async views."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from harness.cases import Case
from oracle.runner import django_version
from rewrite.equivalence import product_fixers, runnable_cases

_DJANGO = django_version()
_RULES = ("DAM301", "DAM302", "DAM303", "DAM304", "DAM305")
_CASES = [case for case in runnable_cases(_DJANGO) if case.name.startswith(_RULES) and "settings.py" in case.files]
_WORKER = Path(__file__).with_name("middleware_worker.py")


@pytest.mark.parametrize("case", _CASES, ids=lambda case: case.name)
def test_the_async_path_does_what_the_synchronous_one_did(case: Case, tmp_path: Path) -> None:
    files = {path: text for path, text in case.project().items() if path.endswith(".py")}
    fixed = product_fixers(_DJANGO)["unsafe"](files)
    rewritten = {one.function for one in fixed.applied if one.code in _RULES}
    before, after = _seen(files, tmp_path / "before"), _seen(fixed.files, tmp_path / "after")
    assert before.keys() == after.keys() and rewritten <= after.keys()
    for name, seen in after.items():
        if name in rewritten:
            assert not seen["adapted"], f"{name} still runs in a thread"
            assert seen["async"] == seen["sync"], name
        for mode in ("sync", "async"):
            works = [len(answer) > 1 for answer in before[name][mode]]
            assert [one for one, ran in zip(seen[mode], works, strict=True) if ran] == [
                one for one, ran in zip(before[name][mode], works, strict=True) if ran
            ], f"{name}, {mode}"


def _seen(files: Mapping[str, str], root: Path) -> dict[str, Any]:
    for path, text in files.items():
        target = root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")
    done = subprocess.run([sys.executable, _WORKER, root], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)  # type: ignore[no-any-return]
