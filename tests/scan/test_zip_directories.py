"""Zip archives that show different readers different members, and archives made to cost much."""

from __future__ import annotations

import dataclasses
import struct
import zlib
from typing import TYPE_CHECKING

import pytest

from chainguard_ml.model import Evidence, Finding, Gap, Location, Subject
from chainguard_ml.scan import allowlist
from chainguard_ml.scan.examination import Session
from chainguard_ml.scan.formats.member_names import Links
from chainguard_ml.scan.interface import Blob, Budgets
from tests.corpus.containers import HARMLESS, PAYLOAD, Entry, end_record, raw_zip, zipped

if TYPE_CHECKING:
    from tests.scan.conftest import Scan

TEXT = Entry(b"a.txt", b"text")


def examined(data: bytes, budgets: Budgets | None = None) -> list[object]:
    blob = Blob(memoryview(data), Subject("m.zip"), Location("m.zip"), "m.zip")
    return list(Session(allowlist.make_judge([]), budgets).nested(blob))


def listed_often(inner: bytes, names: list[str]) -> bytes:
    """Return an archive that lists one member under many names."""
    entry = Entry(b"a.zip", inner)
    body = entry.local()
    directory = b"".join(dataclasses.replace(entry, name=name.encode()).central(0) for name in names)
    return body + directory + end_record(len(names), len(directory), len(body))


def test_one_member_under_many_names_is_examined_once() -> None:
    told = examined(listed_often(HARMLESS, [f"a{number}" for number in range(500)]))
    assert sum(isinstance(item, Evidence) for item in told) == 1
    assert sum(isinstance(item, Finding) for item in told) < 200
    assert any(isinstance(item, Finding) and "more places" in item.message for item in told)


def test_archives_that_multiply_are_bounded() -> None:
    data = zipped({"x.pkl": PAYLOAD})
    for _ in range(5):
        data = listed_often(data, [f"a.{ending}" for ending in ("pkl", "pt", "bin", "h5", "npy", "json", "txt", "zip")])
    told = examined(data)
    assert ["the rest is unread" in item.detail for item in told if isinstance(item, Gap)] == [True]
    assert any(isinstance(item, Finding) and item.rule == "dangerous-global" for item in told)
    assert sum(isinstance(item, Evidence) for item in told) < 5000


def test_members_that_contain_each_other_are_bounded() -> None:
    core = zipped({"x.pkl": PAYLOAD})
    heads = [Entry(b"m%d" % number, b"").local() for number in range(200)]
    body = b"".join(heads) + core
    directory, offset = b"", 0
    for number, head in enumerate(heads):
        entry = Entry(b"m%d" % number, body[offset + len(head) :])
        directory += entry.central(offset)
        offset += len(head)
    told = examined(body + directory + end_record(len(heads), len(directory), len(body)), Budgets(repeats=8))
    assert any(isinstance(item, Gap) and "overlap" in item.detail for item in told)
    assert any(isinstance(item, Finding) and item.rule == "dangerous-global" for item in told)


@pytest.mark.parametrize(
    ("names", "crossed"),
    [
        ([("l", "."), ("l/x", None)], 1),
        ([("l", "."), ("./l//x", None)], 1),
        ([("l", "a"), ("lx/x", None), ("m", "l")], 0),
        ([("l", "a/b"), ("m", "l/../..")], 1),
        ([("l", "a/b"), ("m", "a/../..")], 0),
        ([("l", "a/b"), ("m/n", "../l/..")], 1),
        ([("l", "a"), ("l", "b")], 0),
        ([("l", "a"), ("x" * 5000 + "/y", None)], 0),
    ],
)
def test_paths_through_links_are_seen(names: list[tuple[str, str | None]], crossed: int) -> None:
    blob, links = Blob(b"", Subject("m"), Location("m"), "m"), Links()
    found = [links.crossed(blob, name, 0, target) for name, target in names]
    assert sum(item is not None for item in found) == crossed


def test_a_comment_is_examined(scan: Scan) -> None:
    assert scan("m.zip", raw_zip([TEXT], comment=b"made by hand")).clean
    assert scan("m.zip", raw_zip([TEXT], comment=PAYLOAD)).payload


def test_the_end_of_compressed_data_is_compared(scan: Scan) -> None:
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    packed = packer.compress(b"text") + packer.flush()
    told = scan("m.zip", raw_zip([Entry(b"a", packed + b"more", 8, crc=zlib.crc32(b"text"), size=4)]))
    assert told.rules == {"zip-inconsistent"}
    assert scan("m.zip", raw_zip([Entry(b"a", packed, 8, crc=zlib.crc32(b"text"), size=4)])).clean


def test_unicode_paths_of_other_versions_are_not_read(scan: Scan) -> None:
    for field in (b"\2\0\0\0\0../x", b"\1\0\0\0", b""):
        extra = struct.pack("<2H", 0x7075, len(field)) + field
        assert scan("m.zip", raw_zip([dataclasses.replace(TEXT, extra=extra)])).clean


def test_parts_of_a_split_archive_are_reported(scan: Scan) -> None:
    data = raw_zip([TEXT])
    told = scan("m.zip", data[:-18] + b"\1\0\1\0" + data[-14:])
    assert told.rules == {"zip-inconsistent"}


def test_an_end_record_and_nothing_else(scan: Scan) -> None:
    assert scan("m.zip", end_record(0, 0, 0)).clean
    assert scan("m.zip", end_record(0, 0, 0) + PAYLOAD).payload
    assert scan("m.zip", end_record(3, 9, 9) + PAYLOAD).payload
    assert "malformed" in scan("m.zip", b"PK\3\4" + PAYLOAD).reasons


def test_large_offsets_are_followed_behind_a_prefix(scan: Scan) -> None:
    entry = Entry(b"m.pkl", PAYLOAD)
    body = b"junk" + entry.local()
    extra = struct.pack("<2HQ", 1, 8, 4)
    central = bytearray(dataclasses.replace(entry, extra=extra).central(0xFFFFFFFF))
    assert scan("x.dat", body + bytes(central) + end_record(1, len(central), len(body))).payload
