"""What joblib and NumPy really write: clean when it is harmless, found when it is not."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from chainguard_ml.model import Finding, Gap, Severity
from chainguard_ml.scan import scan_file

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.oracle

joblib = pytest.importorskip("joblib")
np = pytest.importorskip("numpy")

COMPRESSIONS = [0, 1, 3, 9, ("zlib", 3), ("gzip", 3), ("bz2", 3), ("xz", 3), ("lzma", 3)]


class Payload:
    """Would print when it is loaded; it never is."""

    def __reduce__(self) -> tuple[object, tuple[str, ...]]:
        return print, ("seen",)


def told(path: Path, obj: object, compress: object) -> list[object]:
    joblib.dump(obj, path, compress=compress)
    return [item for item in scan_file(path) if isinstance(item, Finding | Gap)]


@pytest.mark.parametrize("compress", COMPRESSIONS, ids=str)
@pytest.mark.parametrize("suffix", ["joblib", "pkl", "joblib.z", "unknown"])
def test_joblib_files_are_clean_in_every_compression(tmp_path: Path, compress: object, suffix: str) -> None:
    from sklearn.ensemble import RandomForestClassifier
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    data = np.arange(400.0).reshape(100, 4)
    model = make_pipeline(StandardScaler(), LogisticRegression()).fit(data, data[:, 0] > 99)
    forest = RandomForestClassifier(3).fit(data, data[:, 0] > 99)
    arrays = {"a": data, "b": np.asfortranarray(data), "c": np.array(["x", "y"]), "d": np.ones((), dtype="i4")}
    for obj in (model, forest, arrays):
        assert told(tmp_path / f"m.{suffix}", obj, compress) == []


@pytest.mark.parametrize("compress", COMPRESSIONS, ids=str)
def test_arrays_of_objects_in_joblib_files_are_clean(tmp_path: Path, compress: object) -> None:
    objects = np.array([{"a": 1}, None], dtype=object)
    for obj in (objects, {"objects": objects}, [np.arange(9), objects, np.arange(9)]):
        assert told(tmp_path / "m.joblib", obj, compress) == []


@pytest.mark.parametrize("compress", COMPRESSIONS, ids=str)
def test_payloads_in_joblib_files_are_found_in_every_compression(tmp_path: Path, compress: object) -> None:
    data = np.arange(400.0)
    for obj in (Payload(), [data, Payload()], {"a": data, "b": np.array([Payload()], dtype=object), "c": data}):
        found = told(tmp_path / "m.joblib", obj, compress)
        assert any(isinstance(item, Finding) and item.severity >= Severity.HIGH for item in found)
