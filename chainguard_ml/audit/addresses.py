"""Addresses on the network: which are safe to ask, and how they are shown."""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit

from chainguard_ml.errors import UsageError
from chainguard_ml.text import printable


def shown(url: str) -> str:
    """Return an address without what may be secret in it: credentials, query, fragment."""
    plain = url.partition("#")[0].partition("?")[0]
    scheme, separator, rest = plain.partition("://")
    host, slash, path = rest.partition("/")
    return printable(scheme + separator + host.rpartition("@")[2] + slash + path, 300)


def check(url: str) -> None:
    """Take an address that TLS protects, or one of this machine.

    Raises:
        UsageError: It is neither.
    """
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
        _ = parts.port
    except ValueError:
        host, parts = "", urlsplit("")
    if not host or parts.scheme not in {"https", "http"}:
        raise UsageError(f"'{shown(url)}' is no address to download from", hint="give one that begins with https://")
    if parts.scheme == "http" and not _is_loopback(host):
        message = f"'{shown(url)}' is not protected on its way (http)"
        raise UsageError(message, hint="use https://, or download it yourself and import it with --sha256")


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
