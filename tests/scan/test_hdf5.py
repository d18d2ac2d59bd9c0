"""HDF5: what h5py writes is read to the last value; what leads out of the file, hides in it or is broken is said."""

from __future__ import annotations

import functools
import json
import lzma
import struct
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chainguard_ml.model import Evidence, Finding, Gap, Location, Severity, Subject
from chainguard_ml.scan import allowlist
from chainguard_ml.scan.examination import Session
from chainguard_ml.scan.hdf5 import content, datatypes, storage, superblock
from chainguard_ml.scan.hdf5.attributes import Attribute, attributes
from chainguard_ml.scan.hdf5.links import Link, links
from chainguard_ml.scan.hdf5.objects import DATASPACE, DATATYPE, LAYOUT, Objects
from chainguard_ml.scan.interface import Blob, Budgets
from tests.corpus import hdf5_writer as hdf5

if TYPE_CHECKING:
    from chainguard_ml.model import Observation
    from tests.scan.conftest import Build, Scan

DATA = Path(__file__).parent / "data"
LAYOUTS = ["earliest", "latest"]  # both written by h5py 3.16 with HDF5 2.0, libver as in the name


@functools.cache
def real(layout: str) -> bytes:
    return lzma.decompress((DATA / f"h5py_{layout}.h5.xz").read_bytes())


def blob(data: bytes, name: str = "m.h5") -> Blob:
    return Blob(memoryview(data), Subject(name), Location(name), name)


def examined(data: bytes, name: str = "m.h5") -> list[Observation]:
    budgets = Budgets(expanded=2_000_000, free=100_000)
    return list(Session(allowlist.make_judge([]), budgets).nested(blob(data, name)))


class Reading:
    """Everything that the readers see in a file."""

    def __init__(self, data: bytes) -> None:
        block = superblock.parse(blob(data), 0)
        self.objects = Objects(block.source, block.extension)
        self.session = Session(allowlist.make_judge([]))
        self.seen: set[int] = set()
        self.texts: dict[str, list[bytes]] = {}
        self.linked: dict[str, Link] = {}
        assert block.root is not None
        self.visit(block.root, "")

    def visit(self, address: int, path: str) -> None:
        if address in self.seen:
            return
        self.seen.add(address)
        header = self.objects.header(address)
        assert header.problem is None
        for item in attributes(self.objects, header):
            assert isinstance(item, Attribute)
            self.take(f"{path}@{item.name}", item.kind, item.raw)
        if message := header.first(LAYOUT):
            count = datatypes.elements(self.objects.body(header.needed(DATASPACE)))
            filters = storage.pipeline(self.objects, header)
            found = storage.layout(self.objects.body(message), count, filtered=bool(filters))
            kind = datatypes.parse(self.objects.body(header.needed(DATATYPE)))
            if kind.holds_bytes:
                for raw, _ in storage.pieces(self.objects, found, filters, kind.size, self.session):
                    self.take(path, kind, raw)
        for link in links(self.objects, header):
            assert isinstance(link, Link)
            self.linked[f"{path}/{link.name}"] = link
            if link.target is not None:
                self.visit(link.target, f"{path}/{link.name}")

    def take(self, path: str, kind: datatypes.Datatype, raw: bytes) -> None:
        source, values = self.objects.source, self.objects.values
        found = [value.rstrip(b"\0") for value, _ in datatypes.values(kind, raw, 0, source, values)]
        self.texts.setdefault(path, []).extend(value for value in found if value)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_every_value_that_h5py_wrote_is_read(layout: str) -> None:
    texts = Reading(real(layout)).texts
    assert texts["@fixed"] == [b"fixed text"]
    assert texts["@variable"] == [b"one value", b"another value"]
    assert [texts[f"@a{number}"] for number in range(9)] == [[b"value %d in heap" % number] for number in range(9)]
    assert texts["@huge"] == [b"huge " * 1000]
    assert texts["@opaque"] == [b"opaque bytes"]
    count = 150 if layout == "latest" else 20
    long = [texts[f"/many@attribute number {number:04d}"] for number in range(count)]
    assert long == [[b"fixed value %04d" % number + b" " * 100 + b"."] for number in range(count)]
    assert [texts[path] for path in texts if path.endswith("/sub3@deep")] == [[b"deep value"]]
    assert texts["/scalar"] == [b"scalar text"]
    assert texts["/gzip"] == [b"gzip text %d" % number for number in range(6)]
    assert texts["/single"] == [b"single chunk"] * 3
    assert texts["/single_gzip"] == [b"single gzip!"] * 3
    assert sorted(texts["/extensible"]) == sorted(b"%d" % number for number in range(260))
    assert texts["/extensible@x"] == [b"on a dataset"]
    assert sorted(texts["/paged"]) == [b"page%04d" % number for number in range(1030)]
    assert sorted(texts["/tree"]) == [b"tree%04d" % number for number in range(25)]
    assert sorted(texts["/tree_gzip"]) == [b"treegz%02d" % number for number in range(25)]
    assert set(texts["/implicit"]) == {b"implicit"}
    assert texts["/compact"] == [b"compact1", b"compact2"]
    assert texts["/compound"] == [b"member one", b"member two"]
    assert texts["/nested"] == [b"array one", b"array two"]
    assert texts["/sequence"] == [b"a sequence"]
    assert texts["/typed"] == [b"typ", b"ed!"]


