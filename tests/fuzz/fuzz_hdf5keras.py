"""HDF5 files and the Keras configurations in them."""

from __future__ import annotations

import json
import lzma
from pathlib import Path
from typing import TYPE_CHECKING

from tests.corpus import hdf5_writer as hdf5

if TYPE_CHECKING:
    from collections.abc import Iterator

NAME = "model.h5"


def seeds() -> Iterator[bytes]:
    """Attributes, links, values of variable length, datasets in every layout; two files of h5py."""
    config = {"class_name": "Sequential", "config": {"layers": [{"class_name": "Dense", "config": {"units": 2}}]}}
    writer = hdf5.Writer()
    (element,) = writer.values(json.dumps(config).encode())
    inner = writer.group(hdf5.attribute("model_config", element, hdf5.VARIABLE_STRING), hdf5.external("x", "other.h5"))
    data = writer.contiguous(b"some text in one piece", hdf5.string_type(22))
    root = writer.group(
        hdf5.link("g", 0, inner), hdf5.link("d", 0, data), hdf5.attribute("a", b"raw", hdf5.byte_type())
    )
    yield writer.file(root)
    yield hdf5.file(hdf5.attribute("model_config", json.dumps(config)))
    for path in sorted((Path(__file__).parents[1] / "scan" / "data").glob("h5py_*.h5.xz")):
        yield lzma.decompress(path.read_bytes())
