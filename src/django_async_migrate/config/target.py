"""Learns which Django version a project runs on, from what it declares and what is installed beside it."""

from __future__ import annotations

import re

from django_async_migrate.config.versions import SUPPORTED, lowest_allowed, nearest
from django_async_migrate.core.findings import Target

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from django_async_migrate.syntax.filesystem import FileSystem

_REQUIREMENT = r"django(?:\[[^\]]*\])?[ \t]*(\(?(?:[<>=!~]=?=?)[\w.*,<>=!~ \t()+]*)"
_LOCKED = re.compile(r'^name = "django"\s*\n(?:[a-z-]+ = .*\n)*?version = "([^"]+)"', re.MULTILINE | re.IGNORECASE)
_LOCKED_JSON = re.compile(r'"django":\s*\{[^}]*?"version":\s*"([^"]+)"', re.IGNORECASE)
_LINE = re.compile(r"^[ \t]*" + _REQUIREMENT, re.MULTILINE | re.IGNORECASE)
_QUOTED = re.compile(r"[\"']" + _REQUIREMENT, re.IGNORECASE)
# Tried first, in this order, among several requirements files.
_FIRST = ("requirements", "base", "common", "production", "prod")


def detect_target(folders: Sequence[str], filesystem: FileSystem) -> Target:
    """Return the Django version of a project, looking into ``folders`` one after the other.

    Within a folder: lock files, requirements files, pyproject.toml, setup.cfg and setup.py; then the Django
    installed in its virtual environment. The first that answers wins; a range gives the lowest supported
    version it allows. Without an answer, the newest supported version.
    """
    for folder in folders:
        try:
            names = _Names(folder, filesystem)
        except OSError:
            continue
        for source, find in (("lock", _from_locks), ("requirements", _from_declarations)):
            version = find(names)
            if version is not None:
                return Target(version, source)
    for folder in folders:
        version = _from_environment(folder, filesystem)
        if version is not None:
            return Target(version, "environment")
    return Target(SUPPORTED[-1], "default")


class _Names:
    """The files of one folder, read when asked for."""

    def __init__(self, folder: str, filesystem: FileSystem) -> None:
        folders, files, links = filesystem.list(folder)
        self.folder = folder
        self.files = {*files, *links}
        self.folders = set(folders)
        self._filesystem = filesystem

    def text(self, name: str) -> str:
        """Return the text of a file, empty when it cannot be read."""
        try:
            return self._filesystem.read(f"{self.folder}/{name}").decode("utf-8-sig", "replace").replace("\r", "")
        except OSError:
            return ""

    def within(self, name: str) -> list[str]:
        """Return the names of the files of a folder in this one, as paths."""
        try:
            _, files, links = self._filesystem.list(f"{self.folder}/{name}")
        except OSError:
            return []
        return [f"{name}/{file}" for file in (*files, *links)]


def _from_locks(names: _Names) -> str | None:
    for name, expression in (
        ("uv.lock", _LOCKED),
        ("poetry.lock", _LOCKED),
        ("pdm.lock", _LOCKED),
        ("Pipfile.lock", _LOCKED_JSON),
    ):
        if name in names.files:
            # Several entries are for several Python versions.
            version = _lowest(nearest(found.lstrip("=")) for found in expression.findall(names.text(name)))
            if version is not None:
                return version
    return None


def _from_declarations(names: _Names) -> str | None:
    for name in _requirement_files(names):
        version = _lowest(lowest_allowed(found) for found in _LINE.findall(names.text(name)))
        if version is not None:
            return version
    if "pyproject.toml" in names.files:
        version = _from_pyproject(names.text("pyproject.toml"))
        if version is not None:
            return version
    for name, expression in (("Pipfile", None), ("setup.cfg", _LINE), ("setup.py", _QUOTED)):
        if name not in names.files:
            continue
        text = names.text(name)
        if expression is None:
            version = _from_pipfile(text)
        else:
            version = _lowest(lowest_allowed(found) for found in expression.findall(text))
        if version is not None:
            return version
    return None


