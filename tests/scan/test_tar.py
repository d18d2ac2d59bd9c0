"""Tar archives, and torch's checkpoints from the time before its zip container."""

from __future__ import annotations

import struct
import tarfile
from typing import TYPE_CHECKING

import pytest

from chainguard_ml.scan.formats import tar_reader

if TYPE_CHECKING:
    from tests.scan.conftest import Build, Scan


FORMS = [tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT]


def entry(name: str, kind: bytes, target: str = "") -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, target
    return info


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("name", ["model", "ä" * 60 + "/model", "d/" * 60 + "model"])
def test_members_of_every_flavour_are_examined(scan: Scan, build: Build, form: int, name: str) -> None:
    try:
        data = build.tar({"readme": b"hello", name: build.payload}, form)
    except ValueError:
        pytest.skip("ustar cannot hold this name")
    told = scan("x.tar", data)
    assert told.payload
    assert not told.gaps
    assert told.findings[0].location.member == (name,)
    assert scan("x.tar", build.tar({name: b"text"}, form)).clean


def test_an_archive_of_the_seventh_edition_is_read(scan: Scan, build: Build) -> None:
    data = bytearray(build.tar({"model": build.payload}, tarfile.USTAR_FORMAT))
    data[257:512] = bytes(255)
    data[148:156] = b" " * 8
    data[148:156] = f"{sum(data[:512]):06o}\0 ".encode()
    assert scan("x.tar", bytes(data)).payload


@pytest.mark.parametrize(
    "bad",
    [
        entry("../x", tarfile.REGTYPE),
        entry("/x", tarfile.REGTYPE),
        entry("x", tarfile.SYMTYPE, "/etc/passwd"),
        entry("d/x", tarfile.SYMTYPE, "../../x"),
        entry("d/x", tarfile.LNKTYPE, "../x"),
    ],
)
@pytest.mark.parametrize("form", FORMS)
def test_what_leaves_the_directory_is_critical(scan: Scan, build: Build, form: int, bad: tarfile.TarInfo) -> None:
    assert "archive-path-traversal" in scan("x.tar", build.tar({"a": b"text"}, form, bad)).rules


@pytest.mark.parametrize("good", [entry("d/x", tarfile.SYMTYPE, "../a"), entry("d/x", tarfile.LNKTYPE, "a")])
def test_links_inside_are_ordinary(scan: Scan, build: Build, good: tarfile.TarInfo) -> None:
    assert scan("x.tar", build.tar({"a": b"text"}, tarfile.PAX_FORMAT, good)).clean


@pytest.mark.parametrize("kind", [tarfile.CHRTYPE, tarfile.BLKTYPE, tarfile.FIFOTYPE])
def test_devices_and_pipes_are_reported(scan: Scan, build: Build, kind: bytes) -> None:
    assert scan("x.tar", build.tar({}, tarfile.PAX_FORMAT, entry("x", kind))).rules == {"tar-unsafe-member"}


def test_what_follows_the_end_is_examined(scan: Scan, build: Build) -> None:
    told = scan("x.tar", build.tar({"a": b"text"}) + build.payload)
    assert told.payload
    assert "trailing-data" in told.rules


def test_one_zero_block_hides_nothing(scan: Scan, build: Build) -> None:
    first = build.tar({"a": b"text"})[:1024]
    assert scan("x.tar", first + bytes(512) + build.tar({"b": build.payload})).payload


def test_a_cut_archive_is_a_gap(scan: Scan, build: Build) -> None:
    data = build.tar({"a": build.payload, "b": b"x" * 600})
    told = scan("x.tar", data[: 512 * 4])
    assert told.payload
    assert told.reasons == {"malformed"}


def test_a_header_with_a_wrong_checksum_is_a_gap_and_the_rest_examined(scan: Scan, build: Build) -> None:
    data = bytearray(build.tar({"a": b"text", "b": b"text"}))
    data[1024 + 150] ^= 1
    told = scan("x.tar", bytes(data))
    assert "malformed" in told.reasons


