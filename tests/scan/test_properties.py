"""Any bytes: no format raises, hangs or forgets; a payload is found in every container."""

from __future__ import annotations

import bz2
import gzip
import lzma
import zipfile
import zlib
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chainguard_ml.model import Evidence, Finding, Gap, GapReason, Location, Severity, Subject
from chainguard_ml.scan import allowlist
from chainguard_ml.scan.examination import Session
from chainguard_ml.scan.interface import Blob, Budgets
from chainguard_ml.scan.recognition import formats

if TYPE_CHECKING:
    from collections.abc import Callable

    from chainguard_ml.model import Observation
    from tests.scan.conftest import Build

BUDGETS = Budgets(expanded=2_000_000, free=100_000, members=200)
NAMES = ["m.pt", "m.safetensors", "m.gguf", "m.npy", "m.onnx", "m.h5", "m.json", "m.jinja", "m.joblib", "m"]
STARTS = [
    b"",
    b"PK\3\4",
    b"PK\5\6" + bytes(18),
    b"\x1f\x8b\x08\0",
    b"BZh91AY&SY",
    b"\xfd7zXZ\0",
    b"]\0\0\x80\0" + b"\xff" * 8 + b"\0",
    b"x\x9c",
    b"ZF0x10               x\x9c",
    b"\x93NUMPY\1\0",
    b"GGUF\3\0\0\0",
    b"\x20\0\0\0\0\0\0\0{",
    b"\x80\x04\x95",
    b"\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19.",
    b'{"chat_template": "',
    b'{"class_name": ',
    b"{{ ",
    b"MZ",
    b"\x08\x08\x12",
]
bytes_of_any_format = st.builds(lambda start, rest: start + rest, st.sampled_from(STARTS), st.binary(max_size=300))


def blob(data: bytes, name: str = "m") -> Blob:
    return Blob(memoryview(data), Subject(name), Location(name), name)


def examined(data: bytes, name: str = "m", budgets: Budgets = BUDGETS) -> list[Observation]:
    return list(Session(allowlist.make_judge([]), budgets).nested(blob(data, name)))


def is_found(told: list[Observation]) -> bool:
    return any(isinstance(item, Finding) and item.severity is Severity.CRITICAL for item in told)


@given(bytes_of_any_format, st.sampled_from(NAMES))
@settings(max_examples=600, deadline=None)
def test_any_bytes_are_examined(data: bytes, name: str) -> None:
    assert all(isinstance(item, Finding | Gap | Evidence) for item in examined(data, name))


@given(bytes_of_any_format)
@settings(max_examples=150, deadline=None)
def test_every_format_takes_any_bytes(data: bytes) -> None:
    for form in formats():
        form.recognise(blob(data))
        session = Session(allowlist.make_judge([]), BUDGETS)
        list(form.examine(blob(data), session))


WHOLE = ["zip", "tar", "torch", "npy", "gguf", "safetensors", "gzip", "xz", "legacy"]


@given(st.sampled_from(WHOLE), st.data())
@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_damaged_files_are_examined(build: Build, kind: str, data: st.DataObject) -> None:
    whole = {
        "zip": build.zip({"a": build.payload, "b.txt": b"text" * 20}, 8),
        "tar": build.tar({"a": build.payload, "b": b"text"}),
        "torch": build.torch(build.payload, extra=bytes(40)),
        "npy": build.npy(build.payload),
        "gguf": build.gguf(build.pair("tokenizer.chat_template", 8, build.text("{{ x }}")), 1),
        "safetensors": build.safetensors({"a": {"dtype": "U8", "shape": [2], "data_offsets": [0, 2]}}, b"12"),
        "gzip": gzip.compress(build.payload),
        "xz": lzma.compress(build.payload),
        "legacy": b"\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19." + build.harmless * 4,
    }[kind]
    damaged = bytearray(whole)
    for _ in range(data.draw(st.integers(1, 4))):
        damaged[data.draw(st.integers(0, len(damaged) - 1))] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(0, len(damaged)))
    examined(bytes(damaged))
    examined(bytes(damaged[:cut]))


