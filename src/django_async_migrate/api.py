"""The pipeline: find the project, read it, analyse it, and report what is asked for."""

from __future__ import annotations

import gc
import os
from contextlib import suppress
from dataclasses import replace

from django_async_migrate.core.errors import UsageError
from django_async_migrate.core.findings import Coverage, Finding, Problem, Report, Scope, Span, Target, Todo
from django_async_migrate.syntax.discovery import Layout, discover, locate, project_files
from django_async_migrate.syntax.filesystem import RealFileSystem
from django_async_migrate.syntax.paths import absolute, ancestors, is_inside, parent, relative
from django_async_migrate.syntax.tree import SourceTree

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Sequence

    from django_async_migrate.catalog import Catalog
    from django_async_migrate.core.edits import FixOutcome, Suggestion
    from django_async_migrate.core.options import ScanOptions
    from django_async_migrate.rewrite.engine import Rewriting
    from django_async_migrate.syntax.filesystem import FileSystem
    from django_async_migrate.syntax.project import Project

    # Told how many of the files with async code were begun, and how many there are.
    Progress = Callable[[int, int], None]

# A selection up to this size is parsed as a whole, so that every syntax error in it is reported.
SMALL_BYTES = 2_000_000


def scan(
    options: ScanOptions,
    filesystem: FileSystem | None = None,
    cwd: str | None = None,
    progress: Progress | None = None,
) -> Report:
    """Scan a project and return what was found, paths relative to the working directory.

    ``filesystem`` and ``cwd`` default to the machine's. Nothing of the project is imported or written.
    Raises UsageError when a path does not exist or the options contradict each other.
    """
    files = filesystem or RealFileSystem()
    folder = working_directory() if cwd is None else cwd
    # Syntax trees are many objects in no cycles. Looking for cycles among them takes longer than making them.
    collecting = gc.isenabled()
    gc.disable()
    try:
        return _scan(options, files, folder, progress)
    finally:
        if collecting:
            gc.enable()


def fix(
    options: ScanOptions,
    unsafe: bool = False,
    filesystem: FileSystem | None = None,
    cwd: str | None = None,
    write: bool = True,
    progress: Progress | None = None,
    within: Sequence[str] | None = None,
) -> FixOutcome:
    """Rewrite what can be rewritten and return what was done and what is left.

    ``unsafe``: also apply rewrites that may change behaviour. ``write``: False leaves the files alone; the changes
    are in the result. ``within``: the files that may change, by their full paths; all of the project if None.
    A file that cannot be written is a problem of the report. Raises UsageError as ``scan`` does.
    """
    from django_async_migrate.core.edits import Change, FixOutcome
    from django_async_migrate.rewrite.overlay import Snapshot

    disk = filesystem or RealFileSystem()
    files = Snapshot(disk)
    folder = working_directory() if cwd is None else cwd
    rewriting = _rewriting(options, unsafe, files, folder, progress, within)
    report = rewriting.without_idle_noqa(rewriting.run())
    from django_async_migrate.report.selection import Selection

    selection = Selection(options.select, options.ignore, options.per_file_ignores)
    report, marked, unmarked = rewriting.left_todos(report, options.insert_todos, selection.wants)
    changes = []
    for path, after in sorted(rewriting.files.items()):
        before = files.read(path)
        if before != after:
            changes.append(Change(relative(path, folder), before, after))
    applied = rewriting.applied
    if write and changes:
        from django_async_migrate.rewrite.save import save_all

        failed = save_all(folder, changes, [{relative(path, folder) for path in paths} for paths in rewriting.written])
        if failed:
            unwritten = {path for path, _ in failed}
            changes = [change for change in changes if change.path not in unwritten]
            applied = [done for done in applied if done.path not in unwritten]
            marked = [entry for entry in marked if entry[0] not in unwritten]
            # What is left is what is on disk, not what would have been.
            report = scan(replace(options, rewriting=options.helper_strategy), disk, folder, progress)
            problems = [Problem(path, 1, "write", f"the fixes were not written: {reason}") for path, reason in failed]
            report = replace(report, problems=tuple(sorted((*report.problems, *problems), key=_problem_key)))
    refused = tuple((finding, reason) for finding in report.findings if (reason := rewriting.reason(finding)))
    left = rewriting.open(report.findings)
    return FixOutcome(report, tuple(changes), tuple(applied), refused, left, tuple(marked), unmarked)


