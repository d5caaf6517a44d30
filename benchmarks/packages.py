"""Downloads the pinned packages and unpacks them; nothing of them is installed or run."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Tree:
    """A folder to scan."""

    name: str
    path: Path
    files: int
    lines: int


def fetch(requirements: Sequence[str], python: str, cache: Path) -> list[Path]:
    """Return the folders of the unpacked packages, downloading those that ``cache`` lacks.

    A package that cannot be had is named on standard error and left out.
    """
    found = []
    for requirement in requirements:
        folder = cache / "packages" / requirement.replace("==", "-")
        if not folder.is_dir():
            try:
                _download(requirement, python, folder)
            except subprocess.CalledProcessError as error:
                print(f"benchmarks: no {requirement}: {error.stderr.strip()[-300:]}", file=sys.stderr)
                continue
        found.append(folder)
    return found


def _download(requirement: str, python: str, folder: Path) -> None:
    with tempfile.TemporaryDirectory() as name:
        command = [
            sys.executable,
            "-m",
            "pip",
            "download",
            "--quiet",
            "--disable-pip-version-check",
            "--no-deps",
        ]
        command += ["--only-binary", ":all:", "--python-version", python, "--dest", name, requirement]
        subprocess.run(command, check=True, capture_output=True, text=True)
        (wheel,) = Path(name).glob("*.whl")
        unpacked = folder.with_name(folder.name + ".part")
        with zipfile.ZipFile(wheel) as archive:
            archive.extractall(unpacked)
        unpacked.rename(folder)


def gather(name: str, packages: Iterable[Path], cache: Path) -> Tree:
    """Return one tree that holds all ``packages``, with hard links to their files."""
    root = cache / "trees" / name
    for package in packages:
        target = root / package.name
        if target.is_dir():
            continue
        for path in sorted(package.rglob("*")):
            if path.is_file():
                link = target / path.relative_to(package)
                link.parent.mkdir(parents=True, exist_ok=True)
                link.hardlink_to(path)
    return measure(name, root)


def measure(name: str, path: Path) -> Tree:
    """Count the Python files of a folder and their lines."""
    files = sorted(path.rglob("*.py"))
    return Tree(name, path, len(files), sum(file.read_bytes().count(b"\n") for file in files))
