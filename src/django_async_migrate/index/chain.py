"""The middleware of a project: the definitions, and the lists in the settings that put them in order."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from django_async_migrate.catalog.middleware import middleware_rows

from .classes import ClassInfo
from .functions import FunctionInfo
from .hops import sync_inside
from .installed import InstalledPackages
from .middleware import Middleware, middleware_in, middleware_of
from .settings_values import Items, Origin, Plain
from .survey import is_test

if TYPE_CHECKING:
    from collections.abc import Iterable

    from .project import Project
    from .settings import Settings


_AUTHENTICATION = "django.contrib.auth.middleware.AuthenticationMiddleware"


@dataclass(frozen=True, slots=True, eq=False)
class Entry:
    """One entry of ``MIDDLEWARE``. ``definition``: what it names, where that is in the project.

    ``installed``: what it names in an installed package that no row tells about.
    """

    dotted: str
    sure: bool
    origin: Origin
    definition: FunctionInfo | ClassInfo | None
    installed: FunctionInfo | ClassInfo | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Chain:
    """``MIDDLEWARE`` of one settings module, outermost first. ``complete``: all of it is known."""

    settings: Settings
    entries: tuple[Entry, ...]
    origin: Origin
    complete: bool


@dataclass(frozen=True, slots=True, eq=False)
class Listed:
    """A middleware of the project with the settings entries that name it.

    ``sheltered``: the synchronous middleware inside of it, where each list that names it has one: as long as it is
    there, Django runs all outside of it synchronously that can run so.
    """

    middleware: Middleware
    entries: tuple[Entry, ...]
    sheltered: str = ""


def _leaves_user(entry: Entry) -> bool:
    if entry.dotted.startswith("django."):
        return "RemoteUser" not in entry.dotted
    return entry.definition is not None


class ProjectMiddleware:
    """Finds the middleware of a project."""

    def __init__(self, project: Project) -> None:
        self._project = project

    @cached_property
    def chains(self) -> tuple[Chain, ...]:
        """``MIDDLEWARE`` of every settings module, those first that the project is started with."""
        found = []
        packages = InstalledPackages(self._project)
        for settings in self._project.settings.modules:
            value = settings.get("MIDDLEWARE")
            if not isinstance(value, Items):
                continue
            entries = []
            complete = value.complete
            for item in value.items:
                if isinstance(item.value, Plain) and isinstance(item.value.value, str):
                    dotted, origin = item.value.value, item.value.origin
                    own = self.resolve(dotted, origin.module.path)
                    known = own is not None or dotted in middleware_rows()
                    installed = None if known else packages.definition(dotted)
                    entries.append(Entry(dotted, item.sure, origin, own, installed))
                else:
                    complete = False
            found.append(Chain(settings, tuple(entries), value.origin, complete))
        return tuple(found)

    @cached_property
    def keeps_user(self) -> bool:
        """Whether ``request.user`` and ``request.auser()`` are for certain the user that Django's middleware put there.

        Middleware of libraries may replace one of them (a user who signs in with a second factor, an administrator who
        looks at the site as somebody else). The project's own that does so is seen elsewhere.
        """
        return bool(self.chains) and all(
            chain.complete
            and any(entry.dotted == _AUTHENTICATION and entry.sure for entry in chain.entries)
            and all(_leaves_user(entry) for entry in chain.entries)
            for chain in self.chains
        )

    def resolve(self, dotted: str, importer: str) -> FunctionInfo | ClassInfo | None:
        """Return the project's definition that an entry names, or None."""
        project = self._project
        name, _, attr = dotted.rpartition(".")
        path = project.paths.find(name, importer) if name else None
        module = project.module(path) if path is not None and not path.endswith("/") else None
        if module is None:
            return None
        found = project.lookup(module, attr)
        definition = found[0] if len(found) == 1 else None
        return definition if isinstance(definition, (FunctionInfo, ClassInfo)) else None

    def own(self, selected: Iterable[str]) -> list[Listed]:
        """Return the middleware that these files define: what settings name, and what has the shape of one."""
        wanted = set(selected)
        named: dict[FunctionInfo | ClassInfo, list[Entry]] = {}
        for chain in self.chains:
            for entry in chain.entries:
                if entry.definition is not None:
                    known = named.setdefault(entry.definition, [])
                    if all(entry.origin.node is not other.origin.node for other in known):
                        known.append(entry)
        found: dict[FunctionInfo | ClassInfo, Listed] = {}
        for definition, entries in named.items():
            middleware = middleware_of(definition)
            if middleware is not None and definition.module.path in wanted:
                listing = [chain for chain in self.chains if any(e.definition is definition for e in chain.entries)]
                inside = [sync_inside(chain, definition) if middleware.sync_capable else "" for chain in listing]
                found[definition] = Listed(middleware, tuple(entries), inside[0] if all(inside) else "")
        for path in self._project.survey.mentioning(b"get_response", b"MiddlewareMixin"):
            module = self._project.module(path) if path in wanted and not is_test(path) else None
            for middleware in middleware_in(module) if module is not None else ():
                found.setdefault(middleware.definition, Listed(middleware, ()))
        return list(found.values())
