"""The settings as a JSON schema, with which editors complete and check them."""

from __future__ import annotations

from django_async_migrate.config.settings import FAIL_ON, FORMATS, STRATEGIES
from django_async_migrate.config.versions import SUPPORTED

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_CODES = {
    "type": "array",
    "items": {"type": "string", "pattern": "^[Dd][Aa][Mm][0-9]{0,3}([, ]+[Dd][Aa][Mm][0-9]{0,3})*$"},
}
_STRINGS = {"type": "array", "items": {"type": "string"}}
_FLAG = {"type": "boolean"}

#: Each setting: what it is for, and what it may be.
SETTINGS: dict[str, tuple[str, dict[str, Any]]] = {
    "select": ("Report only these rules: codes (DAM101) or prefixes (DAM1).", _CODES),
    "ignore": ("Do not report these rules.", _CODES),
    "per-file-ignores": (
        "Rules that are not reported for files that match a pattern.",
        {"type": "object", "additionalProperties": _CODES},
    ),
    "level": (
        "How much is reported, from 1 (what always raises) to 5 (all, advice included).",
        {"type": "integer", "minimum": 1, "maximum": 5},
    ),
    "fail-on": ("The lowest severity that makes the exit code 1.", {"enum": list(FAIL_ON)}),
    "exclude": ("Files and folders that are no part of the project.", _STRINGS),
    "target-version": (
        "The Django version to judge by; found in the project's requirements when left out.",
        {"type": "string", "pattern": rf"^({'|'.join(SUPPORTED).replace('.', '[.]')})([.][0-9]+)*$"},
    ),
    "loop-entry-points": (
        "Sync functions that a framework runs on the event loop: patterns for their dotted names, or for those of their"
        " decorators.",
        _STRINGS,
    ),
    "to-thread-functions": ("Functions that run another function in a thread, as sync_to_async does.", _STRINGS),
    "extra-rules": ("Files with rows about more libraries, from the root of the project.", _STRINGS),
    "baseline": ("The file of known findings, from the root of the project.", {"type": "string", "minLength": 1}),
    "helper-strategy": ("How --fix makes sync helpers async.", {"enum": list(STRATEGIES)}),
    "insert-todos": ("Whether --fix leaves a TODO comment where it gives up.", _FLAG),
    "fix": ("Always rewrite what can be rewritten without changing behaviour.", _FLAG),
    "unsafe-fixes": ("Also rewrite what may change behaviour.", _FLAG),
    "diff": ("Always show what fixing would do, and write nothing.", _FLAG),
    "output-format": ("The form of the report.", {"enum": list(FORMATS)}),
    "output": ("Write the report to this file.", {"type": "string", "minLength": 1}),
    "statistics": ("Count the findings of each rule.", _FLAG),
    "quiet": ("Print findings and problems only.", _FLAG),
    "verbose": ("Tell what was not understood or fixed, and where.", _FLAG),
    "jobs": ("How many processes to use at most.", {"type": "integer", "minimum": 1}),
    "no-cache": ("Do not use results of earlier scans.", _FLAG),
}


def schema() -> dict[str, object]:
    """Return the schema of ``django-async-migrate.toml`` and of ``[tool.django-async-migrate]``."""
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "Settings of django-async-migrate",
        "description": "django-async-migrate.toml, or the table [tool.django-async-migrate] of pyproject.toml",
        "type": "object",
        "additionalProperties": False,
        "properties": {key: {"description": about, **kind} for key, (about, kind) in SETTINGS.items()},
    }
