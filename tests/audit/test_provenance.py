"""Who published a release: attestations (PEP 740) from an index on loopback, minted by a local Sigstore, and forged."""

from __future__ import annotations

import base64
import hashlib
import json
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chainguard_ml.audit import provenance
from chainguard_ml.errors import InputError
from chainguard_ml.testing import FakeSigstore, Fault, Person, Workflow

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.conftest import Run

WHEEL = "a-1.0-py3-none-any.whl"
DIGEST = hashlib.sha256(b"the wheel").hexdigest()
GITHUB = {"kind": "GitHub", "repository": "acme/models", "workflow": "release.yml", "environment": None}


@pytest.fixture(scope="module")
def fake() -> Iterator[FakeSigstore]:
    with FakeSigstore(rekor=1) as instance:
        yield instance


def statement(name: str = WHEEL, digest: str = DIGEST) -> bytes:
    return json.dumps({
        "_type": "https://in-toto.io/Statement/v1",
        "subject": [{"name": name, "digest": {"sha256": digest}}],
        "predicateType": "https://slsa.dev/provenance/v1",
        "predicate": {},
    }).encode()  # fmt: skip


def attestation(bundle: bytes) -> dict:
    """Return a bundle as an attestation of version 1."""
    value = json.loads(bundle)
    material, envelope = value["verificationMaterial"], value["dsseEnvelope"]
    return {
        "version": 1,
        "verification_material": {
            "certificate": material["certificate"]["rawBytes"],
            "transparency_entries": material["tlogEntries"],
        },
        "envelope": {"statement": envelope["payload"], "signature": envelope["signatures"][0]["sig"]},
    }


def stated(publisher: dict, *attestations: dict) -> dict:
    return {"version": 1, "attestation_bundles": [{"publisher": publisher, "attestations": list(attestations)}]}


