"""Compares findings with the annotations of a case: same lines, same codes, nothing more and nothing less."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from harness.cases import Annotation, Case


@dataclass(frozen=True, slots=True)
class Found:
    """The part of a finding that cases speak about; ``path`` is as in the case, lines count from 1."""

    path: str
    line: int
    end_line: int
    code: str
    certainty: str
    message: str = ""


def mismatches(case: Case, found: Sequence[Found]) -> list[str]:
    """Return what is wrong with the findings made for a case, one message each; an empty list is a pass.

    An annotation stands for exactly one finding, and may stand on any line of its span. A finding that a
    ``MISSING`` line was waiting for, and one that a ``SPURIOUS`` line no longer gets, are mended gaps: the
    annotation has to change then.
    """
    notes = [note for note in case.annotations() if note.kind != "value"]
    wanted = [note for note in notes if note.kind != "MISSING"]
    pairs = _pair(wanted, found)
    wrong: list[str] = []
    for number, note in enumerate(wanted):
        if number in pairs:
            wrong += _uncertain(note, found[pairs[number]])
        elif note.kind == "SPURIOUS":
            wrong.append(f"{note.path}:{note.line}: no longer a false {note.text}: remove the SPURIOUS")
        else:
            wrong.append(f"{note.path}:{note.line}: no {note.text} found")
    missing = [note for note in notes if note.kind == "MISSING"]
    left = [finding for number, finding in enumerate(found) if number not in pairs.values()]
    for finding in left:
        where = f"{finding.path}:{finding.line}"
        if any(_fits(note, finding) for note in missing):
            wrong.append(f"{where}: {finding.code} is found now: turn MISSING into E")
        else:
            wrong.append(f"{where}: unexpected {finding.code}: {finding.message}")
    return wrong


def _uncertain(note: Annotation, finding: Found) -> list[str]:
    if note.certainty in (None, finding.certainty):
        return []
    return [f"{note.path}:{note.line}: {note.text} is {finding.certainty}, not {note.certainty}"]


def _fits(note: Annotation, finding: Found) -> bool:
    return note.path == finding.path and note.text == finding.code and finding.line <= note.line <= finding.end_line


def _pair(notes: Sequence[Annotation], found: Sequence[Found]) -> dict[int, int]:
    """Pair as many annotations as possible with findings that fit, each finding with one at most."""
    taken: dict[int, int] = {}

    def assign(note: int, tried: set[int]) -> bool:
        # Findings that start on the very line come first, so that nested spans pair as a reader would.
        choices = [number for number, finding in enumerate(found) if _fits(notes[note], finding)]
        for number in sorted(choices, key=lambda number: found[number].line != notes[note].line):
            if number in tried:
                continue
            tried.add(number)
            if number not in taken or assign(taken[number], tried):
                taken[number] = note
                return True
        return False

    for note in range(len(notes)):
        assign(note, set())
    return {note: number for number, note in taken.items()}
