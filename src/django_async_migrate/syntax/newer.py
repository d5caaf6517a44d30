"""Says what is wrong with a file that does not parse: broken, for Python 2, or for a newer Python."""

from __future__ import annotations

import re
import sys
import warnings

# Syntax that came after Python 3.10, the oldest we run on: the version, its name, an expression that finds it
# on a line, and what an older Python reads in its place. A guess is proven by putting the older form there.
_NEWER: tuple[tuple[tuple[int, int], str, str, str], ...] = (
    ((3, 11), "except*", r"^(\s*)except\s*\*", r"\1except "),
    ((3, 15), "unpacking in a comprehension", r"([\[({]\s*)\*{1,2}(?=[^\[\](){}]*\sfor\s)", r"\1"),
    ((3, 11), "unpacking in an index", r"(?<=[\w\])])\[\s*\*\s*(?=\w)", "["),
    ((3, 11), "an unpacked annotation", r"(\*\w+\s*:\s*)\*", r"\1"),
    ((3, 12), "a type statement", r"^(\s*)type\s+\w+\s*(?:\[.*\])?\s*=(?!=)", r"\1_ ="),
    (
        (3, 13),
        "a default of a type parameter",
        r"^(\s*(?:async\s+)?(?:def|class)\s+\w+)\s*\[[^\]]*=.*?\](?=\s*[(:])",
        r"\1",
    ),
    (
        (3, 12),
        "a list of type parameters",
        r"^(\s*(?:async\s+)?(?:def|class)\s+\w+)\s*\[.*?\](?=\s*[(:])",
        r"\1",
    ),
    ((3, 14), "a template string", r"(?i)\b(?:t|tr|rt)(?=[\"'])", "f"),
    (
        (3, 14),
        "except without parentheses",
        # "except Error, name" is Python 2; exception classes start with a capital or come from a module.
        r"^(\s*)except\s+([\w.]+(?:\s*,\s*(?:\w+\.)*[A-Z]\w*)+)\s*:",
        r"\1except (\2):",
    ),
    ((3, 15), "a lazy import", r"^(\s*)lazy\s+(?=import|from)", r"\1"),
)
# How many lines of an f-string are looked at.
_LONGEST_STRING = 20
_STRING_START = re.compile(r"""(?i)\b(?:f|fr|rf)('{3}|"{3}|'|")""")


def explain(text: str, error: SyntaxError) -> str:
    """Return the message for the syntax error ``compile`` raised for ``text``.

    Names the Python version to use when the line is written for a newer one than the running one.
    """
    line = error.lineno or 0
    found = _newer_construct(text, line)
    running = f"{sys.version_info[0]}.{sys.version_info[1]}"
    if found is not None:
        (major, minor), construct = found
        return (
            f"{construct} needs Python {major}.{minor} and this is Python {running};"
            f" run django-async-migrate with Python {major}.{minor} or newer"
        )
    message = error.msg.partition(" (<")[0]
    source = _line(text, line)
    if source.startswith(("<<<<<<< ", "=======", ">>>>>>> ")):
        return "a merge conflict was left in the file"
    if _is_python_2(source):
        return f"Python 2 syntax: {message}"
    return f"syntax error: {message}"


def _newer_construct(text: str, line: int) -> tuple[tuple[int, int], str] | None:
    """Return the version and the name of a construct that only a newer Python parses."""
    lines = text.split("\n")
    # An error may be noticed one line late.
    for number in (line, line - 1):
        if not 1 <= number <= len(lines):
            continue
        for version, construct, expression, older in _NEWER:
            if version <= sys.version_info[:2]:
                continue
            changed = re.sub(expression, older, lines[number - 1])
            if changed != lines[number - 1] and _gets_further(lines, number, changed, line):
                return version, construct
        if sys.version_info < (3, 12):
            # PEP 701: nearly anything may stand inside the braces of an f-string.
            start = _start_of_string(lines, number)
            end = min(number + _LONGEST_STRING, len(lines))
            code = "\n".join(lines[start - 1 : end])
            changed = _without_strings(code)
            if changed != code and _error_line([*lines[: start - 1], changed, *lines[end:]]) > line:
                return (3, 12), "a quote, backslash, comment or line end inside the braces of an f-string"
    return None


def _gets_further(lines: list[str], number: int, changed: str, line: int) -> bool:
    return _error_line([*lines[: number - 1], changed, *lines[number:]]) > line


def _error_line(lines: list[str]) -> float:
    """Return the line of the first syntax error, infinity when there is none."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            compile("\n".join(lines), "<source>", "exec", dont_inherit=True, flags=0x400)
        except SyntaxError as error:
            return error.lineno or 0
        except (ValueError, RecursionError, MemoryError):
            return 0
    return float("inf")


def _start_of_string(lines: list[str], number: int) -> int:
    """Return the line at or shortly before ``number`` where an f-string starts."""
    for candidate in range(number, max(number - _LONGEST_STRING, 0), -1):
        if _STRING_START.search(lines[candidate - 1]):
            return candidate
    return number


def _without_strings(code: str) -> str:
    """Replace the f-strings only Python 3.12 can read by plain strings."""
    parts: list[str] = []
    position = 0
    while found := _STRING_START.search(code, position):
        end = _end_of_string(code, found.end(), found.group(1))
        literal = code[found.start() : end]
        if _needs_312(literal, found.group(1)):
            # As many lines as before, so that later errors keep their place.
            literal = "'''" + "\n" * literal.count("\n") + "'''"
        parts.append(code[position : found.start()] + literal)
        position = end
    return "".join(parts) + code[position:]


def _needs_312(literal: str, quote: str) -> bool:
    """Tell whether the braces of an f-string hold what older versions do not allow there (PEP 701)."""
    fields = literal[literal.find("{") : literal.rfind("}")]
    return quote in fields or "\\" in fields or "#" in fields or (len(quote) == 1 and "\n" in fields)


def _end_of_string(code: str, position: int, quote: str) -> int:
    """Return the position after the f-string whose contents start at ``position``."""
    depth = 0
    while position < len(code):
        if depth == 0 and code.startswith(quote, position):
            return position + len(quote)
        character = code[position]
        if (character == "\\" and depth == 0) or (code.startswith("{{", position) and depth == 0):
            position += 1
        elif character in "{[(" and (depth or character == "{"):
            depth += 1
        elif character in "}])" and depth:
            depth -= 1
        elif depth and character in "'\"":
            inner = code[position] * (3 if code.startswith(character * 3, position) else 1)
            position = _end_of_string(code, position + len(inner), inner) - 1
        position += 1
    return position


def _line(text: str, line: int) -> str:
    lines = text.split("\n")
    return lines[line - 1] if 1 <= line <= len(lines) else ""


def _is_python_2(line: str) -> bool:
    return bool(
        re.match(
            r"""\s*(?:print\s+[^\s(=]|print\s*>>|exec\s+["'\w]|except\s+[\w.]+\s*,\s*\w+\s*:|raise\s+\w+\s*,)"""
            r"|.*(?:<>|\b0[0-7]+\b|\bur['\"]|`)",
            line,
        )
    )
