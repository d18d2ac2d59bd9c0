"""OpenVINO's intermediate representation: the ``.xml`` with the graph (versions 2 to 11, "OpenVINO IR format").

The weights are numbers in a ``.bin`` beside it. What a graph can ask for beyond computing are layers that extensions
provide, and kernels in OpenCL that a configuration of custom layers names.
"""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING

from chainguard_ml.model import Severity
from chainguard_ml.rules import protobuf as shared
from chainguard_ml.rules import xml as rules
from chainguard_ml.scan.formats import openvino_operators, xml_findings, xml_reader
from chainguard_ml.scan.formats.member_names import escape
from chainguard_ml.text import printable

if TYPE_CHECKING:
    from chainguard_ml.model import Observations
    from chainguard_ml.scan.formats.xml_reader import Element
    from chainguard_ml.scan.interface import Blob, Examination

NAME = "openvino"
EXAMINES = "layer types and operator sets, places and sizes of constants, kernels of custom layers, entities"

_ROOTS = frozenset({"net", "CustomLayer"})
_MOST = 1 << 63
_DIMENSIONS = 64
_NUMBER = re.compile(r"\s*[0-9]{1,20}\s*")
_BITS = {
    **dict.fromkeys(("u1", "bin"), 1),
    "u2": 2,
    "u3": 3,
    **dict.fromkeys(("i4", "u4", "nf4", "f4e2m1"), 4),
    "u6": 6,
    **dict.fromkeys(("i8", "u8", "boolean", "f8e4m3", "f8e5m2", "f8e8m0"), 8),
    **dict.fromkeys(("i16", "u16", "f16", "bf16"), 16),
    **dict.fromkeys(("i32", "u32", "f32"), 32),
    **dict.fromkeys(("i64", "u64", "f64"), 64),
}  # bits of an element by type; strings have no fixed size


def recognise(blob: Blob) -> bool:
    """Return whether the root is a network or a custom layer."""
    root, _ = xml_reader.root_of(blob)
    return root is not None and root.name in _ROOTS and not root.namespace


def examine(blob: Blob, examination: Examination) -> Observations:  # noqa: ARG001 (the seam's shape)
    """Read the whole graph."""
    yield from Network(blob).observations()


class Network(xml_findings.Model):
    """Looks at layers and constants.

    Attributes:
        weights: Where the last constant ends in the file of weights.
    """

    def __init__(self, blob: Blob) -> None:
        super().__init__(blob)
        self.weights = 0
        self._kind = ""

    def opened(self, element: Element) -> None:
        """Look at an element."""
        if element.name == "layer":
            self._layer(element)
        elif element.name == "data" and self.path[-2:-1] == ["layer"] and self._kind == "Const":
            self._constant(element)
        elif element.name in {"weights", "biases"} and self.path[-2:-1] == ["blobs"]:
            self._place(element)
        elif element.name == "CustomLayer":
            self._custom(element.attributes.get("name", ""), "custom layers", element.offset)
        elif element.name == "Source":
            self._source(element)

    def _layer(self, element: Element) -> None:
        self._kind = element.attributes.get("type", "")
        version = element.attributes.get("version", "")
        if not openvino_operators.is_known(self._kind, version):
            self._custom(self._kind, version, element.offset)

    def _custom(self, kind: str, version: str, offset: int) -> None:
        of = f" of '{printable(version, 40)}'" if version else ""
        text = f"the layer type '{printable(kind, 80)}'{of} is none of OpenVINO's own"
        self.say(shared.CUSTOM_OPERATOR, offset, text, (kind, version))

    def _source(self, element: Element) -> None:
        """The kernel's file, relative to the configuration."""
        name = element.attributes.get("filename", "")
        if how := escape(name):
            text = f"the kernel '{printable(name, 120)}' is read from outside: {how}"
            self.say(shared.EXTERNAL_PATH, element.offset, text, (name,))

    def _place(self, element: Element) -> int | None:
        """Return the size that is claimed in the file of weights, ``None`` if offset or size are wrong."""
        claimed = [element.attributes.get(name, "") for name in ("offset", "size")]
        if not all(_NUMBER.fullmatch(text) for text in claimed) or sum(map(int, claimed)) >= _MOST:
            shown = " and ".join(printable(text, 40) for text in claimed)
            text = f"a constant claims offset and size {shown}"
            self.say(rules.OPENVINO_BOUNDS, element.offset, text, ("place",), Severity.HIGH)
            return None
        self.weights = max(self.weights, sum(map(int, claimed)))
        return int(claimed[1])

    def _constant(self, element: Element) -> None:
        size = self._place(element)
        bits = _BITS.get(element.attributes.get("element_type", ""))
        shape = [item for item in element.attributes.get("shape", "").split(",") if item.strip()]
        if (
            size is None
            or bits is None
            or len(shape) > _DIMENSIONS
            or not all(_NUMBER.fullmatch(item) for item in shape)
        ):
            return
        needed = -(-math.prod(map(int, shape)) * bits // 8)
        if needed != size:
            text = f"a constant claims {size:,} bytes where shape and type need {min(needed, _MOST):,}"
            severity = Severity.HIGH if needed >= _MOST else None
            self.say(rules.OPENVINO_BOUNDS, element.offset, text, ("size",), severity)
