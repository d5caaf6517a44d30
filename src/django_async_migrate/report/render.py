"""The report in the form that was asked for."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from django_async_migrate.core.edits import FixOutcome, Suggestion
    from django_async_migrate.core.findings import Report


def rendered(
    report: Report,
    settings: Mapping[str, object],
    version: str,
    color: bool,
    lines_of: Callable[[str], Sequence[str]],
    outcome: FixOutcome | None = None,
    suggestions: Mapping[str, Suggestion] | None = None,
) -> str:
    """Return the report as text in the form that the settings name. Only that form is imported.

    ``lines_of`` returns the lines of a scanned file. ``outcome``: what fixing did. ``suggestions``: what it would.
    """
    form = settings.get("output-format", "text")
    if form == "json":
        from django_async_migrate.report.json import json_text

        return json_text(report, version, outcome)
    if form == "sarif":
        from django_async_migrate.report.sarif import sarif_text

        return sarif_text(report, version, suggestions)
    if form == "github":
        from django_async_migrate.report.github import github_text

        return github_text(report)
    if form == "gitlab":
        from django_async_migrate.report.gitlab import gitlab_text

        return gitlab_text(report)
    if form == "junit":
        from django_async_migrate.report.junit import junit_text

        return junit_text(report)
    if form == "concise":
        from django_async_migrate.report.concise import concise_lines

        lines = concise_lines(report)
    else:
        from dataclasses import replace

        from django_async_migrate.report.levels import HIGHEST
        from django_async_migrate.report.text import TextStyle, text_lines

        style = TextStyle(
            color=color,
            statistics=bool(settings.get("statistics")),
            verbose=bool(settings.get("verbose")),
            quiet=bool(settings.get("quiet")),
            level=level if isinstance(level := settings.get("level"), int) else HIGHEST,
        )
        if outcome is not None and outcome.marked:
            # What this run put in is told with what it fixed.
            new = set(outcome.marked)
            report = replace(report, todos=tuple(t for t in report.todos if (t.path, t.code) not in new))
        lines = list(text_lines(report, lines_of, style))
    return "".join(line + "\n" for line in lines)
