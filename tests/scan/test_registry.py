"""The registry's first sight misses nothing that a format would recognise, and spares what is not needed."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from chainguard_ml.model import Location, Subject
from chainguard_ml.scan import registry
from chainguard_ml.scan.interface import Blob
from chainguard_ml.scan.recognition import load
from tests.corpus.frame import samples

if TYPE_CHECKING:
    from pathlib import Path

CONTENTS = {
    (path.rpartition("/")[2], data)
    for kind in ("malicious", "benign")
    for sample in samples(kind)
    for path, data in sample.files.items()
    if data
}


@pytest.mark.parametrize("form", registry.FORMATS, ids=lambda form: form.path)
def test_whoever_recognises_is_asked(form: registry.Form) -> None:
    """Every sample of the corpus under its name: who would say yes is asked."""
    loaded = load(form.path)
    missed = []
    for name, data in CONTENTS:
        head, tail = data[: registry.HEAD], data[-registry.TAIL :]
        asked = form in registry.possible(head, tail, name)
        if not asked and loaded.recognise(Blob(data, Subject(name), Location(name), name)):
            missed.append(name)
    assert missed == []


def test_a_scan_imports_what_the_file_needs(tmp_path: Path) -> None:
    (tmp_path / "model.pkl").write_bytes(b"\x80\x04K\x01.")
    program = (
        "import sys; from pathlib import Path; from chainguard_ml.scan import scan_file; "
        f"scan_file(Path({str(tmp_path / 'model.pkl')!r})); "
        "print([name for name in sys.modules if name.startswith('chainguard_ml.scan.')])"
    )
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    for other in ("hdf5", "protobuf", "zip_archive", "json_document", "yaml", "gguf", "onnx"):
        assert other not in result.stdout
