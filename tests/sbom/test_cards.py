"""Cards and configurations: what is taken from them, which model they describe, and hostile ones."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chainguard_ml import sbom
from chainguard_ml.context import Context
from chainguard_ml.errors import InputError
from chainguard_ml.model import Artifact, ArtifactKind, Evidence, Gap, GapReason, Subject
from chainguard_ml.sbom import card, reading

MakeContext = Callable[..., Context]
MakeArtifact = Callable[..., Artifact]
CARD, MODEL, DATASET = ArtifactKind.MODEL_CARD, ArtifactKind.MODEL, ArtifactKind.DATASET


def built(context: Context) -> tuple[dict[str, dict], list[Gap]]:
    bom, gaps = sbom.build(context)
    data = sbom.write(bom)
    assert sbom.validate(data) == []
    return {item["bom-ref"]: item for item in json.loads(data)["components"]}, gaps


@pytest.mark.parametrize(
    ("text", "front"),
    [
        ("---\na: 1\n---\nrest", "a: 1"),
        ("\ufeff---\r\na: 1\r\n---\r\nrest", "a: 1"),
        ("---\n---", ""),
        ("--- \na: 1\n---  \n", "a: 1"),
        ("---\na: 1", None),
        ("# Title\n---\na: 1\n---", None),
        ("", None),
    ],
)
def test_front_matter_stands_between_two_fences_at_the_top(text: str, front: str | None) -> None:
    assert card.split(text)[0] == front


def test_facts_are_taken_as_written() -> None:
    front = "license: [mit, MIT, mit]\ndatasets: imdb\nlanguage: [no, 1]\nbase_model:\ntags: []\nversion: 1.0\n"
    assert card.statement(front, "card") == (
        {"licences": ["mit", "MIT"], "datasets": ["imdb"], "languages": ["no", "1"], "version": "1.0"},
        [],
    )
    assert card.statement("# nothing", "card") == ({}, [])
    assert card.statement("co2_eq_emissions: 3.5", "card") == ({"emissions": "3.5"}, [])


def test_values_that_cannot_be_used_are_named() -> None:
    front = "license: {a: b}\ndatasets: [[imdb]]\npipeline_tag: [x]\nmodel-index: [1, {results: 2}]\n"
    assert card.statement(front, "card") == ({}, ["license", "datasets", "pipeline_tag", "model-index"])


def test_only_measures_with_a_kind_and_a_value_are_metrics() -> None:
    index = (
        "{results: [{dataset: imdb, metrics: [{name: f1, value: 1}, {type: bleu}, {value: 2}, {type: x, value: [1]}]}]}"
    )
    facts, _ = card.statement(f"model-index: [{index}]", "card")
    assert facts["metrics"] == [
        {"type": "f1", "value": "1", "slice": None},
        {"type": "x", "value": "[1]", "slice": None},
    ]


def test_sections_of_the_prose_are_found_by_their_headings() -> None:
    text = (
        "# Model\nIntro\n## Uses\n### Direct Use\nSorting.\n### Downstream Use\n[More Information Needed]\n"
        "### Out-of-Scope Use ###\n<!-- hint -->\nMedicine.\n## Users\nN/A\n```\n# Users\n```\n"
        "## **Limitations:**\nMany.\n"
    )
    assert card.sections(text) == {
        "use_cases": ["Sorting."],
        "limitations": ["Medicine.", "Many."],
        "users": ["N/A ``` # Users ```"],
    }
    assert card.sections("## Users\n" + "x " * 5000)["users"] == [("x " * 1000)]


@given(st.text(max_size=300))
def test_any_text_splits_and_reads(text: str) -> None:
    front, prose = card.split(text)
    card.sections(prose)
    try:
        card.statement(front or text, "card")
    except InputError:
        return


YAML = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=10),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["results", "metrics", "dataset", "type", "name", "value", "a"]), inner, max_size=3
        )
    ),
    max_leaves=10,
)
KEYS = ["license", "datasets", "model-index", "co2_eq_emissions", "pipeline_tag", "language", "base_model", "tags"]


@given(st.dictionaries(st.sampled_from(KEYS), YAML))
def test_any_values_of_known_keys_are_taken_or_named(table: dict) -> None:
    text = json.dumps(table, ensure_ascii=True, allow_nan=True).replace("\\ud", "d")
    try:
        facts, unusable = card.statement(text, "card")
    except InputError:
        return
    json.dumps(facts, allow_nan=False)
    assert set(unusable) <= set(KEYS)


@pytest.mark.parametrize(
    ("text", "detail"),
    [
        (b"---\na: [\n---\n", "front matter: "),
        (b"---\njust text\n---\n", "front matter: the front matter is not a mapping"),
        (b"---\na: !!python/object/apply:os.system [id]\n---\n", "the tag"),
        (b"---\nlicense: a\nlicense: b\n---\n", "a second time"),
        (b"---\na0: &a [x, x]\n" + b"".join(
            b"a%d: &a%d [*a%s, *a%s]\n" % (i, i, b"" if i == 1 else b"%d" % (i - 1), b"" if i == 1 else b"%d" % (i - 1))
            for i in range(1, 40)) + b"---\n", "more than 200,000 values"),
        (b"---\na: " + b"[" * 100_000 + b"\n---\n", "nested deeper"),
        (b"---\nlicense: {}\ndatasets: {a: b}\n---\n", "no usable value for datasets"),
        (b"\xff\xfe", "it is not UTF-8 text"),
    ],
)  # fmt: skip
def test_a_hostile_card_is_a_gap_and_the_model_stays(
    text: bytes, detail: str, context: MakeContext, artifact: MakeArtifact
) -> None:
    made = context(artifact("README.md", CARD, text), artifact("model.pkl", MODEL, "x"))
    found, gaps = built(made)
    assert [(gap.subject.name, gap.reason) for gap in gaps] == [("README.md", GapReason.MALFORMED)]
    assert detail in gaps[0].detail
    assert found["model:model.pkl"]["hashes"]


def test_a_card_is_read_in_the_worker_as_anywhere(context: MakeContext, artifact: MakeArtifact) -> None:
    def read(text: bytes) -> list[object]:
        artifact("README.md", CARD, text)
        return list(reading.read({"root": str(context().root), "path": "README.md", "kind": "card"}))

    evidence = Evidence("card", Subject("README.md"), "sbom", {"use_cases": ["Sorting."]})
    assert read(b"## Uses\nSorting.") == [evidence]
    assert read(b"---\n---\n## Uses\nSorting.") == [evidence]
    assert read(b"---\n[\n---\n## Uses\nSorting.")[1:] == [evidence]
    assert read(b"---\nlicense: {a: b}\n---\n## Uses\nSorting.")[1:] == [evidence]
    assert [type(item) for item in read(b"\xff")] == [Gap]
    artifact("elsewhere", CARD, "")
    (context().root / "README.md").unlink()
    (context().root / "README.md").symlink_to("elsewhere")
    (gap,) = reading.read({"root": str(context().root), "path": "README.md", "kind": "card"})
    assert isinstance(gap, Gap)
    assert gap.reason is GapReason.UNREADABLE


def test_a_card_that_is_too_large_or_gone_is_a_gap(context: MakeContext, artifact: MakeArtifact) -> None:
    large = artifact("README.md", CARD, "x" * (reading.LIMIT + 1))
    gone = artifact("MODEL_CARD.md", CARD, "x")
    (context().root / "MODEL_CARD.md").unlink()
    _, gaps = built(context(large, gone))
    assert {(gap.subject.name, gap.reason) for gap in gaps} == {
        ("README.md", GapReason.BUDGET),
        ("MODEL_CARD.md", GapReason.UNREADABLE),
    }


@pytest.mark.parametrize(
    ("licence", "found"),
    [
        ("mit", [{"license": {"id": "MIT"}}]),
        ("Apache-2.0 OR mit", [{"expression": "Apache-2.0 OR MIT"}]),
        ("LicenseRef-Own", [{"expression": "LicenseRef-Own"}]),
        ("[mit, 'Apache-2.0 OR MIT']", [{"license": {"name": "Apache-2.0 OR MIT"}}, {"license": {"id": "MIT"}}]),
        ("other", [{"license": {"name": "other"}}]),
        ("Apache 2.0", [{"license": {"name": "Apache 2.0"}}]),
        ('"\\u202eMIT"', [{"license": {"name": "\\u202eMIT"}}]),
        ("other\nlicense_name: own\nlicense_link: 'https://example.org/a b'",
         [{"license": {"name": "own", "url": "https%3A//example.org/a%20b"}}]),
        ("other\nlicense_name: own\nlicense_link: https://example.org/x?y", [
            {"license": {"name": "own", "url": "https%3A//example.org/x%3Fy"}}]),
        ("own\nlicense_link: https://example.org/x%20y", [
            {"license": {"name": "own", "url": "https://example.org/x%20y"}}]),
        ("'" + "(" * 150 + "'", [{"license": {"name": "(" * 150}}]),
        ("'" + "mit or " * 1000 + "mit'", [{"license": {"name": ("mit or " * 1000 + "mit")}}]),
    ],
)  # fmt: skip
def test_licences(licence: str, found: list[dict], context: MakeContext, artifact: MakeArtifact) -> None:
    text = f"---\nlicense: {licence}\n---\n"
    made = context(artifact("README.md", CARD, text), artifact("model.pkl", MODEL, "x"))
    (licences,) = (item["licenses"] for item in built(made)[0].values())
    for item in licences:
        assert (item.get("license") or item).pop("acknowledgement") == "declared"
    assert licences == found


def test_a_card_describes_what_lies_below_it(context: MakeContext, artifact: MakeArtifact) -> None:
    def licence(name: str) -> str:
        return f"---\nlicense: {name}\n---\n"

    made = context(
        artifact("a/README.md", CARD, licence("mit")),
        artifact("a/deep/er/model.pkl", MODEL, "x"),
        artifact("b/README.md", CARD, licence("mit")),
        artifact("b/one/model.pkl", MODEL, "x"),
        artifact("b/two/model.pkl", MODEL, "x"),
        artifact("b/two/README.md", CARD, licence("isc")),
        artifact("c/README.md", CARD, licence("mit")),
        artifact("c/net.md", CARD, licence("isc")),
        artifact("c/net.pkl", MODEL, "x"),
        artifact("c/other.pkl", MODEL, "x"),
        artifact("d/CARD.md", ArtifactKind.DATASET_CARD, licence("mit")),
        artifact("d/raw/one.csv", DATASET, "x"),
        artifact("d/raw/two.csv", DATASET, "x"),
        artifact("e/model.pkl", MODEL, "x"),
    )
    found, gaps = built(made)
    assert gaps == []
    licences = {ref: item["licenses"][0]["license"]["id"] for ref, item in found.items() if "licenses" in item}
    assert licences == {
        "model:a/deep/er/model.pkl": "MIT",
        "model:b/two/model.pkl": "ISC",
        "model:c/net.pkl": "ISC",
        "model:c/other.pkl": "MIT",
        "data:d/raw/one.csv": "MIT",
        "data:d/raw/two.csv": "MIT",
    }


def test_directories_inside_directories(context: MakeContext, artifact: MakeArtifact) -> None:
    paths = ("m/a.pkl", "m/data.csv", "m/inner/b.pkl", "m/inner/config.json", "d/c.csv", "d/d.pkl")
    kinds = {"csv": DATASET, "pkl": MODEL, "json": ArtifactKind.OTHER}
    files = [artifact(path, kinds[path.rsplit(".", 1)[1]], "[]") for path in paths]
    directories = [
        Artifact(ArtifactKind.MODEL_DIRECTORY, "m", "hf", 0, members=paths[:4]),
        Artifact(ArtifactKind.MODEL_DIRECTORY, "m/inner", "hf", 0, members=paths[2:4]),
        Artifact(DATASET, "d", "hf", 0, members=paths[4:]),
    ]
    found, gaps = built(context(*files, *directories))
    assert gaps == []
    assert {ref: [part["bom-ref"] for part in item.get("components", [])] for ref, item in found.items()} == {
        "model:m": ["file:m/a.pkl"],
        "model:m/inner": ["file:m/inner/b.pkl", "file:m/inner/config.json"],
        "data:m/data.csv": [],
        "data:d": ["file:d/c.csv"],
        "model:d/d.pkl": [],
    }


def test_the_root_itself_may_be_a_model(context: MakeContext, artifact: MakeArtifact) -> None:
    text = "---\nmodel_name: Sorter\n---\n"
    files = [artifact("README.md", CARD, text), artifact("tokenizer.json", ArtifactKind.OTHER, "{}")]
    root = Artifact(ArtifactKind.MODEL_DIRECTORY, ".", "hf", 0, members=("README.md", "tokenizer.json"))
    (model,) = built(context(*files, root))[0].values()
    assert (model["bom-ref"], model["name"]) == ("model:.", "Sorter")
    assert [part["name"] for part in model["components"]] == ["README.md", "tokenizer.json"]
    (model,) = built(context(Artifact(ArtifactKind.MODEL_DIRECTORY, "", "hf", 0)))[0].values()
    assert model["name"] == "model"


def test_a_data_set_named_by_two_is_not_guessed(context: MakeContext, artifact: MakeArtifact) -> None:
    made = context(
        artifact("README.md", CARD, "---\ndatasets: [x, Y.CSV]\n---\n"),
        artifact("model.pkl", MODEL, "m"),
        artifact("a/x.csv", DATASET, "1"),
        artifact("b/x.csv", DATASET, "2"),
        artifact("b/y.csv", DATASET, "2"),
    )
    datasets = built(made)[0]["model:model.pkl"]["modelCard"]["modelParameters"]["datasets"]
    assert datasets == [{"type": "dataset", "name": "x"}, {"ref": "data:b/y.csv"}]


@pytest.mark.parametrize(
    ("kind", "text", "facts"),
    [
        ("model-config", '{"model_type": 1, "architectures": "x", "hidden_size": true}', {}),
        ("model-config", '{"architectures": [], "hidden_size": 1.5, "hidden_act": ""}', {"hidden_size": "1.5"}),
        ("model-config", "[]", None),
        ("model-config", "{", None),
        ("model-config", "[" * 100_000, None),
        ("project", "project = 3", None),
        ("project", "[project]\nname = 3\nlicense = {text = 'MIT'}", {}),
        ("project", "[project\n", None),
    ],
)
def test_configurations(kind: str, text: str, facts: dict | None, artifact: MakeArtifact, context: MakeContext) -> None:
    artifact("file", ArtifactKind.OTHER, text)
    records = list(reading.read({"root": str(context().root), "path": "file", "kind": kind}))
    if facts is None:
        assert all(isinstance(record, Gap) and record.reason is GapReason.MALFORMED for record in records)
        assert len(records) == (0 if text in {"[]", "project = 3"} else 1)
    elif kind == "model-config":
        (record,) = records
        assert isinstance(record, Evidence)
        assert record.statement == {"family": None, "architecture": None, "hyperparameters": facts}
    else:
        assert records == [
            Evidence("project", Subject("file"), "sbom",
                     {"name": None, "version": None, "description": None, "licence": "MIT"})
        ]  # fmt: skip
