from __future__ import annotations

import dataclasses
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chainguard_ml import verdict
from chainguard_ml.codec import decode, encode
from chainguard_ml.model import (
    Artifact,
    ArtifactKind,
    Component,
    Confidence,
    Decision,
    Digest,
    Evidence,
    Finding,
    Gap,
    GapReason,
    Location,
    Outcome,
    Report,
    Result,
    Rule,
    Scope,
    Severity,
    Subject,
    Verdict,
    Waived,
    Waiver,
)

RULE = Rule("bad-thing", "Something bad", "scan", Severity.HIGH, "It is bad.", "Do not.")
PLACE = Location("model.zip", ("data.pkl",), offset=42)


def finding(**changes: object) -> Finding:
    found = RULE.finding(Subject("model.zip"), PLACE, "it is bad", key=("os.system",))
    return dataclasses.replace(found, **changes)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("location", "text"),
    [
        (Location("model.zip", ("data.pkl",), offset=42), "model.zip!/data.pkl@0x2a"),
        (Location("requirements.txt", line=12), "requirements.txt:12"),
        (Location("config.json", pointer="/a/0"), "config.json#/a/0"),
        (Location("a.zip").inside("b.zip").inside("c").at(0), "a.zip!/b.zip!/c@0x0"),
    ],
)
def test_a_location_reads_as_a_place(location: Location, text: str) -> None:
    assert str(location) == text


def test_severities_are_ordered_and_written_in_lower_case() -> None:
    assert Severity.INFO < Severity.LOW < Severity.MEDIUM < Severity.HIGH < Severity.CRITICAL
    assert [str(severity) for severity in Severity] == ["info", "low", "medium", "high", "critical"]
    assert Severity.parse("High") is Severity.HIGH
    with pytest.raises(ValueError, match="'grave' is none of info, low, medium, high, critical"):
        Severity.parse("grave")


def test_a_fingerprint_survives_line_shifts_renames_of_hashed_files_and_other_words() -> None:
    hashed = Subject("a.pkl", digest=Digest("sha256", "ab"))
    one = finding(subject=hashed, location=Location("a.pkl", line=3))
    other = finding(subject=dataclasses.replace(hashed, name="b.pkl"), location=Location("b.pkl", line=9), message="x")
    assert one.fingerprint == other.fingerprint
    assert len(one.fingerprint) == 32


def test_a_fingerprint_tells_subjects_rules_members_and_keys_apart() -> None:
    variants = [
        finding(),
        finding(rule="other"),
        finding(subject=Subject("other.zip")),
        finding(subject=Subject("model.zip", digest=Digest("sha256", "ab"))),
        finding(location=Location("model.zip", ("other.pkl",))),
        finding(key=("os.popen",)),
    ]
    assert len({variant.fingerprint for variant in variants}) == len(variants)


def test_a_rule_gives_its_severity_and_remediation_unless_told_otherwise() -> None:
    assert (finding().severity, finding().hint) == (Severity.HIGH, "Do not.")
    milder = RULE.finding(Subject("a"), PLACE, "m", severity=Severity.INFO, hint="Fine.", confidence=Confidence.LOW)
    assert (milder.severity, milder.hint, milder.confidence) == (Severity.INFO, "Fine.", Confidence.LOW)


def test_a_directory_is_a_directory_even_when_it_is_empty() -> None:
    assert Artifact(ArtifactKind.MODEL_DIRECTORY, "m", "huggingface", 0).subject.kind == "directory"
    assert Artifact(ArtifactKind.MODEL, "m.pkl", "pickle", 1).subject == Subject("m.pkl", size=1)


