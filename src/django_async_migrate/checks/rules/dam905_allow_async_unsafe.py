"""DAM905: dJANGO_ALLOW_ASYNC_UNSAFE, which switches the safety check of Django off."""

from __future__ import annotations

from collections.abc import Iterator

from django_async_migrate.checks.base import Fact, FactRule, Facts
from django_async_migrate.checks.unsafe import environment_files, settings_of_environment


def _find(facts: Facts) -> Iterator[Fact]:
    yield from settings_of_environment(facts)
    yield from environment_files(facts)


RULE = FactRule(
    code="DAM905",
    name="allow-async-unsafe",
    severity="warning",
    summary="DJANGO_ALLOW_ASYNC_UNSAFE, which switches the safety check of Django off",
    find=_find,
)
