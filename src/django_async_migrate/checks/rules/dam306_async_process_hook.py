"""DAM306: a process_request or process_response that is a coroutine function."""

from __future__ import annotations

from collections.abc import Iterator

from django_async_migrate.checks.base import Fact, FactRule, Facts
from django_async_migrate.checks.middleware import fact, head
from django_async_migrate.core.record import replace

_ADVICE = "make the hook synchronous, or override __acall__ and await it there"


def _find(facts: Facts) -> Iterator[Fact]:
    seen = set()
    for listed in facts.project.middleware.own(facts.selected):
        for hook in listed.middleware.async_hooks:
            if hook not in seen and hook.cls is not None:
                seen.add(hook)
                found = fact(listed, _message(hook.cls.name, hook.name), _ADVICE)
                yield replace(found, span=head(hook), function=hook.qualname)


def _message(owner: str, hook: str) -> str:
    return (
        f"{owner}.{hook}() is a coroutine function, and MiddlewareMixin calls it as a synchronous one: "
        "in a thread under ASGI, without awaiting it under WSGI"
    )


RULE = FactRule(
    code="DAM306",
    name="async-process-hook",
    severity="error",
    summary="A process_request or process_response that is a coroutine function",
    find=_find,
)