@contextmanager
def serving(answers: dict[str, tuple[str, object]]) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            media, value = answers.get(self.path, ("", None))
            body = json.dumps(value).encode()
            self.send_response(200 if media else 404)
            self.send_header("Content-Type", media)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002 (its name in the base class)
            """Stay silent."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as running:
        thread = threading.Thread(target=running.serve_forever, args=(0.02,))
        thread.start()
        yield f"http://127.0.0.1:{running.server_port}"
        running.shutdown()
        thread.join()


@pytest.fixture
def audited(fake: FakeSigstore, tmp_path: Path, cli: Callable[..., Run]) -> Callable[..., dict]:
    """Audit ``a 1.0`` with an index that hands over this provenance; return the report."""
    item = {"id": "PYSEC-1", "modified": "2026-01-02T03:04:05Z", "affected": [
        {"package": {"ecosystem": "PyPI", "name": "b"}, "versions": ["1"]}]}  # fmt: skip
    (tmp_path / "1.json").write_text(json.dumps(item))
    assert cli("audit", "db", "import", "1.json").code == 0
    fake.write_trusted_root(tmp_path / "root.json")
    (tmp_path / "p").mkdir()
    (tmp_path / "p" / "requirements.txt").write_text("a==1.0\n")

    def run(document: object, wanted: str = "", *, bare: bool = False) -> dict:
        files = [{"filename": WHEEL, "hashes": {"sha256": DIGEST}, "provenance": "/integrity/a"}]
        if document is None:
            del files[0]["provenance"]
        if bare:
            files.append({"filename": "a-1.0.tar.gz", "hashes": {"sha256": "0" * 64}})
        answers: dict[str, tuple[str, object]] = {
            "/simple/a/": ("application/vnd.pypi.simple.v1+json", {"files": files}),
        }
        if document != "gone":
            answers["/integrity/a"] = ("application/json", document)
        with serving(answers) as url:
            lines = ["offline = false", "[audit.index]", "ask = true", f'urls = ["{url}/simple"]', "provenance = true"]
            lines += [f'publishers = {{a = "{wanted}"}}'] if wanted else []
            (tmp_path / "c.toml").write_text("\n".join([*lines, "[signing]", 'trusted-root = "root.json"', ""]))
            done = cli("audit", "p", "-c", "c.toml", "-f", "json")
        assert done.out, done.err
        report: dict = json.loads(done.out)
        return report

    return run


def told(report: dict, rule: str) -> list[str]:
    return [item["message"] for item in report["findings"] if item["rule"] == rule]


def test_a_publisher_is_proven(fake: FakeSigstore, audited: Callable) -> None:
    report = audited(stated(GITHUB, attestation(fake.mint(statement(), Workflow()))), "github.com/acme/models")
    assert [item["statement"] for item in report["evidence"] if item["kind"] == "provenance"] == [
        {"publishers": {"github.com/acme/models": 1}}]  # fmt: skip
    assert told(report, "attestation-invalid") == told(report, "other-publisher") == []


@pytest.mark.parametrize(
    ("who", "publisher", "problem"),
    [
        (Workflow(repository="eve/models"), GITHUB, "source-repository-uri"),
        (Workflow(workflow="other.yml"), GITHUB, "build-config-uri"),
        (Workflow(issuer="https://issuer.example"), GITHUB, "issuer"),
        (Person("ada@example.com"), GITHUB, "who is not trusted"),
        (Person("ada@example.com"), {"kind": "Google", "email": "ada@example.com"}, "issuer"),
        (
            Workflow(),
            {"kind": "GitLab", "repository": "acme/models", "workflow_filepath": "x.yml"},
            "who is not trusted",
        ),
    ],
)
def test_an_attestation_of_somebody_else_proves_nothing(
    who: Workflow | Person, publisher: dict, problem: str, fake: FakeSigstore, audited: Callable
) -> None:
    report = audited(stated(publisher, attestation(fake.mint(statement(), who))))
    (message,) = told(report, "attestation-invalid")
    assert problem in message
    assert [item for item in report["evidence"] if item["kind"] == "provenance"] == []


def test_an_attestation_of_another_file_proves_nothing(fake: FakeSigstore, audited: Callable) -> None:
    other = attestation(fake.mint(statement(digest="f" * 64), Workflow()))
    assert told(audited(stated(GITHUB, other)), "attestation-invalid")


FORGERIES = (Fault.UNTRUSTED_AUTHORITY, Fault.MISSING_SCT, Fault.WRONG_SIGNATURE, Fault.WRONG_ENTRY, Fault.WRONG_PROOF,
             Fault.WRONG_LOG_KEY, Fault.EXPIRED_CERTIFICATE)  # fmt: skip


@pytest.mark.parametrize("fault", FORGERIES)
def test_a_forged_bundle_proves_nothing(fault: Fault, fake: FakeSigstore, audited: Callable) -> None:
    forged = attestation(fake.mint(statement(), Workflow(), faults={fault}))
    assert told(audited(stated(GITHUB, forged)), "attestation-invalid")


def test_a_changed_statement_proves_nothing(fake: FakeSigstore, audited: Callable) -> None:
    changed = attestation(fake.mint(statement(), Workflow()))
    changed["envelope"]["statement"] = base64.b64encode(statement() + b" ").decode()
    assert told(audited(stated(GITHUB, changed)), "attestation-invalid")


def test_who_has_to_publish_it(fake: FakeSigstore, audited: Callable) -> None:
    good = stated(GITHUB, attestation(fake.mint(statement(), Workflow())))
    (message,) = told(audited(good, "github.com/acme/other"), "other-publisher")
    assert message == "a 1.0 was published by github.com/acme/models, and has to be by github.com/acme/other"
    (message,) = told(audited(None, "github.com/acme/models"), "other-publisher")
    assert message == "a 1.0 was published by nobody who is proven, and has to be by github.com/acme/models"
    (message,) = told(audited(good, "github.com/acme/models", bare=True), "other-publisher")
    assert "1 of its files have no attestation" in message
    assert told(audited(None), "other-publisher") == []


@pytest.mark.parametrize(
    "document",
    [
        {},
        {"version": 2, "attestation_bundles": []},
        {"version": 1, "attestation_bundles": []},
        stated({**GITHUB, "repository": "acme/*"}, {}),
        stated({**GITHUB, "workflow": "**"}, {}),
        stated({"kind": "Other"}, {}),
        stated(GITHUB, {}),
        stated(GITHUB, {"version": 2, "verification_material": {}, "envelope": {}}),
        stated(GITHUB, {"version": 1, "verification_material": {}, "envelope": {}}),
    ],
)
def test_nonsense_proves_nothing(document: dict, audited: Callable) -> None:
    assert told(audited(document), "attestation-invalid")


def test_what_cannot_be_fetched_is_a_gap(audited: Callable) -> None:
    report = audited("gone")
    assert [gap["detail"] for gap in report["gaps"]] == [f"attestations of '{WHEEL}': it answers with status 404"]


VALUES = st.recursive(
    st.none() | st.integers() | st.text(max_size=5) | st.sampled_from(["GitHub", "a/b", "x.yml", 1]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(
        ["version", "attestation_bundles", "publisher", "attestations", "kind", "repository", "workflow", "envelope",
         "verification_material", "certificate", "statement"]), inner, max_size=4), max_leaves=12,
)  # fmt: skip


@given(document=VALUES)
def test_any_value_is_read_or_refused(document: object) -> None:
    try:
        provenance.read(json.dumps(document).encode())
    except InputError:
        return
