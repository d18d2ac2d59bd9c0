"""The corpus: named samples, one technique each, built here and scanned; nothing in it is ever loaded.

A module ``malicious_<area>.py`` has ``samples()`` that yields ``Malicious``, ``benign_<area>.py`` one that yields
``Benign``. Payloads are harmless: they would print.
"""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from chainguard_ml.model import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

HERE = Path(__file__).parent


@dataclass(frozen=True)
class Malicious:
    """A technique: ``files`` by relative path, and the ``rules`` of which one must be reported.

    ``least`` is the severity that it must at least have: high, with which ``scan`` fails by default.
    """

    name: str
    files: Mapping[str, bytes]
    rules: frozenset[str]
    least: Severity = Severity.HIGH


@dataclass(frozen=True)
class Benign:
    """What ordinary software writes: nothing may be said of it but that it carries code by design (rules ``code``)."""

    name: str
    files: Mapping[str, bytes]
    code: frozenset[str] = frozenset()


Sample: TypeAlias = Malicious | Benign


def malicious(name: str, path: str, data: bytes, *rules: str, least: Severity = Severity.HIGH) -> Malicious:
    """Return a sample of one file."""
    return Malicious(name, {path: data}, frozenset(rules), least)


def benign(name: str, path: str, data: bytes, *code: str) -> Benign:
    """Return an ordinary file."""
    return Benign(name, {path: data}, frozenset(code))


def samples(kind: str) -> Iterator[Sample]:
    """Yield every sample of a kind (``malicious``, ``benign``), module by module."""
    for path in sorted(HERE.glob(f"{kind}_*.py")):
        yield from importlib.import_module(f"tests.corpus.{path.stem}").samples()
