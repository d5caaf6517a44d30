"""The golden file is what this Django really does, and it says enough to judge a scan by."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from project.expected import clean_functions, hazards

TESTS = Path(__file__).resolve().parents[1]


def test_real_django_runs_into_the_recorded_hazards() -> None:
    environment = {**os.environ, "PYTHONPATH": str(TESTS)}
    environment.pop("DJANGO_SETTINGS_MODULE", None)
    done = subprocess.run(
        [sys.executable, "-m", "project.record", "--check"],
        cwd=TESTS,
        env=environment,
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_kind_of_hazard_occurs() -> None:
    kinds = {hazard.kind for hazard in hazards()}
    queries = {f"DAM{number}" for number in range(101, 112)}
    loads = {f"DAM{number}" for number in range(201, 206)}
    assert kinds == queries | loads | {"DAM4xx", "DAM7xx"}


def test_there_is_correct_async_code_beside_it() -> None:
    assert len(clean_functions()) > 80
