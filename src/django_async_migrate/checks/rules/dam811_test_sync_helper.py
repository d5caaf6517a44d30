"""DAM811: a helper of tests that does not fit an async test."""

from collections.abc import Iterable

from django_async_migrate.checks.base import Fact, FactRule, Facts
from django_async_migrate.checks.testing import test_helpers


def find(facts: Facts) -> Iterable[Fact]:
    """Give the findings."""
    return test_helpers(facts)


RULE = FactRule(
    code="DAM811",
    name="test-sync-helper",
    severity="error",
    summary="A helper of tests that does not fit an async test",
    find=find,
)