def suggest(
    options: ScanOptions,
    wanted: Collection[str],
    filesystem: FileSystem | None = None,
    cwd: str | None = None,
) -> dict[str, Suggestion]:
    """Return what ``fix`` would change about each of some findings, by fingerprint; nothing is written.

    Only safe rewrites are returned, and of those only what was kept when all were tried together. This takes as long
    as fixing. Raises UsageError as ``scan`` does.
    """
    from django_async_migrate.rewrite.overlay import Snapshot
    from django_async_migrate.rewrite.suggest import suggestions

    files = Snapshot(filesystem or RealFileSystem())
    folder = working_directory() if cwd is None else cwd
    return suggestions(lambda: _rewriting(options, False, files, folder, None, None), wanted)


def _rewriting(
    options: ScanOptions,
    unsafe: bool,
    files: FileSystem,
    folder: str,
    progress: Progress | None,
    within: Sequence[str] | None,
) -> Rewriting:
    """Return a fix run that has not begun."""
    from django_async_migrate.report.levels import HIGHEST, level_of
    from django_async_migrate.report.selection import Selection
    from django_async_migrate.rewrite.engine import Rewriting

    root = locate(options.paths, options.project, files, folder).root
    asked = replace(options, rewriting=options.helper_strategy)
    narrow = bool(options.select or options.ignore or options.per_file_ignores or options.level < HIGHEST)
    selection = Selection(options.select, options.ignore, options.per_file_ignores)
    target: list[str] = []

    def scanned(overlay: FileSystem, made: frozenset[tuple[str, str]], beside: frozenset[str] | None) -> Report:
        given = replace(asked, trusted=made)
        if beside is not None and narrow:
            given = replace(given, select=(), ignore=(), per_file_ignores=(), level=HIGHEST)
        if beside:
            # The same project and version, whatever the paths would tell by themselves.
            if not target:
                target.append(_version(asked, files, folder))
            paths = (*options.paths, *(f"{root}/{path}" for path in sorted(beside)))
            given = replace(given, paths=paths, project=root, target_version=target[0])
        return scan(given, overlay, folder, progress)

    return Rewriting(
        root,
        files,
        scanned,
        unsafe,
        _local_packages(root, files),
        _Importers(root, options, files, folder),
        shown=_Rebase(root, folder).path,
        resolved=lambda path: absolute(path, folder),
        within=None if within is None else frozenset(relative(path, root) for path in within),
        asked=(lambda finding, path: selection.wants(finding.code, path) and level_of(finding) <= options.level)
        if narrow
        else None,
    )


def _version(options: ScanOptions, files: FileSystem, cwd: str) -> str:
    """Return the Django version that a scan judges by."""
    project = locate(options.paths, options.project, files, cwd)
    return _target(options, project, discover(options.paths, project, options.exclude, files, cwd), files, cwd).django


class _Importers:
    """Says whether other files of a project may use a name of a module: they mention both."""

    def __init__(self, root: str, options: ScanOptions, files: FileSystem, cwd: str) -> None:
        self._root = root
        self._options = options
        self._files = files
        self._cwd = cwd
        self._texts: dict[str, bytes] | None = None

    def __call__(self, path: str, name: str) -> bool:
        """Whether a file other than ``path`` mentions its module and ``name``."""
        if self._texts is None:
            self._texts = {}
            project = locate(self._options.paths, self._options.project, self._files, self._cwd)
            layout = discover(self._options.paths, project, self._options.exclude, self._files, self._cwd)
            for other in {*layout.selected, *project_files(layout, self._options.exclude, self._files)}:
                with suppress(OSError):
                    self._texts[other] = self._files.read(f"{self._root.rstrip('/')}/{other}")
        stem = parent(path) if path.endswith("__init__.py") else path.removesuffix(".py")
        word = stem.rpartition("/")[2].encode()
        wanted = name.encode()
        return any(word in text and wanted in text for other, text in self._texts.items() if other != path)


