"""YAML: tags, targets, aliases; what the parser and PyYAML's unsafe loader agree on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from chainguard_ml import jsonsafe
from chainguard_ml.model import Evidence, Finding, Gap, Location, Severity, Subject
from chainguard_ml.scan import allowlist, targets
from chainguard_ml.scan.examination import Session
from chainguard_ml.scan.formats import config_walk, yaml_document, yaml_reader
from chainguard_ml.scan.interface import Blob
from tests.corpus import malicious_configs

if TYPE_CHECKING:
    from tests.scan.conftest import Build, Scan

JUDGE = allowlist.make_judge([])
SUBJECT = Subject("x")


@pytest.mark.parametrize(
    ("name", "verdict"),
    [
        ("torch.nn.Linear", "allowed"),
        ("torch.nn.functional.relu", "allowed"),
        ("torch.optim.AdamW", "allowed"),
        ("torch:nn.Linear", "allowed"),
        ("transformers.AutoModel.from_pretrained", "allowed"),
        ("collections.OrderedDict", "allowed"),
        ("os.path.join", "allowed"),
        ("os.system", "dangerous"),
        ("os:system", "dangerous"),
        (" os.system", "dangerous"),
        ("posix.system", "dangerous"),
        ("torch.nn.modules.module.os.system", "dangerous"),
        ("torch.nn.os.System", "dangerous"),
        ("numpy.load", "dangerous"),
        ("cloudpickle.loads", "dangerous"),
        ("a.__class__.b", "dangerous"),
        ("fileinput.FileInput", "dangerous"),
        ("zoneinfo.available_timezones", "standard"),
        ("mypackage.Net", "class"),
        ("mypackage.Net.from_config", "class"),
        ("mypackage.net", "function"),
        ("a." * 40 + "b", "function"),
        ("system", "no target"),
        ("not a target", "no target"),
        ("", "no target"),
        ("a.b" * 1000, "no target"),
    ],
)
def test_targets_are_judged(name: str, verdict: str) -> None:
    assert targets.judge(name, JUDGE, SUBJECT).verdict.value == verdict


def test_what_the_operator_allows_is_allowed() -> None:
    entry = {"name": "mypackage.net", "may_be": ["called"], "reason": "ours", "path": "", "sha256": ""}
    judge = allowlist.make_judge([entry])
    assert targets.judge("mypackage.net", judge, SUBJECT).verdict is targets.Verdict.ALLOWED


def test_unknown_targets_matter_in_models_only(scan: Scan, build: Build) -> None:
    text = b"a: {_target_: mypackage.Net}\nb: {_target_: mypackage.net}\nc: '${oc.env:HOME}'\nd: ${eval:f(1)}\n"
    assert scan("config.yaml", text).clean
    told = scan("model.nemo", build.tar({"model_config.yaml": text}))
    assert sorted((item.rule, str(item.severity)) for item in told.findings) == [
        ("unknown-config-target", "high"),
        ("unknown-config-target", "medium"),
        ("unsafe-config-interpolation", "high"),
        ("unsafe-config-interpolation", "medium"),
    ]
    assert scan("model.nemo", build.tar({"model_config.yaml": b"a: ${eval:${b} * 2}\n"})).clean


def test_standard_library_is_at_hand_everywhere(scan: Scan) -> None:
    assert scan("config.yaml", b"_target_: nturl2path.url2pathname\n").rules == {"dangerous-config-target"}
    assert scan("config.yaml", b"_target_: zoneinfo.available_timezones\n").rules == {"unknown-config-target"}


def test_a_finding_says_where(scan: Scan) -> None:
    told = scan("a.yaml", b"x: 1\ny:\n  - !!python/object/apply:os.system [echo]\n")
    assert told.findings[0].location.line == 3
    assert told.findings[0].facts["tag"] == "tag:yaml.org,2002:python/object/apply:os.system"
    told = scan("a.yaml", b"a: [{}, {b/c: {_target_: os.system}}]\n")
    assert told.findings[0].location.pointer == "/a/1/b~1c/_target_"


def test_listed_objects_are_no_alarm(scan: Scan) -> None:
    assert scan("a.yaml", b"a: !!python/object/apply:collections.OrderedDict [[]]\nb: !!python/tuple [1]\n").clean
    assert scan("a.yaml", b"a: !!python/name:builtins.int ''\n").clean
    told = scan("a.yaml", b"a: !!python/name:mypackage.x ''\nb: !!python/else 1\n")
    assert {item.severity for item in told.findings} == {Severity.HIGH, Severity.MEDIUM}
    assert scan("a.yaml", b"a: !!python/module:mypackage ''\n").findings[0].severity is Severity.HIGH


def test_documentation_sites_name_functions_by_design(scan: Scan) -> None:
    assert scan("x.yml", b"site_name: x\na: !!python/name:material.x.y\n").clean
    assert scan("mkdocs.yml", b"a: !!python/name:os.system\n").findings[0].severity is Severity.CRITICAL


def test_tags_of_a_loader_matter_in_models(scan: Scan, build: Build) -> None:
    assert scan("a.yaml", b"a: !mine 1\n").clean
    told = scan("model.nemo", build.tar({"x.yaml": b"a: !mine 1\n"}))
    assert [item.severity for item in told.findings] == [Severity.MEDIUM]


def test_a_broken_model_configuration_is_a_gap(scan: Scan) -> None:
    assert scan("model_config.yaml", b"a: [\n").reasons == {"malformed"}
    assert scan("other.yaml", b"a: [\n").clean
    assert scan("other.yaml", b"a: \x01 [\n").clean


def test_limits_are_gaps(scan: Scan) -> None:
    assert scan("a.yaml", b"[" * 5000).reasons == {"budget"}
    assert scan("a.yaml", b"_target_: x\n" + b"- a\n" * 1_100_000).reasons == {"budget"}
    assert scan("a.yaml", b"- a\n" * 1_100_000).clean
    assert scan("a.yaml", b"!!seq\n" + b"- a\n" * 450_000).reasons == {"budget"}


def test_repeated_merges_are_counted(scan: Scan) -> None:
    wide = "a0: &a0 {" + ", ".join(f"k{n}: 1" for n in range(2000)) + "}\n"
    chain = "".join(f"a{n}: &a{n} {{<<: *a{n - 1}, x{n}: 1}}\n" for n in range(1, 400))
    assert scan("a.yaml", (wide + chain).encode()).reasons == {"budget"}


def test_values_that_contain_themselves_end(scan: Scan) -> None:
    assert scan("a.yaml", b"a: &a\n  b: *a\n  c: [*a, {_target_: torch.nn.ReLU}]\n").clean
    assert scan("a.yaml", b"&a [*a, *unknown]\n").clean


def test_text_that_speaks_of_tags_is_text(scan: Scan) -> None:
    assert scan("notes.md", b"Never load `!!python/object/apply:os.system`\n").clean
    assert scan("notes", b"Never load `!!python/object/apply:os.system`\n").clean
    assert scan("notes", b"!!python/object/apply:os.system [echo]").rules == {"unsafe-yaml-tag"}
    assert scan("notes", b"\0!!python/object/apply:os.system [echo]").clean


def test_the_reader_sees_what_the_loader_sees() -> None:
    text = "a: &x {b: 1, c: [yes, null, 'no']}\nd: {<<: *x, b: 2}\n? [1]\n: z\na: 7\n"
    reading = yaml_reader.read(text)
    (document,) = reading.documents
    assert isinstance(document, dict)
    assert document["d"] == {"<<": {"b": "1", "c": [True, None, "no"]}, "b": "2", "c": [True, None, "no"]}
    assert document["a"] == "7"
    assert document["(superseded)"] == [{"a": {"b": "1", "c": [True, None, "no"]}}]
    assert document["? 2 (key)"] == ["1"]
    assert reading.written < reading.values


@given(st.text(alphabet="ab:-?[]{},&*!<>%#|'\" \n\t.\\x5_", max_size=200))
@settings(max_examples=300, deadline=None)
def test_any_text_is_read(text: str) -> None:
    reading = yaml_reader.read(yaml_reader.text_of(text.encode()))
    for document in reading.documents:
        list(jsonsafe.objects(document))
        list(config_walk.strings(document))


@given(st.sampled_from(sorted((malicious_configs.YAML_TAGS | malicious_configs.TARGETS).values())), st.data())
@settings(max_examples=200, deadline=None)
def test_damaged_documents_are_examined(text: str, data: st.DataObject) -> None:
    damaged = bytearray(text.encode())
    for _ in range(data.draw(st.integers(0, 3))):
        damaged[data.draw(st.integers(0, len(damaged) - 1))] = data.draw(st.integers(0, 255))
    cut = bytes(damaged[: data.draw(st.integers(0, len(damaged)))])
    blob = Blob(cut, SUBJECT, Location("m.nemo").inside("model_config.yaml"), "model_config.yaml")
    seen = yaml_document.examine(blob, Session(JUDGE))
    assert all(isinstance(item, Finding | Gap | Evidence) for item in seen)


@pytest.mark.parametrize("name", sorted(malicious_configs.YAML_TAGS))
def test_every_sample_is_yaml(name: str) -> None:
    if name != "before-the-break":
        assert list(yaml.parse(malicious_configs.YAML_TAGS[name], Loader=yaml.SafeLoader))


def test_wide_text_is_read(scan: Scan) -> None:
    assert scan("a.yaml", "_target_: os.system".encode("utf-16")).rules == {"dangerous-config-target"}
    assert scan("a.yaml", b"_target_: os.system # \xff\n").rules == {"dangerous-config-target"}