def _requirement_files(names: _Names) -> list[str]:
    """Return the requirements files of a folder, the most telling first."""
    found = [name for name in names.files if name.startswith(("requirements", "constraints"))]
    for folder in ("requirements", "reqs", "requirements.d"):
        if folder in names.folders:
            found += names.within(folder)
    return sorted(
        (name for name in found if name.endswith((".txt", ".in", ".pip", ".lock"))),
        key=lambda name: (name.startswith("constraints"), not name.endswith(".txt"), *_rank(name)),
    )


def _rank(name: str) -> tuple[int, str]:
    stem = name.rpartition("/")[2].rpartition(".")[0]
    return (_FIRST.index(stem) if stem in _FIRST else len(_FIRST), name)


def _from_pyproject(text: str) -> str | None:
    if "django" not in text.lower():
        return None
    from django_async_migrate.config.toml import TomlError, read_toml

    try:
        document = read_toml(text)
    except TomlError:
        return None
    return _lowest(lowest_allowed(requirement) for requirement in (*_listed(document), *_poetry(document)))


def _listed(document: dict[str, object]) -> list[str]:
    """Return what the standard tables ask of Django: the dependencies, or else the extras and groups."""
    project = _table(document, "project")
    groups = [*_table(project, "optional-dependencies").values()]
    groups += _table(document, "dependency-groups").values()
    return _asked(project.get("dependencies")) or [found for group in groups for found in _asked(group)]


def _asked(entries: object) -> list[str]:
    """Return what a list of requirements asks of Django."""
    if not isinstance(entries, list):
        return []
    found = (re.match(_REQUIREMENT, entry, re.IGNORECASE) for entry in entries if isinstance(entry, str))
    return [match.group(1) for match in found if match]


def _poetry(document: dict[str, object]) -> Iterator[str]:
    """Yield what Poetry's table asks of Django."""
    tables = _table(_table(_table(document, "tool"), "poetry"), "dependencies")
    for name, value in tables.items():
        if name.lower() == "django":
            for entry in value if isinstance(value, list) else [value]:
                version = entry.get("version") if isinstance(entry, dict) else entry
                if isinstance(version, str):
                    yield version


def _from_pipfile(text: str) -> str | None:
    found = re.search(r'^"?django"?\s*=\s*(?:\{.*?version\s*=\s*)?"([^"]*)"', text, re.MULTILINE | re.IGNORECASE)
    return lowest_allowed(found.group(1)) if found else None


def _table(document: dict[str, object], name: str) -> dict[str, object]:
    found = document.get(name)
    return found if isinstance(found, dict) else {}


def libraries(folder: str, filesystem: FileSystem) -> Iterator[str]:
    """Yield the folders that the virtual environments of ``folder`` keep installed packages in."""
    for environment in (".venv", "venv", "env"):
        base = f"{folder}/{environment}"
        if not filesystem.is_file(f"{base}/pyvenv.cfg"):
            continue
        for library in ("lib", "Lib"):
            try:
                pythons = sorted(filesystem.list(f"{base}/{library}")[0])
            except OSError:
                continue
            for inner in ("site-packages", *(f"{python}/site-packages" for python in pythons)):
                if filesystem.is_folder(f"{base}/{library}/{inner}"):
                    yield f"{base}/{library}/{inner}"


def _from_environment(folder: str, filesystem: FileSystem) -> str | None:
    """Return the version of the Django installed in a virtual environment of ``folder``."""
    found = (_installed(library, filesystem) for library in libraries(folder, filesystem))
    return next((version for version in found if version is not None), None)


def _installed(folder: str, filesystem: FileSystem) -> str | None:
    try:
        names = filesystem.list(folder)[0]
    except OSError:
        return None
    found = (re.fullmatch(r"django-(.+)\.dist-info", name, re.IGNORECASE) for name in names)
    return _lowest(nearest(match.group(1)) for match in found if match)


def _lowest(versions: Iterable[str | None]) -> str | None:
    known = [version for version in versions if version is not None]
    return min(known, key=SUPPORTED.index) if known else None
