"""Proves rewrites on the fixture, a whole project: its entry points and its own tests, before and after.

``python -m rewrite.legacy [--unsafe]`` with ``tests/`` on the path. Exit code 1 when anything differs.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from collections import defaultdict
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from project.source import ROOT

from harness.workers import WorkerError, answers_of
from oracle.runner import django_version
from rewrite.compare import suspicious
from rewrite.equivalence import VARIANTS, product_fixers
from rewrite.fixers import Fixer
from rewrite.runner import Compared, Runs
from rewrite.verdict import mismatches, summary

_ATTEMPTS = 2


def project_files() -> dict[str, str]:
    """Return the text files of the fixture by their paths."""
    files = {}
    for path in sorted(ROOT.rglob("*")):
        if path.is_file() and "__pycache__" not in path.parts:
            try:
                files[path.relative_to(ROOT).as_posix()] = path.read_bytes().decode()
            except UnicodeDecodeError:
                continue  # An image: nothing there to fix.
    return files


def lay_out(files: Mapping[str, str], folder: Path) -> Path:
    """Copy the fixture below ``folder``, with ``files`` in place of its own, and return the copy."""
    root = Path(os.path.realpath(folder), "project")
    shutil.copytree(ROOT, root, ignore=shutil.ignore_patterns("__pycache__"))
    for name, text in files.items():
        root.joinpath(name).parent.mkdir(parents=True, exist_ok=True)
        root.joinpath(name).write_bytes(text.encode())
    return root


def run_fixture(fixers: Mapping[str, Fixer]) -> Compared:
    """Fix the fixture with each fixer, drive all variants and return what was seen, by scenario."""
    before = project_files()
    fixed = {name: fixer(before) for name, fixer in fixers.items()}
    with tempfile.TemporaryDirectory(prefix="legacy-") as name:
        folder = Path(name)
        template = folder / "template.sqlite3"
        roots = {"before": lay_out(before, folder / "before")}
        roots |= {name: lay_out(result.files, folder / name) for name, result in fixed.items()}
        seen, errors = {}, {}
        # The first run makes the rows that all start from.
        seen["before"] = _runs(roots["before"], template, None, [0])
        with ThreadPoolExecutor(2) as pool:
            pending = {name: pool.submit(_runs, roots[name], template, None, [0]) for name in fixed}
        for variant, future in pending.items():
            try:
                seen[variant] = future.result()
            except WorkerError as error:
                errors[variant] = str(error)
        runs: dict[str, Runs] = {
            variant: {scenario: records[0] for scenario, records in found.items()} for variant, found in seen.items()
        }
        old = runs["before"]
        differing = {key for new in runs.values() for key in old if key in new and suspicious(old[key], new[key], True)}
        again = {}
        if differing:
            again = _runs(roots["before"], template, sorted(differing), list(range(1, _ATTEMPTS + 1)))
        return Compared("legacy_project", before, fixed, runs, errors, again)


def run_own_tests(files: Mapping[str, str]) -> tuple[bool, str]:
    """Run the fixture's own tests with ``files`` in place of its own; return whether all passed, and the output."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="legacy-")))
        root = lay_out(files, folder)
        done = subprocess.run(
            # A coroutine that nobody awaits is a failure, even where the test passes.
            [sys.executable, "-W", "error::RuntimeWarning", "manage.py", "test"],
            cwd=root,
            env=_environment(PAPERLEAF_DB=str(folder / "shop.sqlite3")),
            capture_output=True,
            text=True,
            timeout=600,
            check=False,
        )
    output = done.stdout + done.stderr
    return done.returncode == 0 and "was never awaited" not in output, output


def _environment(**more: str) -> dict[str, str]:
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1", "PYTHONHASHSEED": "0", **more}
    for name in ("DJANGO_SETTINGS_MODULE", "DJANGO_ALLOW_ASYNC_UNSAFE"):
        environment.pop(name, None)
    return environment


def _runs(root: Path, template: Path, names: list[str] | None, attempts: list[int]) -> dict[str, list[Any]]:
    wanted = {"root": str(root), "template": str(template), "names": names, "attempts": attempts}
    found: dict[str, list[Any]] = defaultdict(list)
    for result in answers_of("rewrite.legacy_worker", wanted, PYTHONHASHSEED="0"):
        found[result["name"]].append(result["record"])
    return dict(found)


def main(arguments: Sequence[str]) -> int:
    """Compare, print what differs and return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--unsafe", action="store_true", help="judge the unsafe fixes, too")
    options = parser.parse_args(arguments)
    variants = VARIANTS if options.unsafe else VARIANTS[:1]
    fixers = {name: fixer for name, fixer in product_fixers(django_version()).items() if name in variants}
    compared = run_fixture(fixers)
    code = 0
    for variant in variants:
        wrong = mismatches(compared, variant, variant == "safe")
        passed, output = run_own_tests(compared.fixed[variant].files)
        for mismatch in wrong:
            print(mismatch, end="\n\n")
        if not passed:
            print(output)
        print(f"{variant}: {summary(compared, variant, wrong)}; own tests {'pass' if passed else 'fail'}", flush=True)
        code |= bool(wrong) or not passed
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
