"""The fix loop: apply plans to the files in memory, scan again, keep what is proven, until nothing changes.

A rewrite is kept when the result compiles, its finding is gone and no new one has come: none of any rule, and in no
file that it changes, whatever was asked for. Everything happens in memory; the caller writes the result, once.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from django_async_migrate.core.edits import AlsoImport, Applied, Edit, FixPlan, Import
from django_async_migrate.core.findings import Finding, Fix, Report, Span
from django_async_migrate.syntax.suppressions import UNUSED

from .apply import rewritten
from .lines import original_line
from .locate import Refused
from .noqa import without_codes
from .overlay import Overlay
from .todos import done_with, with_todos

if TYPE_CHECKING:
    from django_async_migrate.syntax.filesystem import FileSystem

#: Rounds that keep something. Each fixes all that do not overlap, so few are needed.
MAX_ROUNDS = 20
#: Scans in all, those of attempts that failed included.
MAX_SCANS = 200

#: How deep helpers of helpers are followed.
MAX_DEPTH = 3
_OF_SETTINGS = "DAM9"
BRIDGES = "asgiref.sync"

#: Scans the files; the coroutines are those that rewrites have just made. With a set of files, by their paths from the
#: root, everything is reported, for these files as well; without one, what was asked for.
Scan = Callable[["FileSystem", "frozenset[tuple[str, str]]", "frozenset[str] | None"], Report]
_Place = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Attempt:
    """A plan chosen for a finding."""

    finding: Finding
    plan: FixPlan

    @property
    def place(self) -> _Place:
        return self.finding.span.path, self.finding.function

    @property
    def key(self) -> tuple[str, str]:
        return self.finding.fingerprint, self.plan.title


@dataclass
class Rewriting:
    """The state of one fix run."""

    root: str
    below: FileSystem
    scan: Scan
    unsafe: bool
    local: Collection[str] = ()
    #: Whether another file of the project may take a name from the module at a path.
    needed: Callable[[str, str], bool] = lambda path, name: True
    files: dict[str, bytes] = field(default_factory=dict)
    applied: list[Applied] = field(default_factory=list)
    refused: dict[tuple[str, str], str] = field(default_factory=dict)
    scans: int = 0
    #: Fix only what is in these coroutines, and only without a thread hop.
    only: frozenset[_Place] | None = None
    depth: int = 0
    #: How a finding names a path of the project.
    shown: Callable[[str], str] = lambda path: path
    #: The full path of a file that a finding names.
    resolved: Callable[[str], str] = lambda path: path
    #: The files that may change, from the root; None for all.
    within: frozenset[str] | None = None
    #: The files of each rewrite that was kept, from the root.
    together: list[frozenset[str]] = field(default_factory=list)
    #: Whether a finding in a file, by its path from the root, was asked for; None where all were.
    asked: Callable[[Finding, str], bool] | None = None
    #: The files that were asked for, from the root, and those beside them that rewrites change.
    selected: frozenset[str] = frozenset()
    beside: frozenset[str] = frozenset()

    def run(self) -> Report:
        """Apply plans until none is left that can be; return the report on the result."""
        report = self._asked(self.files)
        assert report.scope is not None
        self.selected = report.scope.selected
        if not report.findings:
            return report
        settled = self._settled(report if self.asked is None else self._scanned(self.files))
        return settled if self.asked is None and not self.beside else self._asked(self.files)

    def _settled(self, report: Report) -> Report:
        for _ in range(MAX_ROUNDS):
            after = self._round(report)
            if after is None:
                break
            report = after
        return report

    def reason(self, finding: Finding) -> str | None:
        """Return why no plan of a finding was kept; None where none was tried."""
        for plan in finding.plans:
            found = self.refused.get((finding.fingerprint, plan.title))
            if found is not None:
                return found
        return None

    def open(self, findings: Sequence[Finding]) -> dict[str, Fix]:
        """Return what can still be done about the findings of which a plan was refused, by their fingerprints."""
        found = {}
        for finding in findings:
            left = [plan for plan in finding.plans if (finding.fingerprint, plan.title) not in self.refused]
            if len(left) == len(finding.plans):
                continue
            best = next((plan for plan in left if plan.applicability == "safe"), left[0] if left else None)
            by_hand = Fix("manual", finding.fix.title if finding.fix is not None else finding.message)
            found[finding.fingerprint] = by_hand if best is None else Fix(best.applicability, best.title)
        return found

    def alone(self, finding: Finding, plan: FixPlan) -> dict[str, bytes]:
        """Return the files, by their paths from the root, that one plan changes by itself. Raises Refused."""
        files = self._applied_to([Attempt(finding, plan)])
        return {path: files[self._full(path)] for path in plan.paths}

    def without_idle_noqa(self, report: Report) -> Report:
        """Take the codes that silence nothing out of ``noqa`` comments; return the report on the result."""
        named: dict[str, dict[int, tuple[str, ...]]] = {}
        found = [finding for finding in report.findings if finding.code == UNUSED]
        for finding in found:
            codes = tuple(finding.message.partition(" silence")[0].split(", "))
            named.setdefault(finding.span.path, {})[finding.span.line] = codes
        if not named:
            return report
        held = {self.shown(full[len(self._full("")) :]): full for full in self.files}
        files = dict(self.files)
        for path, lines in named.items():
            full = held.get(path) or self.resolved(path)
            if self.within is None or full[len(self._full("")) :] in self.within:
                files[full] = without_codes(files[full] if full in files else self.below.read(full), lines)
        after = self._asked(files)
        left = {finding.fingerprint for finding in after.findings}
        self.applied.extend(
            Applied(
                UNUSED, path, self._first_line(path, finding.span.line), finding.function, finding.fix.title, "safe"
            )
            for finding in found
            for path in (finding.span.path,)
            if finding.fix is not None and finding.fingerprint not in left
        )
        self.files = files
        return after

    def left_todos(
        self, report: Report, insert: bool, selected: Callable[[str, str], bool]
    ) -> tuple[Report, list[tuple[str, str]], int]:
        """Put TODO comments above what is left, if asked to, and take away those of what was fixed.

        ``selected``: whether a rule is looked for in a file. Returns the report on the result, the comments put in by
        path and code, and how many were taken away.
        """
        if insert and self.together:
            report = self._asked(self.files)  # as the next scan sees it, which trusts nothing
        files = dict(self.files)
        added: list[tuple[str, str]] = []
        removed = 0
        names = {self.shown(full[len(self._full("")) :]): full for full in self.files}
        folder = self._full("")
        paths = {todo.path for todo in report.todos}
        if insert:
            paths.update(finding.span.path for finding in report.findings)
        for path in sorted(paths):
            full = names.get(path) or self.resolved(path)
            data = files[full] if full in files else self.below.read(full)
            here = [finding for finding in report.findings if finding.span.path == path]
            left = [(finding.span.line, finding.code, _advice(finding)) for finding in here]
            gone = self._gone(path, full, data, _of(selected, full[len(folder) :]) if insert else None)
            changed, codes, number = with_todos(data, left, insert, gone)
            if codes or number:
                files[full] = changed
            added += [(path, code) for code in codes]
            removed += number
        if not added and not removed:
            return report, [], 0
        self.files = files
        return self._asked(files), added, removed

    def _gone(
        self, path: str, full: str, data: bytes, selected: Callable[[str], bool] | None
    ) -> Callable[[int, str], bool]:
        """Return whether a TODO without a finding is done with: fixed in this run, or fixed by hand before."""
        if selected is not None:
            return lambda line, code: selected(code)
        before = self.below.read(full)
        fixed: dict[str, list[int]] = {}
        for done in self.applied:
            if done.path == path:
                fixed.setdefault(done.code, []).append(done.line)
        known = done_with(before, fixed)
        return lambda line, code: known(original_line(before, data, line), code)

    def _asked(self, files: Mapping[str, bytes]) -> Report:
        """Return the report that was asked for."""
        self.scans += 1
        return self.scan(Overlay(self.below, files), frozenset(), None)

    def _scanned(self, files: Mapping[str, bytes], made: frozenset[_Place] = frozenset()) -> Report:
        """Return the report by which rewrites are judged."""
        self.scans += 1
        return self.scan(Overlay(self.below, files), made | (self.only or frozenset()), self.beside)

    def _beside(self, attempts: Sequence[Attempt]) -> frozenset[str]:
        """Return the files that were not asked for and are changed, now or before."""
        changed = {path for attempt in attempts for path in attempt.plan.paths}
        return self.beside | (changed - self.selected)

    def _round(self, report: Report) -> Report | None:
        """Apply what can be applied at once; None when nothing was kept."""
        attempts = self._chosen(report)
        while attempts and self.scans < MAX_SCANS:
            try:
                files = self._applied_to(attempts)
            except Refused:
                known = len(self.refused)
                attempts = self._possible(attempts)
                if not attempts and len(self.refused) > known:
                    attempts = self._chosen(report)  # the next plan of each
                continue
            if self._beside(attempts) != self.beside:
                self.beside = self._beside(attempts)
                report = self._scanned(self.files)
            made = frozenset(place for attempt in attempts for place in attempt.plan.creates)
            after = self._scanned(files, made)
            known_files = self.beside
            files, after, inner = self._completed(files, after, made)
            if self.beside != known_files:
                report = self._scanned(self.files)
            blamed = self._blamed(report, after, attempts)
            if not blamed:
                # Before the files change: the place of a finding is that in the files as they are now.
                self.applied.extend(self._applied(attempt) for attempt in attempts)
                self.together += [attempt.plan.paths for attempt in attempts] + inner
                self.files = files
                return after
            attempts = self._without(attempts, blamed) or self._chosen(report)
        return None

    def _without(self, attempts: Sequence[Attempt], blamed: Sequence[Attempt]) -> list[Attempt]:
        """Return the attempts to go on with: of several suspects in one function, half wait for another round."""
        suspects: dict[_Place, list[Attempt]] = {}
        for attempt in blamed:
            suspects.setdefault(attempt.place, []).append(attempt)
        left = [attempt for attempt in attempts if attempt not in blamed]
        for group in suspects.values():
            if len(group) == 1:
                self.refused[group[0].key] = "the result would not have scanned clean"
            else:
                left.extend(group[: len(group) // 2])
        return left

    def _possible(self, attempts: Sequence[Attempt]) -> list[Attempt]:
        """Return those of the attempts that can be made, the others refused; half when all can, but not together."""
        possible = []
        for attempt in attempts:
            try:
                self._applied_to([attempt])
                possible.append(attempt)
            except Refused as error:
                self.refused[attempt.key] = str(error)
        return possible if len(possible) < len(attempts) else possible[: len(possible) // 2]

    def _completed(
        self, files: dict[str, bytes], after: Report, made: frozenset[_Place]
    ) -> tuple[dict[str, bytes], Report, list[frozenset[str]]]:
        """Fix what the coroutines that some plans have made reach themselves; also return the files of each fix."""
        places = self._as_found(made)
        if not made or self.depth >= MAX_DEPTH or not any(_place(finding) in places for finding in after.findings):
            return files, after, []
        inner = Rewriting(
            self.root,
            self.below,
            self.scan,
            False,
            self.local,
            self.needed,
            files,
            scans=self.scans,
            only=made,
            depth=self.depth + 1,
            shown=self.shown,
            within=self.within,
            selected=self.selected,
            beside=self.beside,
        )
        after = inner._settled(after)
        self.scans, self.beside = inner.scans, inner.beside
        return inner.files, after, inner.together

    def _as_found(self, made: Iterable[_Place]) -> set[_Place]:
        """Return coroutines, given by paths of the project, as findings name their place."""
        return {(self.shown(path), function) for path, function in made}

    def _chosen(self, report: Report) -> list[Attempt]:
        """Return the first usable plan of each finding, without those that overlap."""
        candidates = []
        only = None if self.only is None else self._as_found(self.only)
        for finding in report.findings:
            if not self._wanted(finding) if only is None else _place(finding) not in only:
                continue
            plan = next((plan for plan in finding.plans if self._usable(finding, plan)), None)
            if plan is not None:
                candidates.append(Attempt(finding, plan))
        # Inner expressions first: what holds them is planned anew in the next round.
        candidates.sort(key=lambda attempt: (_size(attempt.finding.span), attempt.finding.span))
        chosen: list[Attempt] = []
        taken: list[Span] = []
        for attempt in candidates:
            spans = _spans(attempt.plan)
            if any(_overlap(one, other) for one in spans for other in taken):
                continue
            chosen.append(attempt)
            taken.extend(spans)
        return chosen

    def _wanted(self, finding: Finding) -> bool:
        path = self.resolved(finding.span.path)[len(self._full("")) :]
        return path not in self.beside and (self.asked is None or self.asked(finding, path))

    def _usable(self, finding: Finding, plan: FixPlan) -> bool:
        if not plan.edits or (finding.fingerprint, plan.title) in self.refused:
            return False
        if self.within is not None and not plan.paths <= self.within:
            return False
        if self.only is not None and any(isinstance(e, Import) and e.module == BRIDGES for e in plan.imports):
            return False
        if self.only is not None and "sync_to_async" in plan.title:
            return False
        return plan.applicability == "safe" or (self.unsafe and plan.applicability == "unsafe")

    def _needed_in(self, path: str) -> Callable[[str], bool]:
        # What a package imports in its __init__ is what it offers to others, also outside the project.
        return lambda name: path.endswith("__init__.py") or self.needed(path, name)

    def _applied_to(self, attempts: Sequence[Attempt]) -> dict[str, bytes]:
        edits: dict[str, list[Edit]] = {}
        imports: dict[str, set[Import | AlsoImport]] = {}
        for attempt in attempts:
            for edit in attempt.plan.edits:
                edits.setdefault(edit.span.path, []).append(edit)
            for entry in attempt.plan.imports:
                imports.setdefault(entry.path, set()).add(entry)
        files = dict(self.files)
        for path in sorted({*edits, *imports}):
            full = self._full(path)
            data = files[full] if full in files else self.below.read(full)
            wanted = sorted(imports.get(path, ()), key=_import_key)
            files[full] = rewritten(data, edits.get(path, []), wanted, self.local, self._needed_in(path))
        return files

    @property
    def written(self) -> list[list[str]]:
        """The files of each rewrite that was kept, by their full paths: to be written together."""
        return [[self._full(path) for path in paths] for paths in self.together]

    def _full(self, path: str) -> str:
        return f"{self.root.rstrip('/')}/{path}"

    def _applied(self, attempt: Attempt) -> Applied:
        finding, plan = attempt.finding, attempt.plan
        path, line = finding.span.path, self._first_line(finding.span.path, finding.span.line)
        return Applied(finding.code, path, line, finding.function, plan.title, plan.applicability)

    def _first_line(self, path: str, line: int) -> int:
        """Return where a line, of a file as it is now, was before all rewrites."""
        full = next((full for full in self.files if self.shown(full[len(self._full("")) :]) == path), None)
        return line if full is None else original_line(self.below.read(full), self.files[full], line)

    def _blamed(self, before: Report, after: Report, attempts: Sequence[Attempt]) -> list[Attempt]:
        """Return the attempts whose finding is still there, or that brought a new one."""
        fixed = Counter(_key(attempt.finding) for attempt in attempts)
        expected = Counter(_key(finding) for finding in before.findings)
        expected.subtract(fixed)
        # A comment that a rewrite made superfluous is taken away in the end. What settings cost async code (DAM9xx) is
        # told once there is some: no rewrite makes it wrong.
        told = [one for one in after.findings if one.code != UNUSED and not one.code.startswith(_OF_SETTINGS)]
        found = Counter(_key(finding) for finding in told)
        wrong = {key for key, number in found.items() if number > expected[key]}
        bad: set[_Place] = {key[:2] for key in wrong}
        known = {(problem.path, problem.stage) for problem in before.problems}
        broken = {problem.path for problem in after.problems if (problem.path, problem.stage) not in known}
        blamed = [
            attempt
            for attempt in attempts
            if _key(attempt.finding) in wrong
            or bad.intersection(self._as_found(attempt.plan.creates))
            or attempt.finding.span.path in broken
        ]
        blamed = blamed or [attempt for attempt in attempts if attempt.place in bad]
        if blamed or not (bad or broken):
            return blamed
        files = {path for path, _ in bad} | broken
        return [attempt for attempt in attempts if attempt.finding.span.path in files] or list(attempts)


def _import_key(entry: Import | AlsoImport) -> tuple[str, str]:
    return (entry.module if isinstance(entry, Import) else ""), entry.name


def _place(finding: Finding) -> _Place:
    return finding.span.path, finding.function


def _key(finding: Finding) -> tuple[str, str, str]:
    return finding.span.path, finding.function, finding.code


def _of(selected: Callable[[str, str], bool], path: str) -> Callable[[str], bool]:
    return lambda code: selected(code, path)


def _advice(finding: Finding) -> str:
    return finding.fix.title if finding.fix is not None else finding.message


def _spans(plan: FixPlan) -> list[Span]:
    return [edit.span for edit in plan.edits]


def _size(span: Span) -> tuple[int, int]:
    return span.end_line - span.line, span.end_column - span.column


def _overlap(one: Span, other: Span) -> bool:
    if one.path != other.path:
        return False
    first, second = sorted((one, other))
    return (second.line, second.column) < (first.end_line, first.end_column)
