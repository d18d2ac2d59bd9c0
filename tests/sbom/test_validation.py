"""Valid bills, invalid ones, unsound references, and bytes that are no bill at all."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chainguard_ml import sbom
from chainguard_ml.model import Artifact, ArtifactKind, Component, Digest, Location, Scope

if TYPE_CHECKING:
    from collections.abc import Callable

    from chainguard_ml.context import Context

MINIMAL = {"bomFormat": "CycloneDX", "specVersion": "1.6"}
LIBRARY = {"type": "library", "name": "a", "bom-ref": "a"}


def problems(**members: object) -> list[str]:
    return sbom.validate(json.dumps(MINIMAL | members).encode())


def test_valid_documents_have_no_problems() -> None:
    assert problems() == []
    assert problems(components=[LIBRARY], dependencies=[{"ref": "a", "dependsOn": []}]) == []
    assert (
        problems(
            compositions=[{"aggregate": "complete", "assemblies": ["urn:cdx:f08a6ccd-4dce-4759-bd84-c626675d60a7/1#x"]}]
        )
        == []
    )
    for version in ("1.4", "1.5", "1.7"):
        assert problems(specVersion=version) == []


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (b"", "it is not JSON"),
        (b"\xff", "it is not JSON"),
        (b"[" * 100_000, "it is not JSON"),
        (b'{"version": NaN}', "it is not JSON: NaN is no JSON number"),
        (b"[]", "#/specVersion"),
        (b'{"specVersion": ["1.6"]}', "#/specVersion"),
        (b'{"specVersion": "1.3"}', "#/specVersion"),
        (b'{"specVersion": "1.6", "bomFormat": "\\ud800"}', "it cannot be examined"),
        (b'{"specVersion": "1.6", "components": ' + b"[" * 900 + b"]" * 900 + b"}", "it cannot be examined"),
        (b'{"specVersion": "1.6"}', '#: "bomFormat" is a required property'),
    ],
)
def test_what_is_no_bill_is_said(data: bytes, problem: str) -> None:
    assert sbom.validate(data)[0].startswith(problem)


def test_problems_say_where() -> None:
    (found,) = problems(components=[LIBRARY, {"type": "library", "\x1b": 1, "name": "b"}])
    assert found.startswith("#/components/1: ")
    assert "\x1b" not in found
    assert len(problems(components=[{"type": "nothing", "name": str(i)} for i in range(500)])) == 100


def test_references_are_looked_up() -> None:
    inner = {"type": "library", "name": "b", "components": [LIBRARY]}
    assert problems(components=[LIBRARY, inner]) == ["#: the bom-ref 'a' is used 2 times"]
    dangling = [{"ref": "a", "dependsOn": ["b"], "provides": ["c"]}, {"ref": "a"}]
    assert problems(components=[LIBRARY], dependencies=dangling) == [
        "#/dependencies/0/dependsOn: 'b' refers to nothing",
        "#/dependencies/0/provides: 'c' refers to nothing",
        "#/dependencies: 'a' has 2 entries",
    ]
    assert problems(compositions=[{"aggregate": "unknown", "assemblies": ["x"], "dependencies": ["y"]}]) == [
        "#/compositions/0/assemblies: 'x' refers to nothing",
        "#/compositions/0/dependencies: 'y' refers to nothing",
    ]
    card = {"modelParameters": {"datasets": [{"ref": "gone"}]}}
    model = {"type": "machine-learning-model", "name": "m", "modelCard": card}
    assert problems(components=[model]) == [
        "#/components/0/modelCard/modelParameters/datasets/0/ref: 'gone' refers to nothing"
    ]


@given(st.binary(max_size=200))
def test_any_bytes_are_judged(data: bytes) -> None:
    assert sbom.validate(data)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["bom-ref", "ref", "dependsOn", "components", "name", "x"]), inner, max_size=3
        )
    ),
    max_leaves=12,
)


@given(st.dictionaries(st.sampled_from(["components", "dependencies", "compositions", "metadata", "x"]), JSON))
def test_any_json_is_judged(members: dict) -> None:
    assert isinstance(problems(**members), list)


TEXT = st.text(st.characters(exclude_categories=("Cs",)), max_size=12) | st.sampled_from(
    ["a", "A", "a.b", "a-b", "\udcff", "\x00", "\u202e", "pkg:pypi/a@1", "https://example.org/", "MIT", "(", "../x"]
)
NAMES = st.sampled_from(["a", "b", "a-b", "A_b", "c"]) | TEXT
DIGESTS = st.builds(
    Digest,
    st.sampled_from(["sha256", "SHA-512", "md5", "blake3", "nothing"]),
    st.sampled_from(["ab" * 32, "cd" * 64, "ef" * 16, "zz" * 32, ""]),
)
COMPONENTS = st.builds(
    Component,
    kind=st.sampled_from(["library", "data", "machine-learning-model", "file", "gadget"]),
    name=NAMES,
    version=st.none() | TEXT,
    purl=st.none() | TEXT | st.sampled_from(["pkg:pypi/a@1", "pkg:pypi/b"]),
    digests=st.tuples(DIGESTS, DIGESTS),
    licences=st.lists(TEXT | st.sampled_from(["mit", "MIT OR ISC", "other"]), max_size=3).map(tuple),
    scope=st.sampled_from(Scope),
    origin=st.none() | st.builds(Location, TEXT, st.tuples(TEXT), line=st.none() | st.integers(0, 9),
                                 offset=st.none() | st.integers(0, 9)),
    facts=st.fixed_dictionaries({}, optional={
        "requires": st.lists(NAMES, max_size=3) | st.integers(),
        "source": st.sampled_from(["uv", "requirements"]),
        "marker": TEXT, "extras": st.lists(TEXT, max_size=2), "editable": st.booleans(), "pinned": st.booleans(),
        "summary": TEXT | st.none(),
    }),
)  # fmt: skip
PATHS = st.sampled_from(["a", "a/b", "a/b/c.pkl", "x.csv", "é", "\udcff.csv", "a/\x1b", "", "."])
ARTIFACTS = st.builds(
    Artifact,
    kind=st.sampled_from([ArtifactKind.MODEL, ArtifactKind.MODEL_DIRECTORY, ArtifactKind.DATASET, ArtifactKind.OTHER]),
    path=PATHS,
    format=TEXT,
    size=st.integers(0, 9),
    digest=st.none() | st.just(Digest("sha256", "ab" * 32)),
    members=st.lists(PATHS, max_size=4, unique=True).map(tuple),
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(COMPONENTS, max_size=6), st.lists(ARTIFACTS, max_size=5))
def test_any_inventory_gives_a_valid_bill(
    context: Callable[..., Context], components: list[Component], artifacts: list[Artifact]
) -> None:
    bom, gaps = sbom.build(
        context(*artifacts, components=tuple(components)), timestamp=datetime(2026, 1, 1, tzinfo=UTC)
    )
    data = sbom.write(bom)
    assert sbom.validate(data) == []
    assert data.decode() == json.dumps(json.loads(data), indent=2, sort_keys=True, ensure_ascii=False) + "\n"
    assert {gap.subject.kind for gap in gaps} <= {"file"}
    found = json.loads(data)
    listed = {item["ref"]: item["dependsOn"] for item in found["dependencies"]}
    waiting, reached = ["pipeline"], set()
    while waiting:
        ref = waiting.pop()
        if ref not in reached:
            reached.add(ref)
            waiting.extend(listed.get(ref, ()))
    assert {item["bom-ref"] for item in found["components"]} | {"pipeline"} == reached
