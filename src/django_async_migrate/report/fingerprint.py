"""Names for findings that survive edits elsewhere in the file."""

from __future__ import annotations

from dataclasses import replace

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from django_async_migrate.core.findings import Finding, Span


def with_fingerprints(findings: Iterable[Finding], text_of: Callable[[Span], str]) -> list[Finding]:
    """Return the findings with their fingerprints, sorted by place.

    A fingerprint is made of the path, the rule, the function, the source text without its white space, and a
    number that tells equal ones apart. It holds no line number. ``text_of`` returns the source text of a
    span; the spans must be relative to the project root, whatever the working directory.
    """
    from hashlib import sha256

    counts: dict[tuple[str, ...], int] = {}
    named = []
    for finding in sorted(findings, key=sort_key):
        source = "".join(text_of(finding.span).split())
        key = (finding.span.path, finding.code, finding.function, source)
        number = counts[key] = counts.get(key, -1) + 1
        digest = sha256("\0".join((*key, str(number))).encode("utf-8", "surrogatepass")).hexdigest()
        named.append(replace(finding, fingerprint=digest[:20]))
    return named


def sort_key(finding: Finding) -> tuple[object, ...]:
    """Return what findings are sorted by: path, line, column, code, and the rest to make the order total."""
    span = finding.span
    return (
        *(span.path, span.line, span.column, finding.code),
        *(span.end_line, span.end_column, finding.function, finding.message),
    )
