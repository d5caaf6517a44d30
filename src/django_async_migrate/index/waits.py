"""Whether anything a function can reach by name may block."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .classes import ClassInfo
from .mentions import Mentions, Relevance
from .modules import ExternalRef

if TYPE_CHECKING:
    from .functions import FunctionInfo
    from .project import Project

_BUILTINS = frozenset({"open", "input"})
#: What is no function, and leads to paths: ``settings.BASE_DIR / "terms.txt"``.
_FOLDERS = ("django.conf.settings.BASE_DIR",)


class Waits(Relevance):
    """Answers whether code may wait for the network, a file or another process; remembers every answer."""

    def __init__(self, project: Project, mentions: dict[FunctionInfo, Mentions]) -> None:
        super().__init__(project)
        self.mentions = mentions
        self._names: dict[str, bool] = {}

    def _is_wanted(self, cls: ClassInfo) -> bool:
        return any(base in self._project.catalog.blocking for base in cls.externals)

    def _mentions_wanted(self, mentions: Mentions) -> bool:
        return not _BUILTINS.isdisjoint(mentions.names)

    def _external(self, api: str) -> bool:
        found = self._names.get(api)
        if found is None:
            found = self._names[api] = self._is_row(api)
        return found

    def _is_row(self, api: str) -> bool:
        """Whether a name leads to something that blocks: a function, a class, or a method named on its class."""
        catalog = self._project.catalog
        if api in catalog.blocking or api.endswith(_FOLDERS):
            return True
        function = catalog.functions.get(api)
        if function is not None and function.effect == "blocking":
            return True
        head, _, name = api.rpartition(".")
        owner = catalog.blocking.get(head)
        return owner is not None and owner.is_class and owner.blocks(name)


class OnPaths(Waits):
    """Answers whether a function itself uses something that blocks by what it is given: a path, or a buffer."""

    def uses(self, fn: FunctionInfo) -> bool:
        """Whether a function with parameters names such an API; what it calls does not count."""
        if not fn.params and not fn.args.kwonlyargs:
            return False
        known = self._answers.get(fn)
        if known is None:
            named = self._named(fn.module, self._mentions_of(fn, fn.cls is not None), fn) or []
            known = self._answers[fn] = any(
                isinstance(item, ExternalRef) and self._external(item.api) for item, _ in named
            )
        return known

    def _is_row(self, api: str) -> bool:
        row = self._project.catalog.blocking.get(api)
        return row is not None and bool(row.paths or row.urls)
