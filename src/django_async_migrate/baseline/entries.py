"""The file of a baseline: one finding a line, sorted, so that branches merge and a diff tells what changed."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass

from django_async_migrate.core.errors import UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

_HEADER = (
    "# Findings that are known: a scan is silent about them, and takes out those that are gone.\n"
    "# One finding a line: file, rule, function, fingerprint, fingerprint without the file. Do not edit by hand.\n"
)
_WORD = re.compile(r"[\w./+@=,~<>-]+")
_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[^\s"]+')
_CODE = re.compile(r"DAM\d{3}")
_CONFLICT = ("<<<<<<<", "=======", ">>>>>>>", "|||||||")


@dataclass(frozen=True, slots=True, order=True)
class Entry:
    """One known finding; ``path`` is relative to the root of the project.

    ``content`` names the finding wherever its file is moved to.
    """

    path: str
    code: str
    function: str
    fingerprint: str
    content: str


def read_entries(text: str, shown: str) -> tuple[Entry, ...]:
    """Return the entries of a baseline, sorted, each once. ``shown`` is how messages name the file.

    Raises UsageError that names the line of what is no entry.
    """
    found = set()
    for number, line in enumerate(text.split("\n"), 1):
        line = line.strip()
        if not line or line.startswith("#"):
            continue
        if line.startswith(_CONFLICT):
            raise UsageError(
                f"{shown}:{number}: a merge left a conflict; keep the lines of both sides,"
                " and a scan of the whole project takes out what is gone"
            )
        entry = _entry(line)
        if entry is None:
            raise UsageError(f"{shown}:{number}: not an entry of a baseline; write it again with --write-baseline")
        found.add(entry)
    return tuple(sorted(found))


def entries_text(entries: Iterable[Entry]) -> str:
    """Return the file that holds the entries: the same bytes for the same entries."""
    return _HEADER + "".join(sorted(_line(entry) for entry in set(entries)))


def _line(entry: Entry) -> str:
    words = (entry.path, entry.code, entry.function, entry.fingerprint, entry.content)
    return " ".join(word if _WORD.fullmatch(word) else json.dumps(word) for word in words) + "\n"


def _entry(line: str) -> Entry | None:
    words = _TOKEN.findall(line)
    if len(words) != 5:
        return None
    try:
        path, code, function, fingerprint, content = (
            str(json.loads(word)) if word.startswith('"') else word for word in words
        )
    except ValueError:
        return None
    return Entry(path, code, function, fingerprint, content) if _CODE.fullmatch(code) else None
