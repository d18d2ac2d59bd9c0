"""CISA's catalogue and EPSS scores: real, odd, hostile; and how they live beside the advisories."""

from __future__ import annotations

import fcntl
import gzip
import json
import os
import sqlite3
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chainguard_ml import audit
from chainguard_ml.audit import enrichments
from chainguard_ml.audit.database import Database
from chainguard_ml.audit.interface import Threat
from chainguard_ml.errors import InputError, OutputError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

ZERO = {"introduced": "0"}
HEAD = b"#model_version:v2025.03.14,score_date:2026-01-02T00:00:00+0000\ncve,epss,percentile\n"


def catalogue(*entries: object) -> bytes:
    return json.dumps(
        {"catalogVersion": "2026.01.02", "dateReleased": "2026-01-02T03:04:05Z", "vulnerabilities": entries}
    ).encode()


def threats(path: Path, *names: str) -> dict[str, Threat]:
    with Database(path) as opened:
        return opened.threats(names)


def test_the_real_catalogue(snapshot: Path, snapshot_database: Path, tmp_path: Path) -> None:
    path = tmp_path / "db"
    path.write_bytes(snapshot_database.read_bytes())
    result = audit.import_advisories(snapshot.with_name("kev.json.gz"), path)
    assert (result.kind, result.records, result.newest, result.quarantined) == ("kev", 1404, "2025-08-25", ())
    with Database(path) as opened:
        everything = [item for item in opened.advisories(["salt", "apache-airflow", "pyspark"]) if not item.withdrawn]
        hit = opened.threats(alias for item in everything for alias in item.aliases)
        assert len(hit) == 6
        assert all(threat.exploited.startswith("20") for threat in hit.values())
        assert [source.kind for source in opened.status().sources] == ["advisories", "kev"]


def test_enrichments_stay_when_advisories_are_replaced(database: Callable, record: Callable, tmp_path: Path) -> None:
    path = database(record("PYSEC-1", ZERO))
    (tmp_path / "kev.json").write_bytes(catalogue({"cveID": "CVE-2020-0001", "dateAdded": "2021-01-01"}))
    (tmp_path / "scores.csv.gz").write_bytes(gzip.compress(HEAD + b"CVE-2020-0001,0.5,0.75\r\nCVE-2020-0002,1,1\n"))
    assert audit.import_advisories(tmp_path / "scores.csv.gz", path).kind == "epss"
    assert audit.import_advisories(tmp_path / "kev.json", path).records == 1
    expected = {
        "CVE-2020-0001": Threat("2021-01-01", probability=0.5, percentile=0.75),
        "CVE-2020-0002": Threat(probability=1.0, percentile=1.0),
    }
    assert threats(path, "CVE-2020-0001", "CVE-2020-0002", "CVE-2020-0003") == expected
    database(record("PYSEC-2", ZERO), record("PYSEC-3", ZERO))
    assert threats(path, "CVE-2020-0001", "CVE-2020-0002") == expected
    status = audit.status(path)
    assert [(item.kind, item.name, item.records, item.dated) for item in status.sources] == [
        ("advisories", "all.zip", 2, "2026-01-02T03:04:05Z"),
        ("epss", "scores.csv.gz", 2, "2026-01-02"),
        ("kev", "kev.json", 1, "2026-01-02"),
    ]
    assert status.collections == (("PYSEC", 2),)
    (tmp_path / "kev.json").write_bytes(catalogue({"cveID": "CVE-2020-0002", "dateAdded": 3}))
    audit.import_advisories(tmp_path / "kev.json", path)
    assert threats(path, "CVE-2020-0001", "CVE-2020-0002")["CVE-2020-0002"].exploited == "unknown"
    assert not threats(path, "CVE-2020-0001")["CVE-2020-0001"].exploited


def test_an_old_database_that_is_broken_has_nothing_to_carry_over(
    database: Callable, record: Callable, tmp_path: Path
) -> None:
    (tmp_path / "advisories.sqlite").write_bytes(b"SQLite format 3\0" + bytes(100))
    path = database(record("PYSEC-1", ZERO))
    assert audit.status(path).records == 1


def test_without_advisories_there_is_nothing_to_enrich(tmp_path: Path) -> None:
    (tmp_path / "kev.json").write_bytes(catalogue({"cveID": "CVE-2020-0001"}))
    with pytest.raises(InputError, match="no advisory database") as caught:
        audit.import_advisories(tmp_path / "kev.json", tmp_path / "db")
    assert caught.value.hint
    assert [item.name for item in tmp_path.iterdir()] == ["kev.json"]


