"""Checkpoints and trees in binary documents: MessagePack, Zarr, CatBoost; the corpus has the techniques."""

from __future__ import annotations

import json
import struct
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chainguard_ml.model import Finding, Gap, Location, Severity, Subject
from chainguard_ml.scan import allowlist
from chainguard_ml.scan.examination import Session
from chainguard_ml.scan.formats import catboost_model, msgpack_reader
from chainguard_ml.scan.interface import Blob
from tests.corpus.classical_files import CALL, catboost, flax_array, msgpack

if TYPE_CHECKING:
    from tests.scan.conftest import Build, Scan


def test_flax_is_read(scan: Scan) -> None:
    told = scan("flax_model.msgpack", msgpack({"params": {"w": flax_array()}}))
    assert told.clean
    assert told.format == "msgpack"


@pytest.mark.parametrize(
    "data",
    [
        b"\x81\xa1a\xca" + bytes(4),
        b"\x81\xa1a" + b"\xcc\1",
        b"\x82\xa1a\xd4\xff\0\xa1b\xd8\xff" + bytes(16),
        b"\x81\xa1a\xc7\x0c\xff" + bytes(12),
        b"\x81\xa1a\x93\x01\xff\xc0",
        b"\x81\xa1a\xd9\2hi",
        b"\x81\xa1a\xda\0\2hi",
        b"\x81\xa1a\xc4\2hi",
        b"\x81\xa1a\xdc\0\1\xc3",
        b"\xdf\0\0\0\1\xa1a\xc2",
        b"\x81\x01\xa1a",
        b"\x81\x91\1\xa1a",
    ],
)
def test_every_form_of_msgpack_is_read(scan: Scan, data: bytes) -> None:
    told = scan("x.msgpack", data)
    assert told.clean, told
    assert told.format == "msgpack"


@pytest.mark.parametrize(
    ("data", "severe"),
    [
        (b"\x81\xa1a\xc1", False),
        (b"\x81\xa1a\xdb\xff\xff\xff\xff", False),
        (b"\x81\xa1a\xdd\xff\xff\xff\xff", False),
        (b"\x81\xa1a\xdf\xff\xff\xff\xff", False),
        (b"\x81\xa1a" + b"\x91" * 100, False),
        (b"\x81\xa1", False),
        (b"\x8f\xa1a\1", False),
    ],
)
def test_broken_msgpack_is_reported(scan: Scan, data: bytes, *, severe: bool) -> None:
    told = scan("x.msgpack", data)
    assert told.rules == {"model-bounds-broken"}
    assert told.reasons == {"malformed"}
    assert (told.findings[0].severity is Severity.HIGH) is severe


@pytest.mark.parametrize(
    "value",
    [
        (1, msgpack([[2, 3], "float32", bytes(8)])),
        (1, msgpack([[2, -3], "float32", bytes(24)])),
        (1, msgpack([[2, 3], "float32"])),
        (1, msgpack([[2, 3], "os.system", bytes(24)])),
        (1, msgpack({"a": 1})),
        (1, b"\xc1"),
        (3, b"\xdd\xff"),
    ],
)
def test_arrays_that_do_not_fit_are_reported(scan: Scan, value: tuple[int, bytes]) -> None:
    assert scan("x.msgpack", msgpack({"w": value})).rules == {"model-bounds-broken"}


def test_an_extension_that_is_not_known_is_a_gap(scan: Scan) -> None:
    told = scan("x.msgpack", msgpack({"w": (42, b"anything")}))
    assert told.reasons == {"unsupported"}
    assert not told.findings


def test_the_number_of_values_is_bounded(scan: Scan, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(msgpack_reader, "MOST_ITEMS", 5)
    assert scan("x.msgpack", msgpack({"w": [1] * 10})).reasons == {"budget"}


def test_a_pickle_stays_a_pickle(scan: Scan, build: Build) -> None:
    assert scan("x.msgpack", build.payload).payload
    assert scan("x.msgpack", b"\x80\x04\x95" + bytes(8) + build.payload[2:]).payload
    assert scan("notes", b"\x83 and text").format != "msgpack"


def test_chunks_of_zarr_are_data(scan: Scan, build: Build) -> None:
    zstd = pytest.importorskip("chainguard_ml.scan.formats.compressed").ZSTD
    frame = b"\x28\xb5\x2f\xfd\x20\x04\x21\0\0abcd\xde\xad"  # one raw block of four bytes; an index follows
    assert zstd.recognise(Blob(frame, Subject("0"), Location("0"), "0"))
    assert scan("0.1", frame).clean
    whole = b"\x28\xb5\x2f\xfd\x20" + bytes([len(build.payload)])
    whole += struct.pack("<I", len(build.payload) << 3 | 1)[:3] + build.payload
    assert scan("0", whole).payload


def test_codecs_of_zarr_that_are_data_are_clean(scan: Scan) -> None:
    document = {"zarr_format": 3, "codecs": [{"name": "bytes"}, "crc32c", 5], "serializer": {"id": 5}}
    assert scan("zarr.json", json.dumps(document).encode()).clean
    assert scan("x.json", json.dumps({"codecs": [{"name": "pickle"}]}).encode()).clean


def test_models_of_catboost_are_clean(scan: Scan) -> None:
    told = scan("model.cbm", catboost())
    assert told.clean, told
    assert told.format == "catboost"
    assert scan("model.bin", catboost({3: None})).clean


@pytest.mark.parametrize(
    "trees",
    [
        {0: ("i", 0)},
        {3: [0]},
        {2: [1, -1]},
        {1: [0, -1, 2]},
        {10: [0], 11: [0, 1, 2]},
    ],
)
def test_what_does_not_fit_in_catboost_is_reported(scan: Scan, trees: dict[int, Any]) -> None:
    assert scan("model.cbm", catboost(trees)).rules == {"model-bounds-broken"}


def test_broken_models_of_catboost_are_reported(scan: Scan) -> None:
    whole = catboost()
    for end in (4, 7, 8, 20, len(whole) - 1):
        told = scan("model.cbm", whole[:end])
        assert told.rules == {"model-bounds-broken"}
        assert told.reasons == {"malformed"}
    bare = b"\x0c\0\0\0" + struct.pack("<HH", 4, 4) + bytes(4) + struct.pack("<i", 8) + bytes(8)
    assert scan("model.cbm", b"CBM1" + struct.pack("<I", len(bare)) + bare).rules == {"model-bounds-broken"}


def test_information_of_catboost_is_examined(scan: Scan, monkeypatch: pytest.MonkeyPatch) -> None:
    assert scan("model.cbm", catboost(information={"a": "{broken", "b": CALL})).rules == {"code-in-metadata"}
    document = {"features_info": {}, "model_info": {"output_options": {"train_dir": "file:///etc"}}}
    assert scan("model.json", json.dumps(document).encode()).rules == {"model-names-outside-resource"}
    monkeypatch.setattr(catboost_model, "_MOST_TEXT", 50)
    assert scan("model.cbm", catboost()).reasons == {"budget"}


@given(st.binary(max_size=200), st.sampled_from([b"\x82\xa1a", b"CBM1", b"\xde\0\2\xa1a\xc7"]))
def test_any_bytes_only_give_observations(data: bytes, start: bytes) -> None:
    data = start + data
    blob = Blob(data, Subject("x.msgpack", size=len(data)), Location("x.msgpack"), "x.msgpack")
    for item in Session(allowlist.make_judge([])).nested(blob):
        assert isinstance(item, Finding | Gap)
