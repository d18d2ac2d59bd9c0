"""What attestations are here, and how much of them is read.

A **claim** is what somebody signed about a model beside its signature: where it was built, what it consists of, what a
scan found. It is an in-toto Statement in a DSSE envelope, in a Sigstore bundle or on its own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from chainguard_ml.records import record

if TYPE_CHECKING:
    from collections.abc import Mapping

    from chainguard_ml.codec import JsonObject
    from chainguard_ml.model import Location

CLAIMS_NAME = "claims.jsonl"
"""Where a directory's claims are kept, one envelope a line; for the file ``x`` it is ``x.claims.jsonl`` beside it."""


@record
class Budgets:
    """Limits on what is read; hitting one is a gap that names the number.

    Attributes:
        file_bytes: Largest file of claims.
        claims: Most claims of one file.
        claim_bytes: Largest line, and largest statement.
        members: Most members and items of one statement.
        nesting: Deepest nesting of one statement.
    """

    file_bytes: int = 64_000_000
    claims: int = 1_000
    claim_bytes: int = 32_000_000
    members: int = 2_000_000
    nesting: int = 100


BUDGETS: Final = Budgets()
"""The limits that hold."""


@record
class Line:
    """One claim as it was read: its bytes, and where they stand."""

    data: bytes
    origin: Location


@record
class Descriptor:
    """A subject of a statement: its digests by algorithm, and what else is said about it (ResourceDescriptor)."""

    name: str
    digests: Mapping[str, str]
    annotations: JsonObject


@record
class Statement:
    """An in-toto statement whose signature is proven.

    Attributes:
        subjects: What it is about.
        predicate_type: What kind of claim it is: a URI.
        predicate: The claim.
    """

    subjects: tuple[Descriptor, ...]
    predicate_type: str
    predicate: JsonObject
