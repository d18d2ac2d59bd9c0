"""Scan, then load: what is handed out is what was scanned."""

from __future__ import annotations

import os
import pickle
from typing import TYPE_CHECKING, BinaryIO

import joblib
import numpy as np
import pytest

import chainguard_ml
from chainguard_ml.config import AllowedGlobal
from chainguard_ml.errors import InputError, RefusedError
from chainguard_ml.model import Finding, Gap, Severity

if TYPE_CHECKING:
    from pathlib import Path

    from tests.scan.conftest import Build


def test_an_acceptable_file_is_loaded(tmp_path: Path) -> None:
    path = tmp_path / "values.pkl"
    path.write_bytes(pickle.dumps({"a": [1, 2]}))
    assert chainguard_ml.safe_load(path, pickle.load) == {"a": [1, 2]}
    assert chainguard_ml.safe_load(str(path), lambda stream: stream.read()) == path.read_bytes()


def test_the_loader_gets_the_scanned_bytes_whatever_happens_on_disk(tmp_path: Path, build: Build) -> None:
    path = tmp_path / "values.pkl"
    path.write_bytes(pickle.dumps([1]))

    def late(stream: BinaryIO) -> object:
        path.write_bytes(build.payload)  # somebody swaps the file between scan and load
        return pickle.load(stream)

    assert chainguard_ml.safe_load(path, late) == [1]


@pytest.mark.skipif(not hasattr(os, "memfd_create"), reason="the system has no sealed memory files")
def test_nobody_can_change_the_copy(tmp_path: Path) -> None:
    path = tmp_path / "values.pkl"
    path.write_bytes(pickle.dumps([1]))

    def meddle(stream: BinaryIO) -> bool:
        with pytest.raises(OSError, match="not permitted"):
            os.pwrite(stream.fileno(), b"x", 0)
        with pytest.raises(OSError, match="not permitted"):
            os.ftruncate(stream.fileno(), 0)
        return True

    assert chainguard_ml.safe_load(path, meddle)


def test_a_payload_is_refused_and_never_loaded(tmp_path: Path, build: Build) -> None:
    path = tmp_path / "model.pkl"
    path.write_bytes(build.payload)
    with pytest.raises(
        RefusedError, match=r"'model.pkl' is not loaded\n  - model.pkl@0x2: it calls os.system"
    ) as caught:
        chainguard_ml.safe_load(path, lambda _: pytest.fail("it was loaded"))
    assert caught.value.exit_code == 1
    assert [item.rule for item in caught.value.reasons if isinstance(item, Finding)] == ["dangerous-global"]


def test_what_could_not_be_examined_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "model.pkl"
    path.write_bytes(b"no model at all")
    with pytest.raises(RefusedError) as caught:
        chainguard_ml.safe_load(path, lambda _: pytest.fail("it was loaded"))
    assert isinstance(caught.value.reasons[0], Gap)


def test_the_threshold_and_the_allow_list_are_the_callers(tmp_path: Path) -> None:
    path = tmp_path / "model.pkl"
    path.write_bytes(b"cmine.models\nNet\n.")
    assert chainguard_ml.safe_load(path, lambda stream: stream.read(1)) == b"c"  # only referenced: medium
    with pytest.raises(RefusedError):
        chainguard_ml.safe_load(path, bytes, fail_on=Severity.MEDIUM)
    mine = AllowedGlobal("mine.models.Net", ("referenced",), "our own class")
    assert chainguard_ml.safe_load(path, lambda stream: stream.read(1), allow=[mine], fail_on=Severity.INFO) == b"c"


def test_real_loaders_take_the_stream_and_the_path(tmp_path: Path) -> None:
    joblib.dump({"a": np.arange(3)}, tmp_path / "m.joblib", compress=3)
    assert chainguard_ml.safe_load(tmp_path / "m.joblib", joblib.load)["a"].tolist() == [0, 1, 2]
    np.savez(tmp_path / "m.npz", a=np.arange(3))
    with chainguard_ml.safe_path(tmp_path / "m.npz") as path:
        assert path.name == "m.npz"
        (tmp_path / "m.npz").write_bytes(b"swapped")
        assert np.load(path)["a"].tolist() == [0, 1, 2]
    assert not path.exists()


def test_errors_of_the_loader_are_its_own(tmp_path: Path) -> None:
    path = tmp_path / "values.pkl"
    path.write_bytes(pickle.dumps([1]))

    def fails(stream: BinaryIO) -> None:
        raise OSError(5, "the loader's own")

    with pytest.raises(OSError, match="the loader's own"):
        chainguard_ml.safe_load(path, fails)


def test_what_cannot_be_read_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"cannot open 'none\.pkl'"):
        chainguard_ml.safe_load(tmp_path / "none.pkl", pickle.load)
    with pytest.raises(InputError):
        chainguard_ml.safe_load(tmp_path, pickle.load)


def test_without_sealed_memory_a_nameless_file_serves(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(os, "memfd_create", raising=False)
    path = tmp_path / "values.pkl"
    path.write_bytes(pickle.dumps([1]))
    assert chainguard_ml.safe_load(path, pickle.load) == [1]
