"""Streams of Java objects, as Weka, Spark and others save models (Java Object Serialization Specification, 6).

Reading one constructs every class that it names and runs their ``readObject``; which of them do harm depends on what
the reading program has on its class path. So the stream is a program, and its classes are listed.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from chainguard_ml.rules import carries_code
from chainguard_ml.text import printable

if TYPE_CHECKING:
    from chainguard_ml.model import Observations
    from chainguard_ml.scan.interface import Blob, Examination

NAME = "java-objects"
EXAMINES = "names of the classes in the stream; what they do when they are read depends on the reader"

_HEADER = re.compile(rb"\xac\xed\0\x05[\x70-\x7e]")  # magic, version, the type code of the first content
_CLASS = re.compile(rb"\x72\0([\x03-\xff])(\[*[A-Za-z_$][\w.$/;]{2,254})")  # TC_CLASSDESC, length, name
_SEARCHED = 64_000_000
_SHOWN = 40


def recognise(blob: Blob) -> bool:
    """Return whether the stream's magic, version and a first content are there."""
    return _HEADER.match(blob.data) is not None


def examine(blob: Blob, examination: Examination) -> Observations:  # noqa: ARG001 (the seam's shape)
    """List the classes."""
    found: set[str] = set()
    for match in _CLASS.finditer(blob.data, 4, min(blob.size, _SEARCHED)):
        length = match[1][0]
        if len(match[2]) >= length:
            found.add(match[2][:length].decode("ascii", "replace"))
    classes = [printable(name, 120) for name in sorted(found)[:_SHOWN]]
    names = f": {', '.join(classes[:5])}" + (" …" if len(found) > 5 else "") if classes else ""
    yield carries_code.JAVA_OBJECTS.finding(
        blob.subject,
        blob.location.at(0),
        f"a stream of Java objects constructs {len(found)} classes{names}",
        key=("stream",),
        facts={"classes": classes},
    )
