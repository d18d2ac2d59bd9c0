"""Engines ("plans") of TensorRT, also behind the metadata that Ultralytics writes in front.

An engine is compiled: kernels for one device, and the state of plugins that native libraries restore. Its format is not
public, so all that can be said is what it is and which plugins it names.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from chainguard_ml.rules import carries_code
from chainguard_ml.scan.formats.raw import payloads
from chainguard_ml.text import printable

if TYPE_CHECKING:
    from chainguard_ml.model import Observations
    from chainguard_ml.scan.interface import Blob, Examination

NAME = "tensorrt"
EXAMINES = "its mark, metadata in front of it, names of plugins; the compiled program cannot be examined"

_MARKS = (b"ftrt", b"ptrt")
_METADATA = 1_000_000  # bytes
_SEARCHED = 16_000_000  # bytes in which names of plugins are looked for
_PLUGIN = re.compile(
    rb"(?<![A-Za-z0-9_])[A-Za-z][A-Za-z0-9_]{1,60}?(?:_TRT|_PLUGIN|[Pp]lugin(?:Dynamic|V\d)?)(?![A-Za-z0-9_])"
)
_SHOWN = 20


def _start(blob: Blob) -> int | None:
    """Return where the engine starts: at once, or behind a length and a JSON object."""
    head = blob.read(0, 5)
    if head[:4] in _MARKS:
        return 0
    start = 4 + int.from_bytes(head[:4], "little")
    if head[4:] == b"{" and 4 < start < _METADATA and blob.read(start, start + 4) in _MARKS:
        return start
    return None


def recognise(blob: Blob) -> bool:
    """Return whether an engine's mark is there."""
    return _start(blob) is not None


def examine(blob: Blob, examination: Examination) -> Observations:
    """Say what it is; look into the metadata in front of it."""
    start = _start(blob) or 0
    if start:
        yield from payloads(examination.nested(blob.window("(metadata)", 4, start)))
    found = {match[0].decode() for match in _PLUGIN.finditer(blob.data, start, min(blob.size, start + _SEARCHED))}
    plugins = sorted(found)[:_SHOWN]
    names = f"; it names the plugins {', '.join(printable(name, 60) for name in plugins)}" if plugins else ""
    yield carries_code.TENSORRT_ENGINE.finding(
        blob.subject,
        blob.location.at(start),
        f"a TensorRT engine is compiled code, which cannot be examined{names}",
        key=("engine",),
        facts={"plugins": plugins},
    )
