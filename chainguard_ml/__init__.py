"""chainguard-ml: may this machine-learning pipeline be trusted and released?

The package, the verbs of the command line and the pages of the documentation share their names: a verb is a room.
Importing the package is cheap; a room is imported when its first name is used.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from chainguard_ml.check import check_pipeline
    from chainguard_ml.config import Config, SigningConfig, TrustedIdentity
    from chainguard_ml.scan import scan_file
    from chainguard_ml.scan.loading import safe_load, safe_path
    from chainguard_ml.signing.opening import VerifiedModel, verified_open

__version__ = "0.1.0"

_PUBLIC = {
    "Config": "chainguard_ml.config",
    "SigningConfig": "chainguard_ml.config",
    "TrustedIdentity": "chainguard_ml.config",
    "VerifiedModel": "chainguard_ml.signing.opening",
    "check_pipeline": "chainguard_ml.check",
    "safe_load": "chainguard_ml.scan.loading",
    "safe_path": "chainguard_ml.scan.loading",
    "scan_file": "chainguard_ml.scan",
    "verified_open": "chainguard_ml.signing.opening",
}

__all__ = [
    "Config",
    "SigningConfig",
    "TrustedIdentity",
    "VerifiedModel",
    "__version__",
    "check_pipeline",
    "safe_load",
    "safe_path",
    "scan_file",
    "verified_open",
]


def __getattr__(name: str) -> object:
    if name not in _PUBLIC:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(_PUBLIC[name]), name)
