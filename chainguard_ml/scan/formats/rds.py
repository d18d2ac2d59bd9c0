"""Objects and workspaces of R: ``.rds``, ``.rda``, ``.RData`` (R Internals, 1.8; ``serialize.c``, ``saveload.c``).

Reading one allocates data; formulas and calls stay as they are. What runs is a promise (as soon as its value is looked
at, CVE-2024-27322), what native classes do to restore themselves, and later every function that is stored with the
model. Compressed files are examined by the format of their compression, which hands over what comes out.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from chainguard_ml.model import GapReason, Severity
from chainguard_ml.rules import binary as rules
from chainguard_ml.rules import carries_code
from chainguard_ml.scan.formats import r_functions
from chainguard_ml.scan.formats.ending import trailing
from chainguard_ml.scan.formats.rds_reader import Alternative, Code, Place, RdsDepthError, Reader
from chainguard_ml.scan.formats.rds_streams import Ascii, Binary, RdsError
from chainguard_ml.text import plural, printable

if TYPE_CHECKING:
    from chainguard_ml.model import Finding, Observations
    from chainguard_ml.scan.formats.rds_streams import Stream
    from chainguard_ml.scan.interface import Blob, Examination

NAME = "rds"
EXAMINES = "every item: promises, functions, bytecode, calls in formulas, active bindings, natively restored classes"

_WORKSPACE = re.compile(rb"RD[XAB][23]\n(?=[XAB]\n)")
_OLD_WORKSPACE = re.compile(rb"RD[XAB]1\n")
_VERSIONS = range(2, 4)
_RELEASES = range(1 << 16, 1 << 24)  # R's version as 65536 * major + 256 * minor + patch
_ENCODING = 64  # bytes of the name of the native encoding, which version 3 has
# Classes of package base that restore themselves from the numbers in the file.
_RESTORED = frozenset(
    {"compact_intseq", "compact_realseq", "deferred_string", "wrap_integer", "wrap_logical", "wrap_real"}
    | {"wrap_complex", "wrap_raw", "wrap_string", "wrap_list"}
)
_MAPPED = frozenset({"mmap_integer", "mmap_real"})
_STARTUP = frozenset({".First", ".Last", ".First.sys"})


@dataclass(slots=True)
class _Carried:
    """Functions and promises of one file, told as one finding."""

    first: Code | None = None
    kinds: dict[str, int] = field(default_factory=dict)
    calls: set[str] = field(default_factory=set)


def recognise(blob: Blob) -> bool:
    """Return whether a workspace's mark, or a format letter with plausible version numbers, starts the bytes."""
    head = blob.read(0, 64)
    if _OLD_WORKSPACE.match(head):
        return True
    mark = _WORKSPACE.match(head)
    try:
        return _start(head, mark.end() if mark else 0) is not None or mark is not None
    except RdsError:
        return mark is not None


def examine(blob: Blob, examination: Examination) -> Observations:
    """Walk the items; what precedes a break counts."""
    if _OLD_WORKSPACE.match(blob.read(0, 5)):
        yield blob.gap(GapReason.UNSUPPORTED, "a workspace in the format of R before 1.4 is not read")
        return
    mark = _WORKSPACE.match(blob.read(0, 7))
    carried = _Carried()
    try:
        stream = _start(blob.data, mark.end() if mark else 0)
        if stream is None:
            yield blob.gap(GapReason.UNSUPPORTED, "the version of the serialization is not known")
            return
        yield from _items(blob, Reader(stream, Place.WORKSPACE if mark else Place.TOP), carried)
        yield from _carried(blob, carried)
    except RdsError as error:
        yield from _carried(blob, carried)
        reason = GapReason.BUDGET if isinstance(error, RdsDepthError) else GapReason.MALFORMED
        yield blob.gap(reason, f"the serialization cannot be read to its end: {error}", error.offset)
        return
    yield from trailing(blob, stream.end(), examination)


