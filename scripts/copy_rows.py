"""Copies the long files of rows that scripts write into JSON, which is read faster at every start.

    python scripts/copy_rows.py

Run it after the other scripts that write rows. A test compares the copies with the TOML files.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

RULES = Path(__file__).resolve().parents[1] / "rules"
#: Files below this size, in bytes, have no copy.
LONG = 20_000


def long_files(rules: Path) -> list[Path]:
    """Return the files that need a copy: long ones that a script writes."""
    written = [path for folder in ("classes", "generated") for path in (rules / folder).glob("*.toml")]
    return sorted(path for path in written if path.stat().st_size > LONG)


def copy_of(path: Path) -> str:
    """Return the text of the copy of one file."""
    return json.dumps(tomllib.loads(path.read_text("utf-8")), separators=(",", ":"), sort_keys=True) + "\n"


if __name__ == "__main__":
    for file in long_files(RULES):
        file.with_suffix(".json").write_text(copy_of(file), "utf-8", newline="\n")
