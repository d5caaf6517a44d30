"""All rules, in the order of their codes: every module of ``checks.rules`` holds one."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from importlib.resources import files

from .base import Rule


@cache
def all_rules() -> tuple[Rule, ...]:
    """Return every rule, sorted by code."""
    names = sorted(entry.name[:-3] for entry in files(f"{__package__}.rules").iterdir() if entry.name.startswith("dam"))
    return tuple(import_module(f"{__package__}.rules.{name}").RULE for name in names)
