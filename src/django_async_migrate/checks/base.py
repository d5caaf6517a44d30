"""What a rule is: a code, and the effect it turns into a finding."""

from __future__ import annotations

from dataclasses import dataclass

from django_async_migrate.core.effects import LAZY, Effect
from django_async_migrate.core.findings import Severity


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule. ``kinds`` are the effects it claims; ``reached`` how the coroutine reaches them.

    ``reached`` is "directly", "helper" (through a sync function), "implicit" (through a property or dunder
    method) or several of them.
    """

    code: str
    name: str
    severity: Severity
    summary: str
    message: str
    kinds: frozenset[str]
    reached: frozenset[str]

    def claims(self, effect: Effect) -> bool:
        """Whether an effect is a finding of this rule."""
        if effect.kind == "framework" and not effect.steps and effect.rule != self.code:
            return False  # its row says which rule it belongs to
        return effect.kind in self.kinds and way(effect) in self.reached


def way(effect: Effect) -> str:
    """Return how the coroutine reaches an effect."""
    if not effect.steps:
        return "directly"
    return "implicit" if effect.implicit and effect.kind in LAZY else "helper"
