"""What texts and bytes in attributes and datasets hold."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from chainguard_ml.scan.formats import encoded, keras_config
from chainguard_ml.scan.hdf5.datatypes import SHORTEST
from chainguard_ml.scan.pickle.recognition import FIRST

if TYPE_CHECKING:
    from chainguard_ml.model import Observations
    from chainguard_ml.scan.interface import Blob, Examination

_SHORT = 24  # bytes in which nothing can be encoded
_STARTS = frozenset(FIRST + b"{[PxM\x1f\x7fB \t\r\n\xfd\x89")  # of pickles, JSON, archives
_JSON = re.compile(rb"\s*+[\[{]")
KERAS = frozenset({"model_config", "training_config", "optimizer_config", "layer_config", "config"})
"""Attributes in which Keras keeps JSON; whatever stands there is read as a configuration."""


def named(blob: Blob) -> Blob:
    """Return a blob without a name: paths inside of a file promise nothing about content."""
    return replace(blob, name="")


def examine(blob: Blob, path: str, attribute: str, value: bytes, examination: Examination) -> Observations:
    """Examine one value of an attribute or a dataset that stands at ``path``."""
    value = value.rstrip(b"\0")
    if len(value) < SHORTEST or (len(value) < _SHORT and value[0] not in _STARTS):
        return
    inner = named(blob.inside(path, value))
    if attribute in KERAS:
        yield from keras_config.examine_text(inner, examination)
    elif _JSON.match(value):
        yield from examination.nested(inner)
    else:
        yield from encoded.examine(inner, examination)