@pytest.mark.parametrize("layout", LAYOUTS)
def test_every_link_that_h5py_wrote_is_seen(layout: str) -> None:
    linked = Reading(real(layout)).linked
    names = {path.rpartition("/")[2] for path in linked}
    assert {f"sub{number}" for number in range(24)} < names
    assert linked["/soft"].target is None
    count = 500 if layout == "latest" else 40
    assert {f"a link with a rather long name {number:04d}" for number in range(count)} < names
    assert linked["/again"].target == linked["/g"].target


@pytest.mark.parametrize("layout", LAYOUTS)
def test_what_h5py_writes_is_clean(scan: Scan, layout: str) -> None:
    told = scan("m.h5", real(layout))
    assert told.clean, [*told.findings, *told.gaps]
    assert told.format == "hdf5"


def test_an_end_that_is_missing_is_a_gap(scan: Scan) -> None:
    data = hdf5.file(hdf5.attribute("a", "text"))
    assert scan("m.h5", data).clean
    for stop in range(8, len(data)):
        assert scan("m.h5", data[:stop]).gaps, stop


@pytest.mark.parametrize("end", [0, 8, 1 << 40, (1 << 64) - 2])
def test_an_end_that_cannot_be_is_a_gap(scan: Scan, end: int) -> None:
    data = bytearray(hdf5.file(hdf5.attribute("a", "text")))
    data[28:36] = struct.pack("<Q", end)
    assert scan("m.h5", bytes(data)).reasons == {"malformed"}
    data[12:20] = b"\xff" * 7 + b"\x7f"  # the base address
    assert scan("m.h5", bytes(data)).gaps


@pytest.mark.parametrize(
    ("target", "severity"),
    [
        ("other.h5", Severity.MEDIUM),
        ("parts/other..h5", Severity.MEDIUM),
        ("/etc/passwd", Severity.HIGH),
        ("../other.h5", Severity.HIGH),
        ("a/../../other.h5", Severity.HIGH),
        ("C:\\other.h5", Severity.HIGH),
        ("\\\\host\\share\\other.h5", Severity.HIGH),
        ("~/other.h5", Severity.HIGH),
        ("s3://bucket/other.h5", Severity.HIGH),
    ],
)
def test_a_link_to_another_file_is_reported(scan: Scan, target: str, severity: Severity) -> None:
    told = scan("m.h5", hdf5.file(hdf5.external("x", target)))
    assert [(item.rule, item.severity) for item in told.findings] == [("hdf5-external-file", severity)]
    assert told.findings[0].facts == {"kind": "external link", "path": "/x", "target": target}
    assert not told.gaps


