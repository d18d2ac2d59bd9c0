"""XML models: OpenVINO, PMML, other documents; entities are never expanded."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.corpus.malicious_binary import layer, pmml

if TYPE_CHECKING:
    from tests.scan.conftest import Scan


def test_models_are_recognised_whatever_their_name(scan: Scan) -> None:
    assert scan("a.bin", layer("Add")).format == "openvino"
    assert scan("a.bin", pmml("")).format == "pmml"
    assert scan("a.pmml", layer("Add")).rules == {"format-mismatch"}
    assert scan("a.xml", b"<?xml version='1.0'?><config/>").clean
    assert scan("prompt.txt", b"<s>[INST] hello [/INST]").clean


CONSTANT = layer("Const", "opset1", '<data element_type="f32" shape="2" offset="0" size="8"/>')
FUNCTION = pmml('<DefineFunction name="f"><Apply function="ln"/></DefineFunction>')


@pytest.mark.parametrize("whole", [CONSTANT, FUNCTION])
def test_every_cut_is_a_gap(scan: Scan, whole: bytes) -> None:
    for stop in range(100, len(whole)):
        assert scan("m.bin", whole[:stop]).reasons == {"malformed"}, stop


def test_what_precedes_a_break_counts(scan: Scan) -> None:
    told = scan("m.xml", layer("Evil", "extension")[:-20] + b"<<")
    assert (told.rules, told.reasons) == ({"custom-operator"}, {"malformed"})


def test_depth_has_a_limit(scan: Scan) -> None:
    told = scan("m.pmml", b"<PMML>" + b"<a>" * 2000)
    assert told.reasons == {"budget"}
    assert scan("m.pmml", b"<PMML>" + b"<a>" * 500 + b"</a>" * 500 + b"</PMML>").clean


def test_entities_are_told_once_and_not_expanded(scan: Scan) -> None:
    bomb = b'<!DOCTYPE x [<!ENTITY a "' + b"a" * 100_000 + b'">]><PMML>' + b"&a;" * 100_000 + b"</PMML>"
    told = scan("m.pmml", bomb)
    assert [item.rule for item in told.findings] == ["xml-entity"]
    external = b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a SYSTEM "a"><!ENTITY b SYSTEM "b">]><x/>'
    assert [item.rule for item in scan("m.xml", external).findings] == ["xml-entity"] * 2


def test_old_representations_have_blobs(scan: Scan) -> None:
    blobs = '<blobs><weights offset="0" size="16"/><biases offset="{}" size="4"/></blobs>'
    assert scan("m.xml", layer("Convolution", "", blobs.format(16))).clean
    told = scan("m.xml", layer("Convolution", "", blobs.format("-16")))
    assert told.rules == {"openvino-constant-mismatch"}


def test_shapes_without_end_cost_nothing(scan: Scan) -> None:
    shape = ",".join(["9" * 20] * 50_000)
    constant = f'<data element_type="f32" shape="{shape}" offset="0" size="8"/>'
    assert scan("m.xml", layer("Const", "opset1", constant)).clean
    assert scan("m.xml", layer("Const", "opset1", '<data element_type="f32" shape="?" offset="0" size="8"/>')).clean


def test_functions_defined_later_are_known(scan: Scan) -> None:
    assert scan("m.pmml", pmml('<Apply function="g"/><DefineFunction name="g"/><Apply/>')).clean


def test_long_extensions_are_looked_at_to_a_budget(scan: Scan) -> None:
    filler = "<Extension>" + "<b>harmless</b>" * 200_000 + "</Extension>"
    assert scan("m.pmml", pmml(filler)).clean
    early = "<Extension>os.system(1)" + "<b>harmless</b>" * 2000 + "</Extension>"
    assert scan("m.pmml", pmml(early)).rules == {"pmml-embedded-code"}


def test_other_documents_cost_only_their_start(scan: Scan) -> None:
    assert scan("m.xml", b"<?xml version='1.0'?><java class='x'/>").clean
    assert scan("m.xml", b"<?xml version='1.0'?>").clean
    assert scan("m.xml", b"<?xml version='1.0'?> text").clean
