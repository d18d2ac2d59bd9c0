"""Installed environments, read as files."""

from __future__ import annotations

import base64
import hashlib
import importlib.metadata
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from packaging.utils import canonicalize_name

from chainguard_ml.inventory.packages import environment, licences
from chainguard_ml.inventory.packages.installed_files import Comparison
from chainguard_ml.model import Component, Gap, GapReason

if TYPE_CHECKING:
    from collections.abc import Callable

SITE = "venv/lib/python3.12/site-packages"


def test_distributions_are_read_without_importing(collect: Callable, tmp_path: Path) -> None:
    metadata = (
        "Metadata-Version: 2.4\nName: Torch\nVersion: 2.3.0+cu121\nSummary: Tensors\nLicense-Expression: BSD-3-Clause\n"
        "Requires-Dist: numpy>=1\nRequires-Dist: x; extra == 'y'\nRequires-Dist: (((\n\nName: Evil\n"
    )
    files = {
        f"{SITE}/torch-2.3.0+cu121.dist-info/METADATA": metadata,
        f"{SITE}/old.egg-info/PKG-INFO": "Name: old\nVersion: 1\nLicense: MIT\n",
        f"{SITE}/older.egg-info": "Name: older\nVersion: 2\nClassifier: License :: OSI Approved :: MIT License\n",
        f"{SITE}/~orch-1.dist-info/METADATA": "Name: left\nVersion: 1\n",
        f"{SITE}/sitecustomize.py": "raise SystemExit(1)",
        "venv/pyvenv.cfg": "include-system-site-packages = false\n",
    }
    components, gaps = collect(files, {}, tmp_path / "venv")
    assert gaps == []
    assert [(item.name, item.version, item.licences) for item in components] == [
        ("old", "1", ("MIT",)),
        ("older", "2", ("MIT",)),
        ("Torch", "2.3.0+cu121", ("BSD-3-Clause",)),
    ]
    torch = components[2]
    assert torch.purl == "pkg:pypi/torch@2.3.0%2Bcu121"
    assert torch.facts == {"source": "environment", "pinned": True, "requires": ["numpy"], "summary": "Tensors"}
    assert torch.origin.path == f"{SITE}/torch-2.3.0+cu121.dist-info/METADATA"


def test_where_it_came_from_is_told_without_local_paths(collect: Callable, tmp_path: Path) -> None:
    def with_url(document: object) -> dict[str, str]:
        folder = f"{SITE}/a-1.dist-info"
        return {f"{folder}/METADATA": "Name: a\nVersion: 1\n", f"{folder}/direct_url.json": json.dumps(document)}

    vcs = {"url": "https://u:p@git.example/a", "vcs_info": {"vcs": "git", "commit_id": "abc"}}
    (component,), _ = collect(with_url(vcs), {}, tmp_path / "venv")
    assert component.facts["url"] == "https://****@git.example/a"
    assert component.facts["commit"] == "abc"
    local = {"url": "file:///home/someone/a", "dir_info": {"editable": True}}
    (component,), _ = collect(with_url(local), {}, tmp_path / "venv")
    assert (component.facts["url"], component.facts["editable"]) == ("file:", True)
    (component,), _ = collect(with_url(["nonsense"]), {}, tmp_path / "venv")
    assert "url" not in component.facts


@pytest.mark.parametrize("metadata", ["", "Name: a\n", "Name: -\nVersion: 1\n", "Version: 1\nName: \u202ea\n"])
def test_metadata_that_names_nothing_is_a_gap(metadata: str, collect: Callable, tmp_path: Path) -> None:
    components, (gap,) = collect({f"{SITE}/a-1.dist-info/METADATA": metadata}, {}, tmp_path / "venv")
    assert (components, gap.reason) == ([], GapReason.MALFORMED)


def test_missing_metadata_and_links_are_gaps(collect: Callable, tmp_path: Path) -> None:
    folder = tmp_path / SITE / "a-1.dist-info"
    folder.mkdir(parents=True)
    (folder / "METADATA").symlink_to("/etc/hostname")
    (tmp_path / SITE / "b-1.dist-info").mkdir()
    _, gaps = collect({}, {}, tmp_path / "venv")
    assert [gap.reason for gap in gaps] == [GapReason.UNREADABLE, GapReason.UNREADABLE]


def test_no_environment_is_a_gap(collect: Callable, tmp_path: Path) -> None:
    _, (gap,) = collect({}, {}, tmp_path / "nothing")
    assert (gap.reason, gap.subject.name) == (GapReason.NO_DATA, "nothing")


def test_visible_system_packages_are_a_gap(collect: Callable, tmp_path: Path) -> None:
    files = {"venv/pyvenv.cfg": "home = /usr\nInclude-System-Site-Packages = True\n", f"{SITE}/x": ""}
    _, (gap,) = collect(files, {}, tmp_path / "venv")
    assert gap.reason is GapReason.UNSUPPORTED


def test_a_site_directory_itself_is_an_environment(collect: Callable, tmp_path: Path) -> None:
    files = {f"{SITE}/a-1.dist-info/METADATA": "Name: a\nVersion: 1\n"}
    (component,), _ = collect(files, {}, tmp_path / SITE)
    assert component.origin.path == f"{SITE}/a-1.dist-info/METADATA"


def recorded(data: bytes, algorithm: str = "sha256") -> str:
    digest = base64.urlsafe_b64encode(hashlib.new(algorithm, data).digest()).rstrip(b"=").decode()
    return f"{algorithm}={digest},{len(data)}"