def test_sparse_members_are_a_gap(scan: Scan, build: Build) -> None:
    info = tarfile.TarInfo("a")
    info.pax_headers = {"GNU.sparse.major": "1", "GNU.sparse.minor": "0", "GNU.sparse.name": "real"}
    told = scan("x.tar", build.tar({}, tarfile.PAX_FORMAT, info))
    assert told.clean  # empty: nothing to examine
    header = bytearray(build.tar({"a": b"text"}, tarfile.GNU_FORMAT))
    header[156:157] = b"S"
    header[482] = 1
    header[148:156] = b" " * 8
    header[148:156] = f"{sum(header[:512]):06o}\0 ".encode()
    assert "unsupported" in scan("x.tar", bytes(header)).reasons


def test_sizes_in_base_256_and_in_pax_headers_are_read(scan: Scan, build: Build) -> None:
    data = bytearray(build.tar({"a": build.payload}, tarfile.GNU_FORMAT))
    data[124:136] = b"\x80" + (len(build.payload)).to_bytes(11, "big")
    data[148:156] = b" " * 8
    data[148:156] = f"{sum(data[:512]):06o}\0 ".encode()
    assert scan("x.tar", bytes(data)).payload


def test_the_oldest_torch_checkpoint(scan: Scan, build: Build) -> None:
    import pickle

    number = pickle.dumps(1, 2)
    key = pickle.dumps(("0", "cpu"), 2)
    storages = number + key + struct.pack("<q", 4) + bytes(range(1, 17))
    parts = {"sys_info": build.harmless, "pickle": build.harmless, "storages": storages, "tensors": number}
    told = scan("x.pt", build.tar(parts))
    assert told.clean
    assert told.format == "torch-tar"
    for name in ("sys_info", "pickle"):
        assert scan("x.pt", build.tar({**parts, name: build.payload})).payload
    assert scan("x.pt", build.tar({**parts, "storages": number + build.payload + bytes(24)})).payload
    assert scan("x.pt", build.tar({**parts, "storages": storages + build.payload})).payload


def test_a_tar_archive_whose_first_name_is_a_pickle(scan: Scan, build: Build) -> None:
    told = scan("x.pkl", build.tar({"cos\nsystem\n(S'echo seen'\ntR.": b"text"}, tarfile.USTAR_FORMAT))
    assert told.payload
    assert told.format == "tar"


@pytest.mark.parametrize("name", ["config.json", "checkpoint/model", "(a)", "info", "Version", "I.txt", "b", "]"])
def test_ordinary_first_names_are_no_pickle(scan: Scan, build: Build, name: str) -> None:
    text = b'{\n  "architectures": [\n    "Bert"\n  ]\n}\n' * 30
    assert scan("x.tar", build.tar({name: text, "b": text}, tarfile.GNU_FORMAT)).clean


def test_global_headers_and_their_mistakes_are_read(scan: Scan, build: Build) -> None:
    import io

    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w", format=tarfile.PAX_FORMAT, pax_headers={"comment": "x"}) as archive:
        info = tarfile.TarInfo("a")
        info.size = len(build.payload)
        archive.addfile(info, io.BytesIO(build.payload))
    data = stream.getvalue()
    assert scan("x.tar", data).payload
    assert scan("x.tar", data.replace(b"13 comment=x", b"zz comment=x")).payload


def test_sizes_that_are_no_numbers_are_a_gap(scan: Scan, build: Build) -> None:
    data = bytearray(build.tar({"a": b"text"}, tarfile.USTAR_FORMAT))
    for size in (b"zzzzzzzzzzz\0", b"\xff" * 12):
        data[124:136] = size
        data[148:156] = b" " * 8
        data[148:156] = f"{sum(data[:512]):06o}\0 ".encode()
        assert "malformed" in scan("x.tar", bytes(data)).reasons


def test_more_members_than_are_read_are_a_gap(scan: Scan, build: Build, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tar_reader, "_MEMBERS", 1000)
    data = build.tar({"a": b""}, tarfile.USTAR_FORMAT)
    assert scan("x.tar", data[:512] * 1001).reasons == {"budget"}
