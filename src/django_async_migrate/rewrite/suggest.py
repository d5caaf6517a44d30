"""What the rewrite of each finding changes, as regions of text: for editors and code scanning services."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Collection, Iterator

from django_async_migrate.core.edits import FixPlan, Suggestion
from django_async_migrate.core.findings import Finding, Span
from django_async_migrate.syntax.parse import SourceError, decode_raw

from .engine import Rewriting
from .locate import Refused


def suggestions(begin: Callable[[], Rewriting], wanted: Collection[str]) -> dict[str, Suggestion]:
    """Return, by fingerprint, what fixing each of the wanted findings alone would change.

    ``begin`` returns a fix run that has not begun. One is run in full: only what it keeps is suggested. A rewrite
    that makes a coroutine is no suggestion: what that coroutine reaches has to be rewritten as well.
    """
    tried = begin()
    before = tried.scan(tried.below, frozenset(), None)
    tried.run()
    kept = {(done.code, done.path, done.line, done.function, done.title) for done in tried.applied}
    fresh = begin()
    found = {}
    for finding in before.findings:
        place = (finding.code, finding.span.path, finding.span.line, finding.function)
        plan = next((plan for plan in finding.plans if (*place, plan.title) in kept), None)
        if plan is not None and not plan.creates and finding.fingerprint in wanted:
            suggestion = _suggestion(fresh, finding, plan)
            if suggestion is not None:
                found[finding.fingerprint] = suggestion
    return found


def _suggestion(rewriting: Rewriting, finding: Finding, plan: FixPlan) -> Suggestion | None:
    changes = []
    try:
        for path, after in sorted(rewriting.alone(finding, plan).items()):
            full = f"{rewriting.root.rstrip('/')}/{path}"
            shown = rewriting.shown(path)
            parts = tuple(_parts(shown, decode_raw(rewriting.below.read(full)), decode_raw(after)))
            if parts:
                changes.append((shown, parts))
    except (Refused, SourceError, OSError):
        return None
    return Suggestion(plan.title, tuple(changes)) if changes else None


def _parts(path: str, before: str, after: str) -> Iterator[tuple[Span, str]]:
    """Yield the regions of a text that change, and the new text of each."""
    old, new = before.split("\n"), after.split("\n")
    matcher = difflib.SequenceMatcher(None, old, new, autojunk=False)
    for tag, start, end, new_start, new_end in matcher.get_opcodes():
        if tag == "equal":
            continue
        if end < len(old):
            # Whole lines with their ends.
            text = "".join(line + "\n" for line in new[new_start:new_end])
            if end - start == 1 == new_end - new_start:
                yield _within(path, start + 1, old[start], new[new_start])
            else:
                yield Span(path, start + 1, 1, end + 1, 1), text
        elif start:
            # Up to the end of the file: the line end before the region goes with it.
            text = "".join("\n" + line for line in new[new_start:new_end])
            yield Span(path, start, len(old[start - 1]) + 1, end, len(old[end - 1]) + 1), text
        else:
            yield Span(path, 1, 1, end, len(old[-1]) + 1), "\n".join(new[new_start:new_end])


def _within(path: str, number: int, old: str, new: str) -> tuple[Span, str]:
    """Return the part of one line that changes."""
    start = 0
    while start < min(len(old), len(new)) and old[start] == new[start]:
        start += 1
    tail = 0
    while tail < min(len(old), len(new)) - start and old[-1 - tail] == new[-1 - tail]:
        tail += 1
    return Span(path, number, start + 1, number, len(old) - tail + 1), new[start : len(new) - tail]