def test_external_storage_is_reported(scan: Scan) -> None:
    writer = hdf5.Writer()
    names = writer.put(b"\0" * 8 + b"/etc/passwd\0".ljust(24, b"\0"))
    heap = writer.put(b"HEAP\0\0\0\0" + struct.pack("<QQ", 32, 1) + names)
    files = hdf5.message(7, b"\1\0\0\0" + struct.pack("<HH", 1, 1) + heap + struct.pack("<QQQ", 8, 0, 100))
    layout = b"\3\1" + hdf5.NOWHERE + struct.pack("<Q", 100)
    data = writer.dataset(hdf5.byte_type(), hdf5.simple(100), layout, files)
    told = scan("m.h5", writer.file(writer.group(hdf5.link("d", 0, data))))
    assert [item.facts["target"] for item in told.findings] == ["/etc/passwd"]
    assert told.findings[0].severity is Severity.HIGH
    assert not told.gaps


ALL = struct.pack("<IIII", 3, 1, 0, 0)
SLAB_1 = struct.pack("<IIII", 2, 1, 0, 16) + bytes(16)
SLAB_2 = struct.pack("<IIBI", 2, 2, 1, 8) + bytes(8)
SLAB_3 = struct.pack("<IIBBI", 2, 3, 1, 2, 1) + bytes(8)
SLAB_3_IRREGULAR = struct.pack("<IIBBIH", 2, 3, 0, 2, 1, 2) + bytes(8)
POINTS_2 = struct.pack("<IIBIH", 1, 2, 2, 1, 3) + bytes(6)


def virtual(block: bytes) -> bytes:
    writer = hdf5.Writer()
    place = writer.values(block)[0][4:]
    data = writer.dataset(hdf5.byte_type(), hdf5.simple(100), b"\4\3" + place)
    return writer.file(writer.group(hdf5.link("d", 0, data)))


@pytest.mark.parametrize("selection", [ALL, SLAB_1, SLAB_2, SLAB_3, SLAB_3_IRREGULAR, POINTS_2])
def test_sources_of_virtual_datasets_are_reported(scan: Scan, selection: bytes) -> None:
    entry = selection + selection
    block = b"\0" + struct.pack("<Q", 3) + b"".join(
        name + b"\0set\0" + entry for name in (b".", b"a.h5", b"../b.h5")
    )  # fmt: skip
    told = scan("m.h5", virtual(block))
    assert [item.facts["target"] for item in told.findings] == ["a.h5", "../b.h5"]
    assert not told.gaps


def test_sources_of_new_virtual_datasets_are_reported(scan: Scan) -> None:
    shared = struct.pack("<Q", 0)
    entries = (b"\0a.h5\0set\0", b"\4set\0", b"\2b.h5\0" + shared, b"\3" + shared + shared)
    block = b"\1" + struct.pack("<Q", len(entries)) + b"".join(entry + ALL + ALL for entry in entries)
    told = scan("m.h5", virtual(block))
    assert [item.facts["target"] for item in told.findings] == ["a.h5", "b.h5"]
    assert not told.gaps


@pytest.mark.parametrize("block", [b"\2" + bytes(8), b"\0" + struct.pack("<Q", 1) + b"a\0b\0" + b"\x09" * 20, b"\0"])
def test_a_mapping_that_is_not_understood_is_a_gap(scan: Scan, block: bytes) -> None:
    assert scan("m.h5", virtual(block)).gaps


def test_a_link_of_an_application_is_reported(scan: Scan) -> None:
    assert scan("m.h5", hdf5.file(hdf5.link("x", 99, b"anything"))).rules == {"hdf5-user-defined-link"}
    assert scan("m.h5", hdf5.file(hdf5.link("x", 1, b"/y"))).clean


def pipeline(number: int, name: bytes = b"") -> bytes:
    title = struct.pack("<H", len(name)) if number >= 256 else b""
    return hdf5.message(11, b"\2\1" + struct.pack("<H", number) + title + struct.pack("<HH", 0, 0) + name)


def chunked(number: int, kind: bytes = b"", raw: bytes = b"12345678") -> bytes:
    writer = hdf5.Writer()
    place = writer.put(raw)
    layout = b"\4\2\2\2\4" + struct.pack("<II", 8, 1) + b"\1" + struct.pack("<QI", len(raw), 0) + place
    data = writer.dataset(kind or hdf5.byte_type(), hdf5.simple(8), layout, pipeline(number, b"evil\0"))
    return writer.file(writer.group(hdf5.link("d", 0, data)))


