"""Globals that a policy lets pickles use."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import pytest

from chainguard_ml import policy
from chainguard_ml.check import check_pipeline
from chainguard_ml.config import AllowedGlobal, Config
from chainguard_ml.errors import PolicyError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

RULES = """rules:
- {id: safe, for_each: scan, require: "false"}
"""
PICKLE = b"\x80\x02cmine.models\nNet\n)\x81}b."


def test_it_is_read_with_the_name_of_its_policy(write: Callable[..., Path]) -> None:
    loaded = policy.load(
        write(RULES + "allow:\n- {name: mine.models.Net, may_be: [newobj, built], reason: ours, path: m/*}\n")
    )
    assert loaded.allow == (AllowedGlobal("mine.models.Net", ("newobj", "built"), "ours (policy sample)", "m/*"),)


def test_a_scan_accepts_it_and_says_so(write: Callable[..., Path], tmp_path: Path) -> None:
    model = tmp_path / "pipeline" / "net.pkl"
    model.parent.mkdir()
    model.write_bytes(PICKLE)
    path = write(RULES)
    report = check_pipeline(model.parent, Config(policy=path))
    assert [item.rule for item in report.verdict.findings if item.rule == "unknown-global"] == ["unknown-global"]
    digest = hashlib.sha256(PICKLE).hexdigest()
    for limit in ("", ", path: 'net.*'", f", sha256: {digest}"):
        path = write(RULES + f"allow:\n- {{name: mine.models.Net, may_be: [newobj, built], reason: ours{limit}}}\n")
        report = check_pipeline(model.parent, Config(policy=path))
        assert [item.rule for item in report.verdict.findings if item.rule == "unknown-global"] == []
        (evidence,) = [item for item in report.evidence if item.kind == "pickle"]
        assert evidence.statement["allowed_by_configuration"] == {"mine.models.Net": "ours (policy sample)"}
    path = write(RULES + "allow:\n- {name: mine.models.Net, may_be: [newobj, built], reason: ours, path: other.pkl}\n")
    report = check_pipeline(model.parent, Config(policy=path))
    assert [item.rule for item in report.verdict.findings if item.rule == "unknown-global"] == ["unknown-global"]


def test_everything_wrong_is_said_at_once(write: Callable[..., Path]) -> None:
    text = """allow:
- {name: "mine.*", may_be: [newobj], reason: ours}
- {name: mine.Net, may_be: [bilt], reason: ours, sha256: 12}
- {name: mine.Net, may_be: [built], reason: ours, sha256: ABC}
- {name: mine.Net}
"""
    with pytest.raises(PolicyError) as caught:
        policy.load(write(RULES + text))
    assert [problem.partition(": ")[2] for problem in caught.value.problems] == [
        "allow[0].name: 'mine.*' is no exact dotted name such as mypackage.models.Net",
        "allow[1].sha256: must be text, not a number; put it into quotes",
        "allow[1].may_be: 'bilt' is none of referenced, called, newobj, built; did you mean 'built'?",
        "allow[2].sha256: must be 64 lower-case hexadecimal digits",
        "allow[3]: the key 'may_be' is missing",
        "allow[3]: the key 'reason' is missing",
    ]
