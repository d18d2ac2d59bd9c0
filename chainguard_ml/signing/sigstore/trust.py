"""Trusted roots (``sigstore_trustroot.proto``): whose certificates, logs and timestamps an instance of Sigstore has.

Periods are closed intervals: their end belongs to them (``sigstore_common.proto``, ``TimeRange``).
"""

from __future__ import annotations

import hashlib
import importlib.util
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar
from urllib.parse import quote

from chainguard_ml.errors import InputError, UsageError
from chainguard_ml.records import record
from chainguard_ml.signing.bundle import decoded
from chainguard_ml.signing.interface import MalformedError
from chainguard_ml.signing.strictjson import loads, member
from chainguard_ml.text import printable

if TYPE_CHECKING:
    from collections.abc import Callable

    from chainguard_ml.codec import JsonObject

PRODUCTION = "https://tuf-repo-cdn.sigstore.dev"
"""The public-good instance."""
STAGING = "https://tuf-repo-cdn.sigstage.dev"
"""The instance that Sigstore tests releases on."""

_MAX_BYTES = 10_000_000
_STRUCTURE = 100_000
_T = TypeVar("_T")


@record
class Period:
    """From ``start`` to ``end``, both of them included; without ``end`` until further notice."""

    start: datetime
    end: datetime | None

    def covers(self, time: datetime) -> bool:
        """Return whether ``time`` lies in the period."""
        return self.start <= time and (self.end is None or time <= self.end)


@record
class Log:
    """A transparency log: its identifier and its key (SubjectPublicKeyInfo or PKCS #1, DER)."""

    id: bytes
    key: bytes
    period: Period


@record
class Authority:
    """A certificate authority, or a timestamp authority with its own certificate first; DER, the root last."""

    certificates: tuple[bytes, ...]
    period: Period


@record
class TrustedRoot:
    """Everything that an instance's signatures are verified with.

    Attributes:
        source: Where it comes from, for people.
        digest: SHA-256 of the document, in hexadecimal.
        authorities: Issuers of certificates.
        timestampers: Timestamp authorities.
        logs: Logs of signatures (Rekor).
        certificate_logs: Logs of certificates (RFC 6962).
    """

    source: str
    digest: str
    authorities: tuple[Authority, ...]
    timestampers: tuple[Authority, ...]
    logs: tuple[Log, ...]
    certificate_logs: tuple[Log, ...]

    @property
    def newest(self) -> str:
        """The day on which the newest of its keys came into use: what was rotated later, the root does not know."""
        parts: tuple[Authority | Log, ...] = (
            *self.authorities, *self.timestampers, *self.logs, *self.certificate_logs
        )  # fmt: skip
        return max((part.period.start.date().isoformat() for part in parts), default="")


def load_trusted_root(path: Path) -> TrustedRoot:
    """Return the trusted root in a file: a ``TrustedRoot``, or a ``ClientTrustConfig`` that holds one.

    Raises:
        UsageError: It cannot be read, or is neither.
    """
    return _load(path, path.name)


def embedded(instance: str = PRODUCTION) -> TrustedRoot:
    """Return the root that the installed ``sigstore`` package carries, without importing the package.

    Raises:
        UsageError: The package is not installed, or carries no such root.
    """
    spec = importlib.util.find_spec("sigstore")
    if spec is None or not spec.submodule_search_locations:
        raise UsageError("the package 'sigstore', which carries the public root, is not installed",
                         hint="install it, or give --trusted-root FILE")  # fmt: skip
    directory = Path(spec.submodule_search_locations[0]) / "_store" / quote(instance, safe="")
    host = instance.removeprefix("https://")
    return _load(directory / "trusted_root.json", f"{host}, as embedded in the package sigstore")


def _load(path: Path, source: str) -> TrustedRoot:
    try:
        with path.open("rb") as stream:
            return parse_trusted_root(stream.read(_MAX_BYTES), source)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise UsageError(f"cannot read the trusted root '{printable(path.name)}': {reason}") from None
    except InputError as error:
        raise UsageError(f"'{printable(path.name)}' is no trusted root that can be used: {error.message}") from None


def parse_trusted_root(data: bytes, source: str) -> TrustedRoot:
    """Return the trusted root in ``data``, its keys and certificates not yet read.

    Raises:
        MalformedError: It is none: a period without a start, for example, bounds nothing.
        UnverifiableError: It has more structure than a budget allows.
    """
    value = loads(data, "the trusted root", _STRUCTURE)
    if "trustedRoot" in value:
        value = member(value, "trustedRoot", dict)
    if not member(value, "mediaType", str).startswith("application/vnd.dev.sigstore.trustedroot"):
        raise MalformedError("'mediaType' is not that of a trusted root")
    return TrustedRoot(
        source,
        hashlib.sha256(data).hexdigest(),
        _each(value, "certificateAuthorities", _authority),
        _each(value, "timestampAuthorities", _authority),
        _each(value, "tlogs", _log),
        _each(value, "ctlogs", _log),
    )


def _each(value: JsonObject, name: str, read: Callable[[JsonObject], _T]) -> tuple[_T, ...]:
    items = member(value, name, list) if name in value else []
    if not all(isinstance(item, dict) for item in items):
        raise MalformedError(f"'{name}' has an item that is not an object")
    return tuple(map(read, items))


def _log(value: JsonObject) -> Log:
    key = member(value, "publicKey", dict)
    return Log(decoded(member(value, "logId", dict), "keyId"), decoded(key, "rawBytes"), _period(key))


def _authority(value: JsonObject) -> Authority:
    chain = _each(member(value, "certChain", dict), "certificates", _raw)
    if not chain:
        raise MalformedError("'certificates' is empty")
    return Authority(chain, _period(value))


def _raw(value: JsonObject) -> bytes:
    return decoded(value, "rawBytes")


def _period(value: JsonObject) -> Period:
    period = member(value, "validFor", dict)
    end = _time(period, "end") if period.get("end") is not None else None
    return Period(_time(period, "start"), end)


def _time(value: JsonObject, name: str) -> datetime:
    text = member(value, name, str)
    try:
        return datetime.fromisoformat(text).astimezone(UTC)
    except (ValueError, OverflowError):
        raise MalformedError(f"'{name}' is not a time (RFC 3339)") from None
