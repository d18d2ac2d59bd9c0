"""URIs that name keys in tokens (RFC 7512), strictly: an attribute that is not understood could name another key."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import unquote, unquote_to_bytes

from chainguard_ml.errors import UsageError
from chainguard_ml.records import field, record
from chainguard_ml.text import did_you_mean, printable

_TOKEN = ("token", "manufacturer", "model", "serial")
_PATH = (*_TOKEN, "slot-id", "object", "id", "type")
_QUERY = ("module-path", "pin-source")
_MAX_PIN = 1_000
_ESCAPES = re.compile(r"(?:[^%]|%[0-9A-Fa-f]{2})*")


@record
class TokenUri:
    """What a URI says.

    Attributes:
        module: Absolute path of the library that speaks for the token.
        token: What the token must be: ``token`` (its label), ``manufacturer``, ``model``, ``serial``.
        slot: Number of the slot it must be in; ``None`` for any.
        label: The key's label; empty for any.
        id: The key's identifier; empty for any.
        pin_source: File that holds the PIN, if the URI names one.
    """

    module: str
    token: dict[str, str]
    slot: int | None
    label: str
    id: bytes
    pin_source: Path | None = field(default=None)

    def pin(self) -> bytes | None:
        """Return the PIN in the file that the URI names, without the end of its line; ``None`` if it names none.

        Raises:
            UsageError: The file cannot be read.
        """
        if self.pin_source is None:
            return None
        try:
            with self.pin_source.open("rb") as stream:
                return stream.read(_MAX_PIN).rstrip(b"\r\n")
        except (OSError, ValueError):
            raise UsageError("the file of the PIN cannot be read", hint="check pin-source in the URI") from None


def parse(rest: str) -> TokenUri:
    """Return what stands after ``pkcs11:`` in a URI.

    Raises:
        UsageError: It is not of the RFC's form, has an attribute that is unknown here or stands twice, names no module
            or no key, or carries the PIN itself: everybody on the machine can read arguments.
    """
    path, _, query = rest.partition("?")
    found = {**_attributes(path, ";", _PATH), **_attributes(query, "&", _QUERY)}
    module = unquote(found.get("module-path", ""))
    if not module:
        raise UsageError("the PKCS #11 URI names no module", hint="add '?module-path=/path/of/the/module.so'")
    if not Path(module).is_absolute() or "\0" in module:
        raise UsageError("the module of the PKCS #11 URI is no absolute path", hint="the module runs in this process")
    if not found.keys() & {"object", "id"}:
        raise UsageError("the PKCS #11 URI names no key", hint="add 'object=LABEL' or 'id=%01'")
    if found.get("type", "private") != "private":
        raise UsageError("the PKCS #11 URI names no private key", hint="write 'type=private', or leave it out")
    return TokenUri(
        module,
        {name: unquote(found[name]) for name in _TOKEN if name in found},
        _slot(found.get("slot-id")),
        unquote(found.get("object", "")),
        unquote_to_bytes(found.get("id", "")),
        _file(unquote(found["pin-source"])) if "pin-source" in found else None,
    )


def _attributes(text: str, separator: str, known: tuple[str, ...]) -> dict[str, str]:
    """Return the attributes of a path or a query, still encoded, each once (RFC 7512, section 2.3)."""
    found: dict[str, str] = {}
    for part in filter(None, text.split(separator)):
        name, equals, value = part.partition("=")
        shown = printable(name, 40)
        if name == "pin-value":
            hint = "give --passphrase-file FILE, or pin-source=file:FILE in the URI"
            raise UsageError("a PIN does not belong into a URI", hint=hint)
        if not equals or not value or name in found or not _ESCAPES.fullmatch(value):
            raise UsageError(f"the PKCS #11 URI has '{shown}' twice, without a value, or badly encoded")
        if name not in known:
            raise UsageError(f"the PKCS #11 URI has the unknown attribute '{shown}'{did_you_mean(name, known)}")
        found[name] = value
    return found


def _slot(text: str | None) -> int | None:
    if text is not None and not re.fullmatch("[0-9]{1,19}", text):
        raise UsageError("'slot-id' in the PKCS #11 URI is no number")
    return None if text is None else int(text)


def _file(source: str) -> Path:
    """Return the file of a PIN: an absolute path, or a ``file`` URI without a host (section 2.4)."""
    path = re.fullmatch(r"(?:file:(?://(?=/)|(?!//)))?(/.*)", source, re.DOTALL)
    if path is None:
        raise UsageError("'pin-source' in the PKCS #11 URI is no file", hint="write pin-source=file:/path/of/the/file")
    return Path(path[1])
