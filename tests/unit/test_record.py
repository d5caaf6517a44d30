"""Records: equal by class and fields, read by name, changed by copy."""

from __future__ import annotations

import pickle

import pytest

from django_async_migrate.core.record import Record, keyword_record, record, replace
from django_async_migrate.values.types import Const, Ref, Scalar, Unknown


@record
class Point(Record):
    """A place."""

    __slots__ = ()

    x: int
    cls: str = "here"


@keyword_record
class Named(Record):
    """Something with a name."""

    __slots__ = ()

    name: str
    size: int = 1


def test_fields_are_read_by_name_and_have_defaults() -> None:
    assert (Point(1).x, Point(1).cls, Point(1, cls="there").cls) == (1, "here", "there")
    assert (Named(name="a").name, Named(name="a").size) == ("a", 1)
    assert repr(Point(1)) == "Point(x=1, cls='here')"


def test_a_keyword_record_takes_no_positions() -> None:
    with pytest.raises(TypeError):
        Named("a")  # type: ignore[misc]
    with pytest.raises(TypeError):
        Named(name="a", length=2)  # type: ignore[call-arg]
    with pytest.raises(TypeError):
        Point()  # type: ignore[call-arg]


def test_equality_is_that_of_class_and_fields() -> None:
    assert Point(1) == Point(1) and hash(Point(1)) == hash(Point(1))
    assert Point(1) != Point(2)
    assert Const(1) != Ref(1)
    assert Scalar() != Unknown()


def test_a_changed_copy_leaves_the_original() -> None:
    point = Point(1)
    assert replace(point, x=2) == Point(2) and point == Point(1)
    with pytest.raises(KeyError):
        replace(point, y=2)
    with pytest.raises(AttributeError):
        point.x = 3  # type: ignore[misc]


def test_why_something_is_unknown_makes_no_difference() -> None:
    assert Unknown("a") == Unknown("b")
    assert Unknown("a").reason == "a"


def test_records_can_be_pickled() -> None:
    assert pickle.loads(pickle.dumps(Const(1))) == Const(1)
