"""The program: ``django-async-migrate`` and ``python -m django_async_migrate``."""

from __future__ import annotations

import gc
import os
import sys


def main() -> None:
    """Run the command line and leave with its exit code."""
    # The process ends with the scan: looking for garbage, or tidying up at the end, gains nothing and takes time.
    gc.disable()
    from django_async_migrate.cli import EXIT_FAILED, run

    code = run(sys.argv[1:])
    try:
        sys.stdout.flush()
        sys.stderr.flush()
    except OSError:  # nobody reads any more
        code = EXIT_FAILED
    # Leaving the usual way would also wait for the analysis, which runs in a thread of its own, after an interrupt.
    os._exit(code)


if __name__ == "__main__":
    main()
