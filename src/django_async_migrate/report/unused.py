"""``# noqa`` comments that silence nothing."""

from __future__ import annotations

from django_async_migrate.core.findings import Finding, Fix, Span
from django_async_migrate.syntax.suppressions import UNUSED

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from django_async_migrate.syntax.suppressions import Suppressions


def unused_findings(path: str, comments: Suppressions) -> Iterator[Finding]:
    """Yield a finding for each comment of a file that names rules which find nothing there."""
    module = path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
    for noqa in comments.unused():
        names = ", ".join(noqa.codes)
        silence = "silences" if len(noqa.codes) == 1 else "silence"
        yield Finding(
            UNUSED,
            "unused-noqa",
            "info",
            "certain",
            f"{names} {silence} nothing here",
            Span(path, noqa.line, noqa.column, noqa.line, noqa.end_column),
            module,
            fix=Fix("safe", f"remove {names} from the comment"),
        )
