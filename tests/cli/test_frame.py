"""The frame of the command line: help, options, exit codes, streams, what happens with bad input."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import jsonschema_rs
import pytest

from chainguard_ml import __version__
from chainguard_ml.cli.app import VERBS, verbs
from chainguard_ml.report.json import schema

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.conftest import Run

    Cli = Callable[..., Run]


def test_help_and_version(cli: Cli) -> None:
    for option in ("-h", "--help"):
        shown = cli(option)
        assert shown.code == 0
        assert all(panel in shown.out and all(verb in shown.out for verb in VERBS[panel]) for panel in VERBS)
    shown = cli("--version")
    assert (shown.code, shown.out, shown.err) == (0, f"chainguard-ml {__version__}\n", "")


@pytest.mark.parametrize("verb", [*verbs(), "audit db", "audit db import", "audit db status", "policy check"])
def test_every_verb_has_help(cli: Cli, verb: str) -> None:
    shown = cli(*verb.split(), "-h")
    assert (shown.code, shown.err) == (0, "")
    assert f"Usage: chainguard-ml {verb}" in shown.out


def test_no_verb_is_a_wrong_call_with_help(cli: Cli) -> None:
    shown = cli()
    assert shown.code == 2
    assert "Everyday:" in shown.err


@pytest.mark.parametrize(
    ("arguments", "error", "hint"),
    [
        (["chek"], "No such command 'chek'. Did you mean 'check'?", "see: chainguard-ml --help"),
        (["scan"], "Missing argument 'PATH...'", "see: chainguard-ml scan --help"),
        (["check", "--xyz"], "No such option: --xyz", "see: chainguard-ml check --help"),
        (["check", "missing"], "cannot examine 'missing': No such file or directory", "check the path"),
        (["check", ".", "--config", "no.toml"], "there is no configuration 'no.toml'", "check --config"),
        (["check", ".", "--config", "x", "--no-config"], "--config and --no-config contradict each other", None),
        (["check", ".", "--report", "json"], "--report json is not FORMAT=FILE", "for instance --report json=out.json"),
        (
            ["check", ".", "--report", "jsn=x"],
            "no report format is called 'jsn'; did you mean 'json'?",
            "choose one of: text, json, openvex, cyclonedx-vex",
        ),
        (
            ["check", ".", "--baseline", "no.json"],
            "cannot read the baseline 'no.json': No such file or directory",
            "write one with: chainguard-ml check -f json -o baseline.json",
        ),
        (["check", ".", "--param", "x"], "--param x is not NAME=VALUE", None),
        (
            ["check", ".", "--policy", "relase"],
            "there is no policy 'relase'; did you mean 'release'?",
            "give a file, or the name of a shipped policy: attested, release",
        ),
        (["rule", "no-such"], "no rule is called 'no-such'", "list every rule with: chainguard-ml rule"),
    ],
)
def test_a_wrong_call_says_what_and_what_to_do(
    cli: Cli, pipeline: Path, arguments: list[str], error: str, hint: str | None
) -> None:
    shown = cli(*arguments, cwd=pipeline)
    assert (shown.code, shown.out) == (2, "")
    assert shown.err == f"error: {error}\n" + (f"hint: {hint}\n" if hint else "")


def test_an_empty_directory_is_nothing_to_examine(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    for verb in ("check", "scan", "audit", "source", "sbom"):
        shown = cli(verb, "empty")
        assert (verb, shown.code, shown.out) == (verb, 3, "")
        assert shown.err == "error: there is nothing to examine in 'empty'\n"


def test_a_directory_without_a_model_is_nothing_to_scan(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "notes.txt").write_text("nothing here\n", encoding="utf-8")
    assert cli("scan", "docs").err == "error: there is no model in 'docs' (1 file there)\n"
    assert cli("audit", "docs").err == "error: there is no dependency in 'docs' (1 file there)\n"


def test_every_problem_of_a_configuration_at_once(cli: Cli, pipeline: Path) -> None:
    (pipeline / "chainguard-ml.toml").write_text("polcy = 1\nfail-on = 'grave'\nscan = 3\n", encoding="utf-8")
    shown = cli("check", cwd=pipeline)
    assert shown.code == 2
    assert shown.err == (
        "error: the configuration chainguard-ml.toml is wrong\n"
        "  - unknown key 'polcy'; did you mean 'policy'?\n"
        "  - 'fail-on': 'grave' is none of info, low, medium, high, critical\n"
        "  - 'scan' must be a table, not a whole number\n"
        "hint: see docs/configuration.md for every key\n"
    )


def test_configuration_is_never_read_from_inside_what_is_examined(cli: Cli, bad: Path, tmp_path: Path) -> None:
    (bad / "chainguard-ml.toml").write_text("fail-on = 'nonsense'\n", encoding="utf-8")
    assert cli("scan", bad, cwd=tmp_path).code == 1


def test_the_exit_code_is_the_answer(cli: Cli, pipeline: Path) -> None:
    assert cli("scan", pipeline).code == 0
    (pipeline / "model" / "weights.pkl").write_bytes(b"cbuiltins\nprint\n(S'harmless'\ntR.")
    assert cli("scan", pipeline).code == 1
    assert cli("scan", pipeline, "--exit-zero").code == 0
    (pipeline / "model" / "weights.pkl").write_bytes(b"\x89HDF\r\n\x1a\n")
    assert cli("scan", pipeline).code == 4


def test_the_threshold_decides(cli: Cli, tmp_path: Path, advisories: Path) -> None:
    (tmp_path / "requirements.txt").write_text("somelib>=1\n", encoding="utf-8")
    (tmp_path / "chainguard-ml.toml").write_text("audit.max-age-days = 36500\n", encoding="utf-8")
    assert cli("audit", "db", "import", advisories).code == 0
    assert cli("audit", "requirements.txt").code == 0
    assert cli("audit", "requirements.txt", "--fail-on", "medium").code == 1


def test_the_report_goes_where_it_is_asked(cli: Cli, bad: Path, tmp_path: Path) -> None:
    shown = cli("scan", bad, "-f", "json", "-o", "out.json", "--report", "text=out.txt")
    assert (shown.code, shown.out) == (1, "")
    report = json.loads((tmp_path / "out.json").read_text(encoding="utf-8"))
    jsonschema_rs.validator_for(schema()).validate(report)
    assert report["outcome"] == "fail"
    assert report["summary"]["examined"] == 2
    assert "weights.pkl" in (tmp_path / "out.txt").read_text(encoding="utf-8")
    assert cli("scan", bad, "-f", "json", "-o", "-").out == (tmp_path / "out.json").read_text(encoding="utf-8")


@pytest.mark.parametrize("place", ["missing/out.json", "/proc/none/out.json", "directory"])
def test_an_output_that_cannot_be_written_is_an_error(cli: Cli, pipeline: Path, tmp_path: Path, place: str) -> None:
    (tmp_path / "directory").mkdir()
    shown = cli("scan", pipeline, "-o", place)
    assert shown.code == 4
    assert shown.err.startswith(f"error: cannot write '{place}': ")
    assert shown.err.endswith("hint: choose another place with --output\n")
    assert list((tmp_path / "directory").iterdir()) == []


def test_a_full_disk_is_an_error(bad: Path) -> None:
    if not Path("/dev/full").exists():
        pytest.skip("no /dev/full on this system")
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            [sys.executable, "-P", "-m", "chainguard_ml", "scan", str(bad)],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert done.returncode == 4
    assert done.stderr == "error: No space left on device\n"


def test_a_reader_that_goes_away_is_no_error(bad: Path) -> None:
    command = f"{sys.executable} -P -m chainguard_ml scan {bad} | true"
    done = subprocess.run(["sh", "-c", command], capture_output=True, text=True, check=False)
    assert done.stderr == ""


def test_names_cannot_command_the_terminal(cli: Cli, tmp_path: Path) -> None:
    root = tmp_path / "models"
    root.mkdir()
    names = [b"red\x1b[31m.pkl", b"line\nbreak.pkl", "gnp\u202elkp.pkl".encode(), b"latin\xe9.pkl"]
    for name in names:
        Path(os.fsdecode(os.fsencode(root) + b"/" + name)).write_bytes(b"cbuiltins\nprint\n(S'harmless'\ntR.")
    shown = cli("scan", root)
    assert shown.code == 1
    for escaped in ("red\\x1b[31m.pkl", "line\\x0abreak.pkl", "gnp\\u202elkp.pkl", "latin\\xe9.pkl"):
        assert escaped in shown.out
    assert "\x1b" not in shown.out
    report = json.loads(cli("scan", root, "-f", "json").out)
    assert {finding["location"]["path"] for finding in report["findings"]} == {
        "red\x1b[31m.pkl",
        "line\nbreak.pkl",
        "gnp\u202elkp.pkl",
        "latin\\xe9.pkl",
    }


def test_colour_only_when_it_is_wanted(cli: Cli, bad: Path) -> None:
    assert "\x1b[" not in cli("scan", bad).out
    assert "\x1b[31m" in cli("scan", bad, "--color", "always").out
    assert "\x1b[31m" in cli("scan", bad, env={"FORCE_COLOR": "1"}).out
    assert "\x1b[" not in cli("scan", bad, env={"FORCE_COLOR": "1", "NO_COLOR": "1"}).out
    assert "\x1b[" not in cli("scan", bad, "--color", "never", env={"CLICOLOR_FORCE": "1"}).out


def test_quiet_says_only_the_verdict(cli: Cli, bad: Path) -> None:
    assert len(cli("scan", bad, "-q").out.splitlines()) == 1


def test_a_baseline_makes_findings_known(cli: Cli, bad: Path) -> None:
    assert cli("scan", bad, "-f", "json", "-o", "baseline.json").code == 1
    shown = cli("scan", bad, "--baseline", "baseline.json")
    assert (shown.code, "waived" in shown.out) == (0, True)
    again = cli("scan", bad, "--baseline", "baseline.json", "-f", "json")
    assert json.loads(again.out)["summary"]["waived"] >= 1
    assert cli("scan", bad, "--baseline", bad / "train.py").code == 2


def test_the_same_bytes_in_two_directories_under_two_locales_and_hash_seeds(
    cli: Cli, bad: Path, tmp_path: Path
) -> None:
    (tmp_path / "elsewhere").mkdir()
    other = tmp_path / "elsewhere" / "pipeline"
    bad.rename(other)
    first = cli("check", "pipeline", "-f", "json", cwd=other.parent, env={"PYTHONHASHSEED": "1", "LC_ALL": "C"})
    other.rename(bad)
    second = cli("check", bad, "-f", "json", env={"PYTHONHASHSEED": "2", "LC_ALL": "C.UTF-8"})
    assert first.out == second.out
    assert len(first.out) > 1000


def test_a_defect_says_so_without_a_traceback(cli: Cli, pipeline: Path, tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text(
        "import chainguard_ml.check\ndef broken(request): raise RuntimeError('boom')\n"
        "chainguard_ml.check.examine = broken\n",
        encoding="utf-8",
    )
    shown = cli("scan", pipeline, env={"PYTHONPATH": str(tmp_path)})
    assert shown.code == 4
    assert shown.err.startswith("error: internal error: RuntimeError: boom\nhint: this is a defect of chainguard-ml")
    assert "Traceback" in cli("scan", pipeline, "-v", env={"PYTHONPATH": str(tmp_path)}).err


def test_a_directory_where_everything_is_left_out_is_nothing_to_examine(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "empty" / ".git").mkdir(parents=True)
    (tmp_path / "empty" / ".git" / "config").write_text("x", encoding="utf-8")
    assert cli("check", "empty").code == 3
    (tmp_path / "empty" / "model.pkl").write_bytes(b"N.")
    assert "left out  .git\n" in cli("check", "empty").out
    (tmp_path / "chainguard-ml.toml").write_text('exclude = ["*.pkl"]\n', encoding="utf-8")
    assert cli("check", "empty").code == 3


def test_what_was_left_out_is_counted(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "many").mkdir()
    for number in range(120):
        (tmp_path / "many" / f"{number}.log").write_text("x", encoding="utf-8")
    (tmp_path / "many" / "kept.pkl").write_bytes(b"N.")
    (tmp_path / "chainguard-ml.toml").write_text('exclude = ["*.log"]\n', encoding="utf-8")
    assert "left out  0.log, 1.log, 10.log, 100.log, 101.log and 115 more\n" in cli("check", "many").out
