"""Reads the settings of a project: ``[tool.django-async-migrate]`` in its pyproject.toml, or a file of their own."""

from __future__ import annotations

import os
import re

from django_async_migrate.config.versions import SUPPORTED, series
from django_async_migrate.core.errors import UsageError
from django_async_migrate.core.options import ScanOptions

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from django_async_migrate.syntax.filesystem import FileSystem

TABLE = "django-async-migrate"
#: A file of its own, with the settings at its top.
OWN_FILE = "django-async-migrate.toml"
FAIL_ON = ("error", "warning", "info", "never")
STRATEGIES = ("auto", "convert", "twin", "wrap")
FORMATS = ("text", "concise", "json", "sarif", "github", "gitlab", "junit")
# What a project cannot settle once and for all.
OPTIONS_ONLY = ("write-baseline", "no-baseline", "project")

_CODE = re.compile(r"DAM\d{0,3}", re.IGNORECASE)


def load_settings(root: str, shown: str, filesystem: FileSystem) -> Mapping[str, object]:
    """Return the settings of the project in ``root``, checked; empty when it has none.

    Lists become tuples; ``per-file-ignores`` becomes a tuple of pattern and codes. ``shown`` is how messages
    name the file. Raises UsageError for TOML that cannot be read, an unknown key or a wrong value.
    """
    table, text = _table(root, shown, filesystem, True)
    own_shown = shown.removesuffix("pyproject.toml") + OWN_FILE
    own, own_text = _table(root, own_shown, filesystem, False)
    if own is None:
        return {key: _checked(key, value, text, shown, True) for key, value in (table or {}).items()}
    if table:
        raise UsageError(f"{own_shown}:1: {shown} has settings in [tool.{TABLE}] as well; keep one of the two")
    return {key: _checked(key, value, own_text, own_shown, False) for key, value in own.items()}


def _table(root: str, shown: str, filesystem: FileSystem, nested: bool) -> tuple[Mapping[str, object] | None, str]:
    """Return the settings of one file as they stand there, and its text; None where there is no such file.

    ``nested``: they are in ``[tool.django-async-migrate]``, not at the top.
    """
    path = f"{root}/{'pyproject.toml' if nested else OWN_FILE}"
    if not filesystem.is_file(path):
        return None, ""
    try:
        data = filesystem.read(path)
    except OSError as error:
        raise UsageError(f"{shown}: cannot read the file: {error.strerror or error}") from None
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UsageError(f"{shown}:{_line_of(data, error.start)}: the file is not UTF-8") from None
    # TOML is slow to import, and many folders that are scanned hold none.
    from django_async_migrate.config.toml import TomlError, read_toml

    try:
        document = read_toml(text.replace("\r\n", "\n"))
    except TomlError as error:
        raise UsageError(f"{shown}:{error.line}: not valid TOML: {error.message}") from None
    if not nested:
        return document, text
    tool = document.get("tool")
    table = tool.get(TABLE, {}) if isinstance(tool, dict) else {}
    if not isinstance(table, dict):
        raise UsageError(f"{shown}:{_key_line(text, TABLE, True)}: [tool.{TABLE}] must be a table")
    return table, text


def scan_options(
    paths: tuple[str, ...], project: str | None, settings: Mapping[str, object], source: str = "config"
) -> ScanOptions:
    """Return the options of a scan with checked settings; ``source`` says who named the target version."""
    wanted = {key.replace("-", "_"): settings[key] for key in _OF_SCAN if key in settings}
    return ScanOptions(paths, project, target_source=source, **wanted)  # type: ignore[arg-type]


def _checked(key: str, value: object, text: str, shown: str, nested: bool) -> object:
    try:
        return check(key, value)
    except UsageError as error:
        line = _key_line(text, key, nested)
        if isinstance(value, dict) and key in _KINDS:
            line = _entry_line(text, line, _wrong_entry(key, value))
        raise UsageError(f"{shown}:{line}: {error}") from None


