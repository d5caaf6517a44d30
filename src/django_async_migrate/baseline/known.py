"""Which findings are known, and which known ones are gone."""

from __future__ import annotations

from dataclasses import dataclass

from django_async_migrate.baseline.entries import Entry

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Sequence

    from django_async_migrate.core.findings import Finding


@dataclass(frozen=True, slots=True)
class Match:
    """What a baseline says about a scan.

    ``new``: findings that are not in it. ``known``: how many are. ``entries``: what the baseline should hold now:
    entries of what is gone are left out, those of moved files name the new file. ``gone``: how many were left out.
    """

    new: tuple[Finding, ...]
    known: int
    entries: tuple[Entry, ...]
    gone: int


def entry_of(finding: Finding, path: str) -> Entry:
    """Return the entry of a finding; ``path`` is its file from the root of the project."""
    return Entry(path, finding.code, finding.function, finding.fingerprint, finding.content)


def match(
    findings: Sequence[Finding],
    entries: Iterable[Entry],
    path_of: Callable[[Finding], str],
    exists: Callable[[str], bool],
    looked_for: Callable[[Entry, bool], bool],
) -> Match:
    """Compare findings with a baseline.

    A finding is known by its fingerprint. If the file of an entry is gone, the entry stands for a finding in another
    file with the same rule, function and source text: the file was renamed. Each entry stands for one finding.
    ``exists``: whether a file of the project is still there. ``looked_for``: whether this scan would have found what
    an entry names, were it there; it is told whether the entry's file exists.
    """
    left = {entry.fingerprint: entry for entry in entries}
    unknown = []
    kept = []
    for finding in findings:
        entry = left.pop(finding.fingerprint, None)
        if entry is None:
            unknown.append(finding)
        else:
            kept.append(entry_of(finding, path_of(finding)))
    gone_paths = {path for path in {entry.path for entry in left.values()} if not exists(path)} if left else set()
    moved: dict[str, list[Entry]] = {}
    for entry in left.values():
        if entry.path in gone_paths:
            moved.setdefault(entry.content, []).append(entry)
    new = []
    for finding in unknown:
        candidates = moved.get(finding.content)
        if candidates and finding.content:
            del left[candidates.pop(0).fingerprint]
            kept.append(entry_of(finding, path_of(finding)))
        else:
            new.append(finding)
    stale = {entry for entry in left.values() if looked_for(entry, entry.path not in gone_paths)}
    kept += [entry for entry in left.values() if entry not in stale]
    return Match(tuple(new), len(findings) - len(new), tuple(sorted(kept)), len(stale))


def written(
    findings: Collection[Finding],
    before: Iterable[Entry],
    path_of: Callable[[Finding], str],
    looked_for: Callable[[Entry], bool],
) -> tuple[Entry, ...]:
    """Return the entries of a baseline written anew: all findings, and what this scan could not have found."""
    entries = {entry_of(finding, path_of(finding)) for finding in findings}
    names = {entry.fingerprint for entry in entries}
    kept = {entry for entry in before if not looked_for(entry) and entry.fingerprint not in names}
    return tuple(sorted(entries | kept))
