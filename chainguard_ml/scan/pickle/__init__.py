"""Pickles: what a stream would import, call and change, found without loading it.

``walk`` runs the abstract machine over every stream of a blob (``machine``, with its opcodes in ``basic`` and
``objects``), ``report`` judges what it saw, ``nested`` looks into literals, ``recognition`` tells pickles from texts.

A stream that breaks off is a finding (``malformed-pickle``): high where something was imported before the break,
because that part has run when a loader notices; medium, together with a gap, where nothing was imported.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from chainguard_ml.scan.formats.ending import trailing
from chainguard_ml.scan.pickle.nested import examine_nested
from chainguard_ml.scan.pickle.recognition import FIRST, is_pickle, walked
from chainguard_ml.scan.pickle.report import Report

if TYPE_CHECKING:
    from chainguard_ml.model import Observations
    from chainguard_ml.scan.interface import Blob, Examination

NAME = "pickle"
EXAMINES = (
    "every opcode of protocols 0 to 5 on an abstract machine; nested pickles; joblib's arrays are skipped exactly"
)


def recognise(blob: Blob) -> bool:
    """Return whether the bytes are a pickle of any protocol, whole or broken."""
    return is_pickle(blob)


def examine(blob: Blob, examination: Examination) -> Observations:
    """Examine every stream in the bytes, what their literals hold, and what stands behind them."""
    result = walked(blob)
    yield from Report(blob, result, examination).observations()
    yield from examine_nested(blob, result.trace.nested, examination)
    if result.whole and not result.complete:
        yield from trailing(blob, result.end, examination)


__all__ = ["FIRST", "NAME", "examine", "recognise"]
