"""Declared licences to SPDX identifiers, expressions, or names."""

from __future__ import annotations

import functools
import json
import re
from typing import TYPE_CHECKING
from urllib.parse import quote

from chainguard_ml.sbom.graph import Licence
from chainguard_ml.text import printable

if TYPE_CHECKING:
    from collections.abc import Iterable

_LONGEST_EXPRESSION = 200  # characters; longer ones are names
_URL = re.compile(r"https?://[A-Za-z0-9.-]+(?::[0-9]{1,5})?(?:/(?:[A-Za-z0-9._~!$&'()*+,;=:@/-]|%[0-9A-Fa-f]{2})*)?\Z")


def declared(texts: Iterable[str], *, name: str | None = None, link: str | None = None) -> tuple[Licence, ...]:
    """Return the licences that ``texts`` declare, sorted, each once.

    ``name`` and ``link`` are what a model card says when its licence is ``other``: the licence's own name, and where
    its text is (a URL or a file beside the card).
    """
    found = {_one(text.strip(), name, link) for text in texts if text.strip()}
    return tuple(sorted(found, key=lambda licence: (licence.text, licence.form, licence.url or "")))


def _one(text: str, name: str | None, link: str | None) -> Licence:
    licence = _canonical(text)
    if licence.form != "name":
        return licence
    if text.lower() == "other" and name:
        text = name
    return Licence(text, "name", _reference(link))


@functools.lru_cache(maxsize=4_096)
def _canonical(text: str) -> Licence:
    from packaging.licenses import InvalidLicenseExpression, canonicalize_license_expression

    if len(text) > _LONGEST_EXPRESSION or not text.isascii():
        return Licence(text, "name")
    try:
        expression = str(canonicalize_license_expression(text))
    except InvalidLicenseExpression:
        return Licence(text, "name")
    return Licence(expression, "id" if expression in spdx_identifiers() else "expression")


def _reference(link: str | None) -> str | None:
    """Return a link as an IRI reference (RFC 3987): a URL as it is, anything else as a relative path."""
    if not link:
        return None
    return link if _URL.match(link) else quote(printable(link))


@functools.cache
def spdx_identifiers() -> frozenset[str]:
    """Return the SPDX identifiers that CycloneDX 1.6 takes as ``license.id``."""
    from importlib.resources import files

    text = files("cyclonedx.schema._res").joinpath("spdx.SNAPSHOT.schema.json").read_text(encoding="utf-8")
    return frozenset(json.loads(text)["enum"])
