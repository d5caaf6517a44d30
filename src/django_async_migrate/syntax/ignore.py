"""Which paths are left out: .gitignore files, and the user's own patterns."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    import re
    from collections.abc import Iterable

    from pathspec import GitIgnoreSpec

_WILD = frozenset("*?[\\")


class GitIgnore:
    """One .gitignore file.

    pathspec decides. It is slow to import and slow per path, though, and nearly every path of a project is
    matched by no pattern at all; so plain patterns are answered from sets, and pathspec is asked only about a
    path that a wildcard pattern may match.
    """

    def __init__(self, text: str) -> None:
        self._lines = [line for line in text.splitlines() if line.strip() and not line.startswith("#")]
        self._negates = any(line.startswith("!") for line in self._lines)
        self._plain: set[str] = set()
        self._suffixes: tuple[str, ...] = ()
        self._spec: GitIgnoreSpec | None = None
        wild: list[str] = []
        suffixes: list[str] = []
        for line in self._lines:
            pattern = line.removeprefix("!").rstrip()
            if not _WILD.intersection(pattern):
                self._plain.add(_plain_key(pattern))
            elif pattern.startswith("*.") and not _WILD.intersection(pattern[1:]) and "/" not in pattern:
                suffixes.append(pattern[1:])
            else:
                wild.append(pattern)
        self._suffixes = tuple(suffixes)
        self._wild = _wild_expression(wild) if wild else None

    def verdict(self, path: str, name: str, folder: bool) -> bool | None:
        """Tell whether ``path`` is ignored (True), kept by a ``!`` pattern (False), or not mentioned (None).

        ``path`` is relative to the folder of the .gitignore file, ``name`` its last part.
        """
        plain = self._plain
        hit = (
            name in plain
            or "/" + path in plain
            or (folder and (name + "/" in plain or "/" + path + "/" in plain))
            or name.endswith(self._suffixes)
        )
        if hit and not self._negates:
            return True
        if hit or (self._wild is not None and self._wild.match(name)):
            return self._ask(path + "/" if folder else path)
        return None

    def _ask(self, path: str) -> bool | None:
        if self._spec is None:
            from pathspec import GitIgnoreSpec

            self._spec = GitIgnoreSpec.from_lines(self._lines)
        return self._spec.check_file(path).include


def _plain_key(pattern: str) -> str:
    """Return the key of a pattern without wildcards: anchored ones start with a slash."""
    folder = pattern.endswith("/")
    body = pattern[:-1] if folder else pattern
    if "/" in body:
        body = "/" + body.lstrip("/")
    return body + "/" if folder else body


def _wild_expression(patterns: Iterable[str]) -> re.Pattern[str]:
    """Return an expression that matches every name a pattern may match in its last part, and perhaps more."""
    import re
    from fnmatch import translate

    names = []
    for pattern in patterns:
        last = pattern.rstrip("/").rpartition("/")[2]
        # A backslash quotes a character for git, not for fnmatch: leave those to pathspec.
        names.append("*" if "\\" in pattern or last == "**" else last)
    return re.compile("|".join(translate(name) for name in sorted(set(names))))


class Patterns:
    """The user's patterns for paths (``--exclude``, ``per-file-ignores``).

    A pattern without a slash matches a file or folder of that name anywhere. A pattern with one is matched
    from the project root. ``*`` stands for any characters, slashes included; what is inside a matched folder
    is matched.
    """

    def __init__(self, patterns: Iterable[str]) -> None:
        names: list[str] = []
        paths: list[str] = []
        for pattern in patterns:
            cleaned = pattern.replace("\\", "/").removeprefix("./").strip("/")
            if cleaned:
                (paths if "/" in cleaned or pattern.startswith("/") else names).append(cleaned)
        self._names = _any_of(names)
        self._paths = _any_of(paths)

    def __bool__(self) -> bool:
        return self._names is not None or self._paths is not None

    def matches(self, path: str) -> bool:
        """Tell whether ``path``, relative to the project root, or a folder it lies in is matched."""
        parts = path.split("/")
        if self._names is not None and any(self._names.match(part) for part in parts):
            return True
        if self._paths is None:
            return False
        return any(self._paths.match("/".join(parts[: end + 1])) for end in range(len(parts)))


def _any_of(patterns: list[str]) -> re.Pattern[str] | None:
    if not patterns:
        return None
    import re
    from fnmatch import translate

    # "**/x" also matches "x" itself, as it does for git.
    expanded = dict.fromkeys(patterns)
    expanded.update(dict.fromkeys(pattern.removeprefix("**/") for pattern in patterns))
    return re.compile("|".join(translate(pattern) for pattern in expanded))
