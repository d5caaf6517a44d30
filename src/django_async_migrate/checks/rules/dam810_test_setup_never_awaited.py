"""DAM810: an async setUp of a test case of Django."""

from collections.abc import Iterable

from django_async_migrate.checks.base import Fact, FactRule, Facts
from django_async_migrate.checks.hooks import hook_facts


def find(facts: Facts) -> Iterable[Fact]:
    """Give the findings."""
    return hook_facts(facts, "DAM810")


RULE = FactRule(
    code="DAM810",
    name="test-setup-never-awaited",
    severity="error",
    summary="An async setUp of a test case of Django",
    find=find,
    instead="keep this method sync; what needs an event loop goes through async_to_sync",
)
