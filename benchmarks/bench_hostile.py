"""Files that were made to cost time: processor seconds of a scan beside those of hashing the same bytes.

Each sample is the densest that its reader accepts: many fields, members, literals, findings of one kind, parts that
overlap. A file of a mebibyte may cost as much as hashing it ``LIMIT`` times.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import struct
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import frame  # noqa: F401 (compiles the package)

from chainguard_ml.scan import allowlist, worker

sys.path.insert(0, str(Path(__file__).parent.parent))  # the builders of the tests' corpus
from tests.corpus import hdf5_writer
from tests.corpus.containers import Entry, end_record, zipped
from tests.corpus.encode import encode, field
from tests.corpus.pickles import whole

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

LIMIT = 10_000
"""Times that hashing may be done while a mebibyte is scanned: it takes less than a millisecond. A third is the aim."""

_HASHED = 64  # times that hashing is done to be measured
_NODE = encode("tensorflow", "NodeDef", {"name": "a", "op": "PyFunc"})
_CALL = whole(b"cos\nsystem\n)R0", b"N")


def _lambda(size: int) -> bytes:
    layer = {"class_name": "Lambda", "config": {"function": "x"}}
    return json.dumps({"class_name": "Functional", "config": {"layers": [layer] * (size // 62)}}).encode()


def _function(number: int) -> bytes:
    return field(1, field(1, b"f%d" % number)) + field(3, _NODE)


def _overlapping(size: int) -> bytes:
    """Return an archive whose members reach from their header to the end, so that each holds all that follow."""
    core = b"\x80\4" + b"ca\nb\n0" * (size // 8)
    heads = [Entry(b"%d.pkl" % number, b"").local() for number in range(size // 400)]
    body = b"".join(heads) + core
    directory, offset = [], 0
    for number, head in enumerate(heads):
        directory.append(Entry(b"%d.pkl" % number, body[offset + len(head) :]).central(offset))
        offset += len(head)
    listed = b"".join(directory)
    return body + listed + end_record(len(heads), len(listed), len(body))


def _literals(literal: bytes) -> Callable[[int], bytes]:
    part = b"C" + bytes([len(literal)]) + literal + b"0"
    return lambda size: whole(part * (size // len(part)), b"N", protocol=4)


SAMPLES: dict[str, Callable[[int], bytes]] = {
    "fields.onnx": lambda size: b"\x08\x07" + field(7, b"\x0a\x00" * (size // 2)),
    "numbers.onnx": lambda size: b"\x08\x07" + field(7, b"\x78\x01" * (size // 2)),
    "empty-nodes.graphdef": lambda size: field(1, _NODE) + b"\x0a\x00" * (size // 2),
    "calls.graphdef": lambda size: field(1, _NODE) * (size // len(field(1, _NODE))),
    "functions.graphdef": lambda size: (
        field(1, _NODE) + field(2, b"".join(field(1, _function(number)) for number in range(size // 40)))
    ),
    "literals.pkl": _literals(_CALL),
    "old-literals.pkl": _literals(b"cos\nsystem\n(tR."),
    "gzip-literals.pkl": _literals(gzip.compress(b"x" * 10, mtime=0)),
    "streams.pkl": lambda size: b"\x80\4ca\nb\n." * (size // 8),
    "opcodes.pkl": lambda size: b"\x80\4cm\nf\n" + b")R" * (size // 2) + b".",
    "members.zip": lambda size: zipped({f"{number}": b"x" for number in range(size // 110)}),
    "overlap.zip": _overlapping,
    "lambda.json": _lambda,
    "links.h5": lambda size: hdf5_writer.file(*[hdf5_writer.external(f"{n}", "/x") for n in range(size // 45)]),
    "tensors.gguf": lambda size: b"GGUF" + struct.pack("<IQQ", 3, 0, size) + bytes(size),
}
"""A file of about ``size`` bytes by its name."""


def _seconds(work: Callable[[], object]) -> float:
    start = time.process_time()
    work()
    return time.process_time() - start


def ratios(size: int) -> Iterator[tuple[str, float, float]]:
    """Yield name, processor seconds and the ratio to hashing for each sample of about ``size`` bytes."""
    judge = allowlist.make_judge([])
    with tempfile.TemporaryDirectory() as directory:
        for name, build in SAMPLES.items():
            data = build(size)
            path = Path(directory) / name
            path.write_bytes(data)
            hashing = _seconds(lambda data=data: [hashlib.sha256(data) for _ in range(_HASHED)]) / _HASHED
            scanning = _seconds(lambda path=path: worker.examine_file(path.parent, path.name, judge))
            path.unlink()
            yield name, scanning, scanning / hashing


def main(size: int = 1 << 20) -> bool:
    """Print the table; return whether every sample is within the limit."""
    print(f"\nhostile files of about {size / (1 << 20):g} MiB (processor seconds; times the hashing of the same bytes)")
    held = True
    for name, seconds, ratio in ratios(size):
        within = ratio <= LIMIT
        held &= within
        print(f"  {name:28} {seconds:8.2f} s {ratio:10.0f} x{'' if within else '   EXCEEDED'}")
    print(f"  limit {LIMIT} x: {'held' if held else 'EXCEEDED'}")
    return held


if __name__ == "__main__":
    raise SystemExit(not main())
