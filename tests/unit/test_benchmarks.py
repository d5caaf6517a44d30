"""The parts of the benchmarks that need no download."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

from benchmarks.synthetic import code_base
from benchmarks.timing import interleaved, once
from benchmarks.tools import OURS, PARSE, Tool, ours, parse

_REPOSITORY = Path(__file__).resolve().parents[2]


def test_synthetic_code_has_the_size_and_the_findings_asked_for(tmp_path: Path) -> None:
    tree = code_base(tmp_path / "code", 3, 1)
    assert tree.files == 3 * 4 + 1
    result = json.loads(once(ours(), tree, 60).output)
    assert {Path(finding["path"]).parent.name for finding in result["findings"]} == {"app0"}
    assert result["summary"]["async_functions"] == 2


def test_every_tool_is_run_and_measured(tmp_path: Path) -> None:
    tree = code_base(tmp_path / "code", 1, 0)
    runs = interleaved([ours(), parse()], tree, 2, 60)
    assert set(runs) == {OURS, PARSE}
    assert all(run.seconds > 0 and run.memory > 1 and not run.failed for run in runs.values())


def test_a_tool_that_takes_too_long_is_stopped(tmp_path: Path) -> None:
    tree = code_base(tmp_path / "code", 1, 0)
    run = once(Tool("slow", (sys.executable, "-c", "import time; time.sleep(60)")), tree, 0.5)
    assert run.stopped and run.seconds < 30


def test_pins_are_exact() -> None:
    pins = (_REPOSITORY / "benchmarks" / "pins.toml").read_text("utf-8")
    named = re.findall(r'"([a-z][\w.-]*(?:[=<>~!]=[^"]+)?)"', pins)
    # What is only there so that another can be run (Django for the plugins, flake8 for its) may be a range.
    loose = {"flake8", "django>=5.2,<5.3"}
    assert len(named) > 20
    assert [name for name in named if name not in loose and not re.fullmatch(r"[\w-]+==[\d.]+", name)] == []
