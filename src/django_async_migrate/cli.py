"""The command line. Imports click and nothing else until it knows what to do."""

from __future__ import annotations

import os
import sys

import click

from django_async_migrate import __version__

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from contextlib import AbstractContextManager
    from typing import Any

    from django_async_migrate.core.edits import FixOutcome, Suggestion
    from django_async_migrate.core.findings import Report
    from django_async_migrate.core.options import ScanOptions

PROGRAM = "django-async-migrate"
_CONTEXT = {"help_option_names": ["-h", "--help"], "max_content_width": 100}
EXIT_CLEAN, EXIT_FOUND, EXIT_FAILED, EXIT_INTERRUPTED = 0, 1, 2, 130
# Each takes a good part of a second. A report with more findings is that of a first scan, before there is a baseline.
MOST_SUGGESTIONS = 200
_RANK = {"info": 0, "warning": 1, "error": 2, "never": 3}


def run(arguments: Sequence[str]) -> int:
    """Run the program and return its exit code: 0 clean, 1 found something, 2 could not do its work."""
    from django_async_migrate.core.errors import UsageError

    for stream in (sys.stdout, sys.stderr):
        # A path or a line of source may hold what the terminal's encoding lacks.
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    try:
        result = main.main(list(arguments), PROGRAM, standalone_mode=False)
        return result if isinstance(result, int) else EXIT_CLEAN
    except click.ClickException as error:
        _show(error)
        return EXIT_FAILED
    except UsageError as error:
        click.echo(f"error: {error}", err=True)
        return EXIT_FAILED
    except (click.Abort, KeyboardInterrupt):
        click.echo("interrupted", err=True)
        return EXIT_INTERRUPTED
    except BrokenPipeError:
        # The reader (head, less) has seen enough. Keep Python from complaining when it flushes at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return EXIT_FAILED
    except Exception as error:
        click.echo(f"internal error: {type(error).__name__}: {error}", err=True)
        if "--verbose" in arguments:
            import traceback

            click.echo(traceback.format_exc(), err=True)
        else:
            click.echo("run again with --verbose to see where, and please report it", err=True)
        return EXIT_FAILED


def _show(error: click.ClickException) -> None:
    """Print what was wrong with the command line, in the words of all other errors."""
    message = error.format_message()
    context = getattr(error, "ctx", None)
    if type(error).__name__ == "NoArgsIsHelpError":
        click.echo(message, err=True)
        return
    if isinstance(error, click.NoSuchOption):
        from django_async_migrate.config.settings import nearest_word

        near = nearest_word(error.option_name, tuple(error.possibilities or ()))
        message = f"no such option: {error.option_name}" + (f"; did you mean {near}?" if near else "")
    message = (message[:1].lower() + message[1:].rstrip(".")).replace(". Did you", "; did you")
    hint = "" if context is None or "did you mean" in message.lower() else f"; see {context.command_path} --help"
    click.echo(f"error: {message}{hint}", err=True)


def _print_version(context: click.Context, parameter: click.Parameter, value: bool) -> None:
    if value and not context.resilient_parsing:
        click.echo(f"{PROGRAM} {__version__}")
        context.exit(EXIT_CLEAN)


def _version(hidden: bool = True) -> Callable[[Any], Any]:
    return click.option(
        "--version",
        is_flag=True,
        expose_value=False,
        is_eager=True,
        hidden=hidden,
        callback=_print_version,
        help="Print the version.",
    )


@click.group(context_settings=_CONTEXT)
@_version(hidden=False)
def main() -> None:
    """Find where async Django code reaches synchronous queries, lazy relations and other blocking calls."""


