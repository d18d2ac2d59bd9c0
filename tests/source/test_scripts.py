"""Downloads in scripts that do not verify whom they come from."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chainguard_ml.model import GapReason
from chainguard_ml.source import scripts, shell

if TYPE_CHECKING:
    from collections.abc import Callable


@pytest.mark.parametrize(
    "line",
    [
        "curl -k https://h.example/x",
        "curl --insecure https://h.example/x",
        "curl -sSLk https://h.example/x",
        "curl https://h.example/x -fk -o y",
        "/usr/bin/env curl -k https://h.example/x",
        "make && curl -k https://h.example/x | tar x",
        "wget --no-check-certificate https://h.example/x",
        "git -c http.sslVerify=false clone https://h.example/x",
        "GIT_SSL_NO_VERIFY=true git clone https://h.example/x",
        "export PYTHONHTTPSVERIFY=0",
        "wget http://h.example/model.PT",
        'curl -L "http://h.example/weights.bin" -o w',
        "RUN wget http://127.0.0.1.h.example/m.onnx",
        "aria2c --check-certificate=false https://h.example/x",
    ],
)
def test_a_download_that_verifies_nothing(line: str) -> None:
    assert len(list(shell.downloads(line))) == 1


@pytest.mark.parametrize(
    "line",
    [
        "curl -fsSL https://h.example/x",
        "curl -o k https://h.example/x",
        "curl -okey https://h.example/x",
        "curl https://h.example/x | tar -k",
        "curl https://h.example/a-k -L",
        "mycurl -k x",
        "wget https://h.example/model.pt",
        "wget http://localhost/model.pt",
        "wget http://127.0.0.1:80/model.pt",
        "wget http://[::1]:80/model.pt",
        "wget http://h.example/",
        "# curl -k https://h.example/x",
        "GIT_SSL_NO_VERIFY=0 git fetch",
        "PYTHONHTTPSVERIFY=1",
        "git -c http.sslVerify=true fetch",
        "xmlns='http://www.w3.org/2000/svg'",
        "",
    ],
)
def test_a_harmless_line(line: str) -> None:
    assert list(shell.downloads(line)) == []


def test_continued_lines_are_one_command() -> None:
    (found,) = shell.downloads("make\ncurl \\\n  -k \\\n  https://h.example/x\n")
    assert (found.line, found.text) == (1, "curl -k")
    assert [each.line for each in shell.downloads("curl \\\n -k \\")] == [0]


def test_passwords_are_not_repeated() -> None:
    (found,) = shell.downloads("curl http://user:secret@h.example/m.pt")
    assert found.text == "http://h.example/m.pt"


def test_scripts_and_dockerfiles_are_read(examine: Callable) -> None:
    findings, gaps, evidence = examine(
        {"get.sh": "set -e\ncurl -k https://h.example/x\n", "Dockerfile": "FROM x\nRUN wget http://h.example/m.pkl\n"}
    )
    assert [(str(item.location), item.rule) for item in findings] == [
        ("Dockerfile:2", "insecure-model-download"),
        ("get.sh:2", "insecure-model-download"),
    ]
    assert gaps == []
    assert evidence[0].statement == {"files": 2}


def test_a_script_that_is_gone_is_a_gap() -> None:
    (gap,) = scripts.examine({"root": "/", "path": "missing/a.sh", "limit": 10})
    assert gap.reason is GapReason.UNREADABLE  # type: ignore[union-attr]


PIECES = st.sampled_from(
    ["curl", "wget", " ", "-k", "http://", "h/x.pt", "\\\n", "\n", "#", "|", "GIT_SSL_NO_VERIFY=1"]
)


@given(st.lists(PIECES | st.text(max_size=4)).map("".join))
def test_any_text_is_searched(text: str) -> None:
    lines = text.count("\n")
    assert all(0 <= found.line <= lines for found in shell.downloads(text))
