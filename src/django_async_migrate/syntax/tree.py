"""The Python files of a project, read and parsed only when somebody asks."""

from __future__ import annotations

from django_async_migrate.core.findings import Problem
from django_async_migrate.syntax.parse import ParsedFile, SourceError, decode, parse
from django_async_migrate.syntax.suspicion import THOROUGH_BYTES, is_suspicious

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from django_async_migrate.syntax.filesystem import FileSystem

__all__ = ["ParsedFile", "SourceTree"]

#: Files looked at again are kept in memory up to this size, so that questions do not read the disk each time.
_CACHE_BYTES = 100_000_000
_GRAPHQL = (b"import strawberry", b"from strawberry", b"import ariadne", b"from ariadne")
#: Words of settings, of middleware and of deployment: only files with one of them are asked for facts.
_FACTS = (
    b"on_commit",
    b"MIDDLEWARE",
    b"get_response",
    b"MiddlewareMixin",
    b"INSTALLED_APPS",
    b"DATABASES",
    b"ALLOW_ASYNC_UNSAFE",
    b"DJANGO_SETTINGS_MODULE",
    b"ROOT_URLCONF",
    b"SESSION_ENGINE",
    b"CACHES",
    b"WSGI_APPLICATION",
)
#: Words of imports that fail where the names are not there yet, or nowhere: also files without coroutines have them.
_IMPORTS = (b"database_sync_to_async", b"django.tasks")
_RELATIONS = (b"ForeignKey", b"OneToOneField", b"ManyToManyField", b"GenericRelation")


