"""Rules of the room ``scan``: serialized models."""

from __future__ import annotations

from chainguard_ml.rules import formats

RULES = (*formats.RULES,)
