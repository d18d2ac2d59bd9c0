"""Policy documents: what they may say, and every problem with them at once."""

from __future__ import annotations

import hashlib
import os
from typing import TYPE_CHECKING

import pytest

from chainguard_ml import policy
from chainguard_ml.model import Severity
from chainguard_ml.policy.schema import GROUPS

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

RULE = "rules: [{id: one, require: 'summary.models == 0'}]\n"


def test_a_document_says_everything(write: Callable[..., Path]) -> None:
    path = write(
        """
params:
  limit: {type: double, default: 7}
  names: {type: list<string>, default: [a, b]}
  must: {type: int}
rules:
- id: full
  title: |
    Two
    lines
  severity: low
  mode: warn
  for_each: signatures
  when: item.files > params.must
  require: item.verified
  at_least: 2
  distinct_by: item.signer
  if_absent: skip
  message: "{item.signer} {{braces}}"
  remediation: Sign it.
  refs: CWE-347
- {id: bare, require: summary.gaps == 0}
""",
        header="apiVersion: chainguard-ml/v1\nkind: Policy\n"
        "metadata: {name: release_1, title: T, owner: me@example.com, version: 1.5}\n",
    )
    loaded = policy.load(path)
    assert (loaded.name, loaded.title, loaded.owner, loaded.version) == ("release_1", "T", "me@example.com", "1.5")
    assert loaded.params["limit"].default == 7.0
    assert loaded.params["names"].default == ("a", "b")
    assert loaded.params["must"].default is None
    full, bare = loaded.rules
    assert (full.title, full.severity, full.mode.value, full.refs) == ("Two lines", Severity.LOW, "warn", ("CWE-347",))
    assert full.needs == {"signatures"}
    assert (bare.title, bare.severity, bare.mode.value, bare.for_each) == ("bare", Severity.HIGH, "enforce", "")
    assert bare.needs == {"gaps"}
    assert str(full.origin) == "sample.yaml:10"
    assert loaded.sources == (("sample.yaml", hashlib.sha256(path.read_bytes()).hexdigest()),)


def test_the_title_is_the_name_unless_there_is_one(write: Callable[..., Path]) -> None:
    header = "apiVersion: chainguard-ml/v1\nkind: Policy\nmetadata: {name: x}\n"
    assert policy.load(write(RULE, header=header)).title == "x"


