"""Data sets in the own binary formats of training libraries: numbers that no loader of models reads.

Signatures: LightGBM ``Dataset::SaveBinaryFile``; CatBoost's quantized pool; XGBoost ``DMatrix`` (``SimpleDMatrix``).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from chainguard_ml.scan.formats.raw import payloads

if TYPE_CHECKING:
    from chainguard_ml.model import Observations
    from chainguard_ml.scan.interface import Blob, Examination

NAME = "training-data"
EXAMINES = "recognised by signature (LightGBM, CatBoost, XGBoost); numbers, so only the end is looked at"

_SIGNATURES = (
    b"______LightGBM_Binary_File_Token______\n",
    b"CatboostQuantizedPool\0",
    b"\x01\xab\xff\xffversion:",
)
_END = 1_000_000  # bytes at the end that are looked at


def recognise(blob: Blob) -> bool:
    """Return whether one of the signatures starts the file."""
    return blob.read(0, 40).startswith(_SIGNATURES)


def examine(blob: Blob, examination: Examination) -> Observations:
    """Look for a pickle near the end; other content is not read."""
    from chainguard_ml.scan import pickle
    from chainguard_ml.scan.pickle.recognition import walked

    start = max(40, blob.size - _END)
    end = blob.window("(end)", min(start, blob.size), blob.size)
    if end.size and walked(end).trace.executed:
        yield from payloads(pickle.examine(end, examination))
