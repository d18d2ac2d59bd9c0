"""Get timestamps (RFC 3161) over signatures, so that what an expiring certificate signed stays proven afterwards.

A timestamp authority signs that it saw the digest of a signature at a time. Bundles carry its response as
``timestampVerificationData`` (``sigstore_bundle.proto``; OMS v1.0, section 4.1). It comes over the network, or from a
file that was fetched elsewhere.
"""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias, cast

from chainguard_ml import files
from chainguard_ml.errors import InputError, ServiceError, UsageError
from chainguard_ml.signing import bundle as bundles
from chainguard_ml.signing.interface import MalformedError, RefusedError
from chainguard_ml.signing.sigstore import timestamps
from chainguard_ml.text import printable

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from rfc3161_client import TimeStampRequest

    from chainguard_ml.codec import JsonObject
    from chainguard_ml.model import Json
    from chainguard_ml.signing.interface import Bundle, Signer

    Source: TypeAlias = Callable[[bytes], bytes]
    """Gives the response (``TimeStampResp``, DER) over a signature, held to be over it."""

SECONDS = 30
"""How long a timestamp authority may take to connect, and between two parts of its answer."""

_MAX_BYTES = 100_000  # of an answer; with a chain of certificates it has 6 kB
_QUERY, _REPLY = "application/timestamp-query", "application/timestamp-reply"
_GRANTED = b"\x30\x03\x02\x01\x00"  # PKIStatusInfo: granted
_MEMBER = "timestampVerificationData"


@dataclass(slots=True)
class StampedSigner:
    """A signer whose signatures get timestamps.

    Attributes:
        sources: Where the timestamps come from, one for each.
    """

    sources: Sequence[Source]
    _signer: Signer = field(repr=False)
    _stamps: list[bytes] = field(default_factory=list, repr=False)

    @property
    def fingerprint(self) -> str:
        """What identifies the signer."""
        return self._signer.fingerprint

    def sign(self, message: bytes) -> bytes:
        """Return the signature over ``message``, and keep the timestamps over it for ``material``.

        Raises:
            ServiceError: The timestamp authority gives none.
            UsageError: A given timestamp is not over this signature.
        """
        signature = self._signer.sign(message)
        self._stamps = [source(signature) for source in self.sources]
        return signature

    def material(self) -> JsonObject:
        """Return the signer's ``verificationMaterial`` with the timestamps over the last signature."""
        return _with(self._signer.material(), self._stamps)


def from_authority(url: str) -> Source:
    """Return the source that asks the timestamp authority at ``url``.

    Its answer must be granted, over the signature's SHA-256, with the nonce of the request. Whose it is, whoever
    verifies decides. It raises ``ServiceError`` if the authority cannot be reached, refuses, or answers something else.
    """

    def ask(signature: bytes) -> bytes:
        request = _request(signature, nonce=True)
        answer = _post(url, request.as_bytes())
        try:
            stamp = timestamps.read(answer, signature)
        except RefusedError as error:
            raise ServiceError(f"the timestamp authority gave no timestamp: {error.message}") from None
        if stamp.nonce != request.nonce:
            raise ServiceError("the timestamp authority answered another request: the nonce differs")
        return answer

    return ask


def from_file(path: Path) -> Source:
    """Return the source that is a file: a response (``TimeStampResp``) or its token alone, DER.

    It raises ``UsageError`` if the file cannot be read, holds neither, or a timestamp over something else.
    """

    def take(signature: bytes) -> bytes:
        data, shown = _contents(path), printable(str(path))
        try:
            response = _response(data)
            timestamps.read(response, signature)
        except MalformedError as error:
            hint = "give a response of a timestamp authority, or its token, in DER"
            raise UsageError(f"'{shown}' is no timestamp: {error.message}", hint=hint) from None
        except RefusedError as error:
            hint = "most keys sign another way each time: leave out --key to stamp the signature that is there"
            raise UsageError(f"'{shown}' is of no use here: {error.message}", hint=hint) from None
        return response

    return take