def test_installed_files_are_compared_with_their_record(collect: Callable, tmp_path: Path) -> None:
    same, changed = recorded(b"same"), recorded(b"what was")
    record = (
        f'a/__init__.py,{same}\n"a/with, comma.py",{recorded(b"same", "sha512")}\na/changed.py,{changed}\n'
        f"a/longer.py,{changed}\na/gone.py,{same}\n../../../bin/a,{same}\n../../../../outside,{same}\n/etc/x,{same}\n"
        f"a/__pycache__/x.pyc,{changed}\na/odd.py,md5=x,4\na-1.dist-info/RECORD,,\n"
    )
    folder = f"{SITE}/a-1.dist-info"
    files = {
        f"{folder}/METADATA": "Name: a\nVersion: 1\n",
        f"{folder}/INSTALLER": "uv\n",
        f"{folder}/RECORD": record,
        f"{SITE}/a/__init__.py": "same",
        f"{SITE}/a/with, comma.py": "same",
        f"{SITE}/a/changed.py": "what is.",
        f"{SITE}/a/longer.py": "what is now",
        f"{SITE}/a/odd.py": "odd!",
        f"{SITE}/a/__pycache__/x.pyc": "x",
        "venv/bin/a": "other",
    }
    (component,), gaps = collect(files, {}, tmp_path / "venv", verify=True)
    assert gaps == []
    assert component.facts["installer"] == "uv"
    assert component.facts["changed"] == [f"{SITE}/a/changed.py", f"{SITE}/a/longer.py", "venv/bin/a"]
    assert component.facts["changed_count"] == 3
    assert (component.facts["missing"], component.facts["missing_count"]) == ([f"{SITE}/a/gone.py"], 1)
    (component,), _ = collect(files, {}, tmp_path / "venv")
    assert "changed" not in component.facts


@pytest.mark.parametrize("record", [b"\xff,sha256=x,1\n", b'"' + b"a" * 200_000 + b'",sha256=x,1\n', None])
def test_a_record_that_is_none_is_a_gap(record: bytes | None, collect: Callable, tmp_path: Path) -> None:
    folder = f"{SITE}/a-1.dist-info"
    files: dict[str, bytes] = {f"{folder}/METADATA": b"Name: a\nVersion: 1\n"}
    (tmp_path / folder).mkdir(parents=True)
    if record is None:
        (tmp_path / folder / "RECORD").symlink_to("/etc/hostname")
    else:
        files[f"{folder}/RECORD"] = record
    (component,), (gap,) = collect(files, {}, tmp_path / "venv", verify=True)
    assert (component.name, gap.reason) == ("a", GapReason.UNREADABLE)
    assert gap.subject.name == f"{folder}/RECORD"


def test_files_that_cannot_be_compared_are_a_gap(tmp_path: Path) -> None:
    (tmp_path / "a.dist-info").mkdir()
    (tmp_path / "a.dist-info/RECORD").write_text(f"link,{recorded(b'x')}\n")
    (tmp_path / "link").symlink_to("/etc/hostname")
    comparison = Comparison()
    assert (comparison.facts(tmp_path, "", "a.dist-info"), "link" in comparison.problem) == ({}, True)
    (tmp_path / "a.dist-info/RECORD").write_text(f"big,{recorded(b'big')}\nzero\0,{recorded(b'big')}\n")
    (tmp_path / "big").write_text("not")
    comparison = Comparison(left=2)
    assert (comparison.facts(tmp_path, "", "a.dist-info"), "bytes" in comparison.problem) == ({}, True)
    comparison = Comparison()
    assert comparison.facts(tmp_path, "", "a.dist-info") == {"changed": ["big"], "changed_count": 1}
    assert comparison.facts(tmp_path, "", "none.dist-info") == {}


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=50)
@given(data=st.binary(max_size=60) | st.text(alphabet='a/.,="\n0sh256', max_size=60).map(str.encode))
def test_any_record_gives_facts(data: bytes, tmp_path: Path) -> None:
    (tmp_path / "a.dist-info").mkdir(exist_ok=True)
    (tmp_path / "a.dist-info/RECORD").write_bytes(data)
    assert isinstance(Comparison().facts(tmp_path, "", "a.dist-info"), dict)


@pytest.mark.oracle
def test_it_agrees_with_the_standard_library_on_this_environment(collect: Callable) -> None:
    components, _ = collect({}, {}, Path(sys.prefix))
    ours = {(canonicalize_name(item.name), item.version) for item in components}
    site = next(path for path in sys.path if path.endswith("site-packages"))
    theirs = {(canonicalize_name(item.name), item.version) for item in importlib.metadata.distributions(path=[site])}
    assert ours == theirs
    assert all(not item.origin.path.startswith("/") for item in components)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(data=st.binary(max_size=300) | st.text(max_size=200).map(lambda text: f"Name: a\nVersion: 1\n{text}".encode()))
def test_any_metadata_gives_a_component_or_a_gap(data: bytes, tmp_path: Path) -> None:
    folder = tmp_path / "a.dist-info"
    folder.mkdir(exist_ok=True)
    (folder / "METADATA").write_bytes(data)
    (record,) = environment.parse({"root": str(tmp_path), "prefix": "venv", "site": "", "names": ["a.dist-info"]})
    assert isinstance(record, Component | Gap)


def test_licences() -> None:
    def declared(expression: object = None, text: object = None, *classifiers: str) -> tuple[str, ...]:
        return licences.declared(expression=expression, text=text, classifiers=classifiers)

    assert declared("MIT OR Apache-2.0", "x", "License :: OSI Approved :: ISC License (ISCL)") == ("MIT OR Apache-2.0",)
    assert declared(None, "MIT", "License :: OSI Approved", "License :: OSI Approved :: BSD License") == (
        "BSD License",
    )
    assert declared(None, " MIT ") == ("MIT",)
    assert declared(None, "UNKNOWN") == ()
    assert declared(None, "Permission is hereby granted\nfree of charge") == ()
