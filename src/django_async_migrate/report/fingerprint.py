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
    counts: dict[tuple[str, ...], int] = {}
    named = []
    for finding in sorted(findings, key=sort_key):
        source = "".join(text_of(finding.span).split())
        key = (finding.span.path, finding.code, finding.function, source)
        number = counts[key] = counts.get(key, -1) + 1
        content = (finding.code, _local(finding.function, finding.span.path), source)
        named.append(replace(finding, fingerprint=_digest(*key, str(number)), content=_digest(*content)[:12]))
    return named


def _digest(*parts: str) -> str:
    from hashlib import sha256

    return sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()[:20]


def _local(function: str, path: str) -> str:
    """Return the name of a function within its module, whatever folder the module is imported from."""
    parts = path.removesuffix(".py").removesuffix("/__init__").split("/")
    for start in range(len(parts)):
        module = ".".join(parts[start:]) + "."
        if function.startswith(module):
            return function[len(module) :]
    return function


def sort_key(finding: Finding) -> tuple[object, ...]:
    """Return what findings are sorted by: path, line, column, code, and the rest to make the order total."""
    span = finding.span
    return (
        *(span.path, span.line, span.column, finding.code),
        *(span.end_line, span.end_column, finding.function, finding.message),
    )
