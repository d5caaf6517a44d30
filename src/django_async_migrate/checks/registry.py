"""All rules, in the order of their codes: every module of ``checks.rules`` holds one.

Importing them all takes longer than a small scan: only those that are asked for are.
"""

from __future__ import annotations

import os
from functools import cache
from importlib import import_module

from django_async_migrate.core.effects import Effect

from . import rules
from .base import AnyRule, Rule, names_rule

#: Which rules may ask the index, by the first digit of their number: no other has a ``find``.
FACT_FAMILIES = frozenset("036789")


@cache
def all_rules() -> tuple[AnyRule, ...]:
    """Return every rule, sorted by code."""
    return tuple(_rule(name) for name in _names())


@cache
def effect_rules() -> tuple[Rule, ...]:
    """Return the rules that claim effects, sorted by code."""
    return tuple(rule for rule in all_rules() if isinstance(rule, Rule))


@cache
def fact_rules() -> tuple[AnyRule, ...]:
    """Return the rules that ask the index, sorted by code."""
    found = (_rule(name) for name in _names() if name[3] in FACT_FAMILIES)
    return tuple(rule for rule in found if rule.find is not None)


def claiming(effect: Effect) -> Rule | None:
    """Return the rule of an effect, the first one that claims it; None where none does."""
    only = f"{effect.rule.lower()}_" if names_rule(effect) else ""
    for name in _names():
        if name.startswith(only):
            rule = _rule(name)
            if isinstance(rule, Rule) and rule.claims(effect):
                return rule
    return None


@cache
def _names() -> tuple[str, ...]:
    found = {entry.partition(".")[0] for folder in rules.__path__ for entry in os.listdir(folder)}
    return tuple(sorted(name for name in found if name.startswith("dam")))


@cache
def _rule(name: str) -> AnyRule:
    rule: AnyRule = import_module(f"{rules.__name__}.{name}").RULE
    return rule
