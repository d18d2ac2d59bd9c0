"""Builders of containers, and a scan of bytes under a name. Payloads would only print; none is ever loaded."""

from __future__ import annotations

import io
import json
import struct
import tarfile
import zipfile
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import pytest

from chainguard_ml.model import Evidence, Finding, Gap, Severity
from chainguard_ml.rules import formats
from chainguard_ml.scan import scan_file

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

Scan: TypeAlias = "Callable[[str, bytes], Told]"
"""Scans bytes under a name."""

FORMAT_RULES = {rule.id for rule in formats.RULES}


@dataclass(frozen=True)
class Told:
    """What a scan said."""

    findings: list[Finding]
    gaps: list[Gap]
    evidence: list[Evidence]

    @property
    def rules(self) -> set[str]:
        return {finding.rule for finding in self.findings}

    @property
    def payload(self) -> bool:
        """Whether a pickle that runs something was found."""
        return any(item.severity >= Severity.HIGH and item.rule not in FORMAT_RULES for item in self.findings)

    @property
    def clean(self) -> bool:
        return not self.findings and not self.gaps

    @property
    def format(self) -> str:
        return next((str(item.statement["format"]) for item in self.evidence if item.kind == "scan"), "")

    @property
    def reasons(self) -> set[str]:
        return {gap.reason.value for gap in self.gaps}


@pytest.fixture
def scan(tmp_path: Path) -> Scan:
    """Scan bytes under a name, in this process."""

    def run(name: str, data: bytes) -> Told:
        path = tmp_path / name
        path.write_bytes(data)
        told = scan_file(path)
        return Told(
            [item for item in told if isinstance(item, Finding)],
            [item for item in told if isinstance(item, Gap)],
            [item for item in told if isinstance(item, Evidence)],
        )

    return run


class Build:
    """Hand-built files."""

    payload = b"\x80\x02cos\nsystem\nX\x09\0\0\0echo seen\x85R."
    harmless = b"\x80\x02}X\x01\0\0\0aK\x01s."

    @staticmethod
    def zip(members: Mapping[str, bytes], method: int = zipfile.ZIP_STORED) -> bytes:
        stream = io.BytesIO()
        with zipfile.ZipFile(stream, "w", method) as archive:
            for name, data in members.items():
                archive.writestr(zipfile.ZipInfo(name), data, compress_type=method)
        return stream.getvalue()

    def torch(self, pickle: bytes, method: int = zipfile.ZIP_STORED, **members: bytes) -> bytes:
        extra = {f"archive/{name}": data for name, data in members.items()}
        return self.zip({"archive/data.pkl": pickle, "archive/version": b"3\n", **extra}, method)

    @staticmethod
    def tar(members: Mapping[str, bytes], form: int = tarfile.PAX_FORMAT, *extra: tarfile.TarInfo) -> bytes:
        stream = io.BytesIO()
        with tarfile.open(fileobj=stream, mode="w", format=form) as archive:
            for name, data in members.items():
                info = tarfile.TarInfo(name)
                info.size = len(data)
                archive.addfile(info, io.BytesIO(data))
            for info in extra:
                archive.addfile(info)
        return stream.getvalue()

    @staticmethod
    def npy(body: bytes, descr: str = "'|O'", shape: str = "(1,)", version: bytes = b"\1\0") -> bytes:
        header = f"{{'descr': {descr}, 'fortran_order': False, 'shape': {shape}, }}\n".encode()
        width = "<H" if version == b"\1\0" else "<I"
        return b"\x93NUMPY" + version + struct.pack(width, len(header)) + header + body

    @staticmethod
    def safetensors(header: Mapping[str, object] | bytes, body: bytes = b"") -> bytes:
        text = header if isinstance(header, bytes) else json.dumps(header).encode()
        return struct.pack("<Q", len(text)) + text + body

    @staticmethod
    def gguf(pairs: bytes = b"", count: int = 0, tensors: bytes = b"", body: bytes = b"", number: int = 0) -> bytes:
        head = b"GGUF" + struct.pack("<IQQ", 3, number, count) + pairs + tensors
        return head + bytes(-len(head) % 32) + body

    @staticmethod
    def text(value: str) -> bytes:
        """A GGUF string."""
        raw = value.encode()
        return struct.pack("<Q", len(raw)) + raw

    def pair(self, key: str, kind: int, value: bytes) -> bytes:
        return self.text(key) + struct.pack("<I", kind) + value


@pytest.fixture(scope="session")
def build() -> Build:
    return Build()
