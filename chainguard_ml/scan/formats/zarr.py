"""Zarr: metadata that name codecs (specifications of version 2 and 3), and chunks, which are numbers.

The codec ``pickle`` (numcodecs) unpickles every chunk that is read. Chunks are compressed numbers in files that are
called by their indices; what stands behind the compressed data is an index of the chunk.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from chainguard_ml import jsonsafe
from chainguard_ml.rules import classical as rules
from chainguard_ml.scan.formats import compressed
from chainguard_ml.scan.formats.raw import payloads
from chainguard_ml.text import printable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chainguard_ml.model import Json, Observations
    from chainguard_ml.scan.interface import Blob, Examination

NAME = "zarr-chunk"
EXAMINES = "codecs that the metadata name; compressed chunks as data"

_CHUNK = re.compile(r"\d{1,9}(?:\.\d{1,9}){0,31}")
_LISTS = ("filters", "codecs", "index_codecs")
_SINGLE = ("compressor", "serializer", "object_codec")
_RUNS = frozenset({"pickle", "numcodecs.pickle", "dill", "cloudpickle"})


def recognise(blob: Blob) -> bool:
    """Return whether Zstandard stands under the name of a chunk."""
    return blob.read(0, 4) == b"\x28\xb5\x2f\xfd" and _CHUNK.fullmatch(blob.name.rpartition("/")[2]) is not None


def examine(blob: Blob, examination: Examination) -> Observations:
    """Look for a file in the chunk; numbers, and the index behind them, are no finding."""
    yield from payloads(compressed.ZSTD.examine(blob, examination))


def examine_document(blob: Blob, document: dict[str, Json]) -> Observations:
    """Examine metadata of version 2 (``.zarray``, ``.zmetadata``) or 3 (``zarr.json``): the codecs they name."""
    if not any(name in document for name in ("zarr_format", "zarr_consolidated_format")):
        return
    for pointer, name in _codecs(document):
        if name.lower() in _RUNS:
            yield rules.CODEC_RUNS_CODE.finding(
                blob.subject,
                replace(blob.location, pointer=pointer),
                f"the array's codec '{printable(name, 40)}' unpickles its chunks",
                key=(pointer, name),
                facts={"codec": name},
            )


def _codecs(document: dict[str, Json]) -> Iterator[tuple[str, str]]:
    for pointer, item in jsonsafe.objects(document):
        for key in (*_LISTS, *_SINGLE):
            value = item.get(key)
            for codec in value if isinstance(value, list) else [value]:
                name = (codec.get("id") or codec.get("name")) if isinstance(codec, dict) else codec
                if isinstance(name, str):
                    yield f"{pointer}/{key}", name
