"""The nouns of the room: what an advisory says about one package, and what came of comparing it."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import TypeAlias

Event: TypeAlias = tuple[str, str]
"""One event of a range: ``introduced``, ``fixed``, ``last_affected`` or ``limit``, and its version."""

Range: TypeAlias = tuple[Event, ...]
"""The events of one range as the record lists them."""


class Answer(enum.Enum):
    """What comparing a version with an advisory came to."""

    UNAFFECTED = "unaffected"
    AFFECTED = "affected"
    UNDECIDED = "undecided"  # a version without an order is compared with a bound, or a bound has none


@dataclass(frozen=True, slots=True)
class Advisory:
    """What one OSV record says about one package.

    Attributes:
        id: Identifier of the record.
        package: PEP 503 name.
        aliases: Other identifiers of the same vulnerability.
        summary: One line.
        modified: RFC 3339 time of the record's last change; empty where it states none.
        withdrawn: RFC 3339 time of its withdrawal; empty where it stands.
        vectors: CVSS vectors as ``(type, vector)``; type is ``CVSS_V2``, ``CVSS_V3`` or ``CVSS_V4``.
        rating: The source's own rating, upper case, or empty.
        ranges: Version ranges.
        versions: Affected versions: PEP 440 ones without trailing zeros (see ``versions.canonical``), others raw.
        malicious: It says that the package, or these releases of it, attack those who install them.
    """

    id: str
    package: str
    aliases: tuple[str, ...] = ()
    summary: str = ""
    modified: str = ""
    withdrawn: str = ""
    vectors: tuple[tuple[str, str], ...] = ()
    rating: str = ""
    ranges: tuple[Range, ...] = ()
    versions: frozenset[str] = frozenset()
    malicious: bool = False

    @property
    def names(self) -> frozenset[str]:
        """The identifier and its aliases."""
        return frozenset({self.id, *self.aliases})


@dataclass(frozen=True, slots=True)
class Source:
    """Where a part of the database comes from.

    Attributes:
        name: The file's last name.
        sha256: Digest of its bytes.
        records: Records kept.
        kind: ``advisories``, ``kev`` (exploited vulnerabilities) or ``epss`` (probabilities of exploitation).
        dated: The day or RFC 3339 time that it says it is of, or empty.
        url: Where it was downloaded from, without credentials; empty where it was a file.
        etag: What the server calls that version of it, or empty.
    """

    name: str
    sha256: str
    records: int
    kind: str = "advisories"
    dated: str = ""
    url: str = ""
    etag: str = ""


@dataclass(frozen=True, slots=True)
class Threat:
    """What is known about attacks on one vulnerability.

    Attributes:
        exploited: The day since when it is known to be exploited (CISA KEV); empty where it is not known to be.
        ransomware: Whether ransomware is known to use it.
        probability: That it is exploited within 30 days (EPSS), 0 to 1, or ``None``.
        percentile: The share of vulnerabilities that are at most as probable, 0 to 1.
    """

    exploited: str = ""
    ransomware: bool = False
    probability: float | None = None
    percentile: float = 0.0


@dataclass(frozen=True, slots=True)
class Oddity:
    """A record that is not as the OSV schema says.

    Attributes:
        name: File or archive member that held it.
        reason: What is odd, one line, printable.
        kept: Whether what could be understood of it is in use; else it is quarantined.
        packages: PEP 503 names of the packages it is about, where it says so.
    """

    name: str
    reason: str
    kept: bool = False
    packages: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ImportResult:
    """What came of an import.

    Attributes:
        records: Records in the new database, or entries of an enrichment.
        packages: Distinct packages they are about; 0 for an enrichment.
        newest: RFC 3339 time of the newest change, or the day an enrichment is of.
        quarantined: ``(name, reason)`` of the records left out.
        odd: ``(name, reason)`` of the records kept although a part of them was not understood.
        ignored: Files that are no advisories by their name, and records about other ecosystems.
        kind: ``advisories``, ``kev`` or ``epss``.
    """

    records: int
    packages: int
    newest: str
    quarantined: tuple[tuple[str, str], ...] = ()
    odd: tuple[tuple[str, str], ...] = ()
    ignored: int = 0
    kind: str = "advisories"


@dataclass(frozen=True, slots=True)
class Status:
    """What a database holds; counts, sources, RFC 3339 time of the newest record, and what was odd.

    ``collections`` are the numbers of records by the first part of their identifier (``PYSEC``, ``GHSA``, ``MAL``).
    """

    records: int
    packages: int
    withdrawn: int
    newest: str
    sources: tuple[Source, ...]
    oddities: tuple[Oddity, ...]
    collections: tuple[tuple[str, int], ...] = ()

    @property
    def quarantined(self) -> int:
        """How many records were left out."""
        return sum(not oddity.kept for oddity in self.oddities)