texts = st.text(max_size=12)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=6,
)
facts = st.dictionaries(texts, json_values, max_size=3)
digests = st.builds(Digest, st.sampled_from(["sha256", "blake2b"]), st.just("ab12"))
subjects = st.builds(Subject, texts, texts, st.none() | digests, st.none() | st.integers(0), st.none() | texts)
locations = st.builds(
    Location,
    texts,
    st.lists(texts.filter(bool), max_size=3).map(tuple).filter(lambda chain: "!/" not in "".join(chain)),
    st.none() | st.integers(0),
    st.none() | st.integers(1),
    st.none() | texts,
)
findings = st.builds(
    Finding,
    texts,
    subjects,
    locations,
    texts,
    st.sampled_from(Severity),
    st.sampled_from(Confidence),
    facts,
    texts,
    st.lists(texts, max_size=3).map(tuple),
)
gaps = st.builds(Gap, subjects, st.sampled_from(GapReason), texts, st.none() | locations)
evidences = st.builds(Evidence, texts, subjects, texts, facts, st.none() | locations)
components = st.builds(
    Component,
    texts,
    texts,
    st.none() | texts,
    st.none() | texts,
    st.lists(digests, max_size=1).map(tuple),
    st.lists(texts, max_size=2).map(tuple),
    st.sampled_from(Scope),
    st.none() | locations,
    facts,
)


@given(findings | gaps | evidences | components)
def test_what_a_worker_sends_is_what_arrives(record: Finding | Gap | Evidence | Component) -> None:
    assert decode(encode(record)) == record


@pytest.mark.parametrize(
    "value",
    [
        None,
        [],
        {},
        {"finding": {}, "gap": {}},
        {"rumour": {}},
        {"gap": 1},
        {"gap": {"subject": {"name": 1}}},
        {"gap": {"subject": {"name": "a", "kind": "f", "size": "big"}, "reason": "crash", "detail": ""}},
        {"gap": {"subject": {"name": "a", "kind": "f"}, "reason": "because", "detail": ""}},
        {"finding": {"rule": "r", "subject": {"name": "a", "kind": "f"}, "location": {"path": "p"}, "chain": [1]}},
    ],
)
def test_a_worker_that_sends_nonsense_is_refused(value: object) -> None:
    with pytest.raises(ValueError, match=r"."):
        decode(value)  # type: ignore[arg-type]


@given(json_values)
def test_any_json_is_a_record_or_refused(value: object) -> None:
    with pytest.raises(ValueError, match=r"."):
        decode({"finding": value})  # type: ignore[dict-item]


def test_observations_are_sorted_worst_first_and_repetitions_dropped() -> None:
    mild, bad = finding(severity=Severity.LOW), finding()
    gap = Gap(Subject("a"), GapReason.CRASH, "died")
    fact = Evidence("scan", Subject("a"), "scan")
    assert verdict.split([mild, gap, bad, fact, bad, gap]) == ([bad, mild], [gap], [fact])


@pytest.mark.parametrize(
    ("found", "missing", "results", "outcome"),
    [
        ((), (), (), Outcome.PASS),
        ((Severity.MEDIUM,), (), (Result.PASS, Result.WARN, Result.SKIPPED), Outcome.PASS),
        ((Severity.HIGH,), (), (), Outcome.FAIL),
        ((), ("gap",), (), Outcome.INCOMPLETE),
        ((Severity.CRITICAL,), ("gap",), (), Outcome.FAIL),
        ((), (), (Result.FAIL,), Outcome.FAIL),
        ((), ("gap",), (Result.ERROR,), Outcome.FAIL),
    ],
)
def test_fail_beats_incomplete_beats_pass(
    found: tuple[Severity, ...], missing: tuple[str, ...], results: tuple[Result, ...], outcome: Outcome
) -> None:
    decisions = [Decision("r", "R", result, Severity.HIGH) for result in results]
    concluded = verdict.conclude(
        [finding(severity=severity) for severity in found],
        [Gap(Subject(name), GapReason.CRASH, "") for name in missing],
        Severity.HIGH,
        decisions,
    )
    assert concluded.outcome is outcome
    assert Report("check", (), 0, concluded).complete is not bool(missing)


def test_a_baseline_takes_out_what_it_holds_and_nothing_else() -> None:
    known, new = finding(), finding(key=("new",))
    assert verdict.without_known([known, new], {known.fingerprint}) == ([new], [Waived(known, "baseline")])


def test_the_nouns_are_frozen() -> None:
    waiver = Waiver("r", "", "why", "me", ("you",), date(2027, 1, 1))
    for noun in (finding(), PLACE, waiver, Verdict(Outcome.PASS)):
        first = dataclasses.fields(noun)[0].name
        with pytest.raises(dataclasses.FrozenInstanceError):
            setattr(noun, first, "other")
