"""Signing methods, one file each. Adding one is one file and one name in ``METHODS``."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, cast

from chainguard_ml.model import GapReason
from chainguard_ml.signing.interface import UnverifiableError

if TYPE_CHECKING:
    from chainguard_ml.signing.interface import Bundle, Identity, Trust, Verifier

METHODS = ("key", "certificate")
"""Modules of this package, in the order of the specification's section 4.1."""

_NAMES = {"certificate": "sigstore"}


def verify(bundle: Bundle, trust: Trust) -> Identity:
    """Return who signed the payload, by the method that answers for the bundle's material.

    Raises:
        RefusedError: The bundle does not prove that a trusted signer signed it.
        UnverifiableError: No method answers for it, or what it would be compared with is missing.
    """
    for name in METHODS:
        method = cast("Verifier", importlib.import_module(f"{__name__}.{name}"))
        if bundle.material == method.MATERIAL:
            return method.verify(bundle, trust)
    method_name = _NAMES.get(bundle.material, bundle.material)
    raise UnverifiableError(f"signed by the method '{method_name}', which is not verified yet", GapReason.UNSUPPORTED)
