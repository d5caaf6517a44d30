"""Run the tutorial: every command of docs/tutorial.md, in a copy of the example project.

``python scripts/run_tutorial.py`` writes what the commands print into the page; ``--check`` says what differs.

Of the page's blocks, ``console`` ones hold commands after ``$`` and what these print, ``diff`` ones are applied, and a
``py`` or ``toml`` block below a line with a path in backticks is written to that file.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent
PAGE = REPOSITORY / "docs" / "tutorial.md"
_BLOCK = re.compile(r"(?:^`(?P<path>[^`\n]+)`\n)?^```(?P<kind>\w+)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)


class Shell:
    """Runs commands one after the other, in a folder of their own that holds the example project."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        programs = folder / ".bin"
        programs.mkdir()
        for name, module in (("django-async-migrate", " -m django_async_migrate"), ("python", "")):
            path = programs / name
            path.write_text(f'#!/bin/sh\nexec "{sys.executable}"{module} "$@"\n', "utf-8")
            path.chmod(0o755)
        (folder / "fixtures").symlink_to(REPOSITORY / "fixtures")
        # In CI a baseline is not written. The tutorial is about somebody's own machine.
        self._environment = {
            **{key: value for key, value in os.environ.items() if key not in ("CI", "DJANGO_SETTINGS_MODULE")},
            "PATH": f"{programs}{os.pathsep}{os.environ.get('PATH', '')}",
            "PYTHONDONTWRITEBYTECODE": "1",
        }

    def run(self, command: str) -> str:
        """Run a command and return what it prints. A program that failed, or is not there, is an error."""
        if command.startswith("cd "):
            self.folder = self.folder / command[3:]
            return ""
        done = subprocess.run(
            ["bash", "-c", command],
            cwd=self.folder,
            env=self._environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        if done.returncode > 1 or "error:" in done.stdout:
            raise SystemExit(f"{command}: exit code {done.returncode}\n{done.stdout}")
        return "".join(f"{line.rstrip()}\n" for line in done.stdout.splitlines())

    def apply(self, diff: str) -> None:
        """Apply a diff, as somebody edits by hand."""
        subprocess.run(["git", "apply", "-"], cwd=self.folder, input=diff, text=True, check=True)


def _console(shell: Shell, text: str) -> Iterator[str]:
    for line in text.splitlines():
        if line.startswith("$ "):
            yield f"{line}\n"
            yield shell.run(line[2:])


def rewritten(text: str, folder: Path) -> str:
    """Return the page with what its commands print, run in a new folder."""
    shell = Shell(folder)

    def block(match: re.Match[str]) -> str:
        path, kind, held = match["path"], match["kind"], match["text"]
        if kind == "console":
            return match[0].replace(held, "".join(_console(shell, held))) if held else match[0]
        if kind == "diff":
            shell.apply(held)
        elif path and kind in ("py", "toml"):
            (shell.folder / path).write_text(held, "utf-8")
        return match[0]

    return _BLOCK.sub(block, text)


def main() -> int:
    """Write the page, or compare it."""
    before = PAGE.read_text("utf-8")
    with tempfile.TemporaryDirectory() as folder:
        after = rewritten(before, Path(folder))
    if "--check" not in sys.argv:
        PAGE.write_text(after, "utf-8")
        return 0
    if before == after:
        return 0
    import difflib

    old, new = before.splitlines(keepends=True), after.splitlines(keepends=True)
    sys.stdout.writelines(difflib.unified_diff(old, new, "docs/tutorial.md", "what the commands print"))
    return 1


if __name__ == "__main__":
    raise SystemExit(main())
