"""Immutable records: what frozen dataclasses are, at the speed of tuples.

An analysis makes, compares and hashes millions of small values. A frozen dataclass does each of these in Python
code, a tuple in C; and the methods of a dataclass take longer to generate than a small scan takes. A record is a
tuple of its class and its fields, so that records of two classes are never equal.
"""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

T = TypeVar("T")

#: Fields that no record has more of.
_MOST = 24
_NAMES = tuple(f"item{number}" for number in range(_MOST))
#: What reads a tuple's item by name fastest; made by the standard library for its own records.
_ITEMS = vars(namedtuple("_Items", _NAMES))
_GETTERS = tuple(_ITEMS[name] for name in _NAMES)

if TYPE_CHECKING:
    from typing_extensions import dataclass_transform

    class Record:
        """Base of all records."""

    @dataclass_transform(frozen_default=True)
    def record(cls: type[T]) -> type[T]:
        """Make a class with annotated fields a record."""

    @dataclass_transform(frozen_default=True, kw_only_default=True)
    def keyword_record(cls: type[T]) -> type[T]:
        """Make a class a record whose fields are given by keyword only."""

else:

    class Record(tuple):
        """Base of all records; a class that derives from it says ``__slots__ = ()``."""

        __slots__ = ()

        def __repr__(self) -> str:
            shown = ", ".join(f"{name}={self[number]!r}" for name, number in type(self)._numbers.items())
            return f"{type(self).__name__}({shown})"

        def __reduce__(self) -> tuple[object, ...]:
            return tuple.__new__, (type(self), tuple(self))

    def record(cls: type[T]) -> type[T]:
        """Make a class with annotated fields a record."""
        return _made(cls, "")

    def keyword_record(cls: type[T]) -> type[T]:
        """Make a class a record whose fields are given by keyword only."""
        return _made(cls, "*, ")


def _made(cls: Any, star: str) -> Any:
    names = list(cls.__annotations__)
    defaults = {name: cls.__dict__[name] for name in names if name in cls.__dict__}
    given = ", ".join(f"{name}=defaults[{name!r}]" if name in defaults else name for name in names)
    made = f"lambda _class, {star if names else ''}{given}: new(_class, (_class, {', '.join(names)}))"
    constructor: Callable[..., Any] = eval(made, {"new": tuple.__new__, "defaults": defaults})
    cls.__new__ = constructor
    cls._numbers = {name: number for number, name in enumerate(names, 1)}
    for name, number in cls._numbers.items():
        setattr(cls, name, _GETTERS[number])
    return cls


def replace(item: T, **changes: Any) -> T:
    """Return a copy of a record with some of its fields changed."""
    parts: list[Any] = list(item)  # type: ignore[call-overload]
    numbers = parts[0]._numbers
    for name, value in changes.items():
        parts[numbers[name]] = value
    changed: T = tuple.__new__(parts[0], parts)
    return changed