def _wrong_entry(key: str, table: dict[str, object]) -> str | None:
    """Return the first entry of a table that cannot be read."""
    for name, value in table.items():
        try:
            check(key, {name: value})
        except UsageError:
            return name
    return None


def _entry_line(text: str, start: int, name: str | None) -> int:
    """Return the line at which an entry of a table is, at or below the line of the table."""
    if name is not None:
        for number, line in enumerate(text.splitlines()[start - 1 :], start):
            if re.search(rf"""["']?{re.escape(name)}["']?\s*=""", line):
                return number
    return start


def check(key: str, value: object) -> object:
    """Return the value of one setting in the form the scan uses. Raises UsageError."""
    if key in OPTIONS_ONLY:
        raise UsageError(f'"{key}" is an option of the command line, not a setting')
    kind = _KINDS.get(key)
    if kind is None:
        raise UsageError(f'unknown setting "{key}"{did_you_mean(key, tuple(_KINDS))}')
    return kind(key, value)


def did_you_mean(word: str, known: tuple[str, ...]) -> str:
    """Return a hint at the known word nearest to ``word``, with a leading semicolon; or nothing."""
    found = nearest_word(word.lower().replace("_", "-"), known)
    return f'; did you mean "{found}"?' if found else ""


def nearest_word(word: str, known: tuple[str, ...]) -> str | None:
    """Return the known word nearest to ``word``, None when none is near."""
    import difflib

    found = difflib.get_close_matches(word, known, 1, 0.5)
    return found[0] if found else None


def read_codes(key: str, value: object) -> tuple[str, ...]:
    """Return rule codes or prefixes in capitals; an entry may hold several with commas. Raises UsageError."""
    codes = []
    for entry in _strings(key, value):
        for code in entry.replace(" ", ",").split(","):
            if code:
                codes.append(_known_code(key, code))
    return tuple(codes)


def _known_code(key: str, code: str) -> str:
    """Return a code or prefix in capitals. One of no rule would do nothing, or hide everything."""
    known, name = rule_codes(), code.upper()
    if not _CODE.fullmatch(code):
        problem = f'"{code}" is not a rule code (DAM101) or prefix (DAM1)'
    elif known and not any(rule.startswith(name) for rule in known):
        problem = f"there is no rule {name}" if len(name) == len(known[0]) else f"no rule begins with {name}"
    else:
        return name
    near = _nearest_code(name, known)
    hint = f"did you mean {near}?" if near else "django-async-migrate rule lists all rules"
    raise UsageError(f'"{key}": {problem}; {hint}')


def _nearest_code(name: str, known: tuple[str, ...]) -> str | None:
    """Return the code of the same family whose number is nearest; None where there is no such family."""
    digits = re.match(r"DAM(\d{1,3})", name)
    if digits is None:
        return None
    number = int(digits[1].ljust(3, "0"))
    family = [code for code in known if code[3] == digits[1][0]]
    return min(family, key=lambda code: abs(int(code[3:]) - number), default=None)


def rule_codes() -> tuple[str, ...]:
    """Return the codes of all rules. The names of their modules say them: reading these takes no import."""
    folder = os.path.join(os.path.dirname(os.path.dirname(__file__)), "checks", "rules")
    try:
        return tuple(sorted(name[:6].upper() for name in os.listdir(folder) if name.startswith("dam")))
    except OSError:
        return ()


def read_target(key: str, value: object) -> str:
    """Return the supported Django series a user names. Raises UsageError."""
    if not isinstance(value, str):
        raise UsageError(f'"{key}" must be a string, such as "5.2"')
    found = series(value)
    if found is None:
        raise UsageError(f'"{key}": Django {value} is not known; choose one of {", ".join(SUPPORTED)}')
    return found


def _strings(key: str, value: object) -> tuple[str, ...]:
    if isinstance(value, (list, tuple)) and all(isinstance(entry, str) for entry in value):
        return tuple(value)
    raise UsageError(f'"{key}" must be a list of strings')


