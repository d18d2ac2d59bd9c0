"""Jinja templates in files of their own (``chat_template.jinja``): text has no signature, so the name decides."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from chainguard_ml.model import GapReason
from chainguard_ml.scan import naming
from chainguard_ml.scan.formats import chat_template

if TYPE_CHECKING:
    from chainguard_ml.model import Observations
    from chainguard_ml.scan.interface import Blob, Examination

NAME = "jinja"
EXAMINES = "ways to reach Python's internals"

_LIMIT = 4_000_000
_BLOCK = re.compile(rb"\{[{%]")


def recognise(blob: Blob) -> bool:
    """Return whether a file with a template's name contains an expression or a statement."""
    is_named = naming.extension(blob.name) in {"jinja", "jinja2", "j2"}
    return is_named and _BLOCK.search(blob.data, 0, _LIMIT) is not None


def examine(blob: Blob, examination: Examination) -> Observations:  # noqa: ARG001 (the seam's shape)
    """Look for ways in which the template reaches for internals."""
    if blob.size > _LIMIT:
        yield blob.gap(GapReason.BUDGET, f"a template of more than {_LIMIT:,} bytes; the rest is unread")
    source = blob.read(0, _LIMIT).decode("utf-8", "replace")
    strict = chat_template.is_chat("/".join((blob.location.path, *blob.location.member)))
    yield from chat_template.examine_source(blob, source, blob.name, strict=strict)
