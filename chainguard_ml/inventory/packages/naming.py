"""Names, versions, references and digests of Python packages, as components hold them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import quote

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import (
    InvalidSdistFilename,
    InvalidWheelFilename,
    canonicalize_name,
    parse_sdist_filename,
    parse_wheel_filename,
)

from chainguard_ml.model import Component, Digest, Facts, Json, Location, Scope

if TYPE_CHECKING:
    from collections.abc import Iterable

    from packaging.specifiers import SpecifierSet

_NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?\Z")
_HEX_LENGTH = {"sha256": 64, "sha384": 96, "sha512": 128}
_HEX = re.compile(r"[0-9a-fA-F]+\Z")
_URL_DIGEST = re.compile(r"[#&](sha256|sha384|sha512)=([0-9a-fA-F]+)")
_CREDENTIALS = re.compile(r"(?<=//)[^/?#\s]*@")
_EXTRA = re.compile(r"\bextra\s*==")
_LONGEST = 10_000  # characters of a requirement that are parsed


def is_name(text: str) -> bool:
    """Return whether ``text`` is a package name by the packaging core metadata (section "Name")."""
    return len(text) <= 500 and _NAME.match(text) is not None


def purl(name: str, version: str | None = None) -> str:
    """Return the package URL of type ``pypi``: PEP 503 name, version percent-encoded (``+cu121`` is ``%2Bcu121``)."""
    return f"pkg:pypi/{canonicalize_name(name)}" + (f"@{quote(version, safe='.-_~')}" if version else "")


def library(
    name: str,
    version: str | None,
    origin: Location,
    facts: Facts,
    *,
    digests: Iterable[Digest] = (),
    licences: tuple[str, ...] = (),
    scope: Scope = Scope.REQUIRED,
) -> Component:
    """Return the component of one Python package; facts that are ``None`` or empty are left out."""
    return Component(
        kind="library",
        name=name,
        version=version,
        purl=purl(name, version),
        digests=tuple(sorted(set(digests))),
        licences=licences,
        scope=scope,
        origin=origin,
        facts={key: value for key, value in facts.items() if value not in (None, "", [])},
    )


def names_of(names: Iterable[str]) -> Json:
    """Return the distinct PEP 503 names, sorted."""
    return sorted({canonicalize_name(name) for name in names})


def parse_requirement(text: str) -> Requirement:
    """Return a PEP 508 requirement.

    Raises:
        ValueError: It is none, is too long, or nests too deep.
    """
    if len(text) > _LONGEST:
        raise ValueError(f"the requirement has {len(text):,} characters; {_LONGEST:,} are read")
    try:
        return Requirement(text)
    except InvalidRequirement as error:
        raise ValueError(str(error).partition("\n")[0]) from None
    except RecursionError:
        raise ValueError("the marker nests too deep") from None


def required_names(requirements: Iterable[str]) -> Json:
    """Return the PEP 503 names of PEP 508 requirements, sorted, without those that only an extra needs."""
    parsed = []
    for text in requirements:
        try:
            parsed.append(parse_requirement(text))
        except ValueError:
            continue
    return names_of(item.name for item in parsed if not (item.marker and _EXTRA.search(str(item.marker))))


def exact_version(specifiers: SpecifierSet) -> str | None:
    """Return the only version that ``==`` or ``===`` allows, as written, or ``None``."""
    exact = {item.version for item in specifiers if item.operator == "==" and not item.version.endswith(".*")}
    exact |= {item.version for item in specifiers if item.operator == "==="}
    return exact.pop() if len(exact) == 1 else None


def requirement_facts(requirement: Requirement) -> dict[str, Json]:
    """Return the facts that a PEP 508 requirement states."""
    return {
        "specifier": str(requirement.specifier),
        "marker": str(requirement.marker) if requirement.marker else None,
        "extras": sorted(requirement.extras),
    }


def parse_digest(text: str) -> Digest:
    """Return the digest of ``sha256:…`` (or 384, 512), the algorithms that installers accept.

    Raises:
        ValueError: Another algorithm, or not as many hexadecimal digits as it has.
    """
    algorithm, _, value = text.partition(":")
    if len(value) != _HEX_LENGTH.get(algorithm) or not _HEX.match(value):
        raise ValueError("a digest must be sha256, sha384 or sha512 with all of its hexadecimal digits")
    return Digest(algorithm, value.lower())


def digests_of(values: Iterable[object]) -> tuple[Digest, ...]:
    """Return the digests among ``values`` that ``parse_digest`` understands."""
    digests = []
    for value in values:
        try:
            digests.append(parse_digest(str(value)))
        except ValueError:
            continue
    return tuple(digests)


def url_digests(url: str) -> tuple[Digest, ...]:
    """Return the digests in a URL's fragment, ``#sha256=…``."""
    return digests_of(f"{algorithm}:{value}" for algorithm, value in _URL_DIGEST.findall(url[:_LONGEST]))


def redacted(url: str) -> str:
    """Return a URL without its user and password; the user ``git`` of ``git+ssh`` is no secret."""
    return _CREDENTIALS.sub(lambda match: match[0] if match[0] == "git@" else "****@", url)


def from_file_name(name: str) -> tuple[str, str] | None:
    """Return name and version that the file name of a wheel or a source distribution states, or ``None``."""
    try:
        if name.endswith(".whl"):
            wheel, version, _, _ = parse_wheel_filename(name)
            return wheel, str(version)
        sdist, version = parse_sdist_filename(name)
    except (InvalidWheelFilename, InvalidSdistFilename):
        return None
    return (sdist, str(version)) if is_name(sdist) else None
