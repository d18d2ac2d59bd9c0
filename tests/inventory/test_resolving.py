"""What open requirements come to: pip's resolver through pip-audit, with wheels in a directory and no network."""

from __future__ import annotations

import json
import zipfile
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.conftest import Run

ADVISORY = {"id": "PYSEC-1", "modified": "2026-01-02T03:04:05Z", "affected": [
    {"package": {"ecosystem": "PyPI", "name": "below"}, "versions": ["1.0"]}]}  # fmt: skip


def wheel(directory: Path, name: str, version: str, *needs: str) -> None:
    info = f"{name}-{version}.dist-info"
    required = "".join(f"Requires-Dist: {need}\n" for need in needs)
    with zipfile.ZipFile(directory / f"{name}-{version}-py3-none-any.whl", "w") as archive:
        archive.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n{required}")
        archive.writestr(
            f"{info}/WHEEL", "Wheel-Version: 1.0\nGenerator: x\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        archive.writestr(f"{info}/RECORD", "")


@pytest.fixture
def audited(tmp_path: Path, cli: Callable[..., Run]) -> Callable[..., dict]:
    """Audit requirements with packages that lie in a directory, which is all that pip knows; return the report."""
    wheels = tmp_path / "wheels"
    wheels.mkdir()
    for name, version, *needs in (("top", "1.0"), ("top", "2.0", "below<2"), ("below", "1.0"), ("below", "2.0"),
                                  ("wheel", "0.99"), ("pinned", "1.0"), ("pinned", "2.0")):  # fmt: skip
        wheel(wheels, name, version, *needs)
    (wheels / "built-3.0.tar.gz").write_bytes(b"")  # would have to be built
    (tmp_path / "1.json").write_text(json.dumps(ADVISORY))
    assert cli("audit", "db", "import", "1.json").code == 0
    (tmp_path / "p").mkdir()
    env = {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(wheels), "PIP_CONFIG_FILE": "/dev/null", "PIP_CONSTRAINT": ""}

    def run(text: str, *options: str) -> dict:
        (tmp_path / "p" / "requirements.txt").write_text(text)
        done = cli("audit", "p", *options, "-f", "json", env=env)
        assert done.out, done.err
        report: dict = json.loads(done.out)
        return report

    return run


def vulnerable(report: dict) -> list[tuple[str, int | None]]:
    found = [item for item in report["findings"] if item["rule"] == "vulnerable-dependency"]
    return [(item["subject"]["name"], item["location"].get("line")) for item in found]


def test_what_a_requirement_brings_along_is_audited(audited: Callable) -> None:
    assert vulnerable(audited("pinned==1.0\ntop\n")) == []
    report = audited("pinned==1.0\ntop>=2  # why\n", "--resolve")
    assert (vulnerable(report), report["gaps"]) == ([("pkg:pypi/below@1.0", None)], [])
    assert [item["location"]["line"] for item in report["findings"] if item["rule"] == "unpinned-requirement"] == [2]
    (evidence,) = [item for item in report["evidence"] if item["kind"] == "audit"]
    assert evidence["statement"]["packages"] == 4  # pinned 1.0, top as asked for, top 2.0 and below 1.0


def test_pip_is_not_asked_offline_or_where_all_is_pinned(audited: Callable) -> None:
    assert vulnerable(audited("top>=2\n", "--resolve", "--offline")) == []
    assert audited("gone==1.0\n", "--resolve")["gaps"] == []


@pytest.mark.parametrize(
    "text",
    ["top>=2\ngone\n", "built\n", "--no-binary :all:\nbuilt\n", "top>=3\n"],
    ids=["no such project", "only a source", "an option of the file", "no such version"],
)
def test_what_pip_cannot_resolve_is_a_gap(text: str, audited: Callable) -> None:
    (gap,) = audited(text, "--resolve")["gaps"]
    assert gap["reason"] == "service"
    assert gap["detail"].startswith("pip cannot resolve 'requirements.txt' to wheels of its indexes")


def test_nothing_of_the_pipeline_but_names_reaches_pip(audited: Callable, tmp_path: Path) -> None:
    (tmp_path / "p" / "setup.py").write_text("raise SystemExit('built')")
    report = audited(f"-e .\ntop>=2\nurl @ file://{tmp_path}/p\n--find-links {tmp_path}/elsewhere\n", "--resolve")
    assert vulnerable(report) == [("pkg:pypi/below@1.0", None)]
