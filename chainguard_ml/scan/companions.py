"""Files of bare numbers: whether a description beside them says so.

Weights of OpenVINO, TensorFlow.js and ncnn are numbers without any signature. Alone nobody can tell what they are. With
the file beside them that lists the places of all constants they are a part of that model: then only what is found in
them counts, not that nothing is recognised.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from chainguard_ml import jsonsafe
from chainguard_ml.errors import InputError
from chainguard_ml.files import open_beneath
from chainguard_ml.model import Evidence, Gap, Location, Subject
from chainguard_ml.scan import naming
from chainguard_ml.scan.formats.raw import payloads
from chainguard_ml.scan.interface import Blob

if TYPE_CHECKING:
    from pathlib import Path

    from chainguard_ml.model import Json, Observation

_LIMIT = 100_000_000  # bytes of a description
_PADDING = 64  # bytes that may follow the last constant
_NCNN = b"7767517\n"  # first line of ncnn's parameter file


def settled(root: Path | int, path: str, seen: list[Observation]) -> list[Observation]:
    """Return what still holds of a file beneath ``root`` once a description beside it is taken into account."""
    if naming.extension(path) != "bin" or not any(isinstance(item, Gap) for item in seen):
        return seen
    size = next((item.subject.size or 0 for item in seen if isinstance(item, Gap)), 0)
    if not (_openvino(root, path, size) or _tensorflow_js(root, path) or _ncnn(root, path)):
        return seen
    return [*payloads(iter(seen)), *(item for item in seen if isinstance(item, Evidence))]


def _openvino(root: Path | int, path: str, size: int) -> bool:
    """The constants of the network reach exactly to the end of the weights."""
    from chainguard_ml.scan.formats import openvino

    name = path[: -len("bin")] + "xml"
    data = _read(root, name)
    blob = Blob(data, Subject(name), Location(name), name)
    if not data or not openvino.recognise(blob):
        return False
    network = openvino.Network(blob)
    for _ in network.observations():
        pass  # they are told where the network itself is examined
    return 0 <= size - network.weights < _PADDING


def _tensorflow_js(root: Path | int, path: str) -> bool:
    """The manifest of ``model.json`` in the same directory lists the shard."""
    folder, slash, name = path.rpartition("/")
    data = _read(root, f"{folder}{slash}model.json")
    if b'"weightsManifest"' not in data:
        return False
    try:
        document = jsonsafe.loads(data, lenient=True)
    except InputError:
        return False
    groups = document.get("weightsManifest") if isinstance(document, dict) else None
    return any(name in _paths(group) for group in (groups if isinstance(groups, list) else []))


def _paths(group: Json) -> list[Json]:
    paths = group.get("paths") if isinstance(group, dict) else None
    return list(paths) if isinstance(paths, list) else []


def _ncnn(root: Path | int, path: str) -> bool:
    """The parameter file of the same name starts with ncnn's number."""
    return _read(root, path[: -len("bin")] + "param").startswith(_NCNN)


def _read(root: Path | int, path: str) -> bytes:
    try:
        with open_beneath(root, path) as stream:
            return stream.read(_LIMIT)
    except InputError:
        return b""
