"""What workflows and actions do that they should not."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chainguard_ml.model import Finding, GapReason, Severity
from chainguard_ml.source import workflows

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Told = Callable[[str, str], list[tuple[str, int | None]]]

PATH = ".github/workflows/train.yml"
COMMIT = "08c6903cd8c0fde910a37f88322edcfb5dd907a8"
DIGEST = "sha256:" + "ab" * 32


def workflow(steps: str, *, head: str = "on: push\npermissions: {}\n") -> str:
    """Return a workflow whose first step begins on the line that follows ``steps:``."""
    indented = "".join(f"      {line}\n" for line in steps.strip("\n").split("\n"))
    return f"{head}jobs:\n  train:\n    runs-on: x\n    steps:\n{indented}"


@pytest.mark.parametrize(
    ("use", "severity"),
    [
        (f"actions/checkout@{COMMIT}", None),
        (f"some/action/inner@{COMMIT.upper()}", None),
        (f"some/action@{COMMIT}{COMMIT[:24]}", None),
        ("./local", None),
        ("./.github/actions/local", None),
        (f"docker://python@{DIGEST}", None),
        ("actions/checkout@v5", Severity.MEDIUM),
        ("github/codeql-action/init@v3", Severity.MEDIUM),
        ("some/action@main", Severity.HIGH),
        (f"some/action@{COMMIT[:12]}", Severity.HIGH),
        (f"some/action@{COMMIT}0", Severity.HIGH),
        (f"some/{COMMIT}", Severity.HIGH),
        ("some/action@${{ inputs.version }}", Severity.HIGH),
        ("docker://python:3.12", Severity.HIGH),
        ("docker://python@sha256:1234", Severity.HIGH),
        ("../outside", Severity.HIGH),
    ],
)
def test_an_action_is_pinned_to_a_commit(examine: Callable, use: str, severity: Severity | None) -> None:
    findings, _, evidence = examine({PATH: workflow(f"- uses: {use}")})
    assert [(item.rule, item.severity, item.location.line) for item in findings] == (
        [("unpinned-action", severity, 7)] if severity else []
    )
    foreign = not use.startswith("./")
    assert evidence[0].statement == {"actions": int(foreign), "pinned": int(foreign and not severity)}


def test_reusable_workflows_and_images_of_actions_count_too(examine: Callable) -> None:
    findings, _, _ = examine(
        {
            PATH: "on: push\npermissions: {}\njobs:\n  a:\n    uses: some/repo/.github/workflows/x.yml@v1\n",
            "action.yml": "runs:\n  using: docker\n  image: docker://python:3\n",
            "composite/action.yml": "runs:\n  using: composite\n  steps:\n  - uses: some/action@v1\n",
        }
    )
    assert [(item.location.path, item.location.line) for item in findings] == [
        (PATH, 5),
        ("action.yml", 3),
        ("composite/action.yml", 4),
    ]
    assert {item.rule for item in findings} == {"unpinned-action"}


@pytest.mark.parametrize(
    ("head", "severity", "line"),
    [
        ("on: push\npermissions: {}\n", None, 0),
        ("on: push\npermissions: read-all\n", None, 0),
        ("on: push\npermissions:\n  contents: read\n", None, 0),
        ("on: push\npermissions: write-all\n", Severity.MEDIUM, 2),
        ("on: push\n", Severity.LOW, 3),
        ("on: workflow_call\n", None, 0),
        ("on: [workflow_call, push]\n", Severity.LOW, 3),
        ("on:\n  workflow_call:\n    inputs: {}\n", None, 0),
    ],
)
def test_permissions(examine: Callable, head: str, severity: Severity | None, line: int) -> None:
    findings, _, _ = examine({PATH: workflow("- run: make", head=head)})
    expected = [("excessive-permissions", severity, line)] if severity else []
    assert [(item.rule, item.severity, item.location.line) for item in findings] == expected


def test_permissions_of_each_job_will_do(told: Told) -> None:
    jobs = "on: push\njobs:\n  a:\n    permissions: {}\n  b:\n    permissions: write-all\n"
    assert told(PATH, jobs) == [("excessive-permissions", 6)]
    assert told(PATH, "on: push\njobs:\n  a:\n    permissions: {}\n  b: {}\n") == [("excessive-permissions", 5)]


@pytest.mark.parametrize(
    ("trigger", "step", "found"),
    [
        ("pull_request_target", "with: {ref: '${{ github.event.pull_request.head.sha }}'}", True),
        ("[push, pull_request_target]", "with: {ref: '${{ github.head_ref }}'}", True),
        ("{pull_request_target: {types: [opened]}}", "with: {ref: 'refs/pull/${{ github.event.number }}/merge'}", True),
        ("workflow_run", "with: {repository: '${{ github.event.workflow_run.head_repository.full_name }}'}", True),
        ("pull_request", "with: {ref: '${{ github.event.pull_request.head.sha }}'}", False),
        ("pull_request_target", "with: {ref: main}", False),
        ("pull_request_target", "name: x", False),
    ],
)
def test_privileged_checkouts(told: Told, trigger: str, step: str, found: bool) -> None:  # noqa: FBT001
    text = workflow(f"- uses: actions/checkout@{COMMIT}\n  {step}", head=f"on: {trigger}\npermissions: {{}}\n")
    assert told(PATH, text) == ([("pull-request-target-checkout", 8)] if found else [])


@pytest.mark.parametrize(
    ("script", "found"),
    [
        ("gh pr checkout 1", True),
        ("git fetch origin pull/${{ github.event.number }}/head", True),
        ("git checkout ${{ github.event.pull_request.head.sha }}", True),
        ("git checkout ${{ github.ref }}", False),
        ("git status", False),
    ],
)
def test_privileged_checkouts_by_command(told: Told, script: str, found: bool) -> None:  # noqa: FBT001
    text = workflow(f"- run: |\n    set -e\n    {script}", head="on: pull_request_target\npermissions: {}\n")
    assert told(PATH, text) == ([("pull-request-target-checkout", 9)] if found else [])


@pytest.mark.parametrize(
    ("expression", "found"),
    [
        ("github.event.issue.title", True),
        ("github.event.pull_request.body", True),
        ("github.event.comment.body", True),
        ("github.head_ref", True),
        ("GitHub.Head_Ref", True),
        ("github['event']['issue'].title", True),
        ("github.event.commits[0].message", True),
        ("github.event.commits.*.author.email", True),
        ("github.event.pull_request.head.ref", True),
        ("format('x {0}', github.event.review.body)", True),
        ("toJSON(github.event)", True),
        ("toJson( github.event.issue )", True),
        ("github.event.issue.number", False),
        ("github.event.pull_request.head.sha", False),
        ("github.sha", False),
        ("contains(github.event.comment.body, '/run')", False),
        ("github.head_ref == 'main' && 'a' || 'b'", False),
        ("github.event.inputs.name", False),
        ("steps.x.outputs.github.head_ref", False),
        ("secrets.TOKEN", False),
    ],
)
def test_template_injection(told: Told, expression: str, found: bool) -> None:  # noqa: FBT001
    text = workflow(f"- name: say\n  run: |\n    echo start\n    echo ${{{{ {expression} }}}}")
    assert told(PATH, text) == ([("template-injection", 10)] if found else [])


def test_an_expression_in_the_environment_is_fine_until_it_is_an_expression_again(told: Told) -> None:
    text = workflow(
        '- env:\n    TITLE: ${{ github.event.issue.title }}\n  run: |\n    echo "$TITLE"\n    echo ${{ env.TITLE }}'
    )
    assert told(PATH, text) == [("template-injection", 11)]
    above = workflow("- run: echo ${{ env.T }}", head="on: push\npermissions: {}\nenv:\n  T: ${{ github.head_ref }}\n")
    assert told(PATH, above) == [("template-injection", 9)]
    harmless = workflow("- run: echo ${{ env.T }}\n  env: {T: fixed}",
                        head="on: push\npermissions: {}\nenv:\n  T: ${{ github.head_ref }}\n")  # fmt: skip
    assert told(PATH, harmless) == []


def test_a_script_of_an_action_and_a_composite_action_are_scripts_too(examine: Callable) -> None:
    script = f"- uses: actions/github-script@{COMMIT}\n  with:\n    script: console.log(`${{{{ github.head_ref }}}}`)"
    action = "runs:\n  using: composite\n  steps:\n  - run: echo ${{ github.head_ref }}\n    shell: sh\n"
    findings, _, _ = examine({PATH: workflow(script), "action.yml": action})
    assert [(item.location.path, item.location.line) for item in findings] == [(PATH, 9), ("action.yml", 4)]


def test_lines_are_exact_in_every_style_of_string(told: Told) -> None:
    said = "${{ github.head_ref }}"
    assert told(PATH, workflow(f"- run: >\n    echo\n    a {said}\n")) == [("template-injection", 9)]
    assert told(PATH, workflow(f"- run: |-  # why\n    echo {said}\n    echo {said}")) == [
        ("template-injection", 8),
        ("template-injection", 9),
    ]
    assert told(PATH, workflow(f'- run: "echo\n    {said}"')) == [("template-injection", 8)]
    assert told(PATH, workflow('- run: "echo $\\x7b{ github.head_ref }}"')) == [("template-injection", 7)]


def test_downloads_are_looked_at_line_by_line(told: Told) -> None:
    text = workflow("- run: |\n    make\n    curl -sSLk \\\n      https://h.example/x\n    wget http://h.example/m.pt")
    assert told(PATH, text) == [("insecure-model-download", 9), ("insecure-model-download", 11)]
    assert told(PATH, workflow("- run: curl --insecure https://h.example/x")) == [("insecure-model-download", 7)]


def test_a_fingerprint_survives_shifted_lines_and_tells_jobs_apart(examine: Callable) -> None:
    first, _, _ = examine({PATH: workflow("- uses: a/b@v1\n- uses: a/b@v1\n- name: x\n  uses: a/b@v1")})
    second, _, _ = examine({PATH: "# a line\n\n" + workflow("- run: x\n- uses: a/b@v1\n- uses: a/b@v1\n- name: x\n  uses: a/b@v1")})  # fmt: skip  # noqa: E501 (one document)
    assert [item.fingerprint for item in first] == [item.fingerprint for item in second]
    assert len(first) == 3


@pytest.mark.parametrize(
    "text",
    [b"\xff", b"a: [", b"- a list", b"", b"a: 1\na: 2\n", b"!!python/object:os.system x", b"&a [*a]", b"{" * 5000],
)
def test_what_is_no_workflow_is_a_gap(examine: Callable, text: bytes) -> None:
    findings, gaps, _ = examine({PATH: text})
    assert (findings, [gap.reason for gap in gaps]) == ([], [GapReason.MALFORMED])


@pytest.mark.parametrize(
    "text",
    [
        "on: 1\njobs: x\npermissions: 1\n",
        "jobs: {a: 1, b: [], c: {steps: 1, uses: 2, permissions: {}}}\non: [1, {}]\n",
        "jobs:\n  a:\n    permissions: {}\n    steps: [1, null, {uses: [], run: {}, env: 1, with: x}]\n",
        "runs: {steps: {}, image: 1}\n",
    ],
)
def test_odd_shapes_are_taken_as_they_come(examine: Callable, text: str) -> None:
    findings, gaps, _ = examine({PATH: text})
    assert (findings, gaps) == ([], [])


def test_other_systems_are_gaps_not_silence(examine: Callable) -> None:
    _, gaps, evidence = examine({".gitlab-ci.yml": "a: {script: x}"})
    assert [(gap.reason, gap.detail) for gap in gaps] == [
        (GapReason.UNSUPPORTED, "workflow files of format 'gitlab-ci' are not read")
    ]
    assert evidence == []


KEYS = st.sampled_from(
    ["on", "jobs", "a", "steps", "uses", "run", "with", "ref", "env", "permissions", "runs", "image"]
)
VALUES = st.sampled_from(["pull_request_target", "write-all", "a/b@v1", "docker://x", "echo ${{ github.head_ref }}",
                          "${{ env.a }}", "curl -k x", "|", "actions/checkout@v1"]) | st.none()  # fmt: skip
TREES = st.recursive(VALUES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=4))


@settings(deadline=None)
@given(tree=TREES)
def test_any_tree_is_examined(tmp_path_factory: pytest.TempPathFactory, tree: object) -> None:
    import json

    root: Path = tmp_path_factory.mktemp("tree")
    (root / "w.yml").write_text(json.dumps(tree, indent=1), encoding="utf-8")
    items = list(workflows.examine({"root": str(root), "path": "w.yml", "limit": 100_000}))
    lines = (root / "w.yml").read_text(encoding="utf-8").count("\n") + 1
    assert all(1 <= (item.location.line or 0) <= lines for item in items if isinstance(item, Finding))


@settings(deadline=None)
@given(data=st.binary(max_size=200))
def test_any_bytes_are_examined(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    root: Path = tmp_path_factory.mktemp("bytes")
    (root / "w.yml").write_bytes(data)
    assert list(workflows.examine({"root": str(root), "path": "w.yml", "limit": 100_000}))
