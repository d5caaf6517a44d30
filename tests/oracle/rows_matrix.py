"""Lets every Django in ``.venvs/`` judge the rows; tests/oracle/matrix.py makes these environments.

Prints one line a version. Exit code 1 if any Django disagrees with a row, 2 if there is none to ask.
"""

from __future__ import annotations

import sys
from pathlib import Path

_TESTS = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(_TESTS))

from django_async_migrate.catalog import load  # noqa: E402
from oracle.rows_verdict import CHECKS, facts  # noqa: E402


def main() -> int:
    """Ask them all and return the exit code."""
    interpreters = sorted(_TESTS.parent.glob(".venvs/*/bin/python"))
    wrong = 0
    for python in interpreters:
        seen = facts(str(python))
        messages = [message for check in CHECKS for message in check(load(), seen)]
        print(f"rows: {python.parent.parent.name}: {len(messages)} disagree", flush=True)
        for message in messages:
            print(f"  {message}")
        wrong += len(messages)
    if not interpreters:
        print("rows: no environments in .venvs/; run tests/oracle/matrix.py first")
        return 2
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
