"""in-toto statements: those of others read strictly, our own written (in-toto attestation framework v1, ``spec/v1``).

A statement is read after its signature is proven. Members that the framework does not know are ignored, as its parsing
rules ask for; what it knows has to be of its type.
"""

from __future__ import annotations

import json
import re
from itertools import accumulate
from typing import TYPE_CHECKING

from chainguard_ml.model import GapReason
from chainguard_ml.signing.attestations.interface import BUDGETS, Descriptor, Statement
from chainguard_ml.signing.interface import MalformedError, UnverifiableError
from chainguard_ml.signing.statement import PREDICATE_TYPE, STATEMENT_TYPE
from chainguard_ml.signing.strictjson import loads, member

if TYPE_CHECKING:
    from collections.abc import Mapping

    from chainguard_ml.codec import JsonObject
    from chainguard_ml.model import Json

_TYPES = (STATEMENT_TYPE, "https://in-toto.io/Statement/v0.1")  # builders of SLSA provenance still write the old one
_STRING = re.compile(rb'"(?:[^"\\]+|\\.)*+(?:"|\\?\Z)', re.DOTALL)
_BRACKETS = bytes(set(range(256)) - set(b"[]{}"))


def build(subject: Mapping[str, Json], predicate_type: str, predicate: JsonObject) -> bytes:
    """Return the statement about one subject, as bytes to sign."""
    value = {
        "_type": STATEMENT_TYPE,
        "subject": [dict(subject)],
        "predicateType": predicate_type,
        "predicate": predicate,
    }
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()


def parse(payload: bytes) -> Statement:
    """Return the statement in a payload.

    Raises:
        MalformedError: It is not strict JSON, no statement, or one about a model's manifest.
        UnverifiableError: A budget is hit.
    """
    value = strict(payload, "the statement")
    if value.get("_type") not in _TYPES:
        raise MalformedError(f"'_type' is not {STATEMENT_TYPE}")
    kind = member(value, "predicateType", str)
    if not kind or kind == PREDICATE_TYPE:
        raise MalformedError("'predicateType' is that of a model's signature" if kind else "'predicateType' is empty")
    subjects = member(value, "subject", list)
    if not subjects:
        raise MalformedError("there is no subject")
    predicate = member(value, "predicate", dict) if "predicate" in value else {}
    return Statement(tuple(map(_descriptor, subjects)), kind, predicate)


def strict(data: bytes, what: str) -> JsonObject:
    """Return the JSON object in ``data``, within the budgets.

    Raises:
        MalformedError: It is not strict JSON, or not an object.
        UnverifiableError: It is larger, has more members or is nested deeper than the budgets allow.
    """
    if len(data) > BUDGETS.claim_bytes:
        raise UnverifiableError(f"{what} has more than {BUDGETS.claim_bytes:,} bytes", GapReason.BUDGET)
    if sum(map(data.count, (b"{", b"[", b","))) <= BUDGETS.members and _nesting(data) > BUDGETS.nesting:
        raise UnverifiableError(f"{what} is nested deeper than {BUDGETS.nesting}", GapReason.BUDGET)
    return loads(data, what, BUDGETS.members)


def _nesting(data: bytes) -> int:
    """Return the deepest nesting of brackets outside strings; nothing is built for it."""
    brackets = _STRING.sub(b"", data).translate(None, _BRACKETS)
    return max(accumulate(1 if bracket in b"[{" else -1 for bracket in brackets), default=0)


def _descriptor(value: Json) -> Descriptor:
    """Return a subject; it has at least one digest, and the digests are strings."""
    if not isinstance(value, dict):
        raise MalformedError("a subject is not an object")
    digests = member(value, "digest", dict)
    if not digests or not all(isinstance(digest, str) and digest for digest in digests.values()):
        raise MalformedError("the digests of a subject are not strings")
    name = member(value, "name", str) if value.get("name") is not None else ""
    annotations = member(value, "annotations", dict) if value.get("annotations") is not None else {}
    return Descriptor(name, {key: str(digest).lower() for key, digest in digests.items()}, annotations)
