"""Requirements files, as pip reads them."""

from __future__ import annotations

import codecs
import contextlib
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.requirements import Requirement

from chainguard_ml.inventory.packages import requirements_lines
from chainguard_ml.inventory.packages.requirements import MAX_INCLUDED
from chainguard_ml.model import GapReason, Scope

if TYPE_CHECKING:
    from collections.abc import Callable

HASH = "0123456789abcdef" * 4


def one(text: str, collect: Callable) -> object:
    components, gaps = collect({"requirements.txt": text})
    assert gaps == []
    (component,) = components
    return component


def gap(text: str | bytes, collect: Callable) -> object:
    components, (found,) = collect({"requirements.txt": text})
    assert components == []
    return found


def test_a_hashed_and_continued_requirement(collect: Callable) -> None:
    text = f"# locked\n\nTorch==2.3.0+cu121 \\\n    --hash=sha256:{HASH} \\\n    --hash=sha256:{HASH[::-1]}  # note\n"
    component = one(text, collect)
    assert (component.name, component.version) == ("Torch", "2.3.0+cu121")
    assert component.purl == "pkg:pypi/torch@2.3.0%2Bcu121"
    assert {digest.hex for digest in component.digests} == {HASH, HASH[::-1]}
    assert component.origin.line == 3
    assert component.facts == {"source": "requirements", "specifier": "==2.3.0+cu121", "pinned": True, "hashed": True}


def test_markers_and_extras(collect: Callable) -> None:
    component = one('Foo_Bar[b, a] >= 1.0, < 2 ; python_version < "3.12" and os_name == "posix"', collect)
    assert component.version is None
    assert component.purl == "pkg:pypi/foo-bar"
    assert component.facts["extras"] == ["a", "b"]
    assert component.facts["marker"] == 'python_version < "3.12" and os_name == "posix"'
    assert component.facts["pinned"] is False


@pytest.mark.parametrize(
    ("text", "version"),
    [
        ("a==1.0", "1.0"),
        ("a == 1.0", "1.0"),
        ("a===weird", "weird"),
        ("a==1.0,>=0.5", "1.0"),
        ("a==1.*", None),
        ("a==1.0,==2.0", None),
        ("a~=1.0", None),
        ("a", None),
        ("a (==1.0)", "1.0"),
        ("a==1!2.0", "1!2.0"),
    ],
)
def test_only_an_exact_version_is_a_version(text: str, version: str | None, collect: Callable) -> None:
    assert one(text, collect).version == version


@pytest.mark.parametrize(
    ("text", "name", "version", "facts"),
    [
        ("a @ https://index.example/a-1.2.tar.gz", "a", "1.2", {"url": "https://index.example/a-1.2.tar.gz"}),
        (f"https://index.example/a_b-1.2-py3-none-any.whl#sha256={HASH}", "a-b", "1.2", {"hashed": True}),
        ("git+https://git.example/x.git@main#egg=x", "x", None, {"pinned": False}),
        (f"x @ git+https://git.example/x@{'a' * 40}", "x", None, {"pinned": True, "commit": "a" * 40}),
        ("-e git+ssh://git@git.example/x.git#egg=x[extra]", "x", None, {"editable": True, "pinned": False}),
        (
            "--editable=git+https://user:secret@git.example/x#egg=x",
            "x",
            None,
            {"url": "git+https://****@git.example/x#egg=x"},
        ),
        ("./wheels/a-1.0-py3-none-any.whl", "a", "1.0", {"path": "wheels/a-1.0-py3-none-any.whl"}),
        ("a-1.0.tar.gz", "a", "1.0", {"path": "a-1.0.tar.gz"}),
        ("torch @ https://index.example/torch-2.3.0%2Bcu121-cp311-cp311-linux_x86_64.whl", "torch", "2.3.0+cu121", {}),
    ],
)
def test_direct_references(text: str, name: str, version: str | None, facts: dict, collect: Callable) -> None:
    component = one(text, collect)
    assert (component.name, component.version) == (name, version)
    assert facts.items() <= component.facts.items()


