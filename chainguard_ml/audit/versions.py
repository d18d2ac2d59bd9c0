"""Versions as PEP 440 orders them, and what is left for those that have no order."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from packaging.utils import canonicalize_version
from packaging.version import InvalidVersion, Version


@lru_cache(maxsize=1 << 16)
def parse(text: str) -> Version | None:
    """Return the PEP 440 version that ``text`` is, or ``None``."""
    try:
        return Version(text)
    except InvalidVersion:
        return None
    except ValueError:  # more digits than Python converts to a number
        return None


@lru_cache(maxsize=1 << 16)
def canonical(text: str) -> str:
    """Return a string that is the same for equal versions (``1.0``, ``v1``), or ``text`` itself if it is none."""
    version = parse(text)
    return text if version is None else canonicalize_version(version)


@dataclass(frozen=True, slots=True)
class Release:
    """A version that is installed or pinned.

    Attributes:
        raw: As written.
        full: As PEP 440 reads it, or ``None``.
        public: Without its local label: ``2.3.0+cu121`` is a build of ``2.3.0``.
        keys: The canonical strings that a list of affected versions is asked for.
    """

    raw: str
    full: Version | None
    public: Version | None
    keys: frozenset[str]

    @classmethod
    def of(cls, text: str) -> Release:
        """Return the release that ``text`` names."""
        full = parse(text)
        public = parse(full.public) if full and full.local else full
        keys = {text, canonical(text)}
        if full and full.local and public:
            keys.add(canonicalize_version(public))
        return cls(text, full, public, frozenset(keys))

    @property
    def label(self) -> str:
        """The local label, ``cu121``, or an empty string."""
        return (self.full.local or "") if self.full else ""

    def comparable_with(self, bound: Version) -> Version | None:
        """Return the whole version for a bound with a local label, else the public one."""
        return self.full if bound.local else self.public
