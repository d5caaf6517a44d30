"""Builds the wheel, installs it in an environment of its own and runs the program from there.

What only works in a checkout (rows or pages read from the repository, a dependency that only the developers'
environment has) fails here. Exit code 0 when all went well; the first command that failed is printed.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import venv
from collections.abc import Sequence
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[1]
MODELS = """
from django.db import models


class Post(models.Model):
    title = models.CharField(max_length=20)
"""
VIEWS = """
from blog.models import Post


async def detail(request, pk):
    return Post.objects.get(pk=pk)
"""


def main() -> int:
    """Build, install, run; return the exit code."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        run([sys.executable, "-m", "build", "--wheel", "--outdir", str(folder / "dist"), str(REPOSITORY)])
        (wheel,) = (folder / "dist").glob("*.whl")
        venv.create(folder / "venv", with_pip=True)
        programs = folder / "venv" / ("Scripts" if sys.platform == "win32" else "bin")
        run(
            [
                str(programs / "python"),
                "-m",
                "pip",
                "install",
                "--quiet",
                "--disable-pip-version-check",
                str(wheel),
            ]
        )
        program = str(programs / "django-async-migrate")
        project = folder / "project"
        (project / "blog").mkdir(parents=True)
        for file, text in (("__init__.py", ""), ("models.py", MODELS), ("views.py", VIEWS)):
            (project / "blog" / file).write_text(text, encoding="utf-8")
        version = run([program, "--version"], project)
        expect("--version", "django-async-migrate", version)
        expect("rule DAM101", "DAM101", run([program, "rule", "DAM101"], project))
        expect("scan", "DAM101", run([program, "scan", "--output-format", "concise"], project, code=1))
        print(f"wheel: {wheel.name} installs and runs ({version.strip()})")
    return 0


def run(command: Sequence[str], folder: Path = REPOSITORY, code: int = 0) -> str:
    """Run a command and return what it printed; exit when its exit code is not ``code``."""
    result = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if result.returncode != code:
        sys.exit(f"wheel: {' '.join(command)}: exit code {result.returncode}\n{result.stdout}{result.stderr}")
    return result.stdout


def expect(what: str, text: str, output: str) -> None:
    """Exit unless ``text`` is part of ``output``."""
    if text not in output:
        sys.exit(f"wheel: {what} printed nothing about {text}:\n{output}")


if __name__ == "__main__":
    sys.exit(main())
