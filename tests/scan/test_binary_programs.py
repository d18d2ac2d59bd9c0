"""Programs, scripts, engines, ONNX Runtime's format, and files that are no model."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.corpus.malicious_binary import ENGINE, JAVA, PROGRAMS, SCRIPTS, ort, zipped

if TYPE_CHECKING:
    from tests.scan.conftest import Scan


@pytest.mark.parametrize("name", PROGRAMS)
def test_cut_headers_are_no_programs(scan: Scan, name: str) -> None:
    data = PROGRAMS[name]
    for stop in range(1, 4):
        assert "native-code-in-model" not in scan("model.pt", data[:stop]).rules


@pytest.mark.parametrize(
    "data",
    [
        b"MZ" + bytes(80),
        b"\xcf\xfa\xed\xfe" + b"\xff" * 28,
        b"\xca\xfe\xba\xbe\0\0\1\0" + bytes(20),
        b"dex\nabc\0",
        b"\xa7\r\r\n" + bytes(30),
        b"\0\1\r\n" + bytes(12) + b"\xe3",
    ],
)
def test_implausible_headers_are_no_programs(scan: Scan, data: bytes) -> None:
    assert "native-code-in-model" not in scan("model.pt", data).rules


def test_scripts_are_found_in_models_only(scan: Scan) -> None:
    script = SCRIPTS["run.sh"]
    assert scan("run.sh", script).clean
    assert scan("archive.zip", zipped("run.sh", script)).clean
    assert scan("model.npz", zipped("run.sh", script)).rules == {"script-in-model"}
    assert "script-in-model" in scan("model.pt", script).rules
    assert scan("run.sh", b"binary\0").format == ""


def test_engines_tell_their_plugins(scan: Scan) -> None:
    told = scan("m.plan", ENGINE + b"\0EfficientNMS_TRT\0InstanceNormalization_TRT\0\x07MyPluginV2\0")
    assert told.findings[0].facts == {"plugins": ["EfficientNMS_TRT", "InstanceNormalization_TRT", "MyPluginV2"]}
    assert told.format == "tensorrt"
    assert scan("m.engine", b"nothing").reasons == {"unsupported"}
    metadata = b'{"names": {}}'
    assert scan("m.engine", len(metadata).to_bytes(4, "little") + metadata + ENGINE).rules == {"tensorrt-carries-code"}
    assert scan("m.dat", b"\x09\0\0\0{").clean


def test_every_cut_of_a_runtime_model_is_a_finding_or_a_gap(scan: Scan) -> None:
    node = {5: "If", 10: [{5: "text", 7: {2: [{5: "Relu"}]}, 11: [{4: bytes(8)}]}]}
    whole = ort([node], {0: [{4: bytes(8)}]}, [{0: "k", 1: "v"}])
    assert scan("m.ort", whole).clean
    hidden = ort([{5: "Add", 10: [{6: {4: b"GGUF"}, 5: "PK\x03\x04"}, {11: [{4: b"\x89HDF"}]}]}])
    assert not scan("m.ort", hidden).findings
    for stop in range(8, len(whole) - 60):
        told = scan("m.ort", whole[:stop])
        assert told.gaps, stop
        assert told.rules <= {"flatbuffer-out-of-bounds"}


def test_more_visits_than_bytes_are_a_gap(scan: Scan, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chainguard_ml.scan.formats.flatbuffer._VISITS", 3)
    assert scan("m.ort", ort([{5: "Add"}, {5: "Add"}])).reasons == {"budget"}


def test_media_under_the_name_of_a_model_are_told(scan: Scan) -> None:
    assert scan("model.bin", b"%PDF-1.7\n").rules == {"format-mismatch"}
    assert scan("model.pkl", b"OggS\0\2").rules == {"format-mismatch"}
    assert scan("paper.pdf", b"%PDF-1.7\n").clean


def test_classes_of_java_objects_are_listed(scan: Scan) -> None:
    told = scan("weka.model", JAVA)
    assert told.findings[0].facts == {"classes": ["java.net.URL", "java.util.HashMap"]}
    assert scan("weka.model", JAVA[:5]).findings[0].facts == {"classes": []}
    many = JAVA + b"".join(b"r\0\x07a.b.C" + str(number).encode() + b"x" for number in range(100, 200))
    assert len(scan("weka.model", many).findings[0].facts["classes"]) > 5  # type: ignore[arg-type]
    assert scan("weka.model", b"\xac\xed\0\x05\0").clean