def test_entries_that_are_odd_are_told(database: Callable, record: Callable, tmp_path: Path) -> None:
    path = database(record("PYSEC-1", ZERO))
    source = tmp_path / "kev.json"
    source.write_bytes(catalogue({"cveID": "CVE-2020-0001"}, {"cveID": "CVE-1"}, 3, {}))
    result = audit.import_advisories(source, path)
    assert (result.records, [name for name, _ in result.quarantined]) == (
        1, ["vulnerabilities[1]", "vulnerabilities[2]", "vulnerabilities[3]"]
    )  # fmt: skip
    lines = b"CVE-2020-0001,0.5,0.5\n,,\nCVE-2020-2,2,0\nCVE-2020-0003,x,0\nCVE-2020-0004,nan,0\n\n" + b"z\n" * 30
    source.write_bytes(b"\xef\xbb\xbf" + HEAD + lines)
    result = audit.import_advisories(source, path)
    assert (result.kind, result.records, len(result.quarantined)) == ("epss", 1, 21)
    assert result.quarantined[-1] == ("and more", "14 entries like these")


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (catalogue(), "names no vulnerability"),
        (catalogue(3), "has no CVE identifier"),
        (b'{"vulnerabilities": [, "catalogVersion": 1}', "is no catalogue"),
        (b'{"vulnerabilities": "x", "catalogVersion": 1}', "names no vulnerability"),
        (b'{"catalogVersion": [{"vulnerabilities": 1}]}', "is no catalogue"),
        (b'{"a":' * 5000 + b'"vulnerabilities" "catalogVersion"', "nested too deeply"),
        (HEAD, "names no vulnerability"),
        (HEAD + b"\xff\x00,1,1", "names no vulnerability"),
        (gzip.compress(b"hello", mtime=0), "unpacks to neither"),
        (gzip.compress(HEAD + b"CVE-2020-0001,1,1", mtime=0)[:-9], "cut off"),
        (b"\x1f\x8b" + bytes(50), "no whole gzip file"),
        (b"\x1f\x8b", "cut off"),
    ],
)
def test_files_that_say_nothing_are_refused(
    data: bytes, reason: str, database: Callable, record: Callable, tmp_path: Path
) -> None:
    path = database(record("PYSEC-1", ZERO))
    before = path.read_bytes()
    (tmp_path / "source").write_bytes(data)
    with pytest.raises(InputError, match=reason):
        audit.import_advisories(tmp_path / "source", path)
    assert path.read_bytes() == before


def test_a_gzip_bomb_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(enrichments, "MAX_BYTES", 100_000)
    for data in (gzip.compress(HEAD + bytes(100_000)), gzip.compress(bytes(60_000)) * 2):
        (tmp_path / "bomb.gz").write_bytes(data)
        with pytest.raises(InputError, match="unpacks to more"):
            enrichments.read(tmp_path / "bomb.gz")
    (tmp_path / "large").write_bytes(bytes(100_001))
    assert enrichments.read(tmp_path / "large") is None
    assert enrichments.read(tmp_path / "gone") is None


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=50)
@given(st.binary(max_size=60), st.integers(0, 200), st.sampled_from(["kev", "epss", "gz"]))
def test_any_bytes_are_read_or_refused(tmp_path: Path, junk: bytes, place: int, kind: str) -> None:
    whole = {"kev": catalogue({"cveID": "CVE-2020-0001"}), "epss": HEAD + b"CVE-2020-0001,0.5,0.5\n"}
    whole["gz"] = gzip.compress(whole["epss"])
    data = whole[kind][:place] + junk + whole[kind][place + len(junk) :]
    (tmp_path / "any").write_bytes(data)
    try:
        found = enrichments.read(tmp_path / "any")
    except InputError:
        return
    assert found is None or found.rows


def test_a_digest_is_compared_first(zipped: Callable, record: Callable, tmp_path: Path) -> None:
    source = zipped(record("PYSEC-1", ZERO))
    (item,) = audit.status(_imported(source, tmp_path / "one")).sources
    assert audit.import_advisories(source, tmp_path / "two", sha256=f"sha256:{item.sha256.upper()}").records == 1
    with pytest.raises(InputError, match=f"{item.sha256}, not {'0' * 64}"):
        audit.import_advisories(source, tmp_path / "three", sha256="0" * 64)
    with pytest.raises(InputError, match="cannot read"):
        audit.import_advisories(tmp_path / "gone", tmp_path / "three", sha256="0" * 64)
    with pytest.raises(UsageError, match="is no SHA-256"):
        audit.import_advisories(source, tmp_path / "three", sha256="abc")
    with pytest.raises(UsageError, match="a directory has no"):
        audit.import_advisories(tmp_path, tmp_path / "three", sha256="0" * 64)
    assert not (tmp_path / "three").exists()


def _imported(source: Path, path: Path) -> Path:
    audit.import_advisories(source, path)
    return path


def test_two_writers_do_not_meet(zipped: Callable, record: Callable, tmp_path: Path) -> None:
    source = zipped(record("PYSEC-1", ZERO))
    path = tmp_path / "data" / "db"
    path.parent.mkdir()
    other = os.open(path.parent, os.O_RDONLY)
    fcntl.flock(other, fcntl.LOCK_EX)
    try:
        with pytest.raises(OutputError, match="another process is writing"):
            audit.import_advisories(source, path)
    finally:
        os.close(other)
    assert audit.import_advisories(source, path).records == 1
    assert [item.name for item in path.parent.iterdir()] == ["db"]


def test_a_table_that_is_missing_is_a_broken_database(database: Callable, record: Callable) -> None:
    path = database(record("PYSEC-1", ZERO))
    connection = sqlite3.connect(path)
    connection.execute("DROP TABLE kev")
    connection.commit()
    connection.close()
    with pytest.raises(InputError, match="broken"):
        threats(path, "CVE-2020-0001")
