"""The program: ``django-async-migrate`` and ``python -m django_async_migrate``."""

from __future__ import annotations

import os
import sys


def main() -> None:
    """Run the command line and leave with its exit code."""
    from django_async_migrate.cli import EXIT_INTERRUPTED, run

    code = run(sys.argv[1:])
    if code == EXIT_INTERRUPTED:
        # Leaving the usual way would wait for the analysis, which runs in a thread of its own.
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)
    sys.exit(code)


if __name__ == "__main__":
    main()