def _names(patterns: bool) -> Callable[[str, object], tuple[str, ...]]:
    """Return what reads a list of dotted names; with ``patterns``, ``*``, ``?`` and ``[...]`` may stand in them."""
    word = r"[\w*?\[\]!-]+" if patterns else r"[^\W\d]\w*"

    def read(key: str, value: object) -> tuple[str, ...]:
        names = _strings(key, value)
        for name in names:
            if not re.fullmatch(rf"{word}(?:\.{word})+", name):
                shown = "dotted name or pattern" if patterns else "dotted name"
                raise UsageError(f'"{key}": "{name}" is not a {shown}, such as "shop.tools.run"')
        return names

    return read


def _flag(key: str, value: object) -> bool:
    if isinstance(value, bool):
        return value
    raise UsageError(f'"{key}" must be true or false')


def _positive(key: str, value: object) -> int:
    if isinstance(value, int) and not isinstance(value, bool) and value > 0:
        return value
    raise UsageError(f'"{key}" must be a number above 0')


def _level(key: str, value: object) -> int:
    if isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= 5:
        return value
    raise UsageError(f'"{key}" must be a number from 1 to 5')


def _string(key: str, value: object) -> str:
    if isinstance(value, str) and value:
        return value
    raise UsageError(f'"{key}" must be a string')


def _choice(choices: tuple[str, ...]) -> Callable[[str, object], str]:
    def read(key: str, value: object) -> str:
        if isinstance(value, str) and value in choices:
            return value
        hint = did_you_mean(value, choices) if isinstance(value, str) else ""
        raise UsageError(f'"{key}" must be one of {", ".join(choices)}{hint}')

    return read


def _ignores(key: str, value: object) -> tuple[tuple[str, tuple[str, ...]], ...]:
    if not isinstance(value, dict):
        raise UsageError(f'"{key}" must be a table of patterns and lists of codes')
    return tuple((pattern, read_codes(key, codes)) for pattern, codes in value.items())


# How each setting is read.
_KINDS: dict[str, Callable[[str, object], object]] = {
    "select": read_codes,
    "ignore": read_codes,
    "exclude": _strings,
    "per-file-ignores": _ignores,
    "target-version": read_target,
    "fail-on": _choice(FAIL_ON),
    "output-format": _choice(FORMATS),
    "output": _string,
    "baseline": _string,
    "loop-entry-points": _names(True),
    "to-thread-functions": _names(False),
    "extra-rules": _strings,
    "statistics": _flag,
    "no-cache": _flag,
    "jobs": _positive,
    "level": _level,
    "fix": _flag,
    "unsafe-fixes": _flag,
    "helper-strategy": _choice(STRATEGIES),
    "insert-todos": _flag,
    "diff": _flag,
    "quiet": _flag,
    "verbose": _flag,
}


# Those that decide what is found; the others are about what is done with it.
_OF_SCAN = (
    "exclude",
    "select",
    "ignore",
    "per-file-ignores",
    "target-version",
    "jobs",
    "level",
    "helper-strategy",
    "insert-todos",
    "loop-entry-points",
    "to-thread-functions",
    "extra-rules",
)


def _line_of(data: bytes, position: int) -> int:
    return data.count(b"\n", 0, position) + 1


def _key_line(text: str, key: str, nested: bool) -> int:
    """Return the line of a setting in the text of the file; the line of the table when it is not found.

    ``nested``: the settings are in ``[tool.django-async-migrate]``, not at the top.
    """
    table = 1
    inside = not nested
    head = f"tool.{TABLE}." if nested else ""
    for number, line in enumerate(text.splitlines(), 1):
        cleaned = line.strip().replace('"', "").replace("'", "")
        if cleaned.startswith("["):
            name = cleaned.strip("[] ").replace(" ", "")
            inside = nested and name == f"tool.{TABLE}"
            if name == f"{head}{key}":
                return number
            if inside:
                table = number
        elif re.match(rf"(?:tool\.)?(?:{TABLE}\.)?{re.escape(key)}\s*[=.]", cleaned):
            if inside or (nested and TABLE in cleaned):
                return number
    return table