def _contents(path: Path) -> bytes:
    try:
        with path.open("rb") as stream:
            return stream.read(_MAX_BYTES)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise UsageError(f"cannot read the timestamp '{printable(str(path))}': {reason}") from None


def _response(data: bytes) -> bytes:
    """Return a response as it is, and around a token alone the response that would have carried it (section 2.4.2)."""
    from rfc3161_client import decode_timestamp_response

    try:
        decode_timestamp_response(data)
    except ValueError:
        content = _GRANTED + data
        size = len(content)
        length = size.to_bytes((size.bit_length() + 7) // 8, "big")
        prefix = bytes([size]) if size < 0x80 else bytes([0x80 | len(length)]) + length
        return b"\x30" + prefix + content
    return data


def timestamp_request(signature: Path) -> bytes:
    """Return the request (``TimeStampReq``, DER) for a timestamp over the signature in a bundle's file.

    Raises:
        UsageError: The file is no signature by a key or a certificate.
    """
    _, parsed = _read(signature)
    return _request(parsed.signature, nonce=False).as_bytes()


def add_timestamps(signature: Path, sources: Sequence[Source]) -> None:
    """Add timestamps to the bundle in a file, which is replaced whole or not at all.

    Raises:
        UsageError: The file is no signature by a key or a certificate, or a given timestamp is not over it.
        ServiceError: A timestamp authority gives none.
        OutputError: The file cannot be written.
    """
    value, parsed = _read(signature)
    stamps = [source(parsed.signature) for source in sources]
    material = _with(dict(parsed.verification), stamps)
    written: JsonObject = {**value, "verificationMaterial": material}
    data = json.dumps(written, separators=(",", ":")).encode() + b"\n"
    bundles.parse(data)
    files.write_atomic(signature, data)


def _read(signature: Path) -> tuple[JsonObject, Bundle]:
    shown = printable(str(signature))
    try:
        path = signature.parent.resolve() / signature.name
        data = files.read_beneath(path.parent, path.name, bundles.MAX_BYTES)
        parsed = bundles.parse(data)
        timestamps.earliest(parsed, ())  # those that are there already must at least have their form
    except (InputError, OSError, ValueError) as error:
        reason = getattr(error, "message", None) or str(error)
        raise UsageError(f"'{shown}' is no signature to add a timestamp to: {reason}", hint="sign first") from None
    if parsed.material == "certificate":
        raise UsageError(f"'{shown}' is a keyless signature, and those bring their own proof of time")
    return cast("JsonObject", json.loads(data)), parsed


def _with(material: JsonObject, stamps: Sequence[bytes]) -> JsonObject:
    known = cast("JsonObject", material.get(_MEMBER) or {})
    before = cast("list[Json]", known.get("rfc3161Timestamps") or [])
    new: list[Json] = [{"signedTimestamp": base64.b64encode(stamp).decode()} for stamp in stamps]
    fresh = [each for each in new if each not in before]
    return {**material, _MEMBER: {**known, "rfc3161Timestamps": [*before, *fresh]}}


def _request(signature: bytes, *, nonce: bool) -> TimeStampRequest:
    from rfc3161_client import HashAlgorithm, TimestampRequestBuilder

    builder = TimestampRequestBuilder().data(signature).hash_algorithm(HashAlgorithm.SHA256)
    return builder.cert_request(cert_request=True).nonce(nonce=nonce).build()


def _post(url: str, data: bytes) -> bytes:
    import requests

    answer = b""
    try:
        with requests.post(url, data, headers={"Content-Type": _QUERY, "Accept": _REPLY}, timeout=SECONDS,
                           stream=True) as response:  # fmt: skip
            if response.status_code != 200:
                raise ServiceError(f"the timestamp authority answered with HTTP status {response.status_code}")
            for part in response.iter_content(_MAX_BYTES):
                answer += part
                if len(answer) > _MAX_BYTES:
                    raise ServiceError(f"the timestamp authority answered with more than {_MAX_BYTES:,} bytes")
    except (requests.RequestException, ValueError) as error:
        reason = type(error).__name__
        raise ServiceError(f"the timestamp authority cannot be asked ({reason})", hint="check its address") from None
    return answer
