"""All rules, in the order of their codes: every module of ``checks.rules`` holds one."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from importlib.resources import files

from .base import AnyRule, Rule


@cache
def all_rules() -> tuple[AnyRule, ...]:
    """Return every rule, sorted by code."""
    names = sorted(entry.name[:-3] for entry in files(f"{__package__}.rules").iterdir() if entry.name.startswith("dam"))
    return tuple(import_module(f"{__package__}.rules.{name}").RULE for name in names)


@cache
def effect_rules() -> tuple[Rule, ...]:
    """Return the rules that claim effects, sorted by code."""
    return tuple(rule for rule in all_rules() if isinstance(rule, Rule))


@cache
def fact_rules() -> tuple[AnyRule, ...]:
    """Return the rules that ask the index, sorted by code."""
    return tuple(rule for rule in all_rules() if rule.find is not None)
