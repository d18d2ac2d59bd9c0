"""Signing methods, one file each. Adding one is one file and one name in ``METHODS``."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from chainguard_ml.signing.interface import Bundle, Identity, Trust, Verifier

METHODS = ("key", "certificate", "sigstore")
"""Modules of this package, in the order of the specification's section 4.1."""


def verify(bundle: Bundle, trust: Trust) -> Identity:
    """Return who signed the payload, by the method that answers for the bundle's material.

    Raises:
        RefusedError: The bundle does not prove that a trusted signer signed it.
        UnverifiableError: What it would be compared with is missing.
    """
    modules = (cast("Verifier", importlib.import_module(f"{__name__}.{name}")) for name in METHODS)
    method = next(module for module in modules if bundle.material == module.MATERIAL)  # a bundle has no other material
    return method.verify(bundle, trust)
