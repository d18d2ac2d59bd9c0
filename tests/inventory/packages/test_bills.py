"""Bills of materials as sources of packages: CycloneDX (JSON, XML) and SPDX (2.3 JSON, tags; 3.0 JSON-LD)."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chainguard_ml.inventory.packages import cyclonedx, spdx
from chainguard_ml.model import Component, Gap, GapReason, Scope

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

HASH = "ab" * 32

CYCLONEDX = {
    "bomFormat": "CycloneDX",
    "specVersion": "1.6",
    "metadata": {"component": {"type": "application", "name": "own", "purl": "pkg:pypi/own@1"}},
    "components": [
        {
            "type": "library",
            "bom-ref": "torch",
            "name": "torch",
            "purl": "pkg:pypi/torch@2.3.0%2Bcu121",
            "hashes": [{"alg": "SHA-256", "content": HASH}, {"alg": "MD5", "content": "00"}],
            "licenses": [{"license": {"id": "BSD-3-Clause"}}, {"license": {"name": "Mine"}}, {"expression": "MIT"}, {}],
            "components": [{"bom-ref": "n", "purl": "pkg:pypi/Numpy@1.26.4?x=y", "scope": "optional"}],
        },
        {"bom-ref": "c", "purl": "pkg:conda/pytorch@2.3.0?build=py_0&channel=main"},
        {"bom-ref": "l", "purl": "pkg:npm/%40scope/left-pad@1.0.0"},
        {"bom-ref": "x", "purl": "pkg:pypi/-@1"},
        {"bom-ref": "y", "purl": "torch"},
        {"bom-ref": "model", "type": "machine-learning-model", "name": "m"},
        7,
    ],
    "dependencies": [{"ref": "torch", "dependsOn": ["n", "model", "gone"]}],
}

XML = f"""<?xml version="1.0"?>
<bom xmlns="http://cyclonedx.org/schema/bom/1.5" version="1">
  <metadata><component type="application" bom-ref="own"><purl>pkg:pypi/own@1</purl></component></metadata>
  <components>
    <component type="library" bom-ref="torch">
      <name>torch</name>
      <version>2.3.0</version>
      <hashes><hash alg="SHA-256">{HASH}</hash></hashes>
      <licenses><license><id>BSD-3-Clause</id></license><expression>MIT</expression></licenses>
      <purl>pkg:pypi/torch@2.3.0</purl>
      <components><component bom-ref="n"><scope>excluded</scope><purl>pkg:pypi/numpy@1.26.4?a=b&amp;c=d</purl>
      </component></components>
    </component>
  </components>
  <dependencies><dependency ref="torch"><dependency ref="n"/></dependency></dependencies>