def _local_packages(root: str, files: FileSystem) -> frozenset[str]:
    """Return the names under which the project's own packages are imported, as far as two levels show them."""
    found: set[str] = set()
    folders = [root]
    try:
        folders += [f"{root}/{name}" for name in files.list(root)[0]]
    except OSError:
        return frozenset()
    for folder in folders:
        try:
            inner, names, _ = files.list(folder)
        except OSError:
            continue
        found.update(inner)
        found.update(name[:-3] for name in names if name.endswith(".py"))
    return frozenset(found)


def working_directory() -> str:
    """Return the working directory, with ``/``. Raises UsageError when it no longer exists."""
    try:
        return os.getcwd().replace(os.sep, "/")
    except OSError:
        raise UsageError("the working directory does not exist") from None


def _scan(options: ScanOptions, files: FileSystem, cwd: str, progress: Progress | None) -> Report:
    project = locate(options.paths, options.project, files, cwd)
    layout = discover(options.paths, project, options.exclude, files, cwd)
    listener = _Listener(progress)
    tree = SourceTree(
        project.root,
        layout.selected,
        files,
        lambda: project_files(layout, options.exclude, files),
        layout.problems,
        listener,
    )
    listener.expect(tree.async_paths)
    target = _target(options, project, layout, files, cwd)
    found: list[Finding] = []
    findings: list[Finding] = []
    hidden: list[Finding] = []
    problems: list[Problem] = []
    async_functions = 0
    unknown: tuple[tuple[str, int], ...] = ()
    suppressed = 0
    catalog = _catalog(options, project, files, cwd)
    on_loop = options.loop_entry_points
    if tree.async_paths or tree.graphql_paths or on_loop or (tree.import_paths and tree.is_async):
        from django_async_migrate.checks.findings import analyze

        analysis = analyze(tree, target, options.rewriting, options.trusted, catalog, on_loop)
        async_functions = analysis.async_functions
        unknown = analysis.unknown
        problems += analysis.problems
        found += analysis.findings
    # A whole project without async code has no facts that matter; part of one may belong to a project that has some.
    if tree.async_paths or (not layout.complete and tree.holds_facts and tree.is_async):
        from django_async_migrate.checks.facts import fact_findings

        found += fact_findings(tree, target, catalog)
    if found or tree.noqa_paths:
        broken = {problem.path for problem in problems}
        findings, suppressed = _reported(found, tree, options, broken)
        if findings:
            from django_async_migrate.report.levels import split

            findings, hidden = split(findings, options.level)
    _check_syntax(tree, layout)
    problems += tree.problems
    selected = set(tree.selected)
    inside = {problem for problem in problems if problem.path in selected or problem in layout.problems}
    coverage = Coverage(
        len(tree.selected),
        async_functions,
        tree.parsed_files,
        unknown,
        suppressed,
        tree.outside_problems + len(set(problems) - inside),
        notes=_notes(tree, layout, options, files, cwd),
    )
    rebase = _Rebase(project.root, cwd)
    return Report(
        target,
        rebase.findings(findings),
        rebase.problems(inside),
        coverage,
        rebase.todos(_todos(tree)),
        Scope(project.root, frozenset(tree.selected), layout.complete),
        rebase.findings(hidden),
    )