def test_a_filter_that_nobody_knows_is_reported(scan: Scan) -> None:
    told = scan("m.h5", chunked(4711))
    assert told.rules == {"hdf5-unknown-filter"}
    assert told.findings[0].facts == {"filter": 4711, "name": "evil"}


def test_numbers_behind_a_registered_filter_are_numbers(scan: Scan) -> None:
    number = struct.pack("<BBHI", 0x11, 0, 0, 8) + bytes(12)
    assert scan("m.h5", chunked(32001, number)).clean
    assert scan("m.h5", chunked(32001, hdf5.string_type(8))).reasons == {"unsupported"}


@pytest.mark.parametrize("kind", [hdf5.string_type, hdf5.opaque_type])
def test_a_pickle_in_an_attribute_is_found(scan: Scan, build: Build, kind: object) -> None:
    assert callable(kind)
    attribute = hdf5.attribute("a", build.payload, kind(len(build.payload)))
    assert scan("m.h5", hdf5.file(attribute)).payload


def test_a_pickle_of_variable_length_is_found(scan: Scan, build: Build) -> None:
    for kind in (hdf5.VARIABLE_STRING, hdf5.VARIABLE_BYTES):
        writer = hdf5.Writer()
        (element,) = writer.values(build.payload)
        assert scan("m.h5", writer.file(writer.group(hdf5.attribute("a", element, kind)))).payload


def test_a_file_in_a_dataset_is_found(scan: Scan, build: Build) -> None:
    for raw in (build.payload, build.zip({"data.pkl": build.payload})):
        for kind in (hdf5.byte_type(), hdf5.opaque_type(len(raw)), hdf5.string_type(1)):
            writer = hdf5.Writer()
            told = scan("m.h5", writer.file(writer.group(hdf5.link("d", 0, writer.contiguous(raw, kind)))))
            assert told.payload
            assert not told.gaps


def test_a_pickle_in_an_array_of_bytes_is_found(scan: Scan, build: Build) -> None:
    attribute = hdf5.attribute("a", build.payload, hdf5.byte_type(), hdf5.simple(len(build.payload)))
    assert scan("m.h5", hdf5.file(attribute)).payload


def test_a_user_block_and_what_follows_the_end_are_examined(scan: Scan, build: Build) -> None:
    writer = hdf5.Writer()
    root = writer.group()
    plain = writer.file(root, block=b"MATLAB 7.3 MAT-file".ljust(512, b" "))
    assert scan("m.mat", plain).clean
    assert scan("m.h5", writer.file(root, block=build.payload.ljust(1024, b"\0"))).payload
    assert scan("m.h5", writer.file(root, tail=build.zip({"data.pkl": build.payload}))).payload
    assert scan("m.h5", writer.file(root, tail=b"text")).rules == {"trailing-data"}


def test_a_configuration_that_is_no_json_is_a_gap(scan: Scan) -> None:
    assert scan("m.h5", hdf5.file(hdf5.attribute("model_config", '{"class_name": '))).reasons == {"malformed"}


def test_a_configuration_anywhere_is_examined(scan: Scan) -> None:
    text = json.dumps({"class_name": "Lambda", "config": {}})
    for name in ("model_config", "other"):
        writer = hdf5.Writer()
        inner = writer.group(hdf5.attribute(name, text))
        told = scan("m.h5", writer.file(writer.group(hdf5.link("g", 0, inner))))
        assert told.rules == {"keras-lambda-layer"}
        assert told.findings[0].location.member == (f"/g@{name}",)


def test_a_link_that_leads_back_is_followed_once(scan: Scan) -> None:
    data = hdf5.file(hdf5.link("self", 0, struct.pack("<Q", 48)), hdf5.attribute("a", "text"))
    assert scan("m.h5", data).clean


