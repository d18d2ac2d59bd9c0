"""Nodes of ONNX graphs: whose operators they are."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from chainguard_ml.rules import carries_code
from chainguard_ml.rules import protobuf as rules
from chainguard_ml.scan.protobuf import operators
from chainguard_ml.scan.protobuf.wire import BYTES
from chainguard_ml.text import printable

if TYPE_CHECKING:
    from chainguard_ml.model import Observations
    from chainguard_ml.scan.interface import Blob
    from chainguard_ml.scan.protobuf.schema import Kind, Record
    from chainguard_ml.scan.protobuf.wire import Wire

# ONNX Runtime's and onnxruntime-extensions' operators that a Python class or function implements.
_PYTHON = re.compile(r"Py(?:Op|Func|Custom\w*|Call\w*)\w*|PythonOp\w*|Python\w*Op|EagerPyFunc|NumpyFunction")
_PYTHON_DOMAINS = re.compile(r"ai\.onnx\.contrib|pyop\w*|(?:[\w.]*\.)?python(?:\.\w+)*", re.IGNORECASE)
# Private domains in which ONNX Runtime itself keeps what it fused; their operators are in its library.
_RUNTIME_DOMAINS = frozenset(
    {"com.microsoft.dml", "com.microsoft.nhwc", "com.microsoft.wcr", "com.ms.internal.nhwc", "com.microsoft.nchwc"}
)
_STANDARD = frozenset({"", "ai.onnx"})


def functions(wire: Wire, root: Kind, size: int) -> frozenset[tuple[str, str]]:
    """Return domain and name of each function that the model defines itself."""
    found: set[tuple[str, str]] = set()
    model = root.names["functions"]
    names = root.inner[model].names
    for number, how, start, stop in wire.sound(0, size):
        if number != model or how != BYTES:
            continue
        domain = name = ""
        for inner, kind, first, last in wire.sound(start, stop):
            if kind == BYTES and inner == names["domain"]:
                domain = wire.text(first, last)
            elif kind == BYTES and inner == names["name"]:
                name = wire.text(first, last)
        found.add((domain, name))
    return frozenset(found)


class Nodes:
    """Judges the nodes of one model; each operator is reported once."""

    def __init__(self, blob: Blob, wire: Wire, local: frozenset[tuple[str, str]]) -> None:
        self._blob = blob
        self._wire = wire
        self._local = local
        self._said: set[tuple[str, str]] = set()

    def examine(self, record: Record) -> Observations:
        """Yield a finding if the node's operator is none of ONNX, ONNX Runtime or the model's own functions.

        A field that comes twice is taken in every way in which a reader could take it.
        """
        if record.start == record.stop:
            return
        names = record.kind.names
        node = ""
        kinds: list[str] = []
        domains: list[str] = []
        for number, how, first, last in self._wire.messages(record.start, record.stop):
            if how != BYTES or number not in {names["op_type"], names["domain"], names["name"]}:
                continue
            text = self._wire.text(first, last)
            if number == names["name"]:
                node = text
            else:
                (kinds if number == names["op_type"] else domains).append(text)
        for pair in {(domain, kind) for domain in domains[-9:] or [""] for kind in kinds[-9:]} - self._said:
            if pair not in self._local or _is_python(*pair):  # which of both is run depends on the runtime
                self._said.add(pair)
                yield from judge(self._blob, pair, node, record.start)


def _is_python(domain: str, kind: str) -> bool:
    """Return whether an operator is one that calls Python."""
    return _PYTHON.fullmatch(kind) is not None or _PYTHON_DOMAINS.fullmatch(domain) is not None


def judge(blob: Blob, pair: tuple[str, str], node: str, offset: int) -> Observations:
    """Yield a finding if an operator, domain and name, is none of ONNX or ONNX Runtime."""
    domain, kind = pair
    if domain in _RUNTIME_DOMAINS or kind in operators.load("onnx").get(domain or "ai.onnx", ()):
        return
    python = _is_python(domain, kind)
    rule = carries_code.GRAPH_PYTHON if python else rules.CUSTOM_OPERATOR
    place = f"domain '{printable(domain, 80)}'" if domain not in _STANDARD else "the standard domain"
    what = "is implemented in Python" if python else "is none that ONNX or ONNX Runtime has"
    yield rule.finding(
        blob.subject,
        blob.location.at(offset),
        f"the operator '{printable(kind, 80)}' of {place} {what}",
        key=(domain, kind),
        facts={"operator": kind, "domain": domain, "node": node},
    )