def _catalog(options: ScanOptions, project: Project, files: FileSystem, cwd: str) -> Catalog | None:
    """Return what is known about libraries, with the rows of the project; None where it has no rows."""
    if not options.extra_rules and not options.to_thread_functions:
        return None
    from django_async_migrate.catalog import load
    from django_async_migrate.catalog.extra import extended

    texts = []
    for name in options.extra_rules:
        path = absolute(name, project.root)
        shown = relative(path, cwd)
        try:
            texts.append((shown, files.read(path).decode("utf-8-sig").replace("\r\n", "\n")))
        except OSError as error:
            raise UsageError(f"extra-rules: cannot read {shown}: {error.strerror or error}") from None
        except UnicodeDecodeError:
            raise UsageError(f"{shown}:1: the file is not UTF-8") from None
    from django_async_migrate.checks.registry import effect_rules

    direct = [rule for rule in effect_rules() if "directly" in rule.reached]
    rules = {
        table: [rule.code for rule in direct if kind in rule.kinds]
        for table, kind in (("function", "framework"), ("blocking", "blocking"))
    }
    return extended(load(), texts, options.to_thread_functions, rules)


def _todos(tree: SourceTree) -> Iterator[Todo]:
    """Yield the TODO comments of earlier runs. They stand where findings do: in files with async code."""
    from django_async_migrate.syntax.todos import todo_lines

    for path in sorted({*tree.async_paths, *tree.graphql_paths}):
        parsed = tree.parse(path)
        if parsed is not None:
            yield from (Todo(path, line, code) for line, code in todo_lines(parsed.text))


def _target(options: ScanOptions, project: Project, layout: Layout, files: FileSystem, cwd: str) -> Target:
    """Return the Django version to judge by; the contract fixes the order of the sources."""
    if options.target_version is not None:
        return Target(options.target_version, options.target_source)
    from django_async_migrate.config.target import detect_target

    below: set[str] = set()
    for path in options.paths:
        below.update(above for above in ancestors(absolute(path, cwd)) if is_inside(above, project.root))
    below.update(project.folders)
    # A repository often keeps its Django project, with its requirements, one level down.
    below.update(
        parent(f"{project.root}/{path}")
        for path in layout.selected
        if path.endswith("manage.py") and path.rpartition("/")[2] == "manage.py"
    )
    below.discard(project.root)
    folders = sorted(below, key=lambda folder: (folder.count("/"), folder))
    return detect_target([project.root, *folders], files)


def _reported(
    findings: Iterable[Finding], tree: SourceTree, options: ScanOptions, broken: Collection[str]
) -> tuple[list[Finding], int]:
    """Return the findings to report, sorted and with fingerprints, and how many were silenced by ``noqa``.

    ``broken``: files that were not analysed to the end, of which nobody knows what a comment silences.
    """
    from django_async_migrate.report.fingerprint import sort_key, with_fingerprints
    from django_async_migrate.report.selection import Selection
    from django_async_migrate.syntax.suppressions import UNUSED, Suppressions

    def text_of(span: Span) -> str:
        parsed = tree.parse(span.path) if span.path.endswith(".py") else None
        return parsed.source(span) if parsed is not None else ""

    def comments_of(path: str) -> Suppressions | None:
        if path not in comments:
            parsed = tree.parse(path) if path.endswith(".py") else None
            comments[path] = None if parsed is None else Suppressions(parsed)
        return comments[path]

    selection = Selection(options.select, options.ignore, options.per_file_ignores)
    comments: dict[str, Suppressions | None] = {}
    kept: list[Finding] = []
    silenced = 0
    # Fingerprints come first: what is silenced or ignored must not renumber what is left.
    for finding in with_fingerprints(findings, text_of):
        span = finding.span
        known = comments_of(span.path)
        # Asked before the selection: a comment about a rule that is switched off is still of use.
        quiet = known is not None and known.silences(finding.code, span.line, span.end_line)
        if selection.wants(finding.code, span.path):
            silenced += quiet
            if not quiet:
                kept.append(finding)
    idle: list[Finding] = []
    for path in tree.noqa_paths:
        if path not in broken and selection.wants(UNUSED, path):
            found = comments_of(path)
            if found is not None:
                from django_async_migrate.report.unused import unused_findings

                idle += [entry for entry in unused_findings(path, found) if not found.silences(UNUSED, entry.span.line)]
    if idle:
        kept = sorted([*kept, *with_fingerprints(idle, text_of)], key=sort_key)
    return kept, silenced


