"""torch's stream before the zip container: five pickles, then the storages' numbers (``torch.serialization``).

The pickles are a magic number, the protocol version, facts about the system, the state, and the storages' keys.
``torch.load`` reads all five, so all five are examined.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from chainguard_ml.scan.formats.torch_streams import examine_streams

if TYPE_CHECKING:
    from chainguard_ml.model import Observations
    from chainguard_ml.scan.interface import Blob, Examination

NAME = "torch-legacy"
EXAMINES = "every pickle of the stream; tensors are not read"

_MAGIC = 0x1950A86A20F9469CFC6C
_FIRST_PICKLE = re.compile(  # in any protocol, framed or not, memoised or not
    rb"(?:\x80.)?(?:\x95.{8})?(?:\x8a\x0a"
    + re.escape(_MAGIC.to_bytes(10, "little"))
    + rb"|[LI]"
    + str(_MAGIC).encode()
    + rb"L?\n)[^.]{0,16}?\.",
    re.DOTALL,
)
_NAMES = ("(magic number)", "(protocol version)", "(system)", "(state)", "(storage keys)")


def recognise(blob: Blob) -> bool:
    """Return whether the first pickle of several is torch's magic number."""
    first = _FIRST_PICKLE.match(blob.read(0, 64))
    return first is not None and first.end() < blob.size


def examine(blob: Blob, examination: Examination) -> Observations:
    """Examine each of the five pickles; the numbers behind them are not read."""
    yield from examine_streams(blob, _NAMES, examination)
