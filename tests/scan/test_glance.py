"""A glance says what the whole examination says, or nothing."""

from __future__ import annotations

import pickle
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chainguard_ml.files import opened_root
from chainguard_ml.model import Location, Subject
from chainguard_ml.scan import allowlist, worker
from chainguard_ml.scan.examination import Session
from chainguard_ml.scan.glance import at_a_glance
from chainguard_ml.scan.interface import Blob
from tests.corpus.frame import samples

if TYPE_CHECKING:
    from pathlib import Path

    from chainguard_ml.model import Observation

JUDGE = allowlist.make_judge([])
DATA = {"weights": [number / 7 for number in range(60)], "names": ["a", "b"], "step": 7}
CONTENTS = [
    (path.rpartition("/")[2], data)
    for kind in ("malicious", "benign")
    for sample in samples(kind)
    for path, data in sample.files.items()
    if data[:1] == b"\x80" and len(data) < 1 << 16
]


class Whole(Session):
    """Examines everything as a whole."""

    def _glance(self, _: Blob) -> None:
        return None


def _seen(session: Session, name: str, data: bytes) -> tuple[str, list[Observation]]:
    blob = Blob(data, Subject(name, size=len(data)), Location(name), name)
    found = list(session.nested(blob))
    return session.format, found


def _both(name: str, data: bytes) -> None:
    assert _seen(Session(JUDGE), name, data) == _seen(Whole(JUDGE), name, data)


def test_the_corpus() -> None:
    assert len(CONTENTS) > 500
    for name, data in CONTENTS:
        _both(name, data)


@given(data=st.binary(max_size=40), at=st.integers(0, 600), protocol=st.integers(2, 5))
def test_changed_pickles(data: bytes, at: int, protocol: int) -> None:
    plain = pickle.dumps(DATA, protocol=protocol)
    for name in ("model.pkl", "x", "model.safetensors"):
        _both(name, plain[:at] + data + plain[at:])
        _both(name, plain[:at] + data + plain[at + len(data) :])
    _both("x.pkl", plain + data)


@pytest.mark.parametrize("protocol", range(2, 6))
def test_mere_data_is_told_at_a_glance(protocol: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "chainguard_ml.scan.examination.recognise", lambda _: pytest.fail("it was looked at as a whole")
    )
    data = pickle.dumps(DATA, protocol=protocol)
    name, (evidence,) = _seen(Session(JUDGE), "model.pkl", data)
    assert name == "pickle"
    assert evidence.statement == {"protocol": protocol, "streams": 1, "globals": []}  # type: ignore[union-attr]


def test_files_say_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plain = pickle.dumps(DATA, protocol=4)
    files = {
        "a.pkl": plain, "deep/b.bin": plain, "c.safetensors": plain, "d.pkl": plain[:-1], "e.pkl": plain * 2,
        "f.pkl": plain[:100], "g": b"", "h.pkl": pickle.dumps(DATA, protocol=0), "i.pkl": plain + b"PK\5\6",
    }  # fmt: skip
    for name, data in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(data)
    (tmp_path / "link.pkl").symlink_to("a.pkl")
    names = [*files, "link.pkl", "deep", "missing.pkl"]
    with opened_root(tmp_path) as root:
        told = {name: at_a_glance(root, name) is not None for name in names}
        assert [name for name in names if told[name]] == ["a.pkl", "deep/b.bin"]
        quick = [worker.examine_file(root, name, JUDGE) for name in names]
        monkeypatch.setattr(worker, "at_a_glance", lambda *_: None)
        assert quick == [worker.examine_file(root, name, JUDGE) for name in names]