</bom>
"""


def test_cyclonedx_json(collect: Callable) -> None:
    text = json.dumps(CYCLONEDX, indent=1)
    components, gaps = collect({"bom.json": text}, {"bom.json": "cyclonedx"})
    assert {(item.name, item.version, item.purl, item.scope) for item in components} == {
        ("torch", "2.3.0+cu121", "pkg:pypi/torch@2.3.0%2Bcu121", Scope.REQUIRED),
        ("Numpy", "1.26.4", "pkg:pypi/numpy@1.26.4", Scope.OPTIONAL),
        ("pytorch", "2.3.0", "pkg:conda/pytorch@2.3.0?build=py_0&channel=main", Scope.REQUIRED),
        ("left-pad", "1.0.0", "pkg:npm/%40scope/left-pad@1.0.0", Scope.REQUIRED),
    }
    facts = {item.name: item.facts for item in components}
    torch = next(item for item in components if item.name == "torch")
    assert (torch.licences, [str(digest) for digest in torch.digests]) == (
        ("BSD-3-Clause", "Mine", "MIT"),
        [f"sha256:{HASH}"],
    )
    assert (facts["torch"]["requires"], facts["torch"]["source"]) == (["numpy"], "cyclonedx")
    assert facts["pytorch"]["pypi"] == "torch"
    assert "pkg:pypi/torch" in text.split("\n")[torch.origin.line - 1]
    assert [gap.reason for gap in gaps] == [GapReason.MALFORMED] * 2


def test_cyclonedx_xml(collect: Callable) -> None:
    components, gaps = collect({"bom.xml": XML}, {"bom.xml": "cyclonedx"})
    assert gaps == []
    found = {(item.name, item.version, item.scope, item.origin.line, item.licences) for item in components}
    assert found == {
        ("torch", "2.3.0", Scope.REQUIRED, 10, ("BSD-3-Clause", "MIT")),
        ("numpy", "1.26.4", Scope.DEVELOPMENT, 11, ()),
    }
    torch = next(item for item in components if item.name == "torch")
    assert ([digest.hex for digest in torch.digests], torch.facts["requires"]) == ([HASH], ["numpy"])


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("{", GapReason.MALFORMED),
        ('{"bomFormat": "CycloneDX", "bomFormat": "x"}', GapReason.MALFORMED),
        ("{}", GapReason.MALFORMED),
        ('{"bomFormat": "CycloneDX", "specVersion": "2.0"}', GapReason.UNSUPPORTED),
        ("<bom/>", GapReason.MALFORMED),
        ("<bom>", GapReason.MALFORMED),
        ('<!DOCTYPE bom [<!ENTITY a "b">]><bom xmlns="http://cyclonedx.org/schema/bom/1.5"/>', GapReason.MALFORMED),
        ("<a>" * 300, GapReason.MALFORMED),
        ('<?xml version="1.0" encoding="nonsense"?><bom/>', GapReason.MALFORMED),
    ],
)
def test_what_is_no_cyclonedx_bill(text: str, reason: GapReason, collect: Callable) -> None:
    components, (gap,) = collect({"bom": text}, {"bom": "cyclonedx"})
    assert (components, gap.reason) == ([], reason)


SPDX = {
    "spdxVersion": "SPDX-2.3",
    "packages": [
        {
            "SPDXID": "SPDXRef-torch",
            "name": "torch",
            "versionInfo": "2.3.0",
            "licenseDeclared": "BSD-3-Clause",
            "checksums": [{"algorithm": "SHA256", "checksumValue": HASH}],
            "externalRefs": [
                {"referenceCategory": "SECURITY", "referenceType": "cpe23Type", "referenceLocator": "cpe:x"},
                {"referenceType": "purl", "referenceLocator": "pkg:pypi/torch@2.3.0"},
            ],
        },
        {"SPDXID": "n", "licenseDeclared": "NOASSERTION",
         "externalRefs": [{"referenceType": "purl", "referenceLocator": "pkg:pypi/numpy@1.26.4"}]},
        {"SPDXID": "own", "name": "own"},
    ],
    "relationships": [
        {"spdxElementId": "SPDXRef-torch", "relationshipType": "DEPENDS_ON", "relatedSpdxElement": "n"},
        {"spdxElementId": "own", "relationshipType": "CONTAINS", "relatedSpdxElement": "n"},
    ],
}  # fmt: skip

TAGS = f"""SPDXVersion: SPDX-2.3
DocumentName: x
PackageComment: before any package
PackageName: torch
SPDXID: SPDXRef-torch
PackageVersion: 2.3.0
PackageComment: <text>
PackageName: not a package
</text>
PackageChecksum: SHA256: {HASH}
PackageLicenseDeclared: BSD-3-Clause
ExternalRef: PACKAGE-MANAGER purl pkg:pypi/torch@2.3.0
PackageName: numpy
SPDXID: n
PackageLicenseDeclared: NOASSERTION
ExternalRef: SECURITY cpe23Type cpe:x
ExternalRef: PACKAGE-MANAGER purl pkg:pypi/numpy@1.26.4
FileName: ./x
SPDXID: SPDXRef-file
Relationship: n DEPENDENCY_OF SPDXRef-torch
Relationship: nothing
"""

GRAPH = {
    "@context": "https://spdx.org/rdf/3.0.1/spdx-context.jsonld",
    "@graph": [
        {"type": "CreationInfo"},
        {
            "type": "software_Package",
            "spdxId": "urn:torch",
            "name": "torch",
            "software_packageUrl": "pkg:pypi/torch@2.3.0",
            "verifiedUsing": [{"type": "Hash", "algorithm": "sha256", "hashValue": HASH}],
        },
        {"type": "software_Package", "spdxId": "urn:numpy",
         "externalIdentifier": [{"externalIdentifierType": "packageUrl", "identifier": "pkg:pypi/numpy@1.26.4"}]},
        {"type": "Relationship", "relationshipType": "dependsOn", "from": "urn:torch", "to": ["urn:numpy"]},
        {"type": "Relationship", "relationshipType": "contains", "from": "urn:torch", "to": "urn:numpy"},
    ],
}  # fmt: skip


@pytest.mark.parametrize("text", [json.dumps(SPDX, indent=1), TAGS, json.dumps(GRAPH, indent=1)])
def test_spdx(text: str, collect: Callable) -> None:
    (numpy, torch), gaps = sorted_by_name(collect({"a.spdx": text}, {"a.spdx": "spdx"}))
    assert gaps == []
    assert (torch.version, torch.purl, torch.facts["requires"]) == ("2.3.0", "pkg:pypi/torch@2.3.0", ["numpy"])
    assert [digest.hex for digest in torch.digests] == [HASH]
    assert torch.licences == (() if "@graph" in text else ("BSD-3-Clause",))
    assert (numpy.version, numpy.licences) == ("1.26.4", ())


def sorted_by_name(found: tuple[list[Component], list[Gap]]) -> tuple[list[Component], list[Gap]]:
    return sorted(found[0], key=lambda item: item.name), found[1]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("{", GapReason.MALFORMED),
        ("{}", GapReason.MALFORMED),
        ('{"@graph": [], "@context": ["https://other.example"]}', GapReason.MALFORMED),
        ('{"spdxVersion": "SPDX-1.2"}', GapReason.UNSUPPORTED),
        ("PackageName: x", GapReason.MALFORMED),
        ("", GapReason.MALFORMED),
    ],
)
def test_what_is_no_spdx_bill(text: str, reason: GapReason, collect: Callable) -> None:
    components, (gap,) = collect({"bom": text}, {"bom": "spdx"})
    assert (components, gap.reason) == ([], reason)
    _, (gap,) = collect({}, {"gone": "spdx"})
    assert gap.reason is GapReason.UNREADABLE
    _, (gap,) = collect({}, {"gone": "cyclonedx"})
    assert gap.reason is GapReason.UNREADABLE


words = st.sampled_from(["bomFormat", "CycloneDX", "specVersion", "1.6", "components", "purl", "pkg:pypi/a@1", "hashes",
                         "dependencies", "ref", "dependsOn", "spdxVersion", "SPDX-2.3", "packages", "externalRefs",
                         "referenceType", "referenceLocator", "relationships", "@graph", "type", "software_Package",
                         "verifiedUsing", "licenses", "license", "pkg:conda/_@", "pkg:x/%2f"])  # fmt: skip
values = st.recursive(
    st.none() | st.integers() | words,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(words, inner, max_size=5),
    max_leaves=15,
)  # fmt: skip


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=60)
@given(document=st.dictionaries(words, values, max_size=6), start=st.sampled_from([CYCLONEDX, SPDX, GRAPH, {}]))
def test_any_document_gives_components_or_gaps(document: dict, start: dict, tmp_path: Path) -> None:
    (tmp_path / "m").write_text(json.dumps({**start, **document}), encoding="utf-8")
    for module in (cyclonedx, spdx):
        for record in module.parse({"root": str(tmp_path), "path": "m"}):
            assert isinstance(record, Component | Gap)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=100)
@given(data=st.data(), text=st.sampled_from([XML, TAGS, json.dumps(CYCLONEDX)]), junk=st.binary(max_size=4))
def test_any_cut_gives_components_or_gaps(data: st.DataObject, text: str, junk: bytes, tmp_path: Path) -> None:
    place = data.draw(st.integers(0, len(text)))
    (tmp_path / "m").write_bytes(text.encode()[:place] + junk + text.encode()[place + 2 :])
    for module in (cyclonedx, spdx):
        for record in module.parse({"root": str(tmp_path), "path": "m"}):
            assert isinstance(record, Component | Gap)
