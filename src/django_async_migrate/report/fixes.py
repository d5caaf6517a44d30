"""What fixing did, for people: the diff, and the closing words."""

from __future__ import annotations

import difflib

from django_async_migrate.report.plain import visible
from django_async_migrate.report.summary import count
from django_async_migrate.syntax.parse import SourceError, decode_raw

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from django_async_migrate.core.edits import Change, FixOutcome
    from django_async_migrate.core.findings import Finding


def diff_text(changes: Sequence[Change]) -> str:
    """Return a unified diff of all changes, as ``patch -p0`` reads it; line ends are those of the files."""
    return "".join(line for change in changes for line in _diff(change))


def _diff(change: Change) -> Iterator[str]:
    try:
        before, after = (_lines(decode_raw(data)) for data in (change.before, change.after))
    except SourceError:
        return
    for line in difflib.unified_diff(before, after, visible(change.path), visible(change.path)):
        yield line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n"


def _lines(text: str) -> list[str]:
    """Split at line feeds only: what else Unicode takes for the end of a line is content."""
    parts = text.split("\n")
    lines = [part + "\n" for part in parts[:-1]]
    return [*lines, parts[-1]] if parts[-1] else lines


def fix_lines(outcome: FixOutcome, written: bool, unsafe: bool, verbose: bool) -> list[str]:
    """Return what was fixed (or would be), and how the rest can be."""
    number = len(outcome.applied)
    lines = []
    if number:
        verb = "Fixed" if written else "Would fix"
        lines.append(f"{verb} {count(number, 'hazard')} in {count(len(outcome.changes), 'file')}.")
    if verbose:
        lines += [f"  {visible(done.path)}:{done.line} {done.code} {visible(done.title)}" for done in outcome.applied]
    if outcome.marked:
        lines.append(f"{'Left' if written else 'Would leave'} {count(len(outcome.marked), 'TODO marker')}.")
    if outcome.unmarked:
        removed = count(outcome.unmarked, "TODO marker")
        lines.append(f"{'Removed' if written else 'Would remove'} {removed} of what is fixed.")
    left = outcome.report.findings
    hidden = [] if unsafe else [finding for finding in left if _unsafe(finding)]
    if hidden:
        more = count(len(hidden), "more hazard")
        lines.append(f"{more} can be fixed with --unsafe-fixes, which may change behaviour.")
    lines += [
        f"  {visible(finding.span.path)}:{finding.span.line} {finding.code} was not fixed: {reason}"
        for finding, reason in outcome.refused
        if verbose
    ]
    if outcome.refused and not verbose:
        lines.append(f"{count(len(outcome.refused), 'rewrite was', 'rewrites were')} tried and taken back.")
    return lines


def _unsafe(finding: Finding) -> bool:
    return any(plan.applicability == "unsafe" for plan in finding.plans)
