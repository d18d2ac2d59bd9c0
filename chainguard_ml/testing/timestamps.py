"""A timestamp authority (RFC 3161): signed statements that a hash was known at a time."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding

from chainguard_ml.testing import der
from chainguard_ml.testing.authority import LATE, Chain
from chainguard_ml.testing.faults import Fault

if TYPE_CHECKING:
    from collections.abc import Collection

_SHA256 = der.sequence(der.oid("2.16.840.1.101.3.4.2.1"))
_ECDSA_SHA256 = der.sequence(der.oid("1.2.840.10045.4.3.2"))
_SIGNED_DATA = der.oid("1.2.840.113549.1.7.2")
_TST_INFO = der.oid("1.2.840.113549.1.9.16.1.4")
_POLICY = der.oid("1.3.6.1.4.1.57264.2")
_CONTENT_TYPE, _DIGEST, _TIME, _CERTIFICATE = (
    der.oid(f"1.2.840.113549.1.9.{arc}") for arc in ("3", "4", "5", "16.2.47")
)
_GRANTED = der.sequence(der.integer(0))


class TimestampAuthority:
    """Signs times.

    Attributes:
        chain: The time-stamping certificate and its root.
    """

    def __init__(self) -> None:
        self.chain = Chain("timestamps", timestamping=True)
        self._other = Chain("timestamps", timestamping=True)

    def answer(self, request: bytes, faults: Collection[Fault] = ()) -> bytes:
        """Return ``TimeStampResp`` for a ``TimeStampReq``, both in DER (section 2.4).

        Raises:
            ValueError: It is no request for SHA-256.
        """
        ((tag, content),) = der.read(request)
        (_, imprint), *options = list(der.read(content))[1:]
        # The algorithm's parameters may be missing or NULL (RFC 5754, section 2).
        if tag != der.SEQUENCE or imprint[:-34] not in {_SHA256, der.sequence(_SHA256[2:], b"\5\0")}:
            raise ValueError("a request is a SEQUENCE with a digest in SHA-256")
        nonce = b"".join(der.node(tag, content) for tag, content in options if tag == der.INTEGER)
        return self._response(der.sequence(imprint), nonce, datetime.now(UTC), faults)

    def stamp(self, message: bytes, faults: Collection[Fault] = (), *, at: datetime | None = None) -> bytes:
        """Return ``TimeStampResp`` over a message, made ``at`` this time instead of the present."""
        imprint = der.sequence(_SHA256, der.octets(hashlib.sha256(message).digest()))
        return self._response(imprint, b"", at or datetime.now(UTC), faults)

    def _response(self, imprint: bytes, nonce: bytes, now: datetime, faults: Collection[Fault]) -> bytes:
        moment = now + (LATE if Fault.LATE_TIMESTAMP in faults else LATE * 0)
        serial = der.integer(x509.random_serial_number())
        info = der.sequence(der.integer(1), _POLICY, imprint, serial, der.generalized_time(moment), nonce)
        chain = self._other if Fault.UNTRUSTED_TIMESTAMP in faults else self.chain
        return der.sequence(_GRANTED, der.sequence(_SIGNED_DATA, der.tagged(0, _signed(info, moment, chain))))


def _signed(info: bytes, moment: datetime, chain: Chain) -> bytes:
    """Return ``SignedData`` (RFC 5652, section 5.1) over ``TSTInfo``, with the signer's certificate."""
    certificate = chain.certificate.public_bytes(Encoding.DER)
    reference = der.sequence(der.sequence(der.sequence(der.octets(hashlib.sha256(certificate).digest()))))
    attributes = [
        der.sequence(_CONTENT_TYPE, der.set_of(_TST_INFO)),
        der.sequence(_TIME, der.set_of(der.utc_time(moment))),
        der.sequence(_DIGEST, der.set_of(der.octets(hashlib.sha256(info).digest()))),
        der.sequence(_CERTIFICATE, der.set_of(reference)),
    ]
    # Signed as SET OF, sent under an implicit tag (section 5.4).
    signature = chain.key.sign(der.set_of(*attributes), ec.ECDSA(hashes.SHA256()))
    issuer = der.sequence(chain.certificate.issuer.public_bytes(), der.integer(chain.certificate.serial_number))
    signer = der.sequence(
        der.integer(1),
        issuer,
        _SHA256,
        der.tagged(0, *sorted(attributes)),
        _ECDSA_SHA256,
        der.octets(signature),
    )
    content = der.sequence(_TST_INFO, der.tagged(0, der.octets(info)))
    return der.sequence(
        der.integer(3), der.set_of(_SHA256), content, der.tagged(0, certificate), der.set_of(signer)
    )  # fmt: skip
