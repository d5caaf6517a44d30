"""What is generated in the documentation is in step with the code."""

from __future__ import annotations

import subprocess
import sys

from docs.pages import REPOSITORY


def test_the_generated_parts_are_in_step() -> None:
    script = REPOSITORY / "scripts" / "generate_docs.py"
    done = subprocess.run([sys.executable, str(script), "--check"], capture_output=True, text=True)
    assert done.returncode == 0, f"run scripts/generate_docs.py\n{done.stdout}{done.stderr}"