def wrappers(build: Build) -> dict[str, Callable[[bytes], bytes]]:
    zips = {
        f"zip{method}": lambda data, method=method: build.zip({"member": data}, method)
        for method in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA)
    }
    return {
        **zips,
        "tar": lambda data: build.tar({"member": data}),
        "gzip": gzip.compress,
        "bzip2": bz2.compress,
        "xz": lzma.compress,
        "lzma": lambda data: lzma.compress(data, format=lzma.FORMAT_ALONE),
        "zlib": zlib.compress,
        "torch member": lambda data: build.torch(build.harmless, extra=data),
        "torch tensor": lambda data: build.torch(build.harmless, **{"data/0": data}),
        "npy": build.npy,
        "npz": lambda data: build.zip({"a.npy": build.npy(data)}),
        "behind zip": lambda data: build.zip({"a": b"text"}) + data,
        "behind gzip": lambda data: gzip.compress(b"text") + data,
        "behind npy": lambda data: build.npy(bytes(8), "'<i8'") + data,
        "behind safetensors": lambda data: build.safetensors({}) + data,
        "behind gguf": lambda data: build.gguf() + data,
        "before zip": lambda data: data + build.zip({"a": b"text"}),
    }


OUTER = ["zip0", "zip8", "zip12", "zip14", "tar", "gzip", "bzip2", "xz", "lzma", "zlib", "torch member", "npz",
         "behind zip", "behind gzip", "behind npy", "behind safetensors", "behind gguf"]  # fmt: skip
INNER = [*OUTER, "torch tensor", "npy", "before zip"]


@pytest.mark.parametrize("outer", ["", *OUTER])
@pytest.mark.parametrize("inner", INNER)
def test_a_payload_is_found_in_every_container(build: Build, outer: str, inner: str) -> None:
    if (outer, inner) == ("behind gzip", "gzip"):
        pytest.skip("two members are one content, which does not start with the payload")
    wrap = wrappers(build)
    data = wrap[inner](build.payload)
    assert is_found(examined(wrap[outer](data) if outer else data))


def test_depth_is_bounded(build: Build) -> None:
    data = build.payload
    for _ in range(12):
        data = build.zip({"x": data})
    told = examined(data)
    assert {item.reason for item in told if isinstance(item, Gap)} == {GapReason.BUDGET}
    assert is_found(examined(data, budgets=Budgets(depth=12)))


@pytest.mark.parametrize(
    "pack", [gzip.compress, bz2.compress, lzma.compress, zlib.compress], ids=lambda pack: pack.__module__
)
def test_expansion_is_bounded(pack: Callable[[bytes], bytes]) -> None:
    told = examined(pack(bytes(5_000_000)))
    assert {item.reason for item in told if isinstance(item, Gap)} == {GapReason.BUDGET}


@pytest.mark.parametrize("method", [zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_expansion_of_members_is_bounded_in_all(build: Build, method: int) -> None:
    members = {f"m{index}": bytes(900_000) for index in range(5)}
    told = examined(build.zip(members, method), budgets=Budgets(expanded=2_000_000))
    assert {item.reason for item in told if isinstance(item, Gap)} == {GapReason.BUDGET}
    assert examined(build.zip(members, method), budgets=Budgets(expanded=5_000_000)) == []


def test_members_are_bounded(build: Build) -> None:
    members = {f"m{index}": b"x" for index in range(300)}
    for data in (build.zip(members), build.tar(members), build.zip(members)[:-30]):
        told = examined(data)
        assert GapReason.BUDGET in {item.reason for item in told if isinstance(item, Gap)}


def test_large_documents_are_bounded() -> None:
    told = examined(b'{"auto_map": {"A": "b.C"}, "x": "' + b"y" * 2000 + b'"}', "m.json", Budgets(header=1000))
    assert {item.reason for item in told if isinstance(item, Gap)} == {GapReason.BUDGET}


def test_members_listed_twice_are_examined_once(build: Build) -> None:
    data = build.zip({"a": build.harmless})
    at, end = data.index(b"PK\1\2"), data.index(b"PK\5\6")
    many = data[:at] + data[at:end] * 150 + data[end:]
    assert sum(isinstance(item, Evidence) for item in examined(many)) == 1
