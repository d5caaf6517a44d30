"""Runs programs as children and measures wall time and peak memory."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass

from benchmarks.packages import Tree
from benchmarks.tools import Tool

# A run of so many seconds is not repeated.
_LONG = 20.0


@dataclass(frozen=True, slots=True)
class Run:
    """One run: seconds, and peak memory in MiB of the largest process of the program.

    A child starts with the peak of the process it is forked from, so that less than the peak of this
    process cannot be seen: then ``floor`` is true.
    """

    seconds: float
    memory: float
    floor: bool = False
    stopped: bool = False
    failed: bool = False
    output: bytes = b""


def interleaved(tools: Sequence[Tool], tree: Tree, rounds: int, limit: float) -> dict[str, Run]:
    """Run every tool on the tree in turn, ``rounds`` times, and keep the best time and its least memory.

    In turn, so that what else the machine does meets all alike. A first, uncounted run of nothing but reading
    fills the file cache. A tool that took long runs once, and is stopped after ``limit`` seconds.
    """
    for path in tree.path.rglob("*.py"):
        path.read_bytes()
    best: dict[str, Run] = {}
    for number in range(rounds):
        for tool in tools:
            if number and best[tool.name].seconds > _LONG:
                continue
            run = once(tool, tree, limit)
            known = best.get(tool.name)
            if known is None or run.seconds < known.seconds:
                best[tool.name] = run
    return best


def once(tool: Tool, tree: Tree, limit: float) -> Run:
    """Run a tool once."""
    started = time.perf_counter()
    process = subprocess.Popen(
        tool.on(tree.path),
        cwd=tree.path if tool.in_folder else None,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    # The whole group: a tool may have workers, which hold the pipe open.
    timer = threading.Timer(limit, os.killpg, (process.pid, signal.SIGKILL))
    timer.start()
    assert process.stdout is not None
    output = process.stdout.read()
    # wait4 gives the use of this child alone; getrusage would give the maximum over all children so far.
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - started
    timer.cancel()
    process.stdout.close()
    process.returncode = os.waitstatus_to_exitcode(status)
    unit = 1 if sys.platform == "darwin" else 1024
    floor = usage.ru_maxrss <= resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    stopped = seconds >= limit
    failed = not stopped and process.returncode not in (0, 1)
    return Run(seconds, usage.ru_maxrss * unit / 2**20, floor, stopped, failed, output)
