"""Proves rewrites on the cases: ``python -m rewrite.equivalence [PATTERN] [--unsafe]`` with ``tests/`` on the path.

Each project of ``tests/cases`` and ``docs/rules`` runs before and after its fixes, on the same rows. Results,
exceptions, output, warnings and the rows left behind must be the same, and safe fixes may ask no more
queries. PATTERN limits the projects to those with this text in their name; ``--unsafe`` judges the unsafe
fixes, too. Exit code 1 when anything differs.
"""

from __future__ import annotations

import argparse
import platform
import sys
from collections.abc import Sequence

from harness.cases import Case, all_cases
from harness.versions import applies
from oracle.runner import django_version
from rewrite.fixers import Fixer, ProductFixer
from rewrite.runner import run_projects
from rewrite.verdict import Summary, mismatches, summary

VARIANTS = ("safe", "unsafe")


def product_fixers(django: str) -> dict[str, Fixer]:
    """Return the product's safe fixes and all its fixes, for a version of Django."""
    target = ".".join(django.split(".")[:2])
    return {"safe": ProductFixer(target), "unsafe": ProductFixer(target, unsafe=True)}


def runnable_cases(django: str) -> list[Case]:
    """Return the cases that hold for this Python and a version of Django."""
    return [case for case in all_cases() if applies(case, django, platform.python_version())]


def main(arguments: Sequence[str]) -> int:
    """Compare the cases asked for and return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("pattern", nargs="?", default="")
    parser.add_argument("--unsafe", action="store_true", help="judge the unsafe fixes, too")
    options = parser.parse_args(arguments)
    django = django_version()
    cases = [case for case in runnable_cases(django) if options.pattern in case.name]
    variants = VARIANTS if options.unsafe else VARIANTS[:1]
    fixers = {name: fixer for name, fixer in product_fixers(django).items() if name in variants}
    compared = run_projects({case.name: case.project() for case in cases}, fixers)
    code = 0
    for variant in variants:
        total = Summary()
        for case in cases:
            wrong = mismatches(compared[case.name], variant, variant == "safe")
            total += summary(compared[case.name], variant, wrong)
            for mismatch in wrong:
                code = 1
                print(mismatch, end="\n\n")
        print(f"{variant}: Django {django}, {len(cases)} projects, {total}", flush=True)
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
