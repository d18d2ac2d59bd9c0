"""``scan``: standard input, and the list of globals."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
from collections import OrderedDict
from pickle import dumps
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.conftest import Run

    Cli = Callable[..., Run]

PAYLOAD = "cos\nsystem\n(S'echo seen'\ntR."


def test_standard_input(cli: Cli, tmp_path: Path) -> None:
    shown = cli("scan", "-", "-f", "json", stdin=PAYLOAD)
    report = json.loads(shown.out)
    assert (shown.code, report["inputs"]) == (1, ["-"])
    assert report["findings"][0]["location"] == {"path": "-", "offset": 0}
    assert cli("scan", "-", stdin="I1\n.").code == 0
    assert not list(tmp_path.rglob("-"))


def test_standard_input_that_is_empty_or_nothing(cli: Cli) -> None:
    assert cli("scan", "-", stdin="").code == 3
    assert cli("scan", "-", stdin="hello").code == 3


def test_standard_input_stands_alone(cli: Cli, tmp_path: Path) -> None:
    shown = cli("scan", "-", tmp_path, stdin=PAYLOAD)
    assert (shown.code, shown.err.splitlines()[0]) == (
        2,
        "error: '-' stands for standard input and is examined alone",
    )


def test_standard_input_of_a_terminal(tmp_path: Path) -> None:
    leader, follower = pty.openpty()
    command = [sys.executable, "-P", "-m", "chainguard_ml", "scan", "-"]
    result = subprocess.run(command, stdin=follower, capture_output=True, text=True, timeout=60, check=False)
    os.close(leader)
    os.close(follower)
    assert (result.returncode, result.stderr.splitlines()[0]) == (2, "error: standard input is a terminal")


def test_the_list_of_globals(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "model.pkl").write_bytes(dumps(OrderedDict(a=1)) + PAYLOAD.encode())
    shown = cli("scan", "model.pkl", "--globals").out
    assert (
        "globals   model.pkl\n          allowed    collections.OrderedDict  (built, called, referenced)  value type"
        in shown
    )
    assert "          dangerous  os.system  (called, referenced)  runs commands" in shown
    assert "globals " not in cli("scan", "model.pkl").out
    (evidence,) = [
        item
        for item in json.loads(cli("scan", "model.pkl", "--globals", "-f", "json").out)["evidence"]
        if item["kind"] == "pickle"
    ]
    assert evidence["statement"]["listing"]["os.system"]["verdict"] == "dangerous"
    assert evidence["statement"]["listing"]["collections.OrderedDict"]["source"] == "stdlib"
