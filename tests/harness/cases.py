"""Reads cases: Markdown files that hold small projects with annotated lines.

A file holds several cases. Each starts with a ``# Title`` heading, may say options in lines ``key: value``,
and then gives its files: a line with the path in backticks, and a fenced ``py`` block. What stands before
the first heading is shared by all cases of the file. Other text is for the reader.

Options: ``django: >=5.0`` and ``python: >=3.11`` (where the case makes sense), ``catches: bad_a, bad_b``
(functions whose own code hides the error), ``fails: bad_c`` (functions that raise another error there),
``expects: ok_d`` (functions that wait for Django's refusal of a query and then go another way),
``needs: channels`` (packages without which nobody can run it; it is analysed all the same). On a page for readers an
option stands in a comment: ``<!-- django: >=5.0 -->``.

Annotations are comments at the end of a line of code:

- ``# E: DAM101`` a finding starts here; several codes with commas, ``DAM201(likely)`` also fixes the
  certainty;
- ``# MISSING: DAM101`` a true finding that the analysis does not make yet;
- ``# SPURIOUS: DAM101`` a false finding that the analysis still makes;
- ``# value: QuerySet[Post]`` what the analysis knows about a value.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Literal, cast, get_args

Kind = Literal["E", "MISSING", "SPURIOUS", "value"]

OPTIONS = frozenset({"django", "python", "catches", "fails", "expects", "needs"})

_PATH = re.compile(r"^`([^`\s]+)`$")
_OPTION = re.compile(r"^(?:<!-- )?([a-z]+):\s*(\S.*?)(?: -->)?$")
_ANNOTATION = re.compile(rf"#\s*({'|'.join(get_args(Kind))}):\s*([^#]*?)\s*(?=#|$)")
_CODE = re.compile(r"^(DAM\d{3})(?:\((likely|certain)\))?$")


class CaseError(ValueError):
    """A case file that does not follow the format; the message names file and line."""


@dataclass(frozen=True, slots=True)
class Annotation:
    """One expectation on one line; ``text`` is the code, or what follows ``value:``."""

    path: str
    line: int
    kind: Kind
    text: str
    certainty: str | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Case:
    """A small project and what is expected of it.

    ``files`` maps paths to their text, in the order given. ``fixed`` holds the ``fixed`` blocks. ``source``
    is the path of the Markdown file below the folder of cases, ``line`` the line of the heading.
    """

    source: str
    line: int
    title: str
    files: Mapping[str, str]
    options: Mapping[str, str] = field(default_factory=dict)
    fixed: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """Return a name that is unique among all cases and fit for the command line."""
        slug = re.sub(r"[^a-z0-9]+", "-", self.title.lower()).strip("-")
        return f"{PurePosixPath(self.source).with_suffix('')}:{slug}"

    @property
    def catches(self) -> frozenset[str]:
        """Return the names of the functions that hide the error they cause."""
        return frozenset(name.strip() for name in self.options.get("catches", "").split(",") if name.strip())

    @property
    def fails(self) -> frozenset[str]:
        """Return the names of the functions that raise something else than SynchronousOnlyOperation."""
        return frozenset(name.strip() for name in self.options.get("fails", "").split(",") if name.strip())

    @property
    def expects(self) -> frozenset[str]:
        """Return the names of the functions that wait for SynchronousOnlyOperation, and go on without the query."""
        return frozenset(name.strip() for name in self.options.get("expects", "").split(",") if name.strip())

    @property
    def needs(self) -> frozenset[str]:
        """Return the names of the packages that the case imports, beside Django."""
        return frozenset(name.strip() for name in self.options.get("needs", "").split(",") if name.strip())

    def annotations(self) -> tuple[Annotation, ...]:
        """Return all annotations, in the order of the files and lines.

        Raises CaseError for a code that is none.
        """
        return tuple(
            annotation
            for path, text in self.files.items()
            for number, line in enumerate(text.splitlines(), 1)
            for annotation in _annotations(path, number, line, f"{self.source}: {self.title}")
        )

    def project(self) -> dict[str, str]:
        """Return the files together with the empty ``__init__.py`` files that make folders packages."""
        files = dict(self.files)
        for path in self.files:
            for folder in PurePosixPath(path).parents:
                if path.endswith(".py") and folder.name and folder.name != "src":
                    files.setdefault(f"{folder}/__init__.py", "")
        return files


def all_cases() -> list[Case]:
    """Return every case: those of ``tests/cases``, and the examples of the rules' pages in ``docs/rules``."""
    tests = Path(__file__).resolve().parent.parent
    return [*load_cases(tests / "cases"), *load_cases(tests.parent / "docs" / "rules", "DAM*.md")]


