"""Rules of the room ``scan``: what pickles do, and what containers and other formats hold."""

from __future__ import annotations

from chainguard_ml.rules.binary import RULES as _BINARY
from chainguard_ml.rules.classical import RULES as _CLASSICAL
from chainguard_ml.rules.configs import RULES as _CONFIGS
from chainguard_ml.rules.containers import RULES as _CONTAINERS
from chainguard_ml.rules.formats import RULES as _FORMATS
from chainguard_ml.rules.hdf5 import RULES as _HDF5
from chainguard_ml.rules.keras import RULES as _KERAS
from chainguard_ml.rules.pickle import RULES as _PICKLE
from chainguard_ml.rules.protobuf import RULES as _PROTOBUF
from chainguard_ml.rules.scientific import RULES as _SCIENTIFIC
from chainguard_ml.rules.startup import RULES as _STARTUP
from chainguard_ml.rules.xml import RULES as _XML

RULES = (
    *_PICKLE,
    *_FORMATS,
    *_CLASSICAL,
    *_CONTAINERS,
    *_BINARY,
    *_PROTOBUF,
    *_CONFIGS,
    *_HDF5,
    *_KERAS,
    *_XML,
    *_STARTUP,
    *_SCIENTIFIC,
)
