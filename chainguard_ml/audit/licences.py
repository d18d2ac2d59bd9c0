"""Under which licences the collections of advisories are published, for those who pass the data on."""

from __future__ import annotations

COLLECTIONS = {
    "PYSEC": ("Python Packaging Advisory Database", "CC-BY-4.0"),
    "GHSA": ("GitHub Advisory Database", "CC-BY-4.0"),
    "MAL": ("OpenSSF Malicious Packages", "Apache-2.0"),
    "OSV": ("OSS-Fuzz", "CC-BY-4.0"),
    "kev": ("CISA Known Exploited Vulnerabilities", "CC0-1.0"),
    "epss": ("FIRST EPSS", "free with attribution"),
}
"""Publisher and licence (SPDX where there is an identifier), by the first part of identifiers or kind of source."""


def licence_of(collection: str) -> str:
    """Return publisher and licence of a collection as one phrase."""
    publisher, licence = COLLECTIONS.get(collection, ("publisher not known here", "licence not known here"))
    return f"{publisher}, {licence}"
