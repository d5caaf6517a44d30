"""Reads TOML; imported only where a project has such a file."""

from __future__ import annotations

import re
import sys

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib


class TomlError(Exception):
    """A TOML file that cannot be read: the line and the reason."""

    def __init__(self, line: int, message: str) -> None:
        super().__init__(message)
        self.line = line
        self.message = message


def read_toml(text: str) -> dict[str, object]:
    """Return the document. Raises TomlError."""
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        found = re.search(r"(.*) \(at line (\d+), column \d+\)$", str(error), re.DOTALL)
        if found:
            raise TomlError(int(found.group(2)), found.group(1)) from None
        raise TomlError(text.count("\n") + 1, str(error).removesuffix(" (at end of document)")) from None
    except RecursionError:
        raise TomlError(1, "nested too deeply") from None