def _start(data: object, position: int) -> Stream | None:
    """Return a stream behind the versions, ``None`` if they are none that R writes."""
    view = memoryview(data)  # type: ignore[arg-type]  # a map has the buffer protocol
    letter = bytes(view[position : position + 2])
    streams: dict[bytes, tuple[Stream, ...]] = {
        b"X\n": (Binary(view, position + 2, ">"),),
        b"B\n": (Binary(view, position + 2, "<"), Binary(view, position + 2, ">")),
        b"A\n": (Ascii(view, position + 2),),
    }
    for stream in streams.get(letter, ()):
        version, writer, reader = stream.integer(), stream.integer(), stream.integer()
        if version in _VERSIONS and writer in _RELEASES and reader in _RELEASES:
            if version > 2:
                length = stream.integer()
                if not 0 <= length <= _ENCODING:
                    raise RdsError("the name of the encoding is too long", position)
                stream.text(length)
            return stream
    return None


def _items(blob: Blob, reader: Reader, carried: _Carried) -> Observations:
    for event in reader.events():
        if isinstance(event, Alternative):
            yield from _restored(blob, event)
        elif isinstance(event, Code):
            yield from _code(blob, event, carried)
        else:
            yield blob.gap(GapReason.UNSUPPORTED, "an object that the loading program supplies", event.offset)


def _restored(blob: Blob, event: Alternative) -> Observations:
    """Class and package name native code of R or of a package, which gets the state from the file."""
    name, package = (*event.names, "", "")[:2]
    if package == "base" and name in _RESTORED:
        return
    shown = f"{printable(package, 60)}::{printable(name, 60)}"
    does = "opens the file that the state names" if name in _MAPPED else "is restored by native code of its package"
    yield rules.R_NATIVE.finding(
        blob.subject,
        blob.location.at(event.offset),
        f"an object of class {shown} {does}",
        key=(shown,),
        facts={"class": printable(name, 60), "package": printable(package, 60)},
    )


def _code(blob: Blob, code: Code, carried: _Carried) -> Observations:
    if code.kind == "promise" and code.place is not Place.FRAME:
        yield _promise(blob, code)
    elif code.kind == "promise" and (code.forced or code.inert):
        return  # an argument that has been used, or that only names a variable: environments hold them
    elif code.kind == "call":
        yield from _call(blob, code)
    elif code.name in _STARTUP:
        yield rules.R_STARTUP.finding(
            blob.subject,
            blob.location.at(code.offset),
            f"the workspace defines {code.name}, which R runs by itself",
            key=(code.name,),
            facts={"calls": sorted(code.calls)},
        )
    else:
        carried.first = carried.first or code
        carried.kinds[code.kind] = carried.kinds.get(code.kind, 0) + 1
        carried.calls |= code.calls


def _promise(blob: Blob, code: Code) -> Finding:
    """No writer puts a promise there: saving an object evaluates it."""
    calls = f"; it calls {', '.join(sorted(code.calls))}" if code.calls else ""
    return rules.R_PROMISE.finding(
        blob.subject,
        blob.location.at(code.offset),
        f"a promise stands where an object should be{calls}",
        key=("promise", code.name),
        facts={"calls": sorted(code.calls), "evaluated": code.forced},
        severity=Severity.HIGH if code.forced else None,
    )


def _call(blob: Blob, code: Code) -> Observations:
    """Formulas and calls are evaluated again by ``update`` and ``predict``."""
    if not code.calls:
        return
    grave = sorted(code.calls & r_functions.GRAVE.keys())
    names = grave or sorted(code.calls)
    does = f", which {r_functions.GRAVE[grave[0]]}" if grave else ""
    yield rules.R_CALL.finding(
        blob.subject,
        blob.location.at(code.offset),
        f"a stored call contains {', '.join(names)}{does}",
        key=tuple(names),
        facts={"calls": names},
        severity=None if grave else Severity.MEDIUM,
    )


def _carried(blob: Blob, carried: _Carried) -> Observations:
    if carried.first is None:
        return
    kinds = ", ".join(plural(count, kind) for kind, count in sorted(carried.kinds.items()))
    calls = sorted(carried.calls)
    yield carries_code.R_CODE.finding(
        blob.subject,
        blob.location.at(carried.first.offset),
        f"the file stores {kinds}" + (f", calling {', '.join(calls)}" if calls else ""),
        key=("code",),
        facts={"kinds": dict(sorted(carried.kinds.items())), "calls": calls},
    )