def test_files_are_included_from_inside_the_root_only(collect: Callable) -> None:
    files = {
        "requirements.txt": "-r sub/more.txt\n-r../outside.txt\n--requirement /etc/passwd\n-r https://x.example/r.txt\n",
        "sub/more.txt": "-r deep.txt\nb==1\n-r ../requirements.txt\n",
        "sub/deep.txt": "c==2\n",
    }
    components, gaps = collect(files)
    assert [(item.name, str(item.origin)) for item in components] == [("c", "sub/deep.txt:1"), ("b", "sub/more.txt:2")]
    assert [(item.reason, item.location.line) for item in gaps] == [(GapReason.UNSUPPORTED, line) for line in (2, 3, 4)]


def test_an_included_file_that_is_an_artifact_too_is_told_once(collect: Callable) -> None:
    files = {"a.txt": "-r b.txt\n-c c.txt\n--extra-index-url https://index.example/simple\n", "b.txt": "x\ny==1\n",
             "c.txt": "X==3\n"}  # fmt: skip
    components, gaps = collect(files, {"a.txt": "requirements", "b.txt": "requirements"})
    assert gaps == []
    assert [(item.name, item.version) for item in components] == [("x", "3"), ("y", "1")]
    assert components[0].facts["constraint"] == "c.txt:1"
    assert components[0].purl == "pkg:pypi/x@3"
    assert [index["url"] for item in components for index in item.facts.get("indexes", [])] == [
        "https://index.example/simple"
    ]


def test_a_link_that_leaves_the_root_is_not_followed(collect: Callable, tmp_path: object) -> None:
    (tmp_path / "link.txt").symlink_to("/etc/hostname")
    _, (found,) = collect({"requirements.txt": "-r link.txt"})
    assert found.reason is GapReason.UNREADABLE


def test_too_many_included_files(collect: Callable) -> None:
    files = {f"r{number}.txt": f"-r r{number + 1}.txt" for number in range(MAX_INCLUDED + 5)}
    _, (found,) = collect(files, {"r0.txt": "requirements"})
    assert found.reason is GapReason.BUDGET


def test_options_of_the_index_are_kept_without_credentials(collect: Callable) -> None:
    text = "-i https://u:p@index.example/simple\n--extra-index-url=https://b.example\n--no-index\n--pre\na==1\n"
    assert one(text, collect).facts["indexes"] == [
        {"option": "index-url", "path": "requirements.txt", "line": 1, "url": "https://****@index.example/simple"},
        {"option": "extra-index-url", "path": "requirements.txt", "line": 2, "url": "https://b.example"},
        {"option": "no-index", "path": "requirements.txt", "line": 3},
    ]


@pytest.mark.parametrize(
    "text",
    [
        "a ==== 1",
        "a==1 --no-such-option",
        "a==1 --hash=md5:00",
        "a==1 --hash=sha256:00",
        "--requirement",
        "a==1 --hash='unclosed",
        "a==1 --pre stray",
        "café==1",
        f"a; {'(' * 5000}os_name == 'x'",
        "a" * 20_000,
        "${SECRET}==1",
        "a @ not a url --pre",
    ],
)
def test_what_pip_would_refuse_is_a_gap_with_its_line(text: str, collect: Callable) -> None:
    components, (found,) = collect({"requirements.txt": f"\nok==1\n{text}\n"})
    assert [component.name for component in components] == ["ok"]
    assert (found.reason, found.location.line) == (GapReason.MALFORMED, 3)


@pytest.mark.parametrize("text", ["-e .", ".", "./sub", "-e sub[dev]"])
def test_a_project_inside_the_root_is_not_a_package(text: str, collect: Callable) -> None:
    files = {"requirements.txt": text, "pyproject.toml": "", "sub/pyproject.toml": ""}
    assert collect(files) == ([], [])


@pytest.mark.parametrize("text", ["-e ./nothing", "../other", "/abs/project", "https://x.example/unknown"])
def test_a_project_that_cannot_be_read_is_a_gap(text: str, collect: Callable) -> None:
    assert gap(text, collect).reason is GapReason.UNSUPPORTED


@pytest.mark.parametrize(
    "data",
    [
        codecs.BOM_UTF8 + b"a==1",
        codecs.BOM_UTF16_LE + "a==1".encode("utf-16-le"),
        codecs.BOM_UTF16_BE + "a==1".encode("utf-16-be"),
        codecs.BOM_UTF32_LE + "a==1".encode("utf-32-le"),
        b"# -*- coding: latin-1 -*-\n# caf\xe9\na==1",
        b"# caf\xe9 without a declaration\na==1",
        b"a==1\r\n",
        b"\r\ra==1",
    ],
)
def test_encodings(data: bytes, collect: Callable) -> None:
    assert one(data, collect).version == "1"