@main.command(short_help="Find async hazards in files or folders.")
@click.argument("paths", nargs=-1, metavar="[PATHS]...")
@click.option("--select", multiple=True, metavar="CODES", help="Report only these rules: codes or prefixes.")
@click.option("--ignore", multiple=True, metavar="CODES", help="Do not report these rules.")
@click.option("--exclude", multiple=True, metavar="GLOB", help="Leave out files and folders that match.")
@click.option("--target-version", metavar="X.Y", help="The Django version to judge by, 4.2 to 6.1.")
@click.option("--project", metavar="DIR", help="The project's root folder.")
@click.option("--fix", is_flag=True, help="Rewrite what can be without changing behaviour.")
@click.option("--unsafe-fixes", is_flag=True, help="Also what may change behaviour.")
@click.option("--diff", is_flag=True, help="Show what --fix would do; write nothing.")
@click.option("--helper-strategy", metavar="HOW", help="Sync helpers: auto, convert, twin or wrap.")
@click.option("--insert-todos", is_flag=True, help="With --fix: a TODO where it gives up.")
@click.option("--output-format", metavar="FORMAT", help="text, concise, json, sarif, github, gitlab or junit.")
@click.option("--output", metavar="FILE", help="Write the report to a file.")
@click.option("--fail-on", metavar="SEVERITY", help="Exit 1 from: error, warning, info, never.")
@click.option("--level", metavar="N", help="From 1, only what always raises, to 5, everything.")
@click.option("--baseline", metavar="FILE", help="Be silent about the findings in this file.")
@click.option("--write-baseline", is_flag=True, help="Put all findings into the baseline.")
@click.option("--no-baseline", is_flag=True, help="Report known findings as well.")
@click.option("--statistics", is_flag=True, help="Count the findings of each rule.")
@click.option("--jobs", metavar="N", help="How many processes to use at most.")
@click.option("--no-cache", is_flag=True, help="Do not use results of earlier scans.")
@click.option("--quiet", is_flag=True, help="Print findings and problems only.")
@click.option("--verbose", is_flag=True, help="Tell what was not understood or fixed, and where.")
@_version()
def scan(paths: tuple[str, ...], **given: object) -> int:
    """Find async hazards in PATHS: files or folders, by default all below this.

    \b
    Options replace the settings in pyproject.toml, [tool.django-async-migrate].
    Exit code: 0 nothing found, 1 something found or not read, 2 command failed.
    """
    from django_async_migrate.api import scan as scan_project

    options, settings = _merge(paths, given)
    if settings.get("fix") or settings.get("diff"):
        return _fix(options, settings)
    with _progress(bool(settings.get("quiet"))) as progress:
        report = scan_project(options, progress=progress)
    report, told = _compared(report, options, settings)
    suggestions = _suggestions(options, report) if settings.get("output-format") == "sarif" else None
    _write(_rendered(report, settings, None, suggestions), settings.get("output"))
    _count(report, settings)
    _tell(told, settings)
    return _exit_code(report, str(settings.get("fail-on", "warning")))


def _compared(report: Report, options: ScanOptions, settings: Mapping[str, object]) -> tuple[Report, list[str]]:
    """Return the report without what the baseline knows, and what to tell about the baseline."""
    if settings.get("no-baseline") or report.scope is None:
        return report, []
    from django_async_migrate.core.options import BASELINE_NAME

    named, write = settings.get("baseline"), bool(settings.get("write-baseline"))
    path = named if isinstance(named, str) else f"{report.scope.root.rstrip('/')}/{BASELINE_NAME}"
    if named is None and not write and not os.path.isfile(path):
        return report, []
    from django_async_migrate.api import working_directory
    from django_async_migrate.baseline.apply import Baseline, apply
    from django_async_migrate.report.selection import Selection
    from django_async_migrate.syntax.paths import is_inside, relative

    cwd = working_directory()
    shown = relative(path, cwd) if is_inside(path, cwd) else path
    unattended = os.environ.get("CI", "").lower() not in ("", "0", "false")
    selection = Selection(options.select, options.ignore, options.per_file_ignores)
    return apply(report, Baseline(path, shown, named is not None, write, not unattended), selection.wants, cwd)


def _count(report: Report, settings: Mapping[str, object]) -> None:
    """Print the statistics of a report whose form has no place for them."""
    if settings.get("statistics") and settings.get("output-format", "text") != "text":
        from django_async_migrate.report.levels import HIGHEST, level_lines
        from django_async_migrate.report.summary import statistics_lines

        level = settings.get("level")
        for line in (
            *statistics_lines(report),
            *level_lines(report.hidden, level if isinstance(level, int) else HIGHEST),
        ):
            click.echo(line, err=True)


def _tell(lines: Sequence[str], settings: Mapping[str, object]) -> None:
    """Print what is no part of the report."""
    if not settings.get("quiet"):
        for line in lines:
            click.echo(line, err=True)


def _suggestions(options: ScanOptions, report: Report) -> Mapping[str, Suggestion]:
    """Return the fixes that a SARIF report shows. With very many findings that would take too long."""
    wanted = {finding.fingerprint for finding in report.findings if finding.fix and finding.fix.applicability == "safe"}
    if not 0 < len(wanted) <= MOST_SUGGESTIONS:
        return {}
    from django_async_migrate.api import suggest

    return suggest(options, wanted)


def _fix(options: ScanOptions, settings: Mapping[str, object]) -> int:
    """Fix, or show as a diff what fixing would do; return the exit code."""
    from dataclasses import replace

    from django_async_migrate.api import fix
    from django_async_migrate.report.fixes import diff_text, fix_lines

    unsafe, shown = bool(settings.get("unsafe-fixes")), bool(settings.get("diff"))
    with _progress(bool(settings.get("quiet"))) as progress:
        outcome = fix(options, unsafe, write=not shown, progress=progress)
    told: list[str] = []
    if not shown:
        report, told = _compared(outcome.report, options, settings)
        outcome = replace(outcome, report=report)
    text = diff_text(outcome.changes) if shown else _rendered(outcome.report, settings, outcome)
    _write(text, settings.get("output"))
    _count(outcome.report, settings)
    if not settings.get("quiet"):
        for line in fix_lines(outcome, not shown, unsafe, bool(settings.get("verbose"))):
            # Standard output holds the report or the diff and nothing else, so that both can be piped.
            click.echo(line, err=shown or settings.get("output-format", "text") != "text")
    _tell(told, settings)
    code = _exit_code(outcome.report, str(settings.get("fail-on", "warning")))
    return EXIT_FOUND if shown and outcome.changes else code


