"""What turns a project into the project after its fixes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

_ROOT = "/project"


class Applied(Protocol):
    """A fix that was applied; ``line`` is in the file as it was before."""

    @property
    def code(self) -> str: ...
    @property
    def path(self) -> str: ...
    @property
    def line(self) -> int: ...
    @property
    def title(self) -> str: ...
    @property
    def function(self) -> str: ...


@dataclass(frozen=True, slots=True)
class FixResult:
    """All files of the project after the fixes, and the fixes."""

    files: Mapping[str, str]
    applied: Sequence[Applied] = ()


Fixer = Callable[[Mapping[str, str]], FixResult]


@dataclass(frozen=True, slots=True)
class ProductFixer:
    """The product's own fixes, for a target version of Django."""

    target: str
    unsafe: bool = False

    def __call__(self, files: Mapping[str, str]) -> FixResult:
        """Fix a project given as ``{path: text}``. Raises AssertionError for a change of what was not there."""
        from django_async_migrate import api
        from django_async_migrate.core.options import ScanOptions
        from django_async_migrate.syntax.filesystem import MemoryFileSystem

        options = ScanOptions(paths=(_ROOT,), project=_ROOT, target_version=self.target)
        held = MemoryFileSystem({f"{_ROOT}/{path}": text for path, text in files.items()})
        outcome = api.fix(options, unsafe=self.unsafe, filesystem=held, cwd=_ROOT, write=False)
        after = dict(files)
        for change in outcome.changes:
            assert change.before.decode() == files[change.path], f"{change.path} was not like that before"
            after[change.path] = change.after.decode()
        return FixResult(after, outcome.applied)
