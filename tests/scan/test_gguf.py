"""GGUF: every count is compared with what is left, chat templates are examined."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from typing import Any

    from tests.scan.conftest import Build, Scan


def tensor(build: Build, name: str = "t", shape: tuple[int, ...] = (4, 2), kind: int = 0, offset: int = 0) -> bytes:
    dimensions = struct.pack("<I", len(shape)) + b"".join(struct.pack("<Q", item) for item in shape)
    return build.text(name) + dimensions + struct.pack("<IQ", kind, offset)


def array(kind: int, count: int, items: bytes) -> bytes:
    return struct.pack("<IQ", kind, count) + items


def test_a_sound_file_is_clean(scan: Scan, build: Build) -> None:
    pairs = [
        build.pair("general.architecture", 8, build.text("llama")),
        build.pair("general.alignment", 4, struct.pack("<I", 32)),
        build.pair("tokenizer.ggml.tokens", 9, array(8, 2, build.text("a") + build.text("b"))),
        build.pair("scores", 9, array(6, 2, struct.pack("<2f", 1, 2))),
        build.pair("nested", 9, array(9, 1, array(4, 1, struct.pack("<I", 1)))),
        build.pair("flag", 7, b"\1"),
        build.pair("tokenizer.chat_template", 8, build.text("{% for m in messages %}{{ m['content'] }}{% endfor %}")),
    ]
    tensors = tensor(build, "a") + tensor(build, "b", (256,), 12, 32)
    told = scan("x.gguf", build.gguf(b"".join(pairs), len(pairs), tensors, bytes(32 + 144), 2))
    assert told.clean
    assert told.format == "gguf"
    assert scan("x.gguf", build.gguf()).clean


def test_big_endian_and_first_version_are_read(scan: Scan) -> None:
    assert scan("x.gguf", b"GGUF" + struct.pack(">IQQ", 3, 0, 0)).clean
    assert scan("x.gguf", b"GGUF" + struct.pack("<III", 1, 0, 0)).clean


@pytest.mark.parametrize("data", [b"GGUF", b"GGUF\3\0\0\0", b"GGUF\x09\0\0\0" + bytes(16)])
def test_a_broken_start_is_reported(scan: Scan, data: bytes) -> None:
    told = scan("x.gguf", data)
    assert told.rules == {"gguf-bad-header"}
    assert told.reasons == {"malformed"}


@pytest.mark.parametrize(
    ("pairs", "severity"),
    [
        (struct.pack("<Q", 1 << 63), "HIGH"),
        (struct.pack("<Q", 1000), "MEDIUM"),
        (struct.pack("<Q", 1) + b"k" + struct.pack("<I", 99), "MEDIUM"),
        (struct.pack("<Q", 1) + b"k" + struct.pack("<IIQ", 9, 8, 1 << 62), "HIGH"),
        (struct.pack("<Q", 1) + b"k" + struct.pack("<I", 9) + struct.pack("<IQ", 9, 1) * 8, "MEDIUM"),
        (struct.pack("<Q", 17) + b"general.alignment" + struct.pack("<II", 4, 0), "HIGH"),
        (struct.pack("<Q", 17) + b"general.alignment" + struct.pack("<II", 4, 7), "HIGH"),
    ],
)
def test_counts_that_do_not_fit_are_reported(scan: Scan, build: Build, pairs: bytes, severity: str) -> None:
    told = scan("x.gguf", build.gguf(pairs, 1))
    assert told.rules == {"gguf-bad-header"}
    assert told.findings[0].severity.name == severity


@pytest.mark.parametrize(
    "values",
    [{"shape": (1,) * 9}, {"offset": 5}, {"shape": (1 << 40, 1 << 40)}, {"offset": 1 << 63}],
)
def test_tensors_that_do_not_fit_are_reported(scan: Scan, build: Build, values: dict[str, Any]) -> None:
    assert scan("x.gguf", build.gguf(tensors=tensor(build, **values), number=1)).rules == {"gguf-bad-header"}


def test_more_pairs_than_bytes_are_reported(scan: Scan, build: Build) -> None:
    told = scan("x.gguf", b"GGUF" + struct.pack("<IQQ", 3, 1 << 60, 1 << 60))
    assert told.findings[0].severity.name == "HIGH"


def test_cut_tensors_are_a_gap(scan: Scan, build: Build) -> None:
    assert scan("x.gguf", build.gguf(tensors=tensor(build), number=1, body=bytes(31))).reasons == {"malformed"}


def test_an_unknown_tensor_type_is_a_gap(scan: Scan, build: Build) -> None:
    told = scan("x.gguf", build.gguf(tensors=tensor(build, kind=77), number=1, body=bytes(32)))
    assert told.reasons == {"unsupported"}


def test_bytes_behind_the_last_tensor_are_examined(scan: Scan, build: Build) -> None:
    told = scan("x.gguf", build.gguf(tensors=tensor(build), number=1, body=bytes(32) + build.payload))
    assert told.payload
    assert "trailing-data" in told.rules


@pytest.mark.parametrize("key", ["tokenizer.chat_template", "tokenizer.chat_template.tool_use"])
def test_a_chat_template_that_reaches_for_internals_is_critical(scan: Scan, build: Build, key: str) -> None:
    pairs = build.pair(key, 8, build.text("{{ ''.__class__.__mro__ }}"))
    told = scan("x.gguf", build.gguf(pairs, 1))
    assert told.rules == {"chat-template-injection"}
    assert told.findings[0].severity.name == "CRITICAL"
    broken = build.gguf(pairs + struct.pack("<Q", 1 << 62), 2)
    assert "chat-template-injection" in scan("x.gguf", broken).rules


def test_texts_among_the_values_are_examined(scan: Scan, build: Build) -> None:
    pair = build.pair("general.description", 8, build.text("os.system('echo seen')"))
    assert scan("x.gguf", build.gguf(pair, 1)).rules == {"code-in-metadata"}
    tags = struct.pack("<IQ", 8, 2) + build.text("a") + build.text("os.system('id')")
    assert scan("x.gguf", build.gguf(build.pair("general.tags", 9, tags), 1)).rules == {"code-in-metadata"}
    array = struct.pack("<IQ", 8, 1) + build.text("{{ ''.__class__.__mro__ }}")
    assert scan("x.gguf", build.gguf(build.pair("my.templates", 9, array), 1)).rules == {"chat-template-injection"}


def test_names_that_stand_twice_are_reported(scan: Scan, build: Build) -> None:
    pair = build.pair("flag", 7, b"\1")
    assert scan("x.gguf", build.gguf(pair * 2, 2)).rules == {"gguf-bad-header"}
    tensors = tensor(build, "a") + tensor(build, "a", offset=32)
    assert scan("x.gguf", build.gguf(tensors=tensors, number=2, body=bytes(64))).rules == {"gguf-bad-header"}


def test_overlaps_and_holes_are_reported_and_holes_examined(scan: Scan, build: Build) -> None:
    overlap = tensor(build, "a") + tensor(build, "b")
    assert scan("x.gguf", build.gguf(tensors=overlap, number=2, body=bytes(64))).rules == {"gguf-bad-header"}
    hole = tensor(build, "a") + tensor(build, "b", offset=96)
    told = scan("x.gguf", build.gguf(tensors=hole, number=2, body=bytes(32) + build.payload.ljust(96)))
    assert "gguf-bad-header" in told.rules
    assert told.payload


def test_a_tensor_that_begins_as_a_file_is_examined(scan: Scan, build: Build) -> None:
    body = build.payload.ljust(64, b"\0")
    described = tensor(build, "a", (64,), 24)
    assert scan("x.gguf", build.gguf(tensors=described, number=1, body=body)).payload


@pytest.mark.parametrize(
    "pairs",
    [
        struct.pack("<Q", 17) + b"general.alignment" + struct.pack("<II", 4, 24),
        struct.pack("<Q", 17) + b"general.alignment" + struct.pack("<IQ", 10, 32),
        struct.pack("<Q", 11) + b"tokenizer.k" + struct.pack("<IIQQ", 9, 8, 2, 1000) + bytes(40),
        struct.pack("<Q", 11) + b"tokenizer.k" + struct.pack("<IIQQ", 9, 8, 2, 10) + bytes(10) + b"1234",
        struct.pack("<Q", 1) + b"k" + struct.pack("<IIQQ", 9, 8, 300, 1000) + bytes(1300),
    ],
)
def test_wrong_values_are_reported(scan: Scan, build: Build, pairs: bytes) -> None:
    assert scan("x.gguf", build.gguf(pairs, 1)).rules == {"gguf-bad-header"}


def test_rows_that_are_no_whole_blocks_are_reported(scan: Scan, build: Build) -> None:
    assert scan("x.gguf", build.gguf(tensors=tensor(build, "a", (33,), 8), number=1)).rules == {"gguf-bad-header"}


def test_more_text_than_is_kept_is_a_gap(scan: Scan, build: Build) -> None:
    pair = build.pair("a", 8, build.text("x" * 9_000_000))
    other = build.pair("b", 8, build.text("x" * 9_000_000))
    assert scan("x.gguf", build.gguf(pair + other, 2)).reasons == {"budget"}


@pytest.mark.parametrize("step", [1])
def test_a_cut_file_is_never_silent(scan: Scan, build: Build, step: int) -> None:
    pairs = build.pair("a", 8, build.text("text")) + build.pair("b", 9, struct.pack("<IQ", 8, 1) + build.text("t"))
    whole = build.gguf(pairs, 2, tensor(build, "w"), bytes(32), 1)
    for end in range(4, len(whole), step):
        assert not scan("x.gguf", whole[:end]).clean