def test_every_problem_is_said_at_once(problems: Callable[..., list[str]]) -> None:
    text = """
param: 1
params:
  Limit!: {type: int}
  in: {type: int}
  a: {type: integer}
  b: {type: int, default: seven}
  c: {default: 1}
  d: 5
  e: {type: 3}
rules:
- {id: a b, require: params.a == 1 && params.c == 2 && params.b == 3}
- {require: "true"}
- {id: dup, require: "true", severity: hihg, mode: enforced, if_absent: 1}
- {id: dup, require: true, for_each: model, message: "{item.x}", title: [], refs: [1, ""], remediation: "  "}
- {id: count, require: "true", at_least: 0, distinct_by: item.signer}
- {id: count2, require: "true", at_least: 1}
- {id: count3, require: "true", for_each: signatures, at_least: true, distinct_by: signer}
- {id: count4, require: "true", for_each: signatures, distinct_by: item.signer, when: }
- {id: count5, require: "true", for_each: 3}
- {id: brace, for_each: models, require: item.signed, message: "{item.pth} } and {"}
- text
waivers: {}
include: 5
"""
    assert problems(text) == [
        "sample.yaml:5: param: unknown key; did you mean 'params'?",
        "sample.yaml:7: params.Limit!: is no name for a parameter: letters, digits and '_'",
        "sample.yaml:8: params.in: is no name for a parameter: letters, digits and '_'",
        (
            "sample.yaml:9: params.a.type: 'integer' is none of string, int, double, bool, list<string>, list<int>, "
            "list<double>, list<bool>; did you mean 'int'?"
        ),
        "sample.yaml:10: params.b.default: must be a whole number of 64 bits",
        "sample.yaml:11: params.c: the key 'type' is missing",
        "sample.yaml:12: params.d: must be a mapping, not a number",
        "sample.yaml:13: params.e.type: must be text, not a number; put it into quotes",
        "sample.yaml:15: rules[0].id: 'a b' must be letters, digits, '-' and '_'",
        "sample.yaml:16: rules[1]: the key 'id' is missing",
        "sample.yaml:17: rules[2].severity: 'hihg' is none of info, low, medium, high, critical; did you mean 'high'?",
        "sample.yaml:17: rules[2].mode: 'enforced' is none of enforce, warn, audit; did you mean 'enforce'?",
        "sample.yaml:17: rules[2].if_absent: must be text, not a number; put it into quotes",
        "sample.yaml:18: rules[3].id: 'dup' is there a second time",
        f"sample.yaml:18: rules[3].for_each: 'model' is none of {', '.join(GROUPS)}; did you mean 'models'?",
        "sample.yaml:18: rules[3].require: must be text, not true or false; put it into quotes",
        "sample.yaml:18: rules[3].title: must be text, not a list; put it into quotes",
        "sample.yaml:18: rules[3].remediation: must not be empty",
        "sample.yaml:18: rules[3].refs[0]: must be text, not a number; put it into quotes",
        "sample.yaml:18: rules[3].refs[1]: must not be empty",
        "sample.yaml:19: rules[4].at_least: must be a whole number from 1",
        "sample.yaml:19: rules[4].distinct_by: 'item.signer' is no fact of an item",
        "sample.yaml:20: rules[5].at_least: counts items, and the rule has no for_each",
        "sample.yaml:21: rules[6].at_least: must be a whole number from 1",
        "sample.yaml:21: rules[6].distinct_by: 'signer' is no fact of an item; did you mean 'item.signer'?",
        "sample.yaml:22: rules[7].when: must be text, not nothing",
        "sample.yaml:22: rules[7].distinct_by: says how at_least counts, which is missing",
        "sample.yaml:23: rules[8].for_each: must be text, not a number; put it into quotes",
        "sample.yaml:24: rules[9].message: shows 'item.pth', which is no fact here; did you mean 'item.path'?",
        "sample.yaml:24: rules[9].message: has a lone '}'; a brace that is meant is written twice",
        "sample.yaml:24: rules[9].message: has a lone '{'; a brace that is meant is written twice",
        "sample.yaml:25: rules[10]: must be a mapping, not text",
        "sample.yaml:26: waivers: must be a list, not a mapping",
        "sample.yaml:27: include: must be a list, not a number",
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "sample.yaml:1: must be a mapping, not nothing"),
        ("[]", "sample.yaml:1: must be a mapping, not a list"),
        ("a: [", "sample.yaml: 'sample.yaml' line"),
        ("a: !!python/object/apply:os.system [x]", "sample.yaml: 'sample.yaml' line 1: the tag"),
        ("[" * 100, "sample.yaml: 'sample.yaml' line 1: collections nested deeper"),
        (
            "rules: []\n",
            (
                "sample.yaml:1: the key 'metadata' is missing\n"
                "sample.yaml:1: the key 'apiVersion' is missing; write 'apiVersion: chainguard-ml/v1'\n"
                "sample.yaml:1: the key 'kind' is missing; write 'kind: Policy'\n"
                "sample.yaml:1: there is no rule, so that everything would pass"
            ),
        ),
        (
            "apiVersion: v1\nkind: 5\nmetadata: {}\n" + RULE,
            (
                "sample.yaml:1: apiVersion: 'v1' must be 'chainguard-ml/v1'\n"
                "sample.yaml:2: kind: must be text, not a number; put it into quotes\n"
                "sample.yaml:3: metadata: the key 'name' is missing"
            ),
        ),
        (
            "apiVersion: chainguard-ml/v1\nkind: Waivers\nmetadata: {name: x}\n" + RULE,
            "sample.yaml:2: kind: 'Waivers' must be 'Policy'",
        ),
        (
            "apiVersion: chainguard-ml/v1\nkind: Policy\nmetadata: {name: x, version: true}\nrules: []\n",
            (
                "sample.yaml:1: there is no rule, so that everything would pass\n"
                "sample.yaml:3: metadata.version: must be text, not true or false; put it into quotes"
            ),
        ),
    ],
)
def test_documents_that_are_none(problems: Callable[..., list[str]], text: str, expected: str) -> None:
    assert "\n".join(problems(text, header="")).startswith(expected)


def test_a_good_document_has_no_problems(problems: Callable[..., list[str]]) -> None:
    assert problems(RULE) == []


def test_a_document_that_cannot_be_read(tmp_path: Path, refused: Callable[..., str]) -> None:
    assert "missing.yaml: cannot be read: No such file or directory" in refused(policy.load, tmp_path / "missing.yaml")
    assert "it is not a regular file" in refused(policy.load, tmp_path)
    os.mkfifo(tmp_path / "pipe.yaml")
    assert "it is not a regular file" in refused(policy.load, tmp_path / "pipe.yaml")
    (tmp_path / "loop.yaml").symlink_to("loop.yaml")
    assert "cannot be read" in refused(policy.load, tmp_path / "loop.yaml")
    assert "cannot be read" in refused(policy.load, tmp_path / "a\0b")
    (tmp_path / "big.yaml").write_bytes(b"#" * 1_000_001)
    assert "larger than 1,000,000 bytes" in refused(policy.load, tmp_path / "big.yaml")