def test_work_is_bounded() -> None:
    writer = hdf5.Writer()
    place = struct.pack("<Q", 48)
    again = hdf5.message(16, place + struct.pack("<Q", 1 << 62))
    told = examined(writer.file(writer.header([again])))
    assert any(isinstance(item, Gap) for item in told)


@pytest.mark.parametrize("layout", LAYOUTS)
@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(changes=st.lists(st.tuples(st.integers(0, 1 << 20), st.integers(0, 255)), min_size=1, max_size=40))
def test_a_changed_file_only_gives_observations(layout: str, changes: list[tuple[int, int]]) -> None:
    data = bytearray(real(layout))
    for place, value in changes:
        data[place % len(data)] = value
    assert all(isinstance(item, Finding | Gap | Evidence) for item in examined(bytes(data)))


@given(st.binary(max_size=400))
@settings(max_examples=100, deadline=None)
def test_any_bytes_only_give_observations(data: bytes) -> None:
    for start in (hdf5.SIGNATURE, hdf5.file(hdf5.attribute("a", "b"))[:48]):
        assert all(isinstance(item, Finding | Gap | Evidence) for item in examined(start + data))


def heap(objects: bytes) -> tuple[hdf5.Writer, bytes]:
    """A fractal heap of one direct block that holds ``objects`` from offset 21 on."""
    writer = hdf5.Writer()
    block = writer.put(b"FHDB\0" + bytes(8) + bytes(4) + bytes(4) + objects.ljust(491, b"\0"))
    head = b"FRHP\0" + struct.pack("<HHBI", 8, 0, 0, 4096) + struct.pack("<Q", 0) + hdf5.NOWHERE + bytes(8)
    head += hdf5.NOWHERE + bytes(64) + struct.pack("<HQQHH", 4, 512, 4096, 32, 1) + block + struct.pack("<H", 0)
    return writer, writer.put(head + hdf5.lookup3(head))


def shared_file(kinds: int, identity: bytes, extension: bool = True) -> bytes:  # noqa: FBT001, FBT002 (a test's builder)
    """A file whose attribute is in the heap of shared messages."""
    body = hdf5.attribute("a", "found in the heap")[4:]
    writer, place = heap(body)
    entry = struct.pack("<BBHIHHH", 0, 0, kinds, 50, 50, 40, 1) + hdf5.NOWHERE + place
    table = writer.put(b"SMTB" + entry + bytes(4))
    head = writer.header([hdf5.message(15, b"\0" + table + b"\1")])
    shared = hdf5.message(12, b"\3\1" + identity, 2)
    data = bytearray(writer.file(writer.group(shared)))
    if extension:
        data[20:28] = head
    return bytes(data)


def identity(offset: int = 21, size: int = 50) -> bytes:
    return b"\0" + struct.pack("<IH", offset, size) + b"\0"


def test_shared_messages_are_read() -> None:
    size = len(hdf5.attribute("a", "found in the heap")) - 4
    reading = Reading(shared_file(1 << 12, identity(size=size)))
    assert reading.texts == {"@a": [b"found in the heap"]}


@pytest.mark.parametrize(
    "data",
    [
        shared_file(1 << 12, identity(offset=5000)),
        shared_file(1 << 12, b"\x10" + bytes(7)),
        shared_file(1 << 12, b"\x30" + bytes(7)),
        shared_file(1 << 12, b"\x22abcdefg"),
        shared_file(1 << 3, identity()),
        shared_file(1 << 12, identity(), extension=False),
    ],
)
def test_shared_messages_that_are_not_there_are_gaps(scan: Scan, data: bytes) -> None:
    told = scan("m.h5", data)
    assert told.gaps
    assert not told.findings


def test_committed_types_are_read() -> None:
    for version in (b"\1\0" + bytes(6), b"\2\0", b"\3\2"):
        writer = hdf5.Writer()
        kind = writer.header([hdf5.message(3, hdf5.string_type(4))])
        layout = b"\3\0" + struct.pack("<H", 4) + b"text"
        messages = [hdf5.message(1, hdf5.SCALAR), hdf5.message(3, version + kind, 2), hdf5.message(8, layout)]
        data = writer.header(messages)
        assert Reading(writer.file(writer.group(hdf5.link("d", 0, data)))).texts == {"/d": [b"text"]}


