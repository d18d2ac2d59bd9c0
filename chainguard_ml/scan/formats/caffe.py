"""Caffe: ``NetParameter`` (``caffe.proto``) as protobuf (``.caffemodel``) and as text (``.prototxt``).

A layer of type ``Python`` imports the module that it names and calls the class that it names.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from chainguard_ml.rules import carries_code
from chainguard_ml.scan import naming
from chainguard_ml.scan.formats.ending import trailing
from chainguard_ml.scan.formats.raw import examine_tensor
from chainguard_ml.scan.protobuf.wire import BYTES, VARINT, Wire, WireError
from chainguard_ml.text import printable

if TYPE_CHECKING:
    from chainguard_ml.model import Finding, Observations
    from chainguard_ml.scan.interface import Blob, Examination

NAME = "caffe"
EXAMINES = "layers that name a Python module, parameters' first bytes, what follows"

_FIELDS = {1: BYTES, 2: BYTES, 3: BYTES, 4: VARINT, 5: VARINT, 6: BYTES, 7: VARINT, 8: BYTES, 100: BYTES}
_LAYER, _OLD_LAYER = 100, 2
_LAYER_NAME, _LAYER_TYPE, _PYTHON_PARAMETER = 1, 2, 130
_TYPE = re.compile(r"[A-Za-z][A-Za-z0-9_]{1,60}")
_TEXT = re.compile(rb"\s*+(?:#[^\n]*+\n\s*+)*+(?:name|layers?|input|force_backward|state)\s*+[:{]")
_PYTHON_TEXT = re.compile(rb"\bpython_param\s*+:?\s*+\{([^{}]{0,4000}+)\}")
_PYTHON_TYPE = re.compile(rb"\btype\s*+:\s*+[\"']Python[\"']")
_VALUE = re.compile(rb"\b(module|layer)\s*+:\s*+[\"']([^\"'\n]{0,200})[\"']")
_SAMPLE = 12  # fields that recognising looks at


def recognise(blob: Blob) -> bool:
    """Return whether the first fields are those of a net of which one is a layer with a type, or the text is one."""
    if naming.extension(blob.name) == "prototxt":
        return _TEXT.match(blob.data) is not None
    if blob.read(0, 1) not in {b"\x0a", b"\x12", b"\xa2"}:
        return False
    wire, layers = Wire(blob.data, 500), 0
    try:
        for count, (number, kind, start, stop) in enumerate(wire.fields(0, blob.size)):
            if _FIELDS.get(number) != kind or count >= _SAMPLE:
                break
            if number == _LAYER and not _TYPE.fullmatch(_layer(wire, start, stop)[1]):
                return False
            layers += number == _LAYER
    except WireError:
        return layers > 0
    return layers > 0


def _layer(wire: Wire, start: int, stop: int) -> tuple[str, str, str]:
    """Return the name and the type of a layer, and the module and class of its Python parameter."""
    name = kind = python = ""
    for number, how, first, last in wire.sound(start, stop):
        if how != BYTES:
            continue
        if number == _LAYER_NAME:
            name = wire.text(first, last, 200)
        elif number == _LAYER_TYPE:
            kind = wire.text(first, last, 200)
        elif number == _PYTHON_PARAMETER:
            texts = [wire.text(a, b, 200) for field, w, a, b in wire.sound(first, last) if w == BYTES and field <= 2]
            python = ".".join([python, *texts]).strip(".")
    return name, kind, python


def examine(blob: Blob, examination: Examination) -> Observations:
    """Report Python layers; look at parameters' first bytes and at what follows the last field."""
    if naming.extension(blob.name) == "prototxt":
        yield from _text(blob)
        return
    wire, end = Wire(blob.data), 0
    try:
        for number, kind, start, stop in wire.fields(0, blob.size):
            if number in {_LAYER, _OLD_LAYER} and kind == BYTES:
                name, what, python = _layer(wire, start, stop)
                if number == _LAYER and (python or what == "Python"):
                    yield _python(blob, name, python, start)
            elif number not in _FIELDS and kind == BYTES:
                yield from examine_tensor(blob, start, stop, f"field {number}", examination)
            end = stop if kind == BYTES and number in _FIELDS else end
    except WireError as error:
        wire.note(error)
        if not error.cut:
            yield from trailing(blob, end, examination)
            return
    yield from wire.gaps(blob)


def _python(blob: Blob, name: str, python: str, offset: int) -> Finding:
    return carries_code.GRAPH_PYTHON.finding(
        blob.subject,
        blob.location.at(offset),
        f"the layer '{printable(name, 60)}' calls Python: {printable(python, 80) or 'a class that it names'}",
        key=(name, python),
        facts={"layer": name, "class": python},
    )


def _text(blob: Blob) -> Observations:
    said: set[str] = set()
    for match in _PYTHON_TEXT.finditer(blob.data):
        values = dict(_VALUE.findall(match[1]))
        python = b".".join(values[key] for key in (b"module", b"layer") if key in values).decode("utf-8", "replace")
        if python not in said:
            said.add(python)
            yield _python(blob, "", python, match.start())
    if not said and (type_ := _PYTHON_TYPE.search(blob.data)):
        yield _python(blob, "", "", type_.start())
