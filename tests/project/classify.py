"""Names what a recorded event is: a query or a lazy load, and reached through what."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import django

from oracle.recorder import Event, Frame
from project.source import belongs, calls_at, function_at, relative, tests_membership_at

_DJANGO = Path(django.__file__).resolve().parent
_EVALUATIONS = {
    "__iter__": "DAM102",
    "__len__": "DAM103",
    "__bool__": "DAM104",
    "__getitem__": "DAM105",
    "__repr__": "DAM107",
}
_PASSING_ON = {("utils/functional.py", "__get__"), ("db/models/manager.py", "manager_method")}
_MANAGERS = frozenset({"objects", "all_objects"})
# What is no query or lazy load of the project's own: the rules for these come from DAM4xx and DAM7xx.
_OTHERS = {
    "db/transaction.py": ("DAM7xx", "transaction"),
    "shortcuts.py": ("DAM4xx", "shortcut"),
    "forms/": ("DAM4xx", "form"),
    "template/": ("DAM4xx", "template"),
    "dispatch/": ("DAM4xx", "signal"),
    "utils/functional.py": ("DAM4xx", "request.user"),
    "contrib/auth/": ("DAM4xx", "auth"),
    "contrib/sessions/": ("DAM4xx", "session"),
    "contrib/messages/": ("DAM4xx", "messages"),
    "contrib/contenttypes/models.py": ("DAM4xx", "content type"),
    "core/paginator.py": ("DAM4xx", "paginator"),
}


@dataclass(frozen=True, order=True)
class Hazard:
    """A place where real Django would have raised.

    ``kind`` is the code a finding should have; the ``xx`` ones have no rule yet and name the API in ``api``.
    ``through`` names the sync functions of the project between the coroutine and the query.
    """

    path: str
    line: int
    kind: str
    api: str
    through: tuple[str, ...]


class Unclassified(Exception):
    """An event that nothing here knows a name for."""


def classify(event: Event) -> Hazard | None:
    """Return the hazard of an event, or None when no function of the fixture is on its stack.

    Raises Unclassified when Django was entered in a way that is not known here.
    """
    place = event.place(belongs)
    if place is None:
        return None
    position = next(number for number, frame in enumerate(event.frames) if frame is place)
    inner = event.frames[:position][::-1]
    path = relative(place.path)
    helpers: list[Frame] = []
    for number, frame in enumerate(inner):
        if belongs(frame.path):
            if not frame.inlined and not _inside(frame, place):
                helpers.append(frame)
        elif (entered := _django_path(frame)) and not _passes_on(entered, inner[number:]):
            kind, api = _kind(inner[number:], entered, (helpers or [place])[-1])
            shown = _with_helpers(kind, helpers)
            return Hazard(path, place.line, shown, "" if shown == "DAM110" else api, _names(helpers))
    raise Unclassified(f"{path}:{place.line}")


def _inside(frame: Frame, place: Frame) -> bool:
    """Tell whether a lambda stands in the coroutine itself."""
    return frame.function.endswith("<lambda>") and _function(frame) == _function(place)


def _function(frame: Frame) -> object:
    return function_at(relative(frame.path), frame.line)


def _names(helpers: Sequence[Frame]) -> tuple[str, ...]:
    found = (function_at(relative(frame.path), frame.line) for frame in helpers)
    return tuple(function.name for function in found if function is not None)


def _with_helpers(kind: str, helpers: Sequence[Frame]) -> str:
    if not helpers or kind.endswith("xx"):
        return kind
    if kind.startswith("DAM1"):
        return "DAM110"
    found = (function_at(relative(frame.path), frame.line) for frame in helpers)
    return "DAM205" if any(function.implicit for function in found if function is not None) else kind


def _django_path(frame: Frame) -> str:
    path = Path(frame.path)
    return path.relative_to(_DJANGO).as_posix() if path.is_relative_to(_DJANGO) else ""


def _name(frame: Frame) -> str:
    return frame.function.rpartition(".")[2]


def _passes_on(entered: str, frames: Sequence[Frame]) -> bool:
    """Tell whether Django only calls the project's own code here, as cached properties and managers do."""
    if (entered, _name(frames[0])) not in _PASSING_ON:
        return False
    return any(belongs(frame.path) for frame in frames[1:2])


def _kind(frames: Sequence[Frame], entered: str, caller: Frame) -> tuple[str, str]:
    name = _name(frames[0])
    if entered == "db/models/fields/related_descriptors.py":
        if name != "__get__":
            return "DAM108", name
        # Only the forward descriptors have a get_object().
        forward = any(_name(frame) == "get_object" for frame in frames if _django_path(frame) == entered)
        return ("DAM201", "") if forward else ("DAM202", "")
    if entered == "contrib/contenttypes/fields.py":
        return ("DAM203", "") if name == "__get__" else ("DAM108", name)
    if entered == "db/models/query_utils.py" and name == "__get__":
        return "DAM204", ""
    if entered == "db/models/base.py":
        return "DAM109", name
    if entered == "db/models/manager.py" and name == "manager_method":
        method = _name(frames[1])
        receivers = calls_at(relative(caller.path), caller.line, method)
        plain = any(getattr(receiver.value, "attr", "") in _MANAGERS for receiver in receivers)
        return ("DAM101" if plain else "DAM108"), method
    if entered == "db/models/query.py":
        return _evaluation(frames, name, caller)
    for prefix, answer in _OTHERS.items():
        if entered.startswith(prefix):
            return answer
    raise Unclassified(f"{entered} {name}, called in {relative(caller.path)}:{caller.line}")


def _evaluation(frames: Sequence[Frame], name: str, caller: Frame) -> tuple[str, str]:
    if any(_name(frame) == "_execute_query" for frame in frames):
        return "DAM111", ""
    if name == "__iter__" and tests_membership_at(relative(caller.path), caller.line):
        return "DAM106", ""
    return (_EVALUATIONS[name], "") if name in _EVALUATIONS else ("DAM101", name)
