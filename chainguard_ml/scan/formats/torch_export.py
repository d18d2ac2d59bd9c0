"""torch.export archives (``.pt2``): a graph as JSON, weights, sometimes compiled code (``torch/export/pt2_archive``).

Every record below ``models/`` is read as a graph, whatever it is called; ``torch_graph`` judges it.
"""

from __future__ import annotations

import contextlib
import re
from typing import TYPE_CHECKING

from chainguard_ml import jsonsafe
from chainguard_ml.errors import InputError
from chainguard_ml.model import GapReason
from chainguard_ml.scan.formats import torch_graph, zip_reader
from chainguard_ml.scan.formats.zip_archive import contents, examine_archive

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chainguard_ml.model import Observations
    from chainguard_ml.scan.interface import Blob, Examination

NAME = "torch-export"
EXAMINES = (
    "operators, expressions, guards, names and structures of graphs; compiled code, every pickle; weights are not read"
)

_WEIGHT = re.compile(r"(?:[^/]*/)?data/(?:weights/weight|constants/tensor)_\d+", re.ASCII)
# Whatever stands in that directory is read; names are found in any case.
_GRAPH = re.compile(r"(?:[^/]*/)?(?:models/.+|serialized_exported_program\.json)", re.IGNORECASE | re.DOTALL)


def recognise(blob: Blob) -> bool:
    """Return whether it is a zip archive with the members of an exported program."""
    names = zip_reader.names(blob)
    formats = any(name == "archive_format" or name.endswith("/archive_format") for name in names)
    return (formats and any("models/" in name for name in names)) or any(
        name == "serialized_exported_program.json" or name.endswith("/serialized_exported_program.json")
        for name in names
    )


def examine(blob: Blob, examination: Examination) -> Observations:
    """Judge the graphs, and examine every member."""
    for graph in contents(blob, examination, lambda name: _GRAPH.fullmatch(name) is not None):
        yield from _graph(graph, examination)
    pickled = {
        name
        for settings in contents(blob, examination, lambda name: name.endswith(".json"))
        for name in _pickled(settings, examination)
    }
    yield from examine_archive(
        blob,
        examination,
        lambda name: _WEIGHT.fullmatch(name) is not None and name.rpartition("/")[2] not in pickled,
    )


def _pickled(settings: Blob, examination: Examination) -> Iterator[str]:
    """Yield the names of the weights that torch loads as pickles, as their configuration says."""
    if settings.size > examination.budgets.header:
        return  # a graph, of which that is told
    with contextlib.suppress(InputError):
        document = jsonsafe.loads(settings.read(0, settings.size), lenient=True)
        for _, item in jsonsafe.objects(document):
            if item.get("use_pickle") and isinstance(item.get("path_name"), str):
                yield str(item["path_name"])


def _graph(blob: Blob, examination: Examination) -> Observations:
    if blob.size > examination.budgets.header:
        yield blob.gap(GapReason.BUDGET, f"a graph of {blob.size:,} bytes is not parsed")
        return
    try:
        document = jsonsafe.loads(blob.read(0, blob.size), lenient=True)
    except InputError as error:
        yield blob.gap(GapReason.MALFORMED, f"the graph cannot be read: {error}")
        return
    yield from torch_graph.examine(blob, document)
