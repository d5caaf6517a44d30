"""Which cases make sense under which versions."""

from __future__ import annotations

from packaging.specifiers import SpecifierSet

from harness.cases import Case


def applies(case: Case, django: str, python: str) -> bool:
    """Tell whether a case holds for a version of Django and of Python.

    Raises packaging.specifiers.InvalidSpecifier for an option that is no version specifier.
    """
    wanted = (("django", django), ("python", python))
    return all(SpecifierSet(case.options.get(name, "")).contains(version) for name, version in wanted)