@main.command()
@click.argument("code", required=False)
@_version()
def rule(code: str | None) -> None:
    """Explain the rule CODE, or list all rules."""
    from django_async_migrate.report.rules import explain, listing

    click.echo(listing() if code is None else explain(code), nl=False)


def _merge(paths: tuple[str, ...], given: Mapping[str, object]) -> tuple[ScanOptions, dict[str, object]]:
    """Return the options of the scan, and all settings: those of the project, replaced by what was given."""
    from django_async_migrate.api import working_directory
    from django_async_migrate.config.settings import check, load_settings, scan_options
    from django_async_migrate.core.errors import UsageError
    from django_async_migrate.syntax.discovery import locate
    from django_async_migrate.syntax.filesystem import RealFileSystem
    from django_async_migrate.syntax.paths import absolute, relative

    options = {key.replace("_", "-"): value for key, value in given.items() if value not in (None, (), False)}
    folder = options.pop("project", None)
    for flag in ("write-baseline", "no-baseline"):
        options.pop(flag, None)
    project = folder if isinstance(folder, str) else None
    for key in ("jobs", "level"):
        number = options.get(key)
        if isinstance(number, str) and number.isdecimal():
            options[key] = int(number)
    asked: dict[str, object] = {}
    for key, value in options.items():
        try:
            asked[key] = check(key, value)
        except UsageError as error:
            raise UsageError(str(error).replace(f'"{key}"', f"--{key}")) from None
    names = paths or ((project,) if project is not None else (".",))
    cwd = working_directory()
    filesystem = RealFileSystem()
    root = locate(names, project, filesystem, cwd).root
    settings = {**load_settings(root, relative(f"{root}/pyproject.toml", cwd), filesystem), **asked}
    baseline = settings.get("baseline")
    if isinstance(baseline, str):
        settings["baseline"] = absolute(baseline, cwd if "baseline" in asked else root)
    for flag in ("write-baseline", "no-baseline"):
        settings[flag] = bool(given.get(flag.replace("-", "_")))
    if settings["write-baseline"] and (settings["no-baseline"] or settings.get("diff")):
        raise UsageError("--write-baseline cannot be combined with --no-baseline or --diff")
    source = "option" if "target-version" in asked else "config"
    return scan_options(names, project, settings, source), settings


def _rendered(
    report: Report,
    settings: Mapping[str, object],
    outcome: FixOutcome | None = None,
    suggestions: Mapping[str, Suggestion] | None = None,
) -> str:
    """Return the report as text in the form that was asked for."""
    from django_async_migrate.report.render import rendered

    color = not settings.get("output") and _wants_color()
    return rendered(report, settings, __version__, color, _source_lines, outcome, suggestions)


def _source_lines(path: str) -> list[str]:
    """Return the lines of a scanned file for its code frames; none when it has vanished or changed."""
    from django_async_migrate.syntax.filesystem import RealFileSystem
    from django_async_migrate.syntax.parse import SourceError, decode

    try:
        return decode(RealFileSystem().read(path)).split("\n")
    except (OSError, SourceError):
        return []


def _write(text: str, output: object) -> None:
    if not isinstance(output, str) or output == "-":
        click.echo(text, nl=False, color=True)
        return
    from django_async_migrate.syntax.output import write_file

    write_file(output, text)


def _wants_color() -> bool:
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def _exit_code(report: Report, fail_on: str) -> int:
    limit = _RANK[fail_on]
    found = bool(report.problems) or any(_RANK[finding.severity] >= limit for finding in report.findings)
    return EXIT_FOUND if found else EXIT_CLEAN


def _progress(quiet: bool) -> AbstractContextManager[Callable[[int, int], None] | None]:
    """Return a context that shows a bar on standard error while a long scan runs, if that is a terminal."""
    from contextlib import contextmanager, nullcontext
    from time import monotonic

    if quiet or not sys.stderr.isatty():
        return nullcontext()

    @contextmanager
    def shown() -> Iterator[Callable[[int, int], None]]:
        begun = monotonic()
        bars: list[Any] = []

        def update(done: int, total: int) -> None:
            # Most scans are over before a bar would be of use.
            if not bars and monotonic() - begun > 1:
                bars.append(click.progressbar(length=total, label="Analysing", file=sys.stderr).__enter__())
            if bars:
                bars[0].update(done - bars[0].pos)

        try:
            yield update
        finally:
            if bars:
                click.echo("\r\033[K", nl=False, err=True)

    return shown()
