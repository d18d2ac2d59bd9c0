"""Walking through JSON values."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chainguard_ml import jsonsafe

if TYPE_CHECKING:
    from chainguard_ml.model import Json


def test_objects_are_told_with_their_pointers_outermost_first() -> None:
    document: Json = {"a": {"b/c": [{"d~": {}}]}, "e": 1}
    assert [pointer for pointer, _ in jsonsafe.objects(document)] == ["", "/a", "/a/b~1c/0", "/a/b~1c/0/d~0"]


def test_shared_values_are_visited_once() -> None:
    document: Json = {"leaf": 1}
    for _ in range(200):
        document = {"one": document, "two": document, "many": [document] * 9}
    assert len(list(jsonsafe.objects(document))) == 201


def test_a_value_that_holds_itself_ends() -> None:
    inner: dict[str, Json] = {}
    inner["again"] = [inner]
    assert len(list(jsonsafe.objects(inner))) == 1