class SourceTree:
    """All Python files of a project, read lazily.

    Reading the selected files is the one thing that always happens: it tells which of them hold async code.
    If none does, no other file is read or even listed.

    ``root``: the project root, absolute, with ``/``.
    ``selected``: the files findings are reported for, relative to the root, sorted.
    ``async_paths``: those of them that hold an ``async def``.
    ``suspicious``: those of them that look as if they could not be parsed.
    ``selected_bytes``: the size of the selected files.
    ``mentions_django``: whether any selected file does.
    ``import_paths``: those without an ``async def`` that may import a name that is not there.
    ``noqa_paths``: those that may hold a ``noqa`` comment with one of our codes.
    ``outside_problems``: how many other project files could not be read or parsed so far.
    """

    def __init__(
        self,
        root: str,
        selected: Iterable[str],
        filesystem: FileSystem,
        others: Callable[[], Iterable[str]] = tuple,
        problems: Iterable[Problem] = (),
        listener: Callable[[str], None] | None = None,
    ) -> None:
        """Read the selected files once.

        ``others`` lists the project's files when first needed; it may repeat selected ones.
        ``problems`` are those met while the files were searched.
        ``listener`` is told of each file that is about to be parsed.
        """
        self.root = root
        self.selected: tuple[str, ...] = tuple(sorted(selected))
        self.outside_problems = 0
        self.selected_bytes = 0
        self.mentions_django = False
        self._selected = frozenset(self.selected)
        self._filesystem = filesystem
        self._prefix = root if root.endswith("/") else root + "/"
        self._others = others
        self._listener = listener
        self._paths: tuple[str, ...] | None = None
        self._problems = {(found.path, found.stage): found for found in problems}
        self._cache: dict[str, bytes] = {}
        self._cached_bytes = 0
        self.graphql_paths: list[str] = []
        self.noqa_paths: list[str] = []
        self.import_paths: list[str] = []
        self._failed: set[str] = set()
        self._models: set[str] = set()
        self._other_async: set[str] = set()
        self._surveyed = False
        self._containing: dict[tuple[bytes, ...], tuple[str, ...]] = {}
        self._classes: dict[bytes, list[str]] | None = None
        self._parsed: dict[str, ParsedFile | None] = {}
        self.async_paths, self.suspicious = self._survey()

    @property
    def filesystem(self) -> FileSystem:
        """Where the files are read from."""
        return self._filesystem

    @classmethod
    def in_memory(cls, files: Mapping[str, str | bytes], selected: Iterable[str] | None = None) -> SourceTree:
        """Return the tree of files given as ``{relative path: content}``, for tests.

        ``selected`` are the paths findings are reported for; all when left out.
        """
        from django_async_migrate.syntax.filesystem import MemoryFileSystem

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

    @property
    def parsed_files(self) -> int:
        """How many files were parsed so far."""
        return sum(1 for parsed in self._parsed.values() if parsed is not None)

    def data(self, path: str) -> bytes | None:
        """Return the bytes of a project file, or None and note a problem when it cannot be read."""
        found = self._cache.get(path)
        if found is None:
            found = self._read(path)
            if found is not None and self._cached_bytes < _CACHE_BYTES:
                self._cached_bytes += len(found)
                self._cache[path] = found
        return found

    def folder_exists(self, path: str) -> bool:
        """Tell whether there is a folder at a path relative to the root."""
        return self._filesystem.is_folder(self._prefix + path)

    def other_file(self, path: str) -> bytes | None:
        """Return the bytes of a file that holds no Python; None where there is none. It is never a problem."""
        name = self._prefix + path
        try:
            return self._filesystem.read(name) if self._filesystem.is_file(name) else None
        except OSError:
            return None

    def containing(self, *needles: bytes) -> tuple[str, ...]:
        """Return the project files whose bytes contain any of the needles, sorted.

        Reads every file of the project that is not cached, so ask once for all that is needed.
        """
        known = self._containing.get(needles)
        if known is None:
            found = []
            for path in self.paths:
                data = self._cache.get(path) or self.data(path)
                if data is not None:
                    for needle in needles:
                        if needle in data:
                            found.append(path)
                            break
            known = self._containing[needles] = tuple(found)
        return known

    def class_paths(self, name: str) -> tuple[str, ...]:
        """Return the project files that seem to define a class of that name, sorted.

        The first call reads the project once for all names. A mention in a comment or string counts, too.
        """
        if self._classes is None:
            import re

            # A literal start makes this as fast as a plain search.
            expression = re.compile(rb"class[ \t]+([\w\x80-\xff]+)")
            self._classes = {}
            for path in self.paths:
                for found in set(expression.findall(self.data(path) or b"")):
                    self._classes.setdefault(found, []).append(path)
        return tuple(self._classes.get(name.encode(), ()))

    def model_paths(self) -> tuple[str, ...]:
        """Return the project files that hold a relation declaration, sorted."""
        self._survey_rest()
        return tuple(sorted(self._models))

    def project_async_paths(self) -> tuple[str, ...]:
        """Return the project files that hold an ``async def``, whether selected or not, sorted.

        What a coroutine is called with, from a file that was not selected, may decide what is found in one
        that was. So an analysis that must not depend on the selection starts from these.
        """
        self._survey_rest()
        return tuple(sorted({*self.async_paths, *self._other_async}))

    @property
    def is_async(self) -> bool:
        """Whether any file of the project, selected or not, holds an ``async def``."""
        if not self.async_paths and not self._surveyed:
            return any(b"async def" in (self._read(path) or b"") for path in self.paths if path not in self._selected)
        return bool(self.async_paths or self._other_async)

    @property
    def holds_facts(self) -> bool:
        """Whether a selected file may hold settings or middleware; reads them once more."""
        return any(word in data for path in self.selected if (data := self._read(path)) is not None for word in _FACTS)

    def parse(self, path: str) -> ParsedFile | None:
        """Return the parsed file, or None and note a problem when it cannot be read, decoded or parsed."""
        if path not in self._parsed:
            self._parsed[path] = self._parse(path)
        return self._parsed[path]

    def check(self, path: str) -> None:
        """Note a problem if a file does not parse; unlike ``parse``, keep nothing."""
        if path not in self._parsed:
            self._parse(path)

    def _parse(self, path: str) -> ParsedFile | None:
        if self._listener is not None:
            self._listener(path)
        data = self.data(path)
        if data is None:
            return None
        try:
            text = decode(data)
            return ParsedFile(path, text, parse(path, text))
        except SourceError as error:
            self._note(path, error.line, error.stage, error.message)
            return None

    def _first_async(self) -> int:
        return self.selected.index(self.async_paths[0]) if self.async_paths else len(self.selected)

    def _survey(self) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Read the selected files; return those with async code and those that look broken."""
        found: list[str] = []
        suspicious: list[str] = []
        for path in self.selected:
            data = self._read(path)
            if data is None:
                continue
            self.selected_bytes += len(data)
            if b"async def" in data:
                found.append(path)
                self._cache[path] = data
            elif _IMPORTS[0] in data or _IMPORTS[1] in data:
                self.import_paths.append(path)
            if found:
                # Models matter only beside async code: files before the first async one are looked at later.
                self._note_relations(path, data)
            if (b"strawberry" in data or b"ariadne" in data) and any(word in data for word in _GRAPHQL):
                self.graphql_paths.append(path)
            if not self.mentions_django and b"django" in data:
                self.mentions_django = True
            if b"DAM" in data and (b"noqa" in data or b"NOQA" in data):
                self.noqa_paths.append(path)
            if is_suspicious(data, self.selected_bytes < THOROUGH_BYTES):
                suspicious.append(path)
        return tuple(found), tuple(suspicious)

    def _survey_rest(self) -> None:
        """Read the files of the project that the first reading left out, once."""
        if self._surveyed:
            return
        self._surveyed = True
        seen = frozenset(self.selected[self._first_async() :])
        for path in self.paths:
            if path in seen:
                continue
            data = self._read(path)
            if data is None:
                continue
            self._note_relations(path, data)
            if b"async def" in data:
                # Selected ones are among those seen.
                self._other_async.add(path)
                self._cache[path] = data

    def _note_relations(self, path: str, data: bytes) -> None:
        one, two, three, four = _RELATIONS
        if one in data or two in data or three in data or four in data:
            self._models.add(path)
            self._cache[path] = data

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
