"""TensorFlow's own operators in TensorFlow Lite models, which the Flex delegate runs (``delegates/flex/kernel.cc``).

The options of such an operator are a flexbuffer with a name and a serialized ``NodeDef``. The delegate runs what they
name, whatever the operator code says, so every name is judged, by the same data as those of TensorFlow's graphs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from chainguard_ml.model import GapReason
from chainguard_ml.rules import protobuf as rules
from chainguard_ml.scan.formats.flexbuffer import FlexbufferError, root_strings
from chainguard_ml.scan.formats.tensorflow_graph import read_node, strings
from chainguard_ml.scan.formats.tensorflow_operators import ATTRIBUTES, EFFECTS, of_attribute
from chainguard_ml.scan.protobuf import operators
from chainguard_ml.scan.protobuf.wire import Wire
from chainguard_ml.text import printable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chainguard_ml.model import Observations
    from chainguard_ml.scan.formats.tensorflow_operators import Effect
    from chainguard_ml.scan.interface import Blob

PREFIX = "Flex"
"""With what the names of such operators start."""


def examine_name(blob: Blob, name: str, offset: int) -> Observations:
    """Judge an operator by its name."""
    effect = EFFECTS.get(name)
    if effect and effect.severity is not None:
        yield from _finding(blob, name, effect, offset)
    elif name not in operators.known("tensorflow"):
        shown = printable(name, 80)
        yield rules.CUSTOM_OPERATOR.finding(
            blob.subject,
            blob.location.at(offset),
            f"the operator '{shown}' is none that TensorFlow has",
            key=("operator", name),
            facts={"operator": shown},
        )


def examine_options(blob: Blob, code: str, options: bytes, offset: int) -> Observations:
    """Judge what the options of the operator ``code`` name beside it, and the attributes of its node."""
    try:
        name, serialized = (*root_strings(options), b"", b"")[:2]
    except FlexbufferError as error:
        text = f"the options of {printable(code, 80)} are unreadable: {error}"
        yield blob.gap(GapReason.MALFORMED, text, offset)
        return
    wire = Wire(serialized)
    node = read_node(wire, 0, len(serialized))
    names = dict.fromkeys((name.decode("utf-8", "surrogateescape"), *node.operators))
    for other in names:
        if other and other != code:
            yield from examine_name(blob, other, offset)
    for other in (code, *names):
        for effect in _attributes(other, wire, node.attributes):
            yield from _finding(blob, other, effect, offset)
    yield from wire.gaps(blob)


def _attributes(operator: str, wire: Wire, attributes: list[tuple[str, tuple[int, int]]]) -> Iterator[Effect]:
    for key, value in attributes:
        if key == ATTRIBUTES.get(operator):
            for text, _ in strings(wire, value):
                if effect := of_attribute(operator, text):
                    yield effect


def _finding(blob: Blob, name: str, effect: Effect, offset: int) -> Observations:
    yield effect.rule.finding(
        blob.subject,
        blob.location.at(offset),
        f"TensorFlow's operator {printable(name, 80)} {effect.what}",
        key=("operator", name),
        facts={"operator": name},
        severity=effect.severity,
    )
