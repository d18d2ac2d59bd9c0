"""Importing advisories: real ones, odd ones, hostile ones; and opening what was imported."""

from __future__ import annotations

import json
import os
import sqlite3
import struct
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chainguard_ml import audit
from chainguard_ml.audit import record as reader
from chainguard_ml.audit import sources
from chainguard_ml.audit.database import APPLICATION, Database
from chainguard_ml.errors import InputError, OutputError

if TYPE_CHECKING:
    from collections.abc import Callable


def read_all(path: Path) -> None:
    with Database(path) as opened:
        opened.status()
        list(opened.advisories(["a"]))
        opened.releases(["a"])


ZERO, FIXED = {"introduced": "0"}, {"fixed": "1.0"}


def test_a_real_database_is_loaded_whole(snapshot: Path, tmp_path: Path) -> None:
    path = tmp_path / "db"
    result = audit.import_advisories(snapshot, path)
    assert (result.records + len(result.quarantined), result.packages) == (2661, 664)
    # Withdrawn, and says nothing but the name of the package.
    assert result.quarantined == (("PYSEC-2022-15.json", "no usable version or range for 'loguru'"),)
    assert [name for name, _ in result.odd] == ["PYSEC-2019-125.json", "PYSEC-2021-371.json"]
    status = audit.status(path)
    assert (status.records, status.withdrawn, status.quarantined) == (2660, 9, 1)
    assert status.newest == result.newest == "2024-10-10T17:22:00.587279Z"
    assert [(item.name, item.records) for item in status.sources] == [("pypi-osv.zip", 2660)]
    assert status.sources[0].sha256.startswith("5c79a7d5")


def test_the_same_source_gives_the_same_bytes(zipped: Callable, record: Callable, tmp_path: Path) -> None:
    source = zipped(record("PYSEC-2", ZERO, versions=["2", "1.0", "1"]), record("PYSEC-1", ZERO, FIXED))
    audit.import_advisories(source, tmp_path / "one")
    audit.import_advisories(source, tmp_path / "two")
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()


def test_directories_files_lists_and_answers(record: Callable, tmp_path: Path) -> None:
    folder = tmp_path / "clone"
    (folder / "vulns/a").mkdir(parents=True)
    (folder / ".git").mkdir()
    (folder / ".git/x.json").write_text("{}")
    (folder / "vulns/a/1.json").write_text(json.dumps(record("PYSEC-1", ZERO)))
    (folder / "vulns/a/2.yaml").write_text("id: PYSEC-2\nmodified: 2026-01-01T00:00:00Z\naffected:\n"
                                           "- package: {ecosystem: PyPI, name: a}\n  versions: ['1.10']\n")  # fmt: skip
    (folder / "vulns/a/3.yaml").write_text("id: [")
    (folder / "README.md").write_text("no advisory")
    (folder / "link.json").symlink_to("/etc/hostname")
    result = audit.import_advisories(folder, tmp_path / "db")
    assert (result.records, result.ignored) == (2, 1)
    assert [name for name, _ in result.quarantined] == ["link.json", "vulns/a/3.yaml"]
    for document, records in (
        (record("PYSEC-1", ZERO), 1),
        ([record("PYSEC-1", ZERO), record("PYSEC-2", ZERO), 3], 2),
        ({"vulns": [record("PYSEC-1", ZERO)]}, 1),
    ):
        (tmp_path / "one.json").write_text(json.dumps(document))
        assert audit.import_advisories(tmp_path / "one.json", tmp_path / "db").records == records