def dataset(layout: bytes, *messages: bytes, kind: bytes = b"", space: bytes = b"") -> bytes:
    """A file with one dataset of four characters."""
    writer = hdf5.Writer()
    assert writer.put(b"text") == struct.pack("<Q", 48)
    data = writer.dataset(kind or hdf5.string_type(4), space or hdf5.SCALAR, layout, *messages)
    return writer.file(writer.group(hdf5.link("d", 0, data)))


TEXT = struct.pack("<Q", 48)


@pytest.mark.parametrize(
    "layout",
    [
        b"\1\1\1" + bytes(5) + TEXT + struct.pack("<I", 1),
        b"\2\1\0" + bytes(5) + struct.pack("<II", 1, 4) + b"text",
        b"\3\1" + TEXT + struct.pack("<Q", 4),
        b"\3\0\4\0text",
        b"\4\2\0\2\1\1\4\1" + TEXT,
        b"\4\2\0\2\1\1\4\2" + TEXT,
    ],
)
def test_every_version_of_a_layout_is_read(layout: bytes) -> None:
    assert Reading(dataset(layout)).texts["/d"][0] == b"text"


def broken(layout: bytes, *messages: bytes, kind: bytes = b"", space: bytes = b"") -> bytes:
    """A file with one dataset of texts that are long enough to hold something."""
    return dataset(layout, *messages, kind=kind or hdf5.string_type(12), space=space)


@pytest.mark.parametrize(
    "data",
    [
        broken(b"\6\1"),
        broken(b"\3\7"),
        broken(b"\3\2\2" + TEXT + struct.pack("<II", 0, 4)),
        broken(b"\3\2\2" + TEXT + struct.pack("<II", 1, 4)),
        broken(b"\4\2\0\2\1\1\4\x09"),
        broken(b"\4\2\0\2\1\1\4\3\0" + TEXT),
        broken(b"\4\2\0\2\1\1\4\4" + bytes(5) + TEXT),
        broken(b"\4\2\0\2\1\1\4\5" + bytes(6) + TEXT),
        broken(b"\3\1" + TEXT + struct.pack("<Q", 4), space=b"\7\0\0\0"),
        broken(b"\3\1" + TEXT + struct.pack("<Q", 4), kind=struct.pack("<BBHI", 0x1E, 0, 0, 4)),
        broken(b"\3\1" + TEXT + struct.pack("<Q", 4), kind=struct.pack("<BBHI", 0x39, 0, 0, 4) * 20),
        broken(b"\3\1" + TEXT + struct.pack("<Q", 4), kind=struct.pack("<BBHI", 0x3A, 0, 0, 4) + b"\xff"),
        broken(b"\3\1" + TEXT + struct.pack("<Q", 4), hdf5.message(11, b"\x09\1")),
        broken(b"\4\2\0\2\1\1\4\1" + TEXT, hdf5.message(11, b"\2\1" + struct.pack("<HHH", 1, 0, 0))),
        hdf5.file(hdf5.message(12, b"\x09\0")),
        hdf5.file(hdf5.message(12, b"\3\3" + struct.pack("<HHH", 2, 10, 10) + b"\0a\0" + bytes(20))),
        hdf5.file(hdf5.message(6, b"\x09\0")),
        hdf5.file(hdf5.message(17, TEXT + TEXT)),
        hdf5.file(hdf5.message(21, b"\0\0" + TEXT + TEXT)),
        hdf5.file(hdf5.message(2, b"\0\1" + bytes(8) + TEXT + TEXT)),
        hdf5.file(hdf5.message(16, hdf5.NOWHERE + bytes(8))),
        hdf5.file(hdf5.attribute("a", bytes(16), hdf5.VARIABLE_STRING)[:-8] + struct.pack("<QI", 48, 1)[:8]),
    ],
)
def test_what_cannot_be_followed_is_a_gap(scan: Scan, data: bytes) -> None:
    told = scan("m.h5", data)
    assert told.gaps
    assert not told.findings


