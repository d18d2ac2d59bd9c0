"""Python that starts by itself, and what model servers are told to load."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chainguard_ml.model import Finding, Gap, Location, Subject
from chainguard_ml.scan import allowlist
from chainguard_ml.scan.examination import Session
from chainguard_ml.scan.formats import startup_lines
from chainguard_ml.scan.interface import Blob
from chainguard_ml.scan.protobuf.text import fields
from tests.corpus.benign_startup import PATHS, TRITON
from tests.corpus.malicious_startup import LINES

if TYPE_CHECKING:
    from tests.scan.conftest import Scan

JUDGE = allowlist.make_judge([])


def told(name: str, data: bytes) -> list[object]:
    return list(Session(JUDGE).nested(Blob(data, Subject(name, size=len(data)), Location(name), name)))


@pytest.mark.parametrize("name", LINES)
def test_a_line_is_said_with_its_number_and_what_it_does(scan: Scan, name: str) -> None:
    seen = scan("evil.pth", LINES[name].encode())
    number = next(at for at, line in enumerate(LINES[name].lstrip("\ufeff").splitlines(), 1) if "import" in line)
    assert {finding.location.line for finding in seen.findings} == {number}
    assert seen.rules == {"startup-file-carries-code", "startup-code-runs-commands"}


@pytest.mark.parametrize("name", sorted(PATHS.keys() - {"paths"}))
def test_a_known_line_with_anything_more_is_not_known(scan: Scan, name: str) -> None:
    line = PATHS[name].strip()
    assert startup_lines.is_known(line)
    assert not startup_lines.is_known(f"{line};x()")
    assert not startup_lines.is_known(line.replace("import", "import a,", 1))
    assert scan("x.pth", f"{line}; import b\n".encode()).rules >= {"startup-file-carries-code"}


def test_a_name_must_be_the_same_in_the_whole_line() -> None:
    assert not startup_lines.is_known("import __editable___a_finder; __editable___b_finder.install()")


def test_lines_that_do_not_begin_with_import_are_paths(scan: Scan) -> None:
    assert scan("x.pth", b" import os\n/x\n").reasons == {"unsupported"}
    assert scan("x.pth", b"importos\n").reasons == {"unsupported"}
    assert scan("x.pth", b"./x\n# import os\n").clean
    assert scan("x.pth", b"").clean


def test_what_cannot_be_parsed_is_a_gap(scan: Scan) -> None:
    assert scan("x.pth", b"import (\n").reasons == {"malformed"}
    assert scan("sitecustomize.py", b"def\n").reasons == {"malformed"}


def test_lines_beyond_the_limit_are_a_gap(scan: Scan) -> None:
    assert "budget" in scan("x.pth", b"import a\n" + b"#" * 1_000_000).reasons


def test_a_line_is_said_once_and_many_are_a_gap(scan: Scan) -> None:
    assert len(scan("x.pth", b"import a\n" * 500).findings) == 1
    assert "budget" in scan("x.pth", b"".join(b"import a%d\n" % number for number in range(1100))).reasons


def test_a_torch_file_is_no_path_file(scan: Scan) -> None:
    assert scan("x.pth", b"\x80\x02}q\0.").clean


def test_scripts_and_binaries_are_no_source(scan: Scan) -> None:
    assert scan("x.py", b"\0\1\2").clean
    assert scan("sitecustomize.py", b"#!/usr/bin/python\nimport os\n").clean is False


def test_fields_are_read_without_a_schema() -> None:
    text = b'a: 1 # x\nb { c: "d" \'e\' f < g: [X, "y"] > } h [ { i: "\\101" }, { i: -2.5 } ] j: Z; k: {l: m}'
    assert [(path, value) for path, value, _ in fields(text, 1000)] == [
        (("a",), "1"),
        (("b", "c"), "de"),
        (("b", "f", "g"), "X"),
        (("b", "f", "g"), "y"),
        (("h", "i"), "A"),
        (("h", "i"), "-2.5"),
        (("j",), "Z"),
        (("k", "l"), "m"),
    ]
    assert list(fields(b"}", 10)) == []
    assert list(fields(b"a { b: 1", 3)) == []
    assert list(fields(b"a {" * 10_000, 100_000)) == []


def test_a_configuration_of_triton_is_told_by_a_field(scan: Scan) -> None:
    assert scan("config.pbtxt", b'unknown: "x"\n').clean
    assert scan("config.pbtxt", b"\0name").clean
    assert scan("config.pbtxt", TRITON.encode()).format == "triton-config"


@settings(max_examples=80, deadline=None)
@given(st.sampled_from(["x.pth", "config.pbtxt", "sitecustomize.py", "model.py"]), st.binary(max_size=80))
def test_any_bytes_only_give_observations(name: str, data: bytes) -> None:
    for start in (b"", b"import ", b'name: "x" ', b"class TritonPythonModel:\n"):
        assert all(isinstance(item, Finding | Gap) or item for item in told(name, start + data))


@settings(max_examples=80, deadline=None)
@given(st.integers(0, len(TRITON)), st.integers(0, len(TRITON)), st.binary(max_size=6))
def test_mutated_configurations_only_give_observations(start: int, stop: int, middle: bytes) -> None:
    data = TRITON.encode()
    assert all(
        isinstance(item, Finding | Gap) or item for item in told("config.pbtxt", data[:start] + middle + data[stop:])
    )