def load_cases(folder: Path, pattern: str = "*.md") -> list[Case]:
    """Read all cases below ``folder``, in the order of their paths, from files whose names match ``pattern``.

    Raises CaseError when a file does not follow the format or two cases share a name.
    """
    cases = [
        case
        for path in sorted(folder.rglob(pattern))
        for case in parse_cases(path.read_text("utf-8"), path.relative_to(folder).as_posix())
    ]
    seen: dict[str, Case] = {}
    for case in cases:
        other = seen.setdefault(case.name, case)
        if other is not case:
            raise CaseError(f"{case.source}:{case.line}: a case of this title is at line {other.line}")
    return cases


def parse_cases(text: str, source: str) -> list[Case]:
    """Read the cases of one Markdown file; ``source`` is its name for messages.

    Raises CaseError when the text does not follow the format.
    """
    shared: dict[str, str] = {}
    cases: list[Case] = []
    for section in _sections(text, source):
        if not section.title:
            shared = section.files
            continue
        if not section.files:
            raise CaseError(f"{source}:{section.line}: the case has no files")
        case = Case(
            source,
            section.line,
            section.title,
            {**shared, **section.files},
            section.options,
            tuple(section.fixed),
        )
        case.annotations()
        cases.append(case)
    return cases


@dataclass(slots=True)
class _Section:
    title: str
    line: int
    files: dict[str, str] = field(default_factory=dict)
    options: dict[str, str] = field(default_factory=dict)
    fixed: list[str] = field(default_factory=list)


def _sections(text: str, source: str) -> Iterator[_Section]:
    section = _Section("", 0)
    path: str | None = None
    lines = iter(enumerate(text.splitlines(), 1))
    for number, line in lines:
        if line.startswith("```"):
            language = line[3:].strip()
            block = _block(lines, f"{source}:{number}")
            if language == "fixed":
                section.fixed.append(block)
            elif path is None:
                raise CaseError(f"{source}:{number}: a block without a path above it")
            elif path in section.files:
                raise CaseError(f"{source}:{number}: {path} is given twice")
            else:
                section.files[path] = block
            path = None
        elif line.startswith("# "):
            yield section
            section, path = _Section(line[2:].strip(), number), None
        elif found := _PATH.match(line):
            path = found[1]
        elif (found := _OPTION.match(line)) and not section.files:
            if found[1] not in OPTIONS:
                raise CaseError(f"{source}:{number}: no such option: {found[1]}")
            section.options[found[1]] = found[2].strip()
    yield section


def _block(lines: Iterator[tuple[int, str]], start: str) -> str:
    block: list[str] = []
    for _, line in lines:
        if line == "```":
            return "".join(f"{text}\n" for text in block)
        block.append(line)
    raise CaseError(f"{start}: the block does not end")


def _annotations(path: str, number: int, line: str, where: str) -> Iterator[Annotation]:
    for found in _ANNOTATION.finditer(line):
        kind = cast(Kind, found[1])
        if kind == "value":
            yield Annotation(path, number, kind, found[2])
            continue
        for part in found[2].split(","):
            code = _CODE.match(part.strip())
            if code is None:
                raise CaseError(f"{where}: {path}:{number}: not a rule code: {part.strip()!r}")
            yield Annotation(path, number, kind, code[1], code[2])