def test_includes_come_first_and_once(write: Callable[..., Path]) -> None:
    base = write("params: {x: {type: int, default: 1}}\nrules: [{id: base, require: params.x == 2}]\n", "base.yaml")
    write("include: [../base.yaml]\nrules: [{id: middle, require: params.x == 2}]\n", "more/middle.yaml")
    digest = hashlib.sha256(base.read_bytes()).hexdigest()
    path = write(
        f"include: [more/middle.yaml, {{path: base.yaml, sha256: {digest}}}]\n"
        "params: {x: {type: int, default: 2}}\nrules: [{id: own, require: params.x == 2}]\n"
    )
    loaded = policy.load(path)
    assert [rule.id for rule in loaded.rules] == ["base", "middle", "own"]
    assert loaded.params["x"].default == 2
    assert [name for name, _ in loaded.sources] == ["base.yaml", "more/middle.yaml", "sample.yaml"]


def test_a_policy_may_only_include(write: Callable[..., Path]) -> None:
    write(RULE, "base.yaml")
    assert len(policy.load(write("include: [base.yaml]\n")).rules) == 1


def test_includes_that_are_wrong(write: Callable[..., Path], refused: Callable[..., str]) -> None:
    write(RULE + "params: {x: {type: int, default: 1}}\nseverity: 1\n", "base.yaml")
    write("include: [b.yaml]\n", "a.yaml")
    write("include: [a.yaml]\n", "b.yaml")
    path = write(
        "include:\n- base.yaml\n- {path: base.yaml}\n- {sha256: x}\n- ''\n- /etc/base.yaml\n- a.yaml\n"
        '- missing.yaml\n- 5\n- sample.yaml\n- "a\\0b"\n- {path: other.yaml, sha256: 5}\n'
        "params: {x: {type: string, default: '1'}}\n" + RULE
    )
    write(RULE.replace("one", "two"), "other.yaml")
    assert refused(policy.load, path).splitlines()[1:] == [
        "  - sample.yaml:7: include[2]: the key 'path' is missing",
        "  - sample.yaml:8: include[3]: must not be empty",
        "  - sample.yaml:9: include[4]: must be relative to this document",
        "  - sample.yaml:11: include[6]: cannot be read: No such file or directory",
        "  - sample.yaml:12: include[7]: must be a mapping, not a number",
        "  - sample.yaml:13: include[8]: includes itself: sample.yaml -> sample.yaml",
        "  - sample.yaml:14: include[9]: cannot be read: it is no name of a file",
        "  - sample.yaml:15: include[10].sha256: must be text, not a number; put it into quotes",
        "  - sample.yaml:16: params.x: is declared as int in an included document, and as string here",
        "  - sample.yaml:17: rules[0].id: 'one' is there a second time",
        "  - base.yaml:6: severity: unknown key",
        "  - b.yaml:4: include[0]: includes itself: a.yaml -> b.yaml -> a.yaml",
    ]


def test_an_included_file_must_have_the_stated_digest(write: Callable[..., Path], refused: Callable[..., str]) -> None:
    write(RULE, "base.yaml")
    text = refused(policy.load, write("include: [{path: base.yaml, sha256: abc}]\n"))
    assert "sample.yaml:4: include[0].sha256: is not the digest of the file, which is " in text


def test_a_stated_digest_counts_for_a_second_inclusion_too(
    write: Callable[..., Path], refused: Callable[..., str]
) -> None:
    write(RULE, "base.yaml")
    text = refused(policy.load, write("include: [base.yaml, {path: base.yaml, sha256: abc}]\n"))
    assert "include[1].sha256: is not the digest of the file" in text


def test_inclusions_are_bounded(write: Callable[..., Path], refused: Callable[..., str]) -> None:
    for number in range(40):
        write(f"include: [p{number + 1}.yaml]\n", f"p{number}.yaml")
    write(RULE, "p40.yaml")
    text = refused(policy.load, write("include: [p0.yaml]\n"))
    assert "is one document more than the 32 that a policy may have" in text


def test_a_policy_has_at_most_32_documents(write: Callable[..., Path], refused: Callable[..., str]) -> None:
    for number in range(31):
        write(RULE if number == 30 else f"include: [p{number + 1}.yaml]\n", f"p{number}.yaml")
    assert policy.load(write("include: [p0.yaml]\n")).rules
    write(RULE, "p31.yaml")
    write("include: [p31.yaml]\n", "p30.yaml")
    assert "p30.yaml:4: include[0]: is one document more" in refused(policy.load, write("include: [p0.yaml]\n"))


def test_shipped_policies_have_names(repository: Path) -> None:
    assert policy.library()["release"] == repository / "policies" / "release.yaml"
    assert not any(name.endswith(".test") for name in policy.library())
