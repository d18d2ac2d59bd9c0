"""An assembler of pickles, and a look at bytes. Payloads would only print; nothing built here is ever loaded."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import pytest

from chainguard_ml.model import Evidence, Finding, Gap, Location, Severity, Subject
from chainguard_ml.scan import allowlist
from chainguard_ml.scan.examination import Session
from chainguard_ml.scan.interface import Blob, Budgets

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from chainguard_ml.model import Json

Look: TypeAlias = "Callable[..., Seen]"
"""Looks at bytes under a name (default ``model.pkl``)."""


@dataclass(frozen=True)
class Seen:
    """What an examination said."""

    findings: list[Finding]
    gaps: list[Gap]
    evidence: list[Evidence]

    @property
    def rules(self) -> set[str]:
        return {finding.rule for finding in self.findings}

    @property
    def worst(self) -> Severity:
        return max((finding.severity for finding in self.findings), default=Severity.INFO)

    @property
    def clean(self) -> bool:
        return not self.findings and not self.gaps

    @property
    def names(self) -> list[str]:
        """Globals that the outermost pickle names."""
        return next((list(item.statement["globals"]) for item in self.evidence if item.kind == "pickle"), [])  # type: ignore[arg-type]  # a list of texts

    def of(self, rule: str) -> Finding:
        return next(finding for finding in self.findings if finding.rule == rule)


@pytest.fixture(scope="session")
def look() -> Look:
    def run(
        data: bytes,
        name: str = "model.pkl",
        allow: Sequence[Mapping[str, Json]] = (),
        subject: Subject | None = None,
        budgets: Budgets | None = None,
    ) -> Seen:
        subject = subject or Subject(name, size=len(data))
        session = Session(allowlist.make_judge(allow), budgets)
        told = list(session.nested(Blob(data, subject, Location(name), name)))
        return Seen(
            [item for item in told if isinstance(item, Finding)],
            [item for item in told if isinstance(item, Gap)],
            [item for item in told if isinstance(item, Evidence)],
        )

    return run


class Assembler:
    """Opcodes with their operands."""

    stop = b"."
    mark = b"("

    @staticmethod
    def proto(number: int) -> bytes:
        return bytes((0x80, number))

    @staticmethod
    def glob(module: str, name: str) -> bytes:
        return f"c{module}\n{name}\n".encode()

    @staticmethod
    def text(value: str) -> bytes:
        raw = value.encode("utf-8", "surrogatepass")
        return b"\x8c" + bytes((len(raw),)) + raw if len(raw) < 256 else b"X" + struct.pack("<I", len(raw)) + raw

    @staticmethod
    def bytes(value: bytes) -> bytes:
        return b"C" + bytes((len(value),)) + value if len(value) < 256 else b"B" + struct.pack("<I", len(value)) + value

    @staticmethod
    def int(value: int) -> bytes:
        return b"J" + struct.pack("<i", value)

    @staticmethod
    def frame(body: bytes, length: int | None = None) -> bytes:
        return b"\x95" + struct.pack("<Q", len(body) if length is None else length) + body

    def stack_global(self, module: str, name: str) -> bytes:
        return self.text(module) + self.text(name) + b"\x93"

    def call(self, target: bytes, *arguments: bytes) -> bytes:
        return target + b"(" + b"".join(arguments) + b"tR"

    def run(self, module: str = "os", name: str = "system", argument: str = "echo seen") -> bytes:
        """A stream that calls one function with one text."""
        return self.proto(2) + self.call(self.glob(module, name), self.text(argument)) + b"."


@pytest.fixture(scope="session")
def asm() -> Assembler:
    return Assembler()