def test_the_newest_record_of_an_identifier_is_kept(zipped: Callable, record: Callable, tmp_path: Path) -> None:
    older = record("PYSEC-1", ZERO, modified="2025-01-01T00:00:00Z")
    newer = record("PYSEC-1", ZERO, FIXED)
    for order in ((older, newer), (newer, older)):
        result = audit.import_advisories(zipped(*order), tmp_path / "db")
        assert (result.records, len(result.quarantined)) == (1, 1)
        with Database(tmp_path / "db") as database:
            (advisory,) = database.advisories(["a"])
        assert advisory.ranges == ((("introduced", "0"), ("fixed", "1.0")),)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"affected": [{"package": {"ecosystem": "PyPI", "name": "a"}}]}, "no usable version or range"),
        ({"affected": []}, "about no PyPI package"),
        ({"affected": {}}, "no list 'affected'"),
        ({"affected": [{"package": {"ecosystem": "PyPI", "name": "é"}, "versions": ["1"]}]}, "no package name"),
        ({"affected": [{"package": "a"}]}, "not an object with an ecosystem"),
        ({"affected": ["a"]}, "not an object"),
        ({"id": None}, "no valid id"),
        ({"id": "a b"}, "no valid id"),
        ({"schema_version": "2.0.0"}, "only 1.x"),
        ({"affected": [{"package": {"ecosystem": "PyPI", "name": "a"},
                        "ranges": [{"type": "ECOSYSTEM", "events": [{}]}]}]}, "not one event"),
        ({"affected": [{"package": {"ecosystem": "PyPI", "name": "a"},
                        "ranges": [{"type": "GIT", "events": [{"introduced": "0"}]}]}]}, "no usable version"),
    ],
)  # fmt: skip
def test_broken_records_are_quarantined(
    change: dict, reason: str, zipped: Callable, record: Callable, tmp_path: Path
) -> None:
    result = audit.import_advisories(
        zipped(record("PYSEC-1", ZERO), {**record("PYSEC-2", ZERO), **change}), tmp_path / "db"
    )
    assert result.records == 1
    ((name, said),) = result.quarantined
    assert name == "1.json"
    assert reason in said


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"modified": "yesterday"}, "'modified' is no RFC 3339 time"),
        ({"withdrawn": True}, "'withdrawn' is no RFC 3339 time"),
        ({"aliases": ["CVE-1", 3, "\ud800"]}, "an alias is no identifier"),
        ({"severity": ["high", {"type": "CVSS_V3", "score": 7}]}, "a severity is no vector"),
        ({"affected": [{"package": {"ecosystem": "PyPI:2026", "name": "A"}, "versions": ["1", 2, "\ud800"]}]},
         "holds what is no version"),
        ({"affected": [{"package": {"ecosystem": "PyPI", "name": "a"}, "versions": "1",
                        "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {}]}]}]}, "not one event"),
        ({"affected": [{"package": {"ecosystem": "PyPI", "name": "a"}, "versions": ["1"],
                        "ranges": [{"type": "ECOSYSTEM", "events": [{"fixed": "2"}]}, 3]}]}, "where it begins"),
        ({"affected": [{"package": {"ecosystem": "PyPI", "name": "a"}, "versions": ["1"], "ranges": 3},
                       {"package": {"ecosystem": "PyPI", "name": "b"}}]}, "for 'b'"),
    ],
)  # fmt: skip
def test_odd_records_are_kept_and_told(
    change: dict, reason: str, zipped: Callable, record: Callable, tmp_path: Path
) -> None:
    result = audit.import_advisories(zipped({**record("PYSEC-1", ZERO), **change}), tmp_path / "db")
    assert (result.records, result.quarantined) == (1, ())
    assert any(reason in said for _, said in result.odd), result.odd


@pytest.mark.parametrize("data", [b"{", b"\xff\xff", b'{"id": NaN}', b"[" * 100_000, b"", b"3", b'"\\ud800"'])
def test_members_that_are_no_records_are_quarantined(
    data: bytes, zipped: Callable, record: Callable, tmp_path: Path
) -> None:
    source = zipped(record("PYSEC-1", ZERO), members={"../../etc/\x1bevil.json": data, "notes.txt": b"x"})
    result = audit.import_advisories(source, tmp_path / "db")
    assert (result.records, result.ignored) == (1, 1)
    ((name, reason),) = result.quarantined
    assert name.isprintable()
    assert reason


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("x.zip", b"not a zip"),
        ("x.zip", b""),
        ("x.zip", b"PK\x03\x04 cut"),
        ("x.json", b"{"),
        ("x.json", b"[]"),
        ("x.json", b'{"id": "X"}'),
    ],
)
def test_what_holds_no_advisory_is_an_error_with_a_hint(name: str, data: bytes, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(data)
    with pytest.raises(InputError) as caught:
        audit.import_advisories(tmp_path / name, tmp_path / "db")
    assert (caught.value.exit_code, bool(caught.value.hint)) == (4, True)
    assert not (tmp_path / "db").exists()
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_records_about_other_ecosystems_are_counted_and_left_out(
    zipped: Callable, record: Callable, tmp_path: Path
) -> None:
    other = {"affected": [{"package": {"ecosystem": "npm", "name": "a"}, "versions": ["1"]}, {"ranges": []}]}
    result = audit.import_advisories(zipped(record("PYSEC-1", ZERO), record("GHSA-1", **other)), tmp_path / "db")
    assert (result.records, result.ignored, result.quarantined) == (1, 1, ())
    with pytest.raises(InputError, match="holds no usable advisory"):
        audit.import_advisories(zipped(record("GHSA-1", **other)), tmp_path / "none")


def test_a_missing_source_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot read"):
        audit.import_advisories(tmp_path / "gone.zip", tmp_path / "db")


def test_a_zip_cut_in_the_middle_is_an_error(zipped: Callable, record: Callable, tmp_path: Path) -> None:
    data = zipped(record("PYSEC-1", ZERO)).read_bytes()
    for length in range(3, len(data), 7):
        (tmp_path / "cut.zip").write_bytes(data[:length])
        with pytest.raises(InputError):
            audit.import_advisories(tmp_path / "cut.zip", tmp_path / "db")


def test_a_zip_bomb_is_refused_before_it_is_read(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "bomb.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for number in range(6):
            archive.writestr(f"{number}.json", b" " * 15_000_000)
    with pytest.raises(InputError, match="expands to more"):
        audit.import_advisories(tmp_path / "bomb.zip", tmp_path / "db")


def test_a_member_that_is_too_large_encrypted_or_broken_is_quarantined(
    zipped: Callable, record: Callable, tmp_path: Path
) -> None:
    path = zipped(record("PYSEC-1", ZERO), members={"large.json": b" " * (sources.MAX_RECORD + 1), "z.json": b"{" * 99})
    with zipfile.ZipFile(path, "a", zipfile.ZIP_LZMA) as archive:
        archive.writestr("lzma.json", b"{}")
    data = bytearray(path.read_bytes())
    place = data.rindex(b"PK\x01\x02", 0, data.rindex(b"z.json"))
    data[place + 16 : place + 20] = struct.pack("<I", 1)  # the wrong CRC-32 of z.json
    path.write_bytes(data)
    result = audit.import_advisories(path, tmp_path / "db")
    assert [name for name, _ in result.quarantined] == ["large.json", "lzma.json", "z.json"]
    assert result.records == 1


def test_the_previous_database_stays_and_readers_keep_theirs(
    zipped: Callable, record: Callable, tmp_path: Path
) -> None:
    path = tmp_path / "sub/dir/db"
    audit.import_advisories(zipped(record("PYSEC-1", ZERO)), path)
    with Database(path) as reading:
        audit.import_advisories(zipped(record("PYSEC-2", ZERO)), path)
        assert [item.id for item in reading.advisories(["a"])] == ["PYSEC-1"]
    with Database(path) as new, Database(path.with_name("db.previous")) as old:
        assert [item.id for item in new.advisories(["a"])] == ["PYSEC-2"]
        assert [item.id for item in old.advisories(["a"])] == ["PYSEC-1"]
    assert sorted(item.name for item in path.parent.iterdir()) == ["db", "db.previous"]


def test_an_interrupted_import_leaves_the_old_database(database: Callable, zipped: Callable, record: Callable) -> None:
    path = database(record("PYSEC-1", ZERO))
    before = path.read_bytes()

    class Interrupting:
        def stage(self, name: str, total: int | None = None) -> None:
            assert (name, total) == ("advisories", 2)

        def advance(self, name: str) -> None:
            raise KeyboardInterrupt(name)

    with pytest.raises(KeyboardInterrupt):
        audit.import_advisories(zipped(record("PYSEC-2", ZERO), record("PYSEC-3", ZERO)), path, Interrupting())
    assert path.read_bytes() == before
    assert {item.name for item in path.parent.iterdir()} == {path.name, "all.zip"}


def test_a_database_that_cannot_be_written_is_an_output_error(
    zipped: Callable, record: Callable, tmp_path: Path
) -> None:
    source = zipped(record("PYSEC-1", ZERO))
    (tmp_path / "folder").mkdir()
    for place in (tmp_path / "all.zip" / "db", tmp_path / "folder"):
        with pytest.raises(OutputError):
            audit.import_advisories(source, place)
    assert {item.name for item in tmp_path.iterdir()} == {"folder", "all.zip"}


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no full device here")
def test_a_full_disk_is_an_output_error(zipped: Callable, record: Callable, tmp_path: Path) -> None:
    import resource

    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    source = zipped(*(record(f"PYSEC-{number}", ZERO, summary=os.urandom(900).hex()) for number in range(50)))
    resource.setrlimit(resource.RLIMIT_FSIZE, (8192, before[1]))
    try:
        with pytest.raises(OutputError):
            audit.import_advisories(source, tmp_path / "db")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert not (tmp_path / "db").exists()


def test_files_that_are_no_database_of_ours_are_refused(database: Callable, record: Callable, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no advisory database") as missing:
        audit.status(tmp_path / "gone")
    assert "audit db import" in missing.value.hint
    (tmp_path / "text").write_text("SQLite format 3 it is not" * 100)
    with pytest.raises(InputError, match="broken"):
        audit.status(tmp_path / "text")
    (tmp_path / "empty").touch()
    with pytest.raises(InputError, match="no advisory database"):
        audit.status(tmp_path / "empty")
    path = database(record("PYSEC-1", ZERO))
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA user_version = 99")
    connection.close()
    with pytest.raises(InputError, match="version 99"):
        audit.status(path)


@pytest.mark.parametrize(
    "damage",
    [
        "DROP TABLE meta",
        "DELETE FROM meta",
        "UPDATE meta SET value = 'x'",
        "UPDATE advisory SET lists = '['",
        "UPDATE advisory SET lists = '[1,2,3,4]'",
        "UPDATE release SET versions = '3'",
        "DROP TABLE advisory",
    ],
)
def test_a_database_with_other_content_is_an_input_error(damage: str, database: Callable, record: Callable) -> None:
    path = database(record("PYSEC-1", ZERO, FIXED))
    connection = sqlite3.connect(path)
    connection.execute(damage)
    connection.commit()
    connection.close()
    with pytest.raises(InputError, match="broken"):
        read_all(path)


def test_a_database_cut_in_the_middle_is_an_input_error(database: Callable, record: Callable) -> None:
    path = database(*(record(f"PYSEC-{number}", ZERO, summary="x" * 150) for number in range(300)))
    data = path.read_bytes()
    assert struct.unpack(">I", data[68:72])[0] == APPLICATION
    path.write_bytes(data[: len(data) // 8])
    with pytest.raises(InputError):
        read_all(path)


def test_names_that_need_quoting_in_an_address(zipped: Callable, record: Callable, tmp_path: Path) -> None:
    path = tmp_path / "odd ?name#%41"
    audit.import_advisories(zipped(record("PYSEC-1", ZERO)), path)
    assert audit.status(path).records == 1


RECORD = ["id", "affected", "aliases", "severity", "modified", "withdrawn", "summary", "details", "database_specific"]
ENTRY = ["package", "ecosystem", "name", "ranges", "type", "events", "introduced", "fixed", "last_affected", "limit"]
keys = st.sampled_from([*RECORD, *ENTRY, "versions", "score", "schema_version"])
words = ["PyPI", "a", "0", "1.0", "GIT", "ECOSYSTEM", "CVSS_V3", "PYSEC-1", "2026-01-01T00:00:00Z", "1.6.0", "HIGH"]
leaves = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=8)
    | st.sampled_from(words)
)
anything = st.recursive(leaves, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(keys, inner, max_size=5))
entries = st.fixed_dictionaries({}, optional={
    "package": st.just({"ecosystem": "PyPI", "name": "a"}) | anything,
    "ranges": st.lists(st.fixed_dictionaries({"type": st.just("ECOSYSTEM"), "events": st.lists(anything, max_size=4)}))
    | anything,
    "versions": st.lists(leaves, max_size=4) | anything})  # fmt: skip
documents = anything | st.fixed_dictionaries(
    {"id": st.just("PYSEC-1"), "affected": st.lists(entries, max_size=3)},
    optional=dict.fromkeys(
        ("aliases", "severity", "modified", "withdrawn", "summary", "details", "database_specific"), anything
    ),
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow], deadline=None)
@given(documents)
def test_any_value_is_kept_or_quarantined_with_a_reason(record: Callable, tmp_path: Path, document: object) -> None:
    whole = record("PYSEC-0", ZERO)
    (tmp_path / "all.json").write_text(json.dumps([whole, document]))
    result = audit.import_advisories(tmp_path / "all.json", tmp_path / "db")
    assert result.records + len(result.quarantined) + result.ignored == 2
    assert all(reason and reason.isprintable() for _, reason in result.quarantined + result.odd)
    with Database(tmp_path / "db") as opened:
        assert {item.id for item in opened.advisories(["a"])} >= {"PYSEC-0"}


@given(documents)
def test_any_value_is_a_record_or_refused(document: object) -> None:
    try:
        reading = reader.read(document)
    except reader.BrokenRecordError:
        return
    assert reading.advisories
    assert all(advisory.ranges or advisory.versions for advisory in reading.advisories)
