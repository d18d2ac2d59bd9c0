"""Records are what dataclasses are, so both are asked the same questions."""

from __future__ import annotations

import copy
import dataclasses
import inspect
import pickle
from dataclasses import dataclass, field
from typing import ClassVar

import pytest

from chainguard_ml.model import Digest, Location
from chainguard_ml.records import changing_record, open_record, record


@record
class Point:
    """A record with everything that is supported."""

    KIND: ClassVar[str] = "point"
    x: int
    y: int = 2
    tags: list[str] = field(default_factory=list)
    note: str = field(default="", compare=False, repr=False)

    def moved(self) -> Point:
        return dataclasses.replace(self, x=self.x + 1)


@dataclass(frozen=True, slots=True)
class Twin:
    """The same as a dataclass."""

    KIND: ClassVar[str] = "point"
    x: int
    y: int = 2
    tags: list[str] = field(default_factory=list)
    note: str = field(default="", compare=False, repr=False)


@open_record
class Left:
    """One of several bases."""

    left: int = 1


@open_record
class Right:
    """Another."""

    right: int = 2


@open_record
class Both(Left, Right):
    """Inherits from two, as the shared options of the command line do."""

    own: str = "x"


@record
class Empty:
    """Without a field."""


def test_same_as_a_dataclass() -> None:
    point, twin = Point(1, tags=["a"], note="n"), Twin(1, tags=["a"], note="n")
    assert repr(point) == repr(twin).replace("Twin", "Point") == "Point(x=1, y=2, tags=['a'])"
    assert dataclasses.asdict(point) == dataclasses.asdict(twin)
    assert [item.name for item in dataclasses.fields(point)] == [item.name for item in dataclasses.fields(twin)]
    assert dataclasses.is_dataclass(Point)
    assert list(inspect.signature(Point).parameters) == list(inspect.signature(Twin).parameters)
    assert Point.__match_args__ == Twin.__match_args__
    assert Point.__slots__ == Twin.__slots__
    assert point.KIND == "point"


def test_equality_and_hash_leave_out_what_is_not_compared() -> None:
    assert Digest("sha256", "aa") == Digest("sha256", "aa") != Digest("sha256", "ab")
    assert hash(Digest("sha256", "aa")) == hash(Digest("sha256", "aa"))
    assert Point(1, note="a") == Point(1, note="b")
    assert Point(1) != Twin(1)
    assert Empty() == Empty()
    assert len({Empty(), Empty()}) == 1


def test_frozen() -> None:
    point = Point(1)
    with pytest.raises(dataclasses.FrozenInstanceError):
        point.x = 2  # type: ignore[misc]
    with pytest.raises(dataclasses.FrozenInstanceError):
        del point.x
    assert not hasattr(point, "__dict__")


def test_copies() -> None:
    point = Point(1, tags=["a"])
    assert point.moved() == Point(2, tags=["a"])
    assert copy.deepcopy(point) == point == pickle.loads(pickle.dumps(point))
    assert Point(1).tags is not Point(1).tags


def test_inheritance() -> None:
    assert Both() == Both(left=1, right=2, own="x")
    assert [item.name for item in dataclasses.fields(Both)] == ["right", "left", "own"]

    @dataclass(frozen=True)
    class Below(Both):
        more: int = 3

    assert repr(Below()) == "test_inheritance.<locals>.Below(right=2, left=1, own='x', more=3)"

    class Plain(Both):
        pass

    assert Plain() == Plain()
    assert hash(Plain()) == hash(Both())


def test_order_of_digests() -> None:
    assert min(Digest("sha256", "b"), Digest("blake3", "c"), Digest("sha256", "a")) == Digest("blake3", "c")


def test_default_before_none() -> None:
    with pytest.raises(TypeError, match="'late' of Wrong has no default"):

        @record
        class Wrong:
            early: int = 1
            late: int


def test_post_init() -> None:
    @record
    class Checked:
        value: int

        def __post_init__(self) -> None:
            if self.value < 0:
                raise ValueError("negative")

    assert Checked(1).value == 1
    with pytest.raises(ValueError, match="negative"):
        Checked(-1)


def test_location_matches_by_position() -> None:
    match Location("a", ("b",)):
        case Location(path, member):
            assert (path, member) == ("a", ("b",))


def test_changing() -> None:
    @changing_record
    class Count:
        number: int = 0
        names: list[str] = field(default_factory=list)

    count = Count()
    count.number += 1
    count.names.append("a")
    assert count == Count(1, ["a"]) != Count()
    with pytest.raises(TypeError, match="unhashable"):
        hash(count)
    with pytest.raises(AttributeError):
        count.other = 1  # type: ignore[attr-defined]