def _check_syntax(tree: SourceTree, layout: Layout) -> None:
    """Parse the files whose syntax errors must be reported, though nothing asked for them.

    Those with async code, those named directly, those that look broken; all of them in a small selection.
    """
    if tree.selected_bytes <= SMALL_BYTES:
        wanted = set(tree.selected)
    else:
        wanted = {*layout.direct, *tree.async_paths, *tree.suspicious}
    for path in sorted(wanted):
        tree.check(path)


def _notes(tree: SourceTree, layout: Layout, options: ScanOptions, files: FileSystem, cwd: str) -> tuple[str, ...]:
    """Return what the user should know about the scan as a whole."""
    notes = [f"{path} is not a Python file and was left out" for path in layout.skipped]
    if not tree.selected and not layout.skipped:
        named = {path for path in options.paths if files.is_file(absolute(path, cwd))}
        folders = ["this folder" if path == "." else path for path in options.paths if path not in named]
        if folders:
            notes.append(f"no Python files were found in {', '.join(folders)}")
        notes += [f"{path} is excluded" for path in options.paths if path in named]
    elif tree.selected and layout.complete and not tree.mentions_django:
        notes.append("nothing in this project uses Django")
    return tuple(notes)


class _Listener:
    """Turns "this file is about to be parsed" into progress."""

    def __init__(self, progress: Progress | None) -> None:
        self._progress = progress
        self._expected: frozenset[str] = frozenset()
        self._begun: set[str] = set()

    def expect(self, paths: Iterable[str]) -> None:
        """Set the files that make up the whole."""
        self._expected = frozenset(paths)

    def __call__(self, path: str) -> None:
        if self._progress is not None and self._expected:
            self._begun.update(self._expected.intersection((path,)))
            self._progress(len(self._begun), len(self._expected))


class _Rebase:
    """Makes paths relative to the working directory instead of the project root."""

    def __init__(self, root: str, cwd: str) -> None:
        self._root = root if root.endswith("/") else root + "/"
        self._cwd = cwd
        self._same = self._root == cwd + "/"

    def path(self, path: str) -> str:
        """Return a project path relative to the working directory."""
        return path if self._same else relative(absolute(self._root + path, "/"), self._cwd)

    def findings(self, findings: Sequence[Finding]) -> tuple[Finding, ...]:
        """Return the findings with their paths changed, sorted anew."""
        if not findings:
            return ()
        from django_async_migrate.report.fingerprint import sort_key

        changed = (
            finding
            if self._same
            else replace(
                finding,
                span=replace(finding.span, path=self.path(finding.span.path)),
                trace=tuple(replace(step, path=self.path(step.path)) for step in finding.trace),
            )
            for finding in findings
        )
        return tuple(sorted(changed, key=sort_key))

    def problems(self, problems: Iterable[Problem]) -> tuple[Problem, ...]:
        """Return the problems with their paths changed, sorted."""
        changed = (replace(problem, path=self.path(problem.path)) for problem in problems)
        return tuple(sorted(changed, key=_problem_key))

    def todos(self, todos: Iterable[Todo]) -> tuple[Todo, ...]:
        """Return the TODO comments with their paths changed, sorted."""
        return tuple(sorted(replace(todo, path=self.path(todo.path)) for todo in todos))


def _problem_key(problem: Problem) -> tuple[str, int, str, str]:
    return problem.path, problem.line, problem.stage, problem.message
