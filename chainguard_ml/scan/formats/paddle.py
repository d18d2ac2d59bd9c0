"""PaddlePaddle programs (``framework.proto``): ``__model__``, ``.pdmodel``; every operator of every block."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chainguard_ml.rules import protobuf as rules
from chainguard_ml.scan import naming
from chainguard_ml.scan.formats import paddle_operators
from chainguard_ml.scan.formats.protobuf_ending import unread
from chainguard_ml.scan.protobuf import content, schema
from chainguard_ml.scan.protobuf.wire import BYTES, Wire
from chainguard_ml.text import printable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chainguard_ml.model import Observations
    from chainguard_ml.scan.interface import Blob, Examination
    from chainguard_ml.scan.protobuf.schema import Record

NAME = "paddle"
EXAMINES = "operators of every block: Python, files, addresses, unknown ones; their attributes"

_MARKS = frozenset({("OpDesc", "type")})
_SKIPPED = frozenset({"VarDesc", "OpVersionMap", "Version", "OpDesc.Var"})
_PATHS = frozenset({"file_path", "filename", "file_name", "epmap", "endpoint", "endpoints", "model_path"})


def recognise(blob: Blob) -> bool:
    """Return whether the bytes are a ``ProgramDesc``: operators in blocks, or blocks under a program's name."""
    named = naming.extension(blob.name) == "pdmodel" or blob.name.rpartition("/")[2] == "__model__"
    shape = schema.Shape(schema.load("paddle")["ProgramDesc"], _MARKS, frozenset({"blocks"}))
    return shape.matches(blob.data, named=named)


def examine(blob: Blob, examination: Examination) -> Observations:
    """Walk through every block."""
    wire = Wire(blob.data)
    root = schema.load("paddle")["ProgramDesc"]
    said: set[str] = set()
    for record in schema.walk(wire, root, blob.size, _SKIPPED):
        if record.kind.name == "OpDesc":
            yield from _operator(blob, wire, record, said)
        elif record.kind.name == "OpDesc.Attr":
            for _, span in _strings(wire, record):
                yield from content.examine_bytes(blob, "(attribute)", span, examination)
    yield from unread(blob, wire, root, examination)


def _operator(blob: Blob, wire: Wire, record: Record, said: set[str]) -> Observations:
    names = record.kind.names
    kinds: list[str] = []
    paths: list[str] = []
    for number, how, first, last in wire.sound(record.start, record.stop):
        if how == BYTES and number == names["type"]:
            kinds.append(wire.text(first, last, 256))
            del kinds[:-9]  # readers take the last
        elif how == BYTES and number == names["attrs"] and len(paths) < 10_000:
            paths += _paths(wire, record.kind.inner[number], (first, last))
    place = blob.location.at(record.start)
    for kind in dict.fromkeys(kinds):
        if finding := paddle_operators.judge(blob, kind, place, paths):
            yield finding
        elif kind not in said and not paddle_operators.is_known(kind):
            said.add(kind)
            yield rules.CUSTOM_OPERATOR.finding(
                blob.subject,
                place,
                f"the operator '{printable(kind, 80)}' is none that PaddlePaddle has",
                key=("operator", kind),
                facts={"operator": kind},
            )


def _paths(wire: Wire, kind: schema.Kind, span: tuple[int, int]) -> list[str]:
    """Return the strings of an attribute whose name says that they are places."""
    texts: list[str] = []
    name = ""
    for number, how, first, last in wire.sound(*span):
        if how == BYTES and number == kind.names["name"]:
            name = wire.text(first, last, 256)
        elif how == BYTES and number in {kind.names["s"], kind.names["strings"]} and len(texts) < 99:
            texts.append(wire.text(first, last))
    return texts if name in _PATHS else []


def _strings(wire: Wire, record: Record) -> Iterator[tuple[int, tuple[int, int]]]:
    wanted = {record.kind.names["s"], record.kind.names["strings"]}
    for number, how, first, last in wire.sound(record.start, record.stop):
        if number in wanted and how == BYTES:
            yield number, (first, last)
