"""The bill of a small pipeline: its golden file, its parts, and that other readers understand it."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from importlib.resources import files

import pytest

from chainguard_ml import sbom
from chainguard_ml.context import Context
from chainguard_ml.model import Artifact, ArtifactKind, Component, Evidence, Gap, GapReason, Location, Scope, Subject

MakeContext = Callable[..., Context]
MakeArtifact = Callable[..., Artifact]


def document(context: Context) -> dict:
    bom, gaps = sbom.build(context)
    assert gaps == []
    data = sbom.write(bom)
    assert sbom.validate(data) == []
    return json.loads(data)


def component(found: dict, ref: str) -> dict:
    return next(item for item in found["components"] if item["bom-ref"] == ref)


def test_the_bill_is_as_it_was(pipeline: Context, golden: Callable[[str, str], None]) -> None:
    bom, gaps = sbom.build(pipeline)
    data = sbom.write(bom)
    assert (gaps, sbom.validate(data)) == ([], [])
    golden("sbom-pipeline.cdx.json", data.decode())


def test_it_is_canonical_json(pipeline: Context) -> None:
    data = sbom.write(sbom.build(pipeline)[0])
    again = json.dumps(json.loads(data), indent=2, sort_keys=True, ensure_ascii=False)
    assert data.decode() == again + "\n"


def test_order_of_discovery_does_not_matter(pipeline: Context) -> None:
    turned = replace(pipeline, artifacts=pipeline.artifacts[::-1], components=pipeline.components[::-1])
    assert sbom.write(sbom.build(turned)[0]) == sbom.write(sbom.build(pipeline)[0])


def test_hash_seeds_do_not_matter(pipeline: Context) -> None:
    program = (
        "import sys; from pathlib import Path; from chainguard_ml import codec, sbom\n"
        "from chainguard_ml.config import WorkersConfig; from chainguard_ml.context import Context\n"
        "from chainguard_ml.model import Component, Digest, Location; from chainguard_ml.workers import WorkerPool\n"
        "names = ['b', 'a', 'c', 'B.x', 'b-X']\n"
        "facts = {'source': 'uv', 'requires': ['a', 'c', 'b'], 'marker': 'm', 'extras': ['y', 'x'], 'url': 'u'}\n"
        "made = tuple(Component('library', n, '1', None, (Digest('sha256', 'ab' * 32),), ('MIT', 'x', 'y'),\n"
        "             origin=Location('f', line=i), facts=facts) for i, n in enumerate(names))\n"
        "with WorkerPool(WorkersConfig()) as pool:\n"
        "    bom, _ = sbom.build(Context(Path('.'), pool, components=made))\n"
        "sys.stdout.buffer.write(sbom.write(bom))\n"
    )
    seeds = [
        subprocess.run(
            [sys.executable, "-c", program], env=os.environ | {"PYTHONHASHSEED": seed}, capture_output=True, check=True
        ).stdout
        for seed in ("0", "1", "2")
    ]
    assert seeds[0] == seeds[1] == seeds[2]
    assert b"serialNumber" in seeds[0]


def test_the_serial_number_follows_the_content(pipeline: Context) -> None:
    first = document(pipeline)["serialNumber"]
    assert first == document(pipeline)["serialNumber"]
    assert first != document(replace(pipeline, components=pipeline.components[1:]))["serialNumber"]


def test_a_time_is_there_only_when_given(pipeline: Context) -> None:
    assert "timestamp" not in document(pipeline)["metadata"]
    moment = datetime(2026, 1, 2, 4, 5, 6, tzinfo=timezone(timedelta(hours=1)))
    bom, _ = sbom.build(pipeline, timestamp=moment)
    data = sbom.write(bom)
    assert json.loads(data)["metadata"]["timestamp"] == "2026-01-02T03:05:06Z"
    assert sbom.validate(data) == []
    assert bom.timestamp == moment.astimezone(UTC)


def test_what_depends_on_what(pipeline: Context) -> None:
    found = document(pipeline)
    edges = {item["ref"]: item["dependsOn"] for item in found["dependencies"]}
    assert edges == {
        "pipeline": [
            "data:data/reviews.csv",
            "model:models/legacy.pkl",
            "model:models/sentiment",
            "pkg:pypi/pytest@9.0",
            "pkg:pypi/scikit-learn@1.9.0",
        ],
        "model:models/sentiment": ["data:data/reviews.csv", "pkg:pypi/scikit-learn@1.9.0"],
        "pkg:pypi/scikit-learn@1.9.0": ["pkg:pypi/numpy@2.4.0"],
        "pkg:pypi/numpy@2.4.0": [],
    }
    assert found["compositions"] == [
        {
            "aggregate": "complete",
            "assemblies": ["pipeline", "data:data/reviews.csv", "model:models/legacy.pkl", "model:models/sentiment"],
            "dependencies": ["pkg:pypi/numpy@2.4.0", "pkg:pypi/scikit-learn@1.9.0"],
        },
        {
            "aggregate": "unknown",
            "dependencies": [
                "pipeline",
                "data:data/reviews.csv",
                "model:models/legacy.pkl",
                "model:models/sentiment",
                "pkg:pypi/pytest@9.0",
            ],
        },
    ]


def test_a_directory_is_an_assembly_of_hashed_files(pipeline: Context) -> None:
    model = component(document(pipeline), "model:models/sentiment")
    parts = {part["name"]: part for part in model["components"]}
    assert sorted(parts) == ["README.md", "config.json", "model.safetensors", "modeling.py", "tokenizer.json"]
    weights = parts["model.safetensors"]
    assert weights["hashes"] == [{"alg": "SHA-256", "content": hashlib.sha256(b"weights").hexdigest()}]
    roles = {
        name: next(item["value"] for item in part["properties"] if item["name"] == "chainguard-ml:file:role")
        for name, part in parts.items()
    }
    assert roles == {
        "README.md": "card",
        "config.json": "configuration",
        "model.safetensors": "weights",
        "modeling.py": "code",
        "tokenizer.json": "tokenizer",
    }


def test_files_are_hashed_where_the_inventory_did_not(pipeline: Context) -> None:
    bare = replace(pipeline, artifacts=tuple(replace(item, digest=None) for item in pipeline.artifacts))
    assert document(bare) == document(pipeline)


def test_the_pipeline_is_named_by_its_project_or_its_caller(pipeline: Context) -> None:
    assert document(pipeline)["metadata"]["component"] == {
        "bom-ref": "pipeline",
        "type": "application",
        "name": "reviews-pipeline",
        "version": "1.0",
        "description": "Sorts reviews.",
        "licenses": [{"license": {"id": "MIT", "acknowledgement": "declared"}}],
    }
    assert sbom.build(pipeline, name="other")[0].pipeline.name == "other"
    without = replace(pipeline, artifacts=tuple(item for item in pipeline.artifacts if item.path != "pyproject.toml"))
    assert document(without)["metadata"]["component"]["name"] == "pipeline"


def test_examine_says_what_the_bill_holds(pipeline: Context, context: MakeContext) -> None:
    (evidence,) = sbom.examine(pipeline)
    data = sbom.write(sbom.build(pipeline)[0])
    assert isinstance(evidence, Evidence)
    assert (evidence.kind, evidence.producer) == ("sbom", "sbom")
    assert evidence.subject.digest
    assert evidence.statement == {
        "specification": "CycloneDX 1.6",
        "components": 11,
        "packages": 3,
        "models": 2,
        "datasets": 1,
        "valid": True,
        "sha256": hashlib.sha256(data).hexdigest(),
    }
    assert list(sbom.examine(context())) == []


def test_an_invalid_bill_is_our_defect_and_is_said(context: MakeContext) -> None:
    impossible = Component("library", "a", "1", origin=Location("uv.lock", line=-1))
    gap, evidence = sbom.examine(context(components=(impossible,)))
    assert isinstance(gap, Gap)
    assert gap.reason is GapReason.INTERNAL
    assert "#/components/0/evidence/occurrences/0/line" in gap.detail
    assert isinstance(evidence, Evidence)
    assert evidence.statement["valid"] is False


def test_an_unpinned_package_or_a_gap_makes_the_account_incomplete(pipeline: Context) -> None:
    loose = replace(pipeline, components=(*pipeline.components, Component("library", "torch", purl="pkg:pypi/torch")))
    assert document(loose)["compositions"][1] == {
        "aggregate": "incomplete",
        "assemblies": ["pipeline"],
        "dependencies": ["pipeline"],
    }
    known = Gap(Subject("poetry.lock"), GapReason.MALFORMED, "cut off")
    bom, _ = sbom.build(dataclasses.replace(pipeline, gaps=(known,)))
    assert [item.aggregate for item in bom.completeness if "pipeline" in item.assemblies] == ["incomplete"]


def test_a_package_that_a_lock_names_and_lacks_is_said(context: MakeContext) -> None:
    facts = {"source": "uv", "requires": ["absent"]}
    found = document(context(components=(Component("library", "a", "1", facts=facts),)))
    assert {"aggregate": "incomplete", "dependencies": ["library:a@1"]} in found["compositions"]


def test_each_lock_answers_for_its_own_packages(context: MakeContext) -> None:
    def lock(path: str, name: str, version: str, *requires: str) -> Component:
        facts = {"source": "uv", "requires": list(requires)}
        return Component("library", name, version, origin=Location(path), facts=facts)

    made = (lock("1", "a", "1", "b"), lock("1", "b", "1", "c"), lock("2", "b", "2"), lock("2", "c", "2"))
    edges = {item["ref"]: item["dependsOn"] for item in document(context(components=made))["dependencies"]}
    assert edges["library:a@1"] == ["library:b@1"]
    assert edges["library:b@1"] == ["library:c@2"]


def test_a_package_in_too_many_versions_is_not_guessed(context: MakeContext) -> None:
    facts = {"source": "uv", "requires": ["b"]}
    made = [Component("library", "b", str(version), facts={"source": "uv"}) for version in range(101)]
    found = document(context(components=(*made, Component("library", "a", "1", facts=facts))))
    assert {"ref": "library:a@1", "dependsOn": []} in found["dependencies"]
    assert {"aggregate": "incomplete", "dependencies": ["library:a@1"]} in found["compositions"]


def test_packages_that_need_each_other_are_reached(context: MakeContext) -> None:
    made = [Component("library", a, "1", facts={"source": "uv", "requires": [b]}) for a, b in ("ab", "ba", "cc")]
    edges = {item["ref"]: item["dependsOn"] for item in document(context(components=tuple(made)))["dependencies"]}
    assert edges["pipeline"] == ["library:a@1", "library:c@1"]
    assert edges["library:c@1"] == []


def test_the_same_package_twice_is_one_component(pipeline: Context) -> None:
    found = component(document(pipeline), "pkg:pypi/scikit-learn@1.9.0")
    assert found["evidence"]["occurrences"] == [
        {"location": "requirements.txt", "line": 3},
        {"location": "uv.lock", "line": 40},
    ]
    assert found["scope"] == "required"
    assert found["properties"] == [
        {"name": "cdx:python:package:required-extra", "value": "all"},
        {"name": "chainguard-ml:package:marker", "value": "python_version >= '3.11'"},
        {"name": "chainguard-ml:package:specifier", "value": "==1.9.0"},
    ]


def test_unknown_kinds_and_wrong_package_urls_do_no_harm(context: MakeContext) -> None:
    made = (
        Component("gadget", "a", purl="pkg:pypi/a b"),
        Component("data", "", scope=Scope.OPTIONAL),
        Component("library", "pkg", "1", purl="pkg:pypi/x@1"),
        Component("library", "pkg", "2", purl="pkg:pypi/x@1"),
    )
    found = document(context(components=made))["components"]
    assert [(item["bom-ref"], item["type"]) for item in found] == [
        ("data:unnamed", "data"),
        ("library:a", "library"),
        ("pkg:pypi/x@1", "library"),
        ("pkg:pypi/x@1#2", "library"),
    ]


def test_names_that_are_no_utf_8_are_escaped(context: MakeContext) -> None:
    path = b"caf\xe9 \x1b[31m.bin".decode("utf-8", "surrogateescape")
    twin = "caf\\xe9 \\x1b[31m.bin"
    made = [Artifact(ArtifactKind.DATASET, name, "csv", 3) for name in (path, twin)]
    root = context().root
    for item in made:
        (root / item.path).write_bytes(b"abc")
    found = document(context(*made))["components"]
    assert {item["name"] for item in found} == {"caf\\xe9 \\x1b[31m.bin"}
    assert sorted(item["bom-ref"] for item in found) == [f"data:{twin}", f"data:{twin}#2"]


def test_what_cannot_be_read_is_a_gap(context: MakeContext, artifact: MakeArtifact) -> None:
    made = artifact("model.pkl", ArtifactKind.MODEL, "x", digest=None)
    (context().root / "model.pkl").unlink()
    bom, gaps = sbom.build(context(made))
    assert [(gap.subject.name, gap.reason) for gap in gaps] == [("model.pkl", GapReason.UNREADABLE)]
    assert bom.completeness[0].aggregate == "incomplete"
    assert "model:model.pkl" in bom.completeness[0].assemblies
    observed = list(sbom.examine(context(made)))
    assert [type(item) for item in observed] == [Gap, Evidence]


@pytest.mark.oracle
def test_the_cyclonedx_library_reads_it_and_writes_its_part_again(pipeline: Context) -> None:
    from cyclonedx.model.bom import Bom
    from cyclonedx.output.json import JsonV1Dot6

    ours = document(pipeline)
    theirs = json.loads(JsonV1Dot6(Bom.from_json(ours)).output_as_string())
    kept = ("type", "name", "version", "purl", "scope", "hashes", "licenses")
    mine = {item["bom-ref"]: {key: item[key] for key in kept if key in item} for item in ours["components"]}
    other = {item["bom-ref"]: {key: item[key] for key in kept if key in item} for item in theirs["components"]}
    assert other == mine
    assert theirs["serialNumber"] == ours["serialNumber"]
    edges = {item["ref"]: item.get("dependsOn", []) for item in theirs["dependencies"]}
    assert all(edges[item["ref"]] == item["dependsOn"] for item in ours["dependencies"])
    for item in theirs["components"]:
        parts = [part["bom-ref"] for part in item.get("components", [])]
        assert parts == [part["bom-ref"] for part in component(ours, item["bom-ref"]).get("components", [])]
        assert sorted(map(str, item.get("properties", []))) == sorted(
            map(str, component(ours, item["bom-ref"]).get("properties", []))
        )


@pytest.mark.oracle
def test_another_validator_finds_it_valid(pipeline: Context) -> None:
    import jsonschema
    import referencing
    from referencing.jsonschema import DRAFT7

    folder = files("cyclonedx.schema._res")
    schemas = {
        name: json.loads(folder.joinpath(f"{name}.SNAPSHOT.schema.json").read_text())
        for name in ("bom-1.6", "spdx", "jsf-0.82")
    }
    registry = referencing.Registry().with_resources(
        (f"http://cyclonedx.org/schema/{name}.SNAPSHOT.schema.json", DRAFT7.create_resource(schema))
        for name, schema in schemas.items()
    )
    jsonschema.Draft7Validator(schemas["bom-1.6"], registry=registry).validate(document(pipeline))
