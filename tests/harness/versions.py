"""Which cases make sense under which versions."""

from __future__ import annotations

from collections.abc import Container
from importlib.util import find_spec

from packaging.specifiers import SpecifierSet

from harness.cases import Case

# The release lines of Django that the analysis knows.
LINES = ("4.2", "5.0", "5.1", "5.2", "6.0", "6.1")


def newest(case: Case) -> str:
    """Return the newest release line of Django that a case holds for.

    Raises ValueError when it holds for none.
    """
    wanted = SpecifierSet(case.options.get("django", ""))
    found = [line for line in LINES if wanted.contains(f"{line}.99")]
    if not found:
        raise ValueError(f"{case.name}: no Django is {wanted}")
    return found[-1]


def applies(case: Case, django: str, python: str, packages: Container[str] | None = None) -> bool:
    """Tell whether a case holds for a version of Django and of Python, with these packages.

    Left out, they are those that are installed here. Raises packaging.specifiers.InvalidSpecifier for an option that
    is no version specifier.
    """
    wanted = (("django", django), ("python", python))
    if any(find_spec(name) is None if packages is None else name not in packages for name in case.needs):
        return False
    return all(SpecifierSet(case.options.get(name, "")).contains(version) for name, version in wanted)
