"""HDF5: groups, links, attributes and datasets (HDF5 file format specification 3.0), without the HDF5 library.

Every object that can be reached from the root group is looked at once. Texts and bytes are examined for what they
hold: configurations, pickles, archives. Numbers are not read. What leads to another file or asks for a library is
reported. What cannot be followed is a gap.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from chainguard_ml.model import GapReason
from chainguard_ml.scan import naming
from chainguard_ml.scan.formats.ending import trailing
from chainguard_ml.scan.hdf5 import superblock
from chainguard_ml.scan.hdf5.objects import Objects
from chainguard_ml.scan.hdf5.source import Hdf5Error
from chainguard_ml.scan.hdf5.walk import Walk

if TYPE_CHECKING:
    from chainguard_ml.model import Observations
    from chainguard_ml.scan.interface import Blob, Examination

NAME = "hdf5"
EXAMINES = (
    "links and storage that lead to other files, filters, Keras configurations, "
    "texts and bytes in attributes and datasets; user block, trailing bytes"
)

_MATLAB = b"MATLAB 7.3 MAT-file"  # starts the user block of MATLAB
_USER_BLOCK = frozenset({"h5", "hdf5", "hdf", "he5", "mat", "nc"})


def recognise(blob: Blob) -> bool:
    """Return whether a superblock starts the file; under a name of HDF5, or in MATLAB's, a user block comes before."""
    return _superblock(blob) is not None


def _superblock(blob: Blob) -> int | None:
    named = naming.extension(blob.name) in _USER_BLOCK or blob.read(0, len(_MATLAB)) == _MATLAB
    return superblock.find(blob, everywhere=named)


def examine(blob: Blob, examination: Examination) -> Observations:
    """Walk from the root group through everything; look before the superblock and behind the end."""
    start = _superblock(blob)
    if start is None:
        yield blob.gap(GapReason.MALFORMED, "there is no superblock")
        return
    if start:
        yield from examination.nested(blob.window("(user block)", 0, start))
    yield from examine_from(blob, start, examination)


def examine_from(blob: Blob, start: int, examination: Examination) -> Observations:
    """Walk through everything below the superblock at ``start``, and look behind the end."""
    try:
        block = superblock.parse(blob, start)
    except Hdf5Error as error:
        yield blob.gap(error.reason, f"the superblock cannot be read: {error}", error.offset)
        return
    objects = Objects(block.source, block.extension)
    yield from Walk(objects, examination).run(block.root)
    if block.end <= start + len(superblock.SIGNATURE):
        yield blob.gap(GapReason.MALFORMED, "the file should end before it begins")
    elif block.end > blob.size:
        yield blob.gap(GapReason.MALFORMED, f"the file is cut: it should be {block.end:,} bytes long")
    else:
        yield from trailing(blob, block.end, examination)
