"""Hands work to a process of its own as JSON, and reads one JSON object a line from what it prints."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

_TESTS = Path(__file__).resolve().parent.parent
#: What would decide for the process which Django it sees, and whether that protects itself.
_LEFT_OUT = ("DJANGO_SETTINGS_MODULE", "DJANGO_ALLOW_ASYNC_UNSAFE")


class WorkerError(RuntimeError):
    """A worker stopped before it had done all of its work; the message ends with what it printed."""


def answers_of(
    module: str, wanted: Any, python: str = sys.executable, stubs: bool = False, **environment: str
) -> list[dict[str, Any]]:
    """Run ``python -m module`` with ``tests/`` on the path and return what it answers.

    ``stubs`` puts stand-ins for packages that are not installed on the path as well; ``environment`` is added to that
    of this process. Raises WorkerError when the process fails, or answers another number of times than a list that it
    was given is long.
    """
    path = os.pathsep.join([str(_TESTS), *([str(_TESTS / "oracle" / "stubs")] if stubs else [])])
    inherited = {name: value for name, value in os.environ.items() if name not in _LEFT_OUT}
    done = subprocess.run(
        [python, "-X", "utf8", "-m", module],
        input=json.dumps(wanted),
        capture_output=True,
        text=True,
        encoding="utf-8",
        env={**inherited, "PYTHONPATH": path, "PYTHONDONTWRITEBYTECODE": "1", **environment},
        check=False,
    )
    found = [json.loads(line) for line in done.stdout.splitlines()]
    expected = len(wanted) if isinstance(wanted, Sequence) else len(found)
    if done.returncode or len(found) != expected:
        raise WorkerError(f"{module} answered {len(found)} of {expected} times\n{done.stderr}")
    return found
