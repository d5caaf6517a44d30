"""Takes the known findings out of a report, and keeps the file of the baseline in step."""

from __future__ import annotations

from dataclasses import dataclass, replace

from django_async_migrate.baseline.entries import Entry, entries_text, read_entries
from django_async_migrate.baseline.known import match, written
from django_async_migrate.core.errors import UsageError
from django_async_migrate.core.findings import Finding, Report, Scope
from django_async_migrate.syntax.filesystem import RealFileSystem
from django_async_migrate.syntax.paths import absolute, relative

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from django_async_migrate.syntax.filesystem import FileSystem

    # Whether findings of a rule are reported for a file, by its path from the root.
    Wants = Callable[[str, str], bool]


@dataclass(frozen=True, slots=True)
class Baseline:
    """A baseline and what may be done with it.

    ``path`` is absolute, ``shown`` how messages name it. ``named``: somebody named it, so it must exist. ``write``:
    put all findings in. ``shrink``: take out what is gone; without it only say so.
    """

    path: str
    shown: str
    named: bool
    write: bool = False
    shrink: bool = True


def apply(
    report: Report, baseline: Baseline, wants: Wants, cwd: str, filesystem: FileSystem | None = None
) -> tuple[Report, list[str]]:
    """Return the report on what is new, and what to tell about the baseline.

    Raises UsageError when the baseline is missing, cannot be read or, if that was asked for, not written.
    """
    files = filesystem or RealFileSystem()
    scope = report.scope
    assert scope is not None
    before = _read(baseline, files)
    broken = {relative(absolute(problem.path, cwd), scope.root) for problem in report.problems}

    def path_of(finding: Finding) -> str:
        return relative(absolute(finding.span.path, cwd), scope.root)

    def exists(path: str) -> bool:
        return files.is_file(f"{scope.root.rstrip('/')}/{path}")

    def looked_for(entry: Entry, there: bool) -> bool:
        if entry.path in broken or not wants(entry.code, entry.path):
            return False
        return entry.path in scope.selected if there else scope.complete

    if baseline.write:
        higher = {finding.fingerprint for finding in report.hidden}
        after = written(
            report.findings,
            before,
            path_of,
            lambda entry: entry.fingerprint not in higher and looked_for(entry, exists(entry.path)),
        )
        _write(baseline, after)
        known = len(report.findings)
        lines = [_told(baseline, set(before), set(after))]
        if baseline.named:
            lines.append("A scan uses it with --baseline, or with baseline in [tool.django-async-migrate].")
        return _without(report, (), known), lines
    found = match((*report.findings, *report.hidden), before, path_of, exists, looked_for)
    new = set(found.new)
    kept = tuple(finding for finding in report.findings if finding in new)
    above = tuple(finding for finding in report.hidden if finding in new)
    changed = _without(replace(report, hidden=above), kept, len(report.findings) - len(kept))
    if not _whole(report, scope) or found.entries == before:
        return changed, []
    return changed, _shrunk(baseline, found.entries, found.gone)


def _whole(report: Report, scope: Scope) -> bool:
    """Whether the scan saw all there is to see: what it did not find is gone."""
    if report.target.source == "option":
        return False  # judged by another Django than usual
    return scope.complete and not report.problems and not report.coverage.outside_problems


def _shrunk(baseline: Baseline, after: tuple[Entry, ...], gone: int) -> list[str]:
    """Write the shorter baseline, if that may be done, and return what to say."""
    entries = f"{gone} finding{'' if gone == 1 else 's'}"
    if baseline.shrink:
        try:
            _write(baseline, after)
        except UsageError as error:
            return [f"{entries} of the baseline {'is' if gone == 1 else 'are'} gone, but {error}."] if gone else []
        empty = "" if after else " It is empty now: delete it."
        return [f"Took {entries} out of {baseline.shown}: fixed or removed.{empty}"] if gone else []
    if not gone:
        return []
    return [
        f"{entries} in {baseline.shown} {'is' if gone == 1 else 'are'} gone."
        " A scan of the whole project outside CI takes them out; commit the result."
    ]


def _read(baseline: Baseline, files: FileSystem) -> tuple[Entry, ...]:
    try:
        data = files.read(baseline.path)
    except FileNotFoundError:
        if baseline.write:
            return ()
        raise UsageError(f"no such baseline: {baseline.shown}; --write-baseline makes it") from None
    except OSError as error:
        raise UsageError(f"cannot read the baseline {baseline.shown}: {error.strerror or error}") from None
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise UsageError(f"{baseline.shown}:{line}: the baseline is not UTF-8") from None
    return read_entries(text.replace("\r\n", "\n"), baseline.shown)


def _write(baseline: Baseline, entries: tuple[Entry, ...]) -> None:
    from django_async_migrate.syntax.output import write_file

    write_file(baseline.path, entries_text(entries), baseline.shown)


def _without(report: Report, findings: tuple[Finding, ...], known: int) -> Report:
    return replace(report, findings=findings, coverage=replace(report.coverage, known=known))


def _told(baseline: Baseline, before: set[Entry], after: set[Entry]) -> str:
    number = f"{len(after):,} finding{'' if len(after) == 1 else 's'}"
    if not before:
        return f"Wrote {number} to {baseline.shown}."
    return f"Wrote {number} to {baseline.shown}: {len(after - before)} more, {len(before - after)} gone."
