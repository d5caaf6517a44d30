"""The tutorial's commands print what the page shows, and its edits end in a project without findings."""

from __future__ import annotations

import subprocess
import sys

from docs.pages import REPOSITORY


def test_the_tutorial_is_true() -> None:
    script = REPOSITORY / "scripts" / "run_tutorial.py"
    done = subprocess.run([sys.executable, str(script), "--check"], capture_output=True, text=True)
    assert done.returncode == 0, f"run scripts/run_tutorial.py\n{done.stdout}{done.stderr}"
