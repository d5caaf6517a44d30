"""Django versions: which ones findings can be judged against, and which of them a requirement allows."""

from __future__ import annotations

import re

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeAlias

    Version: TypeAlias = tuple[int, ...]

SUPPORTED = ("4.2", "5.0", "5.1", "5.2", "6.0", "6.1")

_CLAUSE = re.compile(r"\s*(===|==|~=|!=|<=|>=|<|>|\^|~|=)?\s*v?(\d+(?:\.\d+)*)((?:\.\*)?)(?:[-.]?[a-z]+[-.]?\d*)*\s*$")
# Patch releases tried for each series; a series has had at most some thirty.
_PATCHES = range(60)


def series(version: str) -> str | None:
    """Return the supported series of a version as the user writes it ("5.2", "5.2.1"), or None."""
    found = re.fullmatch(r"\s*(\d+)\.(\d+)(?:\.\w+)*\s*", version)
    name = f"{found.group(1)}.{found.group(2)}" if found else ""
    return name if name in SUPPORTED else None


def nearest(version: str) -> str | None:
    """Return the supported series nearest to an installed version ("3.2.25" gives "4.2"), or None."""
    found = re.match(r"\s*(\d+)\.(\d+)", version)
    return _clamp((int(found.group(1)), int(found.group(2)))) if found else None


def lowest_allowed(requirement: str) -> str | None:
    """Return the lowest supported series that a requirement allows; None if it says nothing we understand.

    ``requirement`` is what follows the name: ``>=4.2,<6``, ``~=5.1``, ``==5.2.*``, or in Poetry's form
    ``^5.1``, ``4.2.*``, ``^4.2 || ^5.2``. One that allows no supported series gives the nearest one.
    """
    found = [_lowest_of(part) for part in requirement.split("||")]
    known = [name for name in found if name is not None]
    return min(known, key=_numbers) if known else None


def _lowest_of(requirement: str) -> str | None:
    tests: list[Callable[[Version], bool]] = []
    bounds: list[Version] = []
    text = re.sub(r"([<>=!~^])\s+", r"\1", requirement.strip().strip("()"))
    for clause in re.split(r"[,\s]+", text):
        if not clause.strip() or clause.strip() == "*":
            continue
        found = _CLAUSE.match(clause)
        if found is None:
            return None
        version = _numbers(found.group(2))
        tests.append(_test(found.group(1) or "==", version, bool(found.group(3))))
        bounds.append(version)
    if not tests:
        return None
    for name in SUPPORTED:
        for patch in _PATCHES:
            candidate = (*_numbers(name), patch)
            if all(test(candidate) for test in tests):
                return name
    return _clamp(min(bounds))


def _test(operator: str, version: Version, wild: bool) -> Callable[[Version], bool]:
    """Return what one clause asks of a version of three numbers."""
    full = (*version, 0, 0)[:3]
    if wild or (operator == "=" and len(version) < 3):
        operator = {"!=": "!=*"}.get(operator, "==*")
    if operator in ("~=", "~"):
        # "~=5.1" allows 5.x, "~=5.1.2" allows 5.1.x; Poetry's "~5.1" allows 5.1.x.
        held = version[: max(len(version) - 1, 1)] if operator == "~=" else version[:2]
        return lambda candidate: candidate >= full and candidate[: len(held)] == held
    tests: dict[str, Callable[[Version], bool]] = {
        "==*": lambda candidate: candidate[: len(version)] == version,
        "!=*": lambda candidate: candidate[: len(version)] != version,
        "^": lambda candidate: candidate >= full and candidate[:1] == version[:1],
        "!=": lambda candidate: candidate != full,
        "<=": lambda candidate: candidate <= full,
        ">=": lambda candidate: candidate >= full,
        "<": lambda candidate: candidate < full,
        ">": lambda candidate: candidate > full,
    }
    return tests.get(operator, lambda candidate: candidate == full)


def _clamp(version: Version) -> str:
    """Return the newest supported series not above ``version``, or the oldest one."""
    below = [name for name in SUPPORTED if _numbers(name) <= version[:2]]
    return below[-1] if below else SUPPORTED[0]


def _numbers(version: str) -> Version:
    return tuple(int(part) for part in version.split("."))