def test_a_superblock_of_the_future_is_a_gap(scan: Scan) -> None:
    data = bytearray(hdf5.file())
    data[8] = 9
    assert scan("m.h5", bytes(data)).reasons == {"unsupported"}
    data[8:10] = b"\2\x07"
    assert scan("m.h5", bytes(data)).reasons == {"malformed"}
    data = bytearray(hdf5.file())
    data[36:44] = hdf5.NOWHERE
    assert scan("m.h5", bytes(data)).reasons == {"malformed"}


def test_dense_attributes_that_are_missing_are_none(scan: Scan) -> None:
    assert scan("m.h5", hdf5.file(hdf5.message(21, b"\0\1\0\0" + hdf5.NOWHERE * 2))).clean


def test_many_broken_parts_are_some_gaps(scan: Scan) -> None:
    told = scan("m.h5", hdf5.file(*[hdf5.message(12, b"\x09\0")] * 300))
    assert 0 < len(told.gaps) <= 101


@pytest.mark.parametrize("place", ["dataset", "attribute"])
def test_bytes_that_are_used_again_and_again_end_the_walk(scan: Scan, place: str) -> None:
    writer = hdf5.Writer()
    elements = writer.values(bytes(1_000_000))[0] * 100
    if place == "dataset":
        layout = b"\3\1" + writer.put(elements) + struct.pack("<Q", len(elements))
        data = writer.dataset(hdf5.VARIABLE_BYTES, hdf5.simple(100), layout)
        root = writer.group(hdf5.link("d", 0, data))
    else:
        root = writer.group(hdf5.attribute("a", elements, hdf5.VARIABLE_BYTES, hdf5.simple(100)))
    told = scan("m.h5", writer.file(root))
    assert told.reasons == {"budget"}
    assert len(told.gaps) == 1


def test_bytes_in_chunks_are_put_together(scan: Scan, build: Build) -> None:
    raw = build.payload.ljust(40, b"\0")
    writer = hdf5.Writer()
    place = writer.put(raw)
    layout = b"\4\2\0\2\1\x0a\1\2" + place
    data = writer.dataset(hdf5.byte_type(), hdf5.simple(40), layout)
    assert scan("m.h5", writer.file(writer.group(hdf5.link("d", 0, data)))).payload


def test_a_wide_index_of_chunks_is_read() -> None:
    for filtered in (False, True):
        writer = hdf5.Writer()
        place = writer.put(b"text")
        record = place + (struct.pack("<BI", 4, 0) if filtered else b"") + bytes(8)
        leaf = writer.put(b"BTLF\0\x0a" + record + bytes(4))
        size = len(record)
        head = b"BTHD\0\x0a" + struct.pack("<IHHBB", 512, size, 0, 100, 40) + leaf + struct.pack("<HQ", 1, 1)
        layout = b"\4\2\0\2\1\1\4\5" + bytes(6) + writer.put(head + bytes(4))
        shuffle = hdf5.message(11, b"\2\1" + struct.pack("<HHHI", 2, 0, 1, 1))
        extra = (shuffle,) if filtered else ()
        data = writer.dataset(hdf5.string_type(4), hdf5.SCALAR, layout, *extra)
        assert Reading(writer.file(writer.group(hdf5.link("d", 0, data)))).texts == {"/d": [b"text"]}


def test_a_tree_that_leads_back_is_a_gap(scan: Scan) -> None:
    writer = hdf5.Writer()
    place = struct.pack("<Q", 48)
    writer.put(b"TREE\1\1" + struct.pack("<H", 1) + hdf5.NOWHERE * 2 + bytes(24) + place)
    layout = b"\3\2\2" + place + struct.pack("<II", 1, 12)
    data = writer.dataset(hdf5.string_type(12), hdf5.SCALAR, layout)
    assert scan("m.h5", writer.file(writer.group(hdf5.link("d", 0, data)))).reasons == {"malformed"}


def test_values_are_short_or_named() -> None:
    session = Session(allowlist.make_judge([]))
    assert list(content.examine(blob(b"x"), "/a", "model_config", b"{}", session)) == []
