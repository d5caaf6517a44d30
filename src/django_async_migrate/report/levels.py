"""Levels: from what always raises to advice, so that a team asks for more step by step."""

from __future__ import annotations

from django_async_migrate.report.summary import count

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from django_async_migrate.core.findings import Finding

HIGHEST = 5

# Severity and certainty decide; what is only advice comes last, however certain.
_LEVELS = {
    ("error", "certain"): 1,
    ("error", "likely"): 2,
    ("warning", "certain"): 3,
    ("warning", "likely"): 4,
}


def level_of(finding: Finding) -> int:
    """Return the lowest level at which a finding is reported."""
    return _LEVELS.get((finding.severity, finding.certainty), HIGHEST)


def split(findings: Sequence[Finding], level: int) -> tuple[list[Finding], list[Finding]]:
    """Return the findings up to a level, and those above it."""
    if level >= HIGHEST:
        return list(findings), []
    shown = [finding for finding in findings if level_of(finding) <= level]
    return shown, [finding for finding in findings if level_of(finding) > level]


def level_lines(hidden: Sequence[Finding], level: int) -> list[str]:
    """Return what the levels above the current one would add, the next one by rule."""
    if level >= HIGHEST:
        return []
    counts = dict.fromkeys(range(level + 1, HIGHEST + 1), 0)
    rules: dict[tuple[str, str], int] = {}
    for finding in hidden:
        counts[level_of(finding)] += 1
        if level_of(finding) == level + 1:
            key = (finding.code, finding.name)
            rules[key] = rules.get(key, 0) + 1
    width = len(str(max(rules.values(), default=0)))
    ordered = sorted(rules.items(), key=lambda item: (-item[1], item[0]))
    end = ":" if rules else "."
    lines = [f"Level {level} of {HIGHEST}. Level {level + 1} adds {count(counts.pop(level + 1), 'finding')}{end}"]
    lines += [f"{number:>{width}}  {code}  {name}" for (code, name), number in ordered]
    return lines + [f"Level {higher} adds {count(number, 'more finding')}." for higher, number in counts.items()]
