"""DAM310: where requests cross between the event loop and threads on their way through the middleware."""

from __future__ import annotations

from collections.abc import Iterator

from django_async_migrate.checks.base import Fact, FactRule, Facts
from django_async_migrate.checks.settings import unique
from django_async_migrate.core.findings import Fix, Step
from django_async_migrate.index.chain import Chain, Entry
from django_async_migrate.index.hops import Link, Passage, links_of, passages, saved


def _find(facts: Facts) -> Iterator[Fact]:
    return unique(_chains(facts)) if facts.project.survey.serves_async_views else iter(())


def _chains(facts: Facts) -> Iterator[Fact]:
    major, minor = (int(part) for part in facts.target.django.split(".")[:2])
    served = {settings.module.path for settings in facts.project.settings.served}
    for chain in facts.project.middleware.chains:
        found = links_of(chain, (major, minor)) if chain.settings.module.path in served else None
        # A chain that is synchronous nowhere is as Django means it: there is nothing to tell.
        if found is not None and any(link.mode == "sync" for _, link in found):
            yield _fact(chain, found)


def _fact(chain: Chain, found: list[tuple[Entry, Link]]) -> Fact:
    links = [link for _, link in found]
    table, total = passages(links)
    number = max(range(len(links)), key=lambda place: _gain(links, place))
    gain = _gain(links, number)
    name = links[number].name.rpartition(".")[2]
    if gain > 0:
        change = f"async code in {name} saves {gain} of them"
    else:
        slow = [link.name.rpartition(".")[2] for link in links if link.mode == "sync"]
        runs = f"{slow[0]} runs" if len(slow) == 1 else f"{', '.join(slow[:-1])} and {slow[-1]} run"
        change = f"no single change saves any, and as {runs} synchronously, each request holds a thread"
    times = "once" if total == 1 else f"{total} times"
    return Fact(
        span=chain.origin.module.parsed.span(chain.origin.node),
        message=f"a request to an async view crosses {times} between event loop and thread: {change}",
        function=chain.settings.module.name,
        trace=tuple(_step(entry, passage) for (entry, _), passage in zip(found, table, strict=True)),
        fix=Fix("manual", f"give {name} an async path" if gain > 0 else "give the synchronous middleware async paths"),
    )


def _gain(links: list[Link], number: int) -> int:
    """Return what a change of one link saves; Django's own middleware is not the project's to change."""
    return -1 if links[number].name.startswith("django.") else saved(links, number)


def _step(entry: Entry, passage: Passage) -> Step:
    span = entry.origin.module.parsed.span(entry.origin.node)
    side, other = ("on the loop", "a thread") if passage.on_loop else ("in a thread", "the loop")
    hooks = passage.crossings - passage.inward
    parts = [f"{entry.dotted.rpartition('.')[2]}: {side}"]
    if hooks:
        parts.append(f"{hooks} {'hook runs' if hooks == 1 else 'hooks run'} in a thread")
    if passage.inward:
        parts.append(f"inside of it the request goes to {other}")
    return Step(span.path, span.line, span.column, ", ".join(parts))


RULE = FactRule(
    code="DAM310",
    name="middleware-hops",
    severity="info",
    summary="Requests that cross between the event loop and threads on their way through the middleware",
    find=_find,
)
