"""The Python files of a project, read and parsed only when somebody asks."""

from __future__ import annotations

from ..core.findings import Problem
from .parse import ParsedFile, SourceError, decode, parse

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from .filesystem import FileSystem

__all__ = ["ParsedFile", "SourceTree"]

_RELATIONS = (b"ForeignKey", b"OneToOneField", b"ManyToManyField", b"GenericRelation")


class SourceTree:
    """All Python files of a project, read lazily.

    Reading the selected files is the one thing that always happens: it tells which of them hold async code.
    If none does, no other file is read or even listed.

    ``root``: the project root, absolute, with ``/``.
    ``selected``: the files findings are reported for, relative to the root, sorted.
    ``async_paths``: those of them that hold an ``async def``.
    ``problems``: files of ``selected`` (or folders) that could not be read or parsed so far.
    ``outside_problems``: how many other project files could not be read or parsed so far.
    """

    def __init__(
        self,
        root: str,
        selected: Iterable[str],
        filesystem: FileSystem,
        others: Callable[[], Iterable[str]] = tuple,
        problems: Iterable[Problem] = (),
    ) -> None:
        """Read the selected files once.

        ``others`` lists the project's files when first needed; it may repeat selected ones.
        ``problems`` are those met while the files were searched.
        """
        self.root = root
        self.selected: tuple[str, ...] = tuple(sorted(selected))
        self.outside_problems = 0
        self.total_bytes = 0
        self._selected = frozenset(self.selected)
        self._filesystem = filesystem
        self._prefix = root if root.endswith("/") else root + "/"
        self._others = others
        self._paths: tuple[str, ...] | None = None
        self._problems = {(found.path, found.stage): found for found in problems}
        self._cache: dict[str, bytes] = {}
        self._failed: set[str] = set()
        self._models: set[str] = set()
        self._seen: set[str] = set()
        self._parsed: dict[str, ParsedFile | None] = {}
        self.async_paths: tuple[str, ...] = tuple(self._survey(self.selected))

    @classmethod
    def in_memory(cls, files: Mapping[str, str | bytes], selected: Iterable[str] | None = None) -> SourceTree:
        """Return the tree of files given as ``{relative path: content}``, for tests.

        ``selected`` are the paths findings are reported for; all when left out.
        """
        from .filesystem import MemoryFileSystem

        paths = sorted(path for path in files if path.endswith(".py"))
        filesystem = MemoryFileSystem({f"/project/{path}": content for path, content in files.items()})
        return cls("/project", paths if selected is None else selected, filesystem, lambda: paths)

    @property
    def paths(self) -> tuple[str, ...]:
        """Every Python file of the project relative to the root, sorted."""
        if self._paths is None:
            self._paths = tuple(sorted(self._selected.union(self._others())))
        return self._paths

    @property
    def problems(self) -> tuple[Problem, ...]:
        """What could not be read or parsed so far, sorted; selected files only."""
        return tuple(sorted(self._problems.values(), key=lambda found: (found.path, found.line, found.stage)))

    def data(self, path: str) -> bytes | None:
        """Return the bytes of a project file, or None and note a problem when it cannot be read."""
        found = self._cache.get(path)
        return self._read(path) if found is None else found

    def containing(self, *needles: bytes) -> tuple[str, ...]:
        """Return the project files whose bytes contain any of the needles, sorted."""
        found = []
        for path in self.paths:
            data = self.data(path)
            if data is not None and any(needle in data for needle in needles):
                found.append(path)
        return tuple(found)

    def model_paths(self) -> tuple[str, ...]:
        """Return the project files that hold a relation declaration, sorted."""
        self._survey(path for path in self.paths if path not in self._seen)
        return tuple(sorted(self._models))

    def parse(self, path: str) -> ParsedFile | None:
        """Return the parsed file, or None and note a problem when it cannot be read, decoded or parsed."""
        if path not in self._parsed:
            self._parsed[path] = self._parse(path)
        return self._parsed[path]

    def _parse(self, path: str) -> ParsedFile | None:
        data = self.data(path)
        if data is None:
            return None
        try:
            text = decode(data)
            return ParsedFile(path, text, parse(path, text))
        except SourceError as error:
            self._note(path, error.line, error.stage, error.message)
            return None

    def _survey(self, paths: Iterable[str]) -> list[str]:
        """Read files for the first time; return those with async code and remember those with relations."""
        found = []
        one, two, three, four = _RELATIONS
        for path in paths:
            self._seen.add(path)
            data = self._read(path)
            if data is None:
                continue
            self.total_bytes += len(data)
            if b"async def" in data:
                found.append(path)
                self._cache[path] = data
            if one in data or two in data or three in data or four in data:
                self._models.add(path)
                self._cache[path] = data
        return found

    def _read(self, path: str) -> bytes | None:
        if path in self._failed:
            return None
        try:
            return self._filesystem.read(self._prefix + path)
        except FileNotFoundError:
            self._note(path, 1, "read", "the file vanished while the scan was running")
        except OSError as error:
            self._note(path, 1, "read", f"cannot read the file: {error.strerror or error}")
        self._failed.add(path)
        return None

    def _note(self, path: str, line: int, stage: str, message: str) -> None:
        if path in self._selected:
            self._problems.setdefault((path, stage), Problem(path, line, stage, message))
        else:
            self.outside_problems += 1
