"""Dead Simple Signing Envelope v1.0: what is signed is an encoding of payload and type, never the JSON around it."""

from __future__ import annotations

PAYLOAD_TYPE = "application/vnd.in-toto+json"
"""Media type of an in-toto statement; the only one that OpenSSF Model Signing allows."""


def encoding(payload_type: str, payload: bytes) -> bytes:
    """Return the pre-authentication encoding (PAE) of DSSE protocol.md: the bytes that are signed."""
    kind = payload_type.encode()
    return b"DSSEv1 %d %b %d %b" % (len(kind), kind, len(payload), payload)


def payload(encoded: bytes) -> bytes:
    """Return the statement in its pre-authentication encoding.

    Raises:
        ValueError: It is no encoding, or not one of a statement.
    """
    statement = encoded.removeprefix(b"DSSEv1 %d %b " % (len(PAYLOAD_TYPE), PAYLOAD_TYPE.encode())).partition(b" ")[2]
    if encoding(PAYLOAD_TYPE, statement) != encoded:
        raise ValueError("not the encoding of a statement")
    return statement


def encoding_before_1_0(payload_type: str, payload: bytes) -> bytes:
    """Return the encoding that early releases of the reference implementation signed.

    They wrote the prefix in upper case and the payload as a Python literal. The literal determines the payload, so
    accepting it lets nothing else pass for what was signed.
    """
    return f"DSSEV1 {len(payload_type.encode())} {payload_type} {len(payload)} {payload!r}".encode()
