"""What is known about vulnerabilities beside the advisories: which are exploited, and how likely that is.

CISA's catalogue of Known Exploited Vulnerabilities (JSON, https://www.cisa.gov/known-exploited-vulnerabilities-catalog)
and FIRST's Exploit Prediction Scoring System (CSV, https://www.first.org/epss/data_stats), plain or gzipped.
"""

from __future__ import annotations

import hashlib
import json
import re
import zlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from chainguard_ml.errors import InputError
from chainguard_ml.text import printable, reason_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

MAX_BYTES = 300_000_000  # of an unpacked file; EPSS has some 15 MB, the catalogue 1.5 MB
_NOTED = 20  # problems that are told one by one
_CVE = re.compile(r"CVE-\d{4}-\d{4,19}\Z", re.ASCII)
_DAY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_GZIP = b"\x1f\x8b"

KEV, EPSS = "kev", "epss"


@dataclass(frozen=True, slots=True)
class Enrichment:
    """What such a file says.

    Attributes:
        kind: ``kev`` or ``epss``.
        name: The file's last name.
        sha256: Digest of the file's bytes.
        dated: The day that the file says it is of, or empty.
        rows: ``(cve, day it was added, whether ransomware uses it)``, or ``(cve, probability, percentile)``.
        problems: ``(place, reason)`` of the first entries that were not understood.
        refused: How many entries were not understood.
    """

    kind: str
    name: str
    sha256: str
    dated: str
    rows: list[tuple[str, str | float, float]] = field(default_factory=list)
    problems: list[tuple[str, str]] = field(default_factory=list)
    refused: int = 0


def read(source: Path) -> Enrichment | None:
    """Return what a file says, or ``None`` if it is, by its content, something else.

    Raises:
        InputError: It cannot be read or unpacked, or it is of one of the two kinds and nothing of it can be used.
    """
    try:
        if source.stat().st_size > MAX_BYTES or not source.is_file():
            return None
        with source.open("rb") as stream:
            if stream.read(2) == b"PK":
                return None
        raw = source.read_bytes()
    except (OSError, ValueError):
        return None  # who reads it as advisories says why it cannot be read
    data = _unpacked(raw, source) if raw.startswith(_GZIP) else raw
    start = data[:200].lstrip(b"\xef\xbb\xbf \t\r\n")
    digest = hashlib.sha256(raw).hexdigest()
    if start.startswith((b"#model_version", b"cve,epss")):
        found = _epss(data, source.name, digest)
    elif start.startswith(b"{") and b'"vulnerabilities"' in data and b'"catalogVersion"' in data:
        found = _kev(data, source.name, digest)
    elif raw.startswith(_GZIP):
        raise InputError(
            f"'{printable(source.name)}' unpacks to neither a catalogue of exploited vulnerabilities nor EPSS scores",
            hint="give advisories as a zip file, a directory or JSON",
        )
    else:
        return None
    if not found.rows:
        detail = f" ({found.problems[0][0]}: {found.problems[0][1]})" if found.problems else ""
        raise InputError(f"'{printable(source.name)}' names no vulnerability{detail}", hint="download it again")
    return found


def _unpacked(raw: bytes, source: Path) -> bytes:
    """Return the bytes of a gzip file of one or more members, within the limit."""
    data, rest = bytearray(), raw
    try:
        while rest.startswith(_GZIP):
            unpacker = zlib.decompressobj(wbits=31)
            data += unpacker.decompress(rest, MAX_BYTES + 1 - len(data))
            if len(data) > MAX_BYTES or unpacker.unconsumed_tail:
                raise InputError(f"'{printable(source.name)}' unpacks to more than {MAX_BYTES:,} bytes")
            if not unpacker.eof:
                raise InputError(f"'{printable(source.name)}' is cut off", hint="download it again")
            rest = unpacker.unused_data
    except zlib.error as error:
        raise InputError(f"'{printable(source.name)}' is no whole gzip file: {reason_of(error, 100)}") from None
    return bytes(data)


def _kev(data: bytes, name: str, digest: str) -> Enrichment:
    try:
        document = json.loads(data)
        entries = document["vulnerabilities"]
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise InputError(f"'{printable(name)}' is no catalogue of exploited vulnerabilities: {reason_of(error, 100)}",
                         hint="download it again") from None  # fmt: skip
    released = document.get("dateReleased")
    found = _Rows()
    for index, entry in enumerate(entries if isinstance(entries, list) else []):
        cve, added = (entry.get("cveID"), entry.get("dateAdded")) if isinstance(entry, dict) else (None, None)
        if not isinstance(cve, str) or not _CVE.match(cve):
            found.refuse(f"vulnerabilities[{index}]", "it has no CVE identifier")
            continue
        day = _DAY.match(added) if isinstance(added, str) else None
        ransomware = entry.get("knownRansomwareCampaignUse") == "Known"
        found.rows[cve] = (cve, day[0] if day else "", float(ransomware))
    day = _DAY.match(released) if isinstance(released, str) else None
    return found.enrichment(KEV, name, digest, day[0] if day else "")


def _epss(data: bytes, name: str, digest: str) -> Enrichment:
    dated, found = "", _Rows()
    for number, line in enumerate(_lines(data), start=1):
        if line.startswith("#"):
            _, _, stated = line.partition("score_date:")
            day = _DAY.match(stated)
            dated = day[0] if day else dated
        elif line.strip() and not line.startswith("cve,"):
            row = _scores(line)
            if row:
                found.rows[row[0]] = row
            else:
                found.refuse(f"line {number}", "it is no CVE identifier with two numbers from 0 to 1")
    return found.enrichment(EPSS, name, digest, dated)


def _lines(data: bytes) -> Iterator[str]:
    """Yield lines one by one, without a second copy of them all."""
    start = 0
    while start < len(data):
        end = data.find(b"\n", start)
        end = len(data) if end < 0 else end
        yield data[start:end].decode("utf-8", "replace").lstrip("\ufeff").rstrip("\r")
        start = end + 1


def _scores(line: str) -> tuple[str, float, float] | None:
    fields = line[:200].split(",")
    try:
        cve, probability, percentile = fields[0], float(fields[1]), float(fields[2])
    except (ValueError, IndexError):
        return None
    valid = _CVE.match(cve) and 0 <= probability <= 1 and 0 <= percentile <= 1
    return (cve, probability, percentile) if valid else None


@dataclass
class _Rows:
    """Entries of a file, by CVE identifier, and those that were not understood."""

    rows: dict[str, tuple[str, str | float, float]] = field(default_factory=dict)
    problems: list[tuple[str, str]] = field(default_factory=list)
    refused: int = 0

    def refuse(self, place: str, reason: str) -> None:
        """Note an entry that was not understood."""
        self.refused += 1
        if len(self.problems) < _NOTED:
            self.problems.append((place, reason))

    def enrichment(self, kind: str, name: str, digest: str, dated: str) -> Enrichment:
        """Return everything, by identifier."""
        rows = [self.rows[cve] for cve in sorted(self.rows)]
        return Enrichment(kind, printable(name), digest, dated, rows, self.problems, self.refused)
