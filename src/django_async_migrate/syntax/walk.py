"""Walks folders for Python files, leaving out what is ignored."""

from __future__ import annotations

from django_async_migrate.core.findings import Problem
from django_async_migrate.syntax.ignore import GitIgnore, Patterns
from django_async_migrate.syntax.paths import ancestors, base_name, is_inside, parent, relative

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import TypeAlias

    from django_async_migrate.syntax.filesystem import FileSystem

    # The .gitignore files that hold for a folder, outermost first, each with its own folder.
    Specs: TypeAlias = tuple[tuple[str, GitIgnore], ...]

# Folders that never hold the project's own code. Translations (LC_MESSAGES) are half the folders of some
# large projects.
_SKIPPED = frozenset(
    (
        *(".git", ".hg", ".svn", ".bzr", ".tox", ".nox", ".venv", ".eggs", ".direnv", ".idea", ".vscode"),
        *(".mypy_cache", ".ruff_cache", ".pytest_cache", ".hypothesis", ".ipynb_checkpoints"),
        *("__pycache__", "__pypackages__", "node_modules", "site-packages", "dist-packages", "LC_MESSAGES"),
    )
)
# Folders that usually hold build results or an environment, but may also be packages of the project.
_SKIPPED_UNLESS_PACKAGE = frozenset(("build", "dist", "venv", "env"))


def is_ignored(folder: str, root: str, filesystem: FileSystem) -> bool:
    """Tell whether git ignores ``folder`` or a folder between it and ``root``."""
    return _any_ignored(folder, _specs_above(folder, root, filesystem))


class Walker:
    """Lists the Python files below folders. ``problems`` are the folders that could not be read."""

    def __init__(self, filesystem: FileSystem, root: str, exclude: Patterns) -> None:
        self.problems: list[Problem] = []
        self._exclude = exclude
        self._filesystem = filesystem
        self._root = root
        # How much of an absolute path to cut off to make it relative to the root.
        self._cut = len(root) if root.endswith("/") else len(root) + 1
        self._visited: set[str] = set()

    def walk(self, base: str) -> list[str]:
        """Return the Python files below ``base``, relative to the root, in no certain order."""
        if self._exclude and base != self._root and self._exclude.matches(base[self._cut :]):
            return []
        specs = _specs_above(base, self._root, self._filesystem)
        if _any_ignored(base, specs):
            # The user asked for this folder by name.
            specs = ()
        found: list[str] = []
        waiting: list[tuple[str, Specs]] = [(base, specs)]
        while waiting:
            folder, specs = waiting.pop()
            self._visit(folder, folder == base, specs, found, waiting)
        return found

    def _visit(
        self, folder: str, named: bool, specs: Specs, found: list[str], waiting: list[tuple[str, Specs]]
    ) -> None:
        """Add the Python files of one folder to ``found`` and its folders to ``waiting``."""
        try:
            folders, files, links = self._filesystem.list(folder)
        except OSError as error:
            reason = error.strerror or str(error)
            where = relative(folder, self._root)
            self.problems.append(Problem(where, 1, "read", f"cannot read the folder: {reason}"))
            return
        if not named:
            if "pyvenv.cfg" in files:
                return
            if base_name(folder) in _SKIPPED_UNLESS_PACKAGE and "__init__.py" not in files:
                return
        if ".gitignore" in files:
            specs = (*specs, (folder, _read_spec(folder, self._filesystem)))
        folders = [name for name in folders if name not in _SKIPPED and name[-9:] != ".egg-info"]
        files = [name for name in files if name[-3:] == ".py"]
        if links:
            self._follow(folder, links, folders, files)
        prefix = folder if folder.endswith("/") else folder + "/"
        if specs or self._exclude:
            folders = [name for name in folders if not self._left_out(prefix + name, True, specs)]
            files = [name for name in files if not self._left_out(prefix + name, False, specs)]
        waiting += [(prefix + name, specs) for name in folders]
        inside = prefix[self._cut :]
        found += [inside + name for name in files]

    def _left_out(self, path: str, folder: bool, specs: Specs) -> bool:
        if self._exclude and self._exclude.matches(path[self._cut :]):
            return True
        return _verdict(path, folder, specs)

    def _follow(self, folder: str, links: list[str], folders: list[str], files: list[str]) -> None:
        """Add the links worth following: what they lead to is not in the project under its own name.

        A link to a folder is followed only into a Python package outside the project, and only once, so that
        a link to a data folder or a loop of links costs nothing.
        """
        filesystem = self._filesystem
        for name in sorted(links):
            path = f"{folder}/{name}"
            if name.endswith(".py") and filesystem.is_file(path):
                real = filesystem.real(path)
                if not (real.endswith(".py") and is_inside(real, filesystem.real(self._root))):
                    files.append(name)
            elif name not in _SKIPPED and filesystem.is_file(f"{path}/__init__.py"):
                real = filesystem.real(path)
                if real not in self._visited and not is_inside(real, filesystem.real(self._root)):
                    self._visited.add(real)
                    folders.append(name)


def _read_spec(folder: str, filesystem: FileSystem) -> GitIgnore:
    try:
        return GitIgnore(filesystem.read(f"{folder}/.gitignore").decode("utf-8", "replace"))
    except OSError:
        return GitIgnore("")


def _specs_above(folder: str, root: str, filesystem: FileSystem) -> Specs:
    """Return the .gitignore files above ``folder``: from the top of its repository, or from the root."""
    above_root = ancestors(root)
    chain = [] if folder == root else [above for above in ancestors(parent(folder)) if is_inside(above, root)]
    for number, above in enumerate(above_root):
        if filesystem.exists(f"{above}/.git"):
            chain += above_root[1 : number + 1]
            break
    return tuple(
        (above, _read_spec(above, filesystem)) for above in reversed(chain) if filesystem.is_file(f"{above}/.gitignore")
    )


def _any_ignored(folder: str, specs: Specs) -> bool:
    """Tell whether ``folder`` or a folder above it is ignored by the .gitignore files above that."""
    for above in ancestors(folder):
        holding = tuple(spec for spec in specs if spec[0] != above and is_inside(above, spec[0]))
        if holding and _verdict(above, True, holding):
            return True
    return False


def _verdict(path: str, folder: bool, specs: Specs) -> bool:
    """Tell whether git ignores ``path``: the innermost .gitignore file that mentions it decides."""
    name = base_name(path)
    for where, spec in reversed(specs):
        verdict = spec.verdict(path[len(where) + 1 :], name, folder)
        if verdict is not None:
            return verdict
    return False