def test_an_encoding_that_hides_requirements_is_a_gap(collect: Callable) -> None:
    assert gap(b"# coding: utf-7\na==1", collect).reason is GapReason.UNSUPPORTED
    assert gap(b"# coding: no-such\na==1", collect).reason is GapReason.UNSUPPORTED


def test_a_line_break_that_only_pip_sees_hides_nothing(collect: Callable) -> None:
    components, _ = collect({"requirements.txt": "# comment \x0cevil==1\nb==2"})
    assert [(item.name, item.origin.line) for item in components] == [("evil", 1), ("b", 2)]


def test_a_comment_ends_a_continuation(collect: Callable) -> None:
    components, gaps = collect({"requirements.txt": "a==1 \\\n# note \\\nb==2\\\n"})
    assert gaps == []
    assert [(item.name, item.origin.line) for item in components] == [("a", 1), ("b", 3)]


def test_scope_comes_from_the_name_of_the_file(collect: Callable) -> None:
    (component,), _ = collect({"requirements-dev.txt": "a==1"}, {"requirements-dev.txt": "requirements"})
    assert component.scope is Scope.DEVELOPMENT


def test_an_unreadable_or_too_large_file_is_a_gap(collect: Callable, tmp_path: object) -> None:
    _, (missing,) = collect({}, {"gone.txt": "requirements"})
    assert missing.reason is GapReason.UNREADABLE
    with (tmp_path / "big.txt").open("wb") as stream:
        stream.truncate(40_000_000)
    _, (large,) = collect({}, {"big.txt": "requirements"})
    assert large.reason is GapReason.BUDGET


def test_a_format_without_a_collector_is_a_gap(collect: Callable) -> None:
    _, (found,) = collect({}, {"conda.lock": "conda\x1b-lock"})
    assert found.reason is GapReason.UNSUPPORTED
    assert "\x1b" not in found.detail


names = st.from_regex(r"[A-Za-z][A-Za-z0-9]{0,10}", fullmatch=True)
numbers = st.from_regex(r"[0-9]{1,3}(\.[0-9]{1,3}){0,3}", fullmatch=True)


@given(st.lists(st.tuples(names, numbers, st.booleans(), st.booleans()), max_size=20))
def test_every_line_is_found_at_its_number(rows: list[tuple[str, str, bool, bool]]) -> None:
    lines, expected = [], []
    for name, version, comment, broken in rows:
        expected.append((len(lines) + 1, f"{name}=={version}"))
        lines += [f"{name}==\\", version] if broken else [f"{name}=={version}" + ("  # x" if comment else "")]
    found = [(line.number, str(Requirement(line.requirement))) for line in requirements_lines.lines("\n".join(lines))]
    assert found == expected


@given(st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
def test_any_bytes_give_lines_or_one_refusal(data: bytes) -> None:
    with contextlib.suppress(ValueError):  # an encoding that is refused
        assert all(line.number >= 1 for line in requirements_lines.lines(requirements_lines.decode(data)))


PIECES = ["a==1", "b>=2", "--hash=sha256:00", "#", " # c", "\\", "\n", "\r\n", " ", "\t", "-r x", "--pre", "-e .",
          ";", "'", '"x"', "\x0c", "\u2028", "--no-index", "-i", "=", "é"]  # fmt: skip


@pytest.mark.oracle
@given(st.lists(st.sampled_from(PIECES), max_size=12).map("".join))
def test_logical_lines_are_those_of_pip(text: str) -> None:
    """Compare texts and first lines with pip's own preprocessing, which counts lines as ``str.splitlines`` does."""
    from pip._internal.req.req_file import preprocess

    plain = text.replace("\x0c", "").replace("\u2028", "")
    theirs = [(number, line) for number, line in preprocess(plain) if line]
    pairs = ((number, requirements_lines._COMMENT.sub("", line).strip())
             for number, line in requirements_lines._logical(plain))  # fmt: skip
    assert [pair for pair in pairs if pair[1]] == theirs
    exotic = [line for _, line in preprocess(text) if line]
    lines = (requirements_lines._COMMENT.sub("", line).strip() for _, line in requirements_lines._logical(text))
    assert [line for line in lines if line] == exotic
