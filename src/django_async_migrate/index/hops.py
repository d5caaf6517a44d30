"""How a request passes a chain of middleware under ASGI, and where it crosses between event loop and thread.

``BaseHandler.load_middleware()`` builds the chain from the inside. Each middleware runs as what it is around: once
something synchronous is inside, all that can run synchronously does so, up to the first that cannot.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from django_async_migrate.catalog.middleware import middleware_rows
from django_async_migrate.core.record import Record, record, replace

from .functions import FunctionInfo
from .middleware import Middleware, middleware_of

if TYPE_CHECKING:
    from .chain import Chain, Entry

Mode = Literal["sync", "hybrid", "mixin", "async"]


@record
class Link(Record):
    """One middleware of a chain. ``hooks``: how many of its hooks run in a thread where it runs on the loop.

    ``view_hooks``: its synchronous ``process_view``, which runs in a thread wherever the middleware itself runs.
    """

    __slots__ = ()

    name: str
    mode: Mode
    hooks: int = 0
    view_hooks: int = 0


@record
class Passage(Record):
    """How a request passes one link: ``on_loop`` or in a thread; ``crossings``: those made there.

    ``inward``: the request changes sides right inside of the link.
    """

    __slots__ = ()

    link: Link
    on_loop: bool
    crossings: int
    inward: bool


def passages(links: list[Link]) -> tuple[list[Passage], int]:
    """Return how a request to an async view passes each link, outermost first, and the crossings in all."""
    found: list[Passage] = []
    on_loop = True
    total = 0
    for link in reversed(links):
        if not on_loop and link.mode != "async":
            here = False
        else:
            here = link.mode != "sync"
        inward = here is not on_loop
        crossings = inward + link.view_hooks + (link.hooks if here else 0)
        found.append(Passage(link, here, crossings, inward))
        total += crossings
        on_loop = here
    return found[::-1], total + (not on_loop)


def saved(links: list[Link], number: int) -> int:
    """Return how many crossings there are fewer if one link had async code for all it does."""
    changed = replace(links[number], mode="hybrid", hooks=0, view_hooks=0)
    return passages(links)[1] - passages([*links[:number], changed, *links[number + 1 :]])[1]


def links_of(chain: Chain, target: tuple[int, int]) -> list[tuple[Entry, Link]] | None:
    """Return the links of a chain, without what only some environments add; None where one of them is unknown."""
    found = []
    for entry in chain.entries:
        if not entry.sure:
            continue
        link = _link(entry, target)
        if link is None:
            return None
        found.append((entry, link))
    return found if chain.complete else None


def sync_inside(chain: Chain, definition: object) -> str:
    """Return the synchronous middleware that keeps one outside of it from the event loop; empty where none does."""
    found = ""
    for entry in reversed(chain.entries):
        if entry.definition is definition:
            return found
        if entry.sure and not found and _is_sync(entry):
            found = entry.dotted
    return ""


def _is_sync(entry: Entry) -> bool:
    middleware = middleware_of(entry.definition or entry.installed)
    if middleware is not None:
        return not middleware.async_capable and middleware.manner != "async"
    row = middleware_rows().get(entry.dotted) if entry.definition is None else None
    return row is not None and row.mode == "sync"


def _link(entry: Entry, target: tuple[int, int]) -> Link | None:
    middleware = middleware_of(entry.definition or entry.installed)
    if middleware is not None:
        return _own(entry.dotted, middleware)
    row = middleware_rows().get(entry.dotted) if entry.definition is None else None
    if row is None:
        return None
    count = row.crossings(target)
    views = int("process_view" in row.hops and count > 0)
    return Link(entry.dotted, row.mode, count - views, views)


def _own(name: str, middleware: Middleware) -> Link | None:
    hooks = middleware.hooks or {}
    view = hooks.get("process_view")
    views = int(view is not None and not view.is_async and not view.decorators)
    if not middleware.async_capable:
        return None if middleware.manner == "async" else Link(name, "sync", 0, views)
    if not middleware.native or (middleware.marked == "no" and not isinstance(middleware.definition, FunctionInfo)):
        return None  # it fails before it can be counted
    if middleware.async_hooks:
        return None
    if middleware.style == "mixin" and middleware.call is None:
        return Link(name, "mixin", len(hooks.keys() & {"process_request", "process_response"}), views)
    return Link(name, "hybrid" if middleware.sync_capable else "async", 0, views)
