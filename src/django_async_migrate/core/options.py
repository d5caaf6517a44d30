"""What the user asked for, after the command line and the configuration are merged."""

from __future__ import annotations

from dataclasses import dataclass

#: The baseline that is read when it lies in the root of the project and no other is named.
BASELINE_NAME = "django-async-migrate-baseline.txt"


@dataclass(frozen=True, slots=True)
class ScanOptions:
    """Settings of one scan; ``paths`` and ``project`` are as the user gave them.

    ``target_source`` says who named ``target_version``: "option" or "config". ``helper_strategy``: how fixes treat
    sync helpers that query: "auto", "convert", "twin" or "wrap". ``insert_todos``: whether fixing leaves a comment
    where it gives up. ``level``: how much is reported, from 1 to 5. ``rewriting``: the helper strategy while fixing,
    else empty. ``trusted``: coroutines, by path and dotted name, that a rewrite has just made: all their callers are
    known. ``loop_entry_points``: patterns for the dotted names of sync functions, or of decorators of such, that run on
    the event loop. ``to_thread_functions``: dotted names of functions that run another one in a thread.
    ``extra_rules``: files of rows, from the root of the project.
    """

    paths: tuple[str, ...] = (".",)
    project: str | None = None
    exclude: tuple[str, ...] = ()
    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    per_file_ignores: tuple[tuple[str, tuple[str, ...]], ...] = ()
    target_version: str | None = None
    target_source: str = "option"
    jobs: int | None = None
    level: int = 5
    helper_strategy: str = "auto"
    insert_todos: bool = False
    rewriting: str = ""
    loop_entry_points: tuple[str, ...] = ()
    to_thread_functions: tuple[str, ...] = ()
    extra_rules: tuple[str, ...] = ()
    trusted: frozenset[tuple[str, str]] = frozenset()
