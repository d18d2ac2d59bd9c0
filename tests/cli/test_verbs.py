"""Each verb from end to end, with good and with bad input."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
import threading
import zipfile
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key

from chainguard_ml.testing.server import Response, Server
from chainguard_ml.testing.timestamps import TimestampAuthority
from tests.signing import authorities

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.conftest import Run

    Cli = Callable[..., Run]


@pytest.fixture
def keys(tmp_path: Path) -> tuple[Path, Path]:
    """A P-256 key pair made by OpenSSL, as a release engineer would."""
    private, public = tmp_path / "release.pem", tmp_path / "release.pub"
    subprocess.run(["openssl", "ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", private], check=True)
    subprocess.run(["openssl", "ec", "-in", private, "-pubout", "-out", public], check=True, capture_output=True)
    return private, public


def test_sign_then_verify_then_tamper(cli: Cli, pipeline: Path, keys: tuple[Path, Path]) -> None:
    private, public = keys
    model = pipeline / "model"
    signed = cli("sign", model, "--key", private)
    assert (signed.code, signed.out) == (0, "")
    assert (model / "model.sig").is_file()
    verified = cli("verify", model, "--key", public)
    assert (verified.code, "PASS" in verified.out) == (0, True)
    (model / "weights.pkl").write_bytes(b"\x80\x04N.")
    tampered = cli("verify", model, "--key", public, "-f", "json")
    assert tampered.code == 1
    (finding,) = json.loads(tampered.out)["findings"]
    assert (finding["rule"], finding["location"]["path"]) == ("model-tampered", "weights.pkl")
    assert finding["facts"]["reason"] == "tampered"


def test_sign_with_an_encrypted_key(cli: Cli, pipeline: Path, keys: tuple[Path, Path], tmp_path: Path) -> None:
    private, public = keys
    locked, secret = tmp_path / "locked.pem", "correct horse"
    convert = ["openssl", "pkcs8", "-topk8", "-in", private, "-out", locked, "-passout", f"pass:{secret}"]
    subprocess.run(convert, check=True)
    refused = cli("sign", pipeline / "model", "--key", locked)
    assert (refused.code, refused.err.splitlines()[0]) == (2, "error: the private key is encrypted")
    wrong = cli("sign", pipeline / "model", "--key", locked, env={"CHAINGUARD_ML_PASSPHRASE": "wrong secret"})
    assert wrong.code == 2
    assert "wrong secret" not in wrong.err
    (tmp_path / "passphrase").write_text(f"{secret}\n", encoding="utf-8")
    assert cli("sign", pipeline / "model", "--key", locked, "--passphrase-file", tmp_path / "passphrase").code == 0
    again = cli("sign", pipeline / "model", "--key", locked, env={"CHAINGUARD_ML_PASSPHRASE": secret})
    assert again.code == 0
    assert cli("verify", pipeline / "model", "--key", public).code == 0


@pytest.mark.parametrize("what", ["missing.pem", "directory", "notes.txt"])
def test_a_key_that_is_none_is_refused(cli: Cli, pipeline: Path, tmp_path: Path, what: str) -> None:
    (tmp_path / "directory").mkdir()
    (tmp_path / "notes.txt").write_text("no key", encoding="utf-8")
    for verb in ("sign", "verify"):
        shown = cli(verb, pipeline / "model", "--key", what)
        assert shown.code == 2
        assert what in shown.err


@pytest.mark.parametrize("hash_type", ["sha256", "blake2b", "blake3"])
def test_sign_with_any_hash(cli: Cli, pipeline: Path, keys: tuple[Path, Path], hash_type: str) -> None:
    private, public = keys
    assert cli("sign", pipeline / "model", "--key", private, "--hash", hash_type).code == 0
    verified = cli("verify", pipeline / "model", "--key", public, "-f", "json")
    assert (verified.code, f'"hash": "{hash_type}"' in verified.out) == (0, True)
    (pipeline / "model" / "weights.pkl").write_bytes(b"changed")
    assert cli("verify", pipeline / "model", "--key", public).code == 1
    assert cli("sign", pipeline / "model", "--key", private, "--hash", "md5").code == 2


def test_sign_with_a_command(cli: Cli, pipeline: Path, keys: tuple[Path, Path]) -> None:
    private, public = keys
    model, command = pipeline / "model", f"exec:openssl pkeyutl -sign -inkey {private}"
    assert cli("sign", model, "--key", command, "--public-key", public).code == 0
    assert cli("verify", model, "--key", public).code == 0
    assert "give --public-key" in cli("sign", model, "--key", command).err
    assert cli("sign", model, "--key", private, "--public-key", public).code == 2
    assert cli("sign", model, "--key", command, "--public-key", public, "--passphrase-file", public).code == 2
    failed = cli("sign", model, "--key", "exec:false", "--public-key", public)
    assert (failed.code, "the command 'false' failed" in failed.err) == (4, True)


def test_sign_and_verify_with_certificates(cli: Cli, pipeline: Path, tmp_path: Path) -> None:
    root = authorities.root()
    middle = root.authority("middle")
    key, certificate = middle.signer().write(tmp_path)
    (_, above), (_, top) = middle.write(tmp_path), root.write(tmp_path)
    model = pipeline / "model"
    assert cli("sign", model, "--key", key, "--cert-chain", certificate, "--cert-chain", above).code == 0
    assert cli("verify", model, "--cert-chain", top).code == 0
    assert "CN=signer" in cli("verify", model, "--cert-chain", top, "-f", "json").out
    configuration = tmp_path / "c.toml"
    configuration.write_text(f"[signing]\ncertificates = ['{top}']\n", encoding="utf-8")
    assert cli("verify", model, "--config", configuration).code == 0
    assert cli("check", pipeline, "--config", configuration).code == 0
    (other,) = authorities.root().write(tmp_path)[1:]
    assert cli("verify", model, "--cert-chain", other).code == 1
    assert "chain" in cli("sign", model, "--key", key, "--cert-chain", certificate, "--cert-chain", other).err


def test_sign_with_timestamps(cli: Cli, pipeline: Path, tmp_path: Path) -> None:
    times = TimestampAuthority()
    server = Server({("POST", "/"): lambda request: Response(times.answer(request.body))})
    server.start()
    holder = authorities.root()
    (key, certificate), (_, top) = holder.signer().write(tmp_path), holder.write(tmp_path)
    trusted, query, answer = tmp_path / "times.pem", tmp_path / "query.tsq", tmp_path / "answer.tsr"
    trusted.write_bytes(times.chain.root.public_bytes(Encoding.PEM))
    configuration = tmp_path / "c.toml"
    configuration.write_text(f"[signing]\ntimestamp-certificates = ['{trusted}']\ncertificates = ['{top}']\n", "utf-8")
    model, url = pipeline / "model", ("--timestamp-url", f"{server.url}/")
    certified = ("sign", model, "--key", key, "--cert-chain", certificate)
    verify = ("verify", model, "-f", "json", "--cert-chain", top, "--timestamp-chain")
    try:
        assert cli(*certified, *url).code == 0
        assert '"signed_at"' in cli(*verify, trusted).out
        assert '"signed_at"' in cli("verify", model, "-f", "json", "--config", configuration).out
        assert "as signed by CN=signer on 20" in cli("verify", model, "--config", configuration).out
        assert '"signed_at"' in cli("check", pipeline, "-f", "json", "--config", configuration).out
        assert cli("verify", model, "--cert-chain", top, "--timestamp-chain", top).code == 1
        assert "no root" in cli("verify", model, "--cert-chain", top, "--timestamp-chain", certificate).err
        # Elsewhere: the request goes out, the answer comes back.
        assert cli("sign", model, "--key", key, "--timestamp-request", query).code == 0
        answer.write_bytes(times.answer(query.read_bytes()))
        assert cli("sign", model, "--timestamp-file", answer).code == 0
        assert (
            '"signed_at"'
            in cli(
                "verify", model, "--cert-chain", top, "--timestamp-chain", trusted, "-f", "json", "--key", _public(key)
            ).out
        )
        assert cli("sign", model, "--timestamp-request", query).code == 0
    finally:
        server.stop()
    assert cli(*certified, *url).code == 4
    assert cli("sign", model, "--keyless", *url).code == 2
    assert cli("sign", model / "weights.pkl", "--timestamp-file", answer).code == 2


def _public(key: Path) -> Path:
    loaded = load_pem_private_key(key.read_bytes(), None).public_key()
    path = key.with_suffix(".pub")
    path.write_bytes(loaded.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    return path


def test_verify_needs_a_key_and_a_signature(cli: Cli, pipeline: Path, keys: tuple[Path, Path]) -> None:
    shown = cli("verify", pipeline / "model")
    assert shown.code == 2
    assert shown.err.startswith("error: there is nobody to trust: ")
    missing = cli("verify", pipeline / "model", "--key", keys[1], "-f", "json")
    assert missing.code == 1
    assert json.loads(missing.out)["findings"][0]["facts"]["reason"] == "missing"


def test_audit_with_a_database(cli: Cli, tmp_path: Path, advisories: Path) -> None:
    (tmp_path / "chainguard-ml.toml").write_text("audit.max-age-days = 36500\n", encoding="utf-8")
    lock = tmp_path / "requirements.txt"
    lock.write_text("# comment\nbrokenlib==1.1\nfine==1\n", encoding="utf-8")
    imported = cli("audit", "db", "import", advisories)
    assert imported.code == 0
    assert "imported 1 advisory for 1 package" in imported.err
    shown = cli("audit", lock, "-f", "json")
    assert shown.code == 1
    (finding,) = [item for item in json.loads(shown.out)["findings"] if item["rule"] == "vulnerable-dependency"]
    assert finding["location"] == {"path": "requirements.txt", "line": 2}
    assert finding["facts"]["advisory"] == "PYSEC-0000-1"
    assert finding["severity"] == "critical"
    status = cli("audit", "db", "status")
    assert status.code == 0
    assert "records      1\n" in status.out


def test_audit_without_a_database_is_incomplete_never_clean(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "requirements.txt").write_text("fine==1 --hash=sha256:" + "0" * 64 + "\n", encoding="utf-8")
    shown = cli("audit", "requirements.txt")
    assert shown.code == 4
    assert "chainguard-ml audit db import" in shown.out
    assert "not compared with advisories" in shown.out
    assert cli("audit", "db", "status").code == 4


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04broken", b"not a zip at all", b"\x00" * 100])
def test_an_osv_zip_that_is_none(cli: Cli, tmp_path: Path, content: bytes) -> None:
    (tmp_path / "all.zip").write_bytes(content)
    shown = cli("audit", "db", "import", "all.zip")
    assert (shown.code, shown.out) == (4, "")
    assert shown.err.startswith("error: ")
    assert "\nhint: " in shown.err
    assert cli("audit", "db", "import", "missing.zip").code in {2, 4}


def test_audit_reads_a_file_of_any_name(cli: Cli, tmp_path: Path, advisories: Path) -> None:
    assert cli("audit", "db", "import", advisories).code == 0
    (tmp_path / "deps.in").write_text("brokenlib==1.0\n", encoding="utf-8")
    assert cli("audit", "deps.in").code == 1


def test_a_bill_of_materials(cli: Cli, pipeline: Path, tmp_path: Path) -> None:
    written = cli("sbom", pipeline, "-o", "bom.json")
    assert (written.code, written.out, written.err) == (0, "", "")
    document = json.loads((tmp_path / "bom.json").read_text(encoding="utf-8"))
    assert document["specVersion"] == "1.6"
    assert "timestamp" not in document["metadata"]
    dated = cli("sbom", pipeline, env={"SOURCE_DATE_EPOCH": "1700000000"})
    assert json.loads(dated.out)["metadata"]["timestamp"].startswith("2023-11-14T22:13:20")
    assert cli("sbom", pipeline, env={"SOURCE_DATE_EPOCH": "soon"}).code == 2


def test_init_writes_what_check_reads(cli: Cli, pipeline: Path) -> None:
    made = cli("init", pipeline)
    assert made.code == 0
    assert {line.split()[0] for line in made.err.splitlines()} == {"wrote", "next:"}
    refused = cli("init", pipeline)
    assert refused.code == 2
    assert "already there: chainguard-ml.toml" in refused.err
    assert cli("init", pipeline, "--force").code == 0
    assert cli("init", pipeline / "train.py").code == 2
    assert cli("policy", "check", pipeline / "policies" / "release.yaml").code == 0
    shown = cli("check", cwd=pipeline)
    assert shown.code == 1
    assert "models-are-signed" in shown.out


def test_policy_verbs(cli: Cli, repository: Path, tmp_path: Path) -> None:
    assert "release: Model release gate" in cli("policy", "list").out
    assert cli("policy", "check", "release").err.startswith("release: ")
    assert cli("policy", "test", repository / "policies" / "release.test.yaml").code == 0
    (tmp_path / "typo.yaml").write_text(
        "apiVersion: chainguard-ml/v1\nkind: Policy\nmetadata: {name: t, title: T, owner: o, version: 1}\n"
        "rules:\n- {id: a, title: A, severity: high, for_each: models, require: item.sise > 'a', remediation: r}\n",
        encoding="utf-8",
    )
    shown = cli("check", repository / "examples" / "pipeline", "--policy", "typo.yaml")
    assert (shown.code, shown.out) == (2, "")
    assert "item.sise" in shown.err


def test_rules_are_listed_and_explained(cli: Cli) -> None:
    listed = cli("rule").out
    assert "model-tampered" in listed
    page = cli("rule", "model-tampered").out
    assert page.startswith("# model-tampered\n")
    assert "## What to do" in page


def test_source_finds_an_action_that_can_move(cli: Cli, repository: Path) -> None:
    shown = cli("source", repository / "examples" / "tampered", "--fail-on", "medium")
    assert shown.code == 1
    assert "unpinned-action" in shown.out
    assert cli("source", repository / "examples" / "pipeline").code == 0


def test_the_example_passes_and_its_tampered_copy_fails(cli: Cli, repository: Path) -> None:
    examples = repository / "examples"
    assert cli("audit", "db", "import", examples / "advisories").code == 0
    configuration = ("--config", examples / "chainguard-ml.toml")
    good = cli("check", examples / "pipeline", *configuration, "-f", "json")
    report = json.loads(good.out)
    assert (good.code, report["outcome"], report["complete"]) == (0, "pass", True)
    assert all(decision["result"] == "pass" for decision in report["decisions"])
    bad = cli("check", examples / "tampered", *configuration, "-f", "json")
    report = json.loads(bad.out)
    assert (bad.code, report["outcome"], report["complete"]) == (1, "fail", True)
    found = {(finding["rule"], finding["location"]["path"]) for finding in report["findings"]}
    assert {
        ("model-tampered", "model/classifier.pkl"),
        ("model-tampered", "model/model.safetensors"),
        ("vulnerable-dependency", "requirements.txt"),
        ("unpinned-action", ".github/workflows/train.yml"),
    } <= found
    assert any(path == "model/classifier.pkl" and rule != "model-tampered" for rule, path in found)


def test_what_cannot_be_read_is_a_gap_and_the_rest_goes_on(cli: Cli, pipeline: Path) -> None:
    if os.geteuid() == 0:
        (pipeline / "model" / "loop").symlink_to("loop")
    else:
        (pipeline / "model" / "secret.pkl").write_bytes(b"x")
        (pipeline / "model" / "secret.pkl").chmod(0)
    (pipeline / "cut.pkl").write_bytes(b"\x80\x04\x95\x20\x00\x00\x00\x00\x00\x00\x00}\x94(")
    (pipeline / "locked.zip").write_bytes(b"PK\x03\x04" + b"\x00" * 40)
    shown = cli("check", pipeline, "-f", "json")
    report = json.loads(shown.out)
    assert report["complete"] is False
    assert shown.code in {1, 4}
    assert {gap["subject"]["name"] for gap in report["gaps"]} >= {"locked.zip"}
    touched = {finding["location"]["path"] for finding in report["findings"]}
    touched |= {gap["subject"]["name"] for gap in report["gaps"]}
    assert "cut.pkl" in touched
    assert any(item["subject"]["name"] == "model/weights.pkl" for item in report["evidence"])


def test_a_link_out_of_the_root_is_a_gap(cli: Cli, pipeline: Path, tmp_path: Path) -> None:
    (tmp_path / "outside.pkl").write_bytes(b"cbuiltins\nprint\n(S'harmless'\ntR.")
    (pipeline / "model" / "linked.pkl").symlink_to(tmp_path / "outside.pkl")
    shown = cli("scan", pipeline, "-f", "json")
    report = json.loads(shown.out)
    assert (shown.code, report["findings"]) == (4, [])
    assert [(gap["reason"], gap["subject"]["name"]) for gap in report["gaps"]] == [("link", "model/linked.pkl")]


def test_several_paths_are_one_report(cli: Cli, bad: Path, tmp_path: Path) -> None:
    archive = tmp_path / "other.zip"
    with zipfile.ZipFile(archive, "w") as made:
        made.write(bad / "model" / "weights.pkl", "inner.pkl")
    report = json.loads(cli("scan", bad, archive, "-f", "json").out)
    places = {finding["location"]["path"] for finding in report["findings"]}
    assert places == {"pipeline/model/weights.pkl", "other.zip"}
    assert report["inputs"] == ["pipeline", "other.zip"]


def test_waivers_are_honoured_shown_and_expire(cli: Cli, bad: Path, tmp_path: Path) -> None:
    found = {finding["rule"] for finding in json.loads(cli("scan", bad, "-f", "json").out)["findings"]}
    rows = "".join(
        f"- {{rule: {rule}, reason: reviewed, owner: alice, approved_by: [bob], expires: 2026-06-30}}\n"
        for rule in sorted(found)
    )
    text = f"apiVersion: chainguard-ml/v1\nkind: Waivers\nwaivers:\n{rows}"
    (tmp_path / "waivers.yaml").write_text(text, encoding="utf-8")
    (tmp_path / "chainguard-ml.toml").write_text('waivers = "waivers.yaml"\n', encoding="utf-8")
    before, after = {"SOURCE_DATE_EPOCH": "1780000000"}, {"SOURCE_DATE_EPOCH": "1790000000"}
    waived = cli("scan", bad, env=before)
    assert (waived.code, f"{len(found)} waived" in waived.out) == (0, True)
    assert "waived" in cli("scan", bad, "-v", env=before).out
    assert cli("scan", bad, "--no-waivers", env=before).code == 1
    expired = cli("scan", bad, env=after)
    assert (expired.code, "waiver-expired" in expired.out) == (1, True)


def test_a_file_that_changes_while_it_is_read_is_never_clean(cli: Cli, pipeline: Path) -> None:
    log = pipeline / "growing.pkl"
    log.write_bytes(b"\x80\x04N.")
    script = f'while true; do printf x >> "{log}"; done'
    with subprocess.Popen(["sh", "-c", script]) as writer:
        shown = cli("scan", pipeline, "-f", "json")
        writer.kill()
    report = json.loads(shown.out)
    about = [gap["reason"] for gap in report["gaps"] if gap["subject"]["name"] == "growing.pkl"]
    about += [finding["rule"] for finding in report["findings"] if finding["location"]["path"] == "growing.pkl"]
    assert about


class Osv(BaseHTTPRequestHandler):
    """A service that knows one flaw."""

    def do_POST(self) -> None:
        query = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        known = query["package"]["name"] == "brokenlib"
        flaw = {
            "id": "PYSEC-0000-2",
            "summary": "A flaw",
            "published": "2024-01-01T00:00:00Z",
            "affected": [{"package": {"name": "brokenlib", "ecosystem": "PyPI"}, "ranges": []}],
        }
        body = json.dumps({"vulns": [flaw]} if known else {}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 (the base's name)
        """Stay silent."""


def test_audit_asks_a_service_only_when_told(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "requirements.txt").write_text("brokenlib==1.0\n", encoding="utf-8")
    with ThreadingHTTPServer(("127.0.0.1", 0), Osv) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        url = f"http://127.0.0.1:{server.server_port}/v1/query"
        asked = cli("audit", "requirements.txt", "--service", url, "-f", "json")
        forbidden = cli("audit", "requirements.txt", "--service", url, "--offline")
        server.shutdown()
        thread.join()
    report = json.loads(asked.out)
    assert (asked.code, report["complete"]) == (1, True)
    assert "PYSEC-0000-2" in {finding["facts"].get("advisory") for finding in report["findings"]}
    assert forbidden.code == 4
    unknown = cli("audit", "requirements.txt", "--service", "pipy")
    assert (unknown.code, "error: " in unknown.err) == (2, True)


def test_audit_reads_an_installed_environment(cli: Cli, tmp_path: Path, advisories: Path) -> None:
    site = tmp_path / "venv" / "lib" / "python3.11" / "site-packages" / "brokenlib-1.1.dist-info"
    site.mkdir(parents=True)
    (tmp_path / "venv" / "pyvenv.cfg").write_text("version = 3.11.7\n", encoding="utf-8")
    (site / "METADATA").write_text("Metadata-Version: 2.1\nName: brokenlib\nVersion: 1.1\n", encoding="utf-8")
    (tmp_path / "requirements.txt").write_text("fine==1\n", encoding="utf-8")
    assert cli("audit", "db", "import", advisories).code == 0
    shown = cli("audit", "requirements.txt", "--environment", "venv", "-f", "json")
    rules = {finding["rule"] for finding in json.loads(shown.out)["findings"]}
    assert (shown.code, "vulnerable-dependency" in rules) == (1, True)


def test_quarantined_advisories_are_named(cli: Cli, tmp_path: Path, advisories: Path) -> None:
    with zipfile.ZipFile(advisories, "a") as archive:
        archive.writestr("broken.json", "{")
    imported = cli("audit", "db", "import", advisories)
    assert imported.code == 0
    assert "quarantined broken.json: " in imported.err
    assert imported.err.endswith("1 quarantined\n")


def test_a_bill_of_materials_says_what_it_lacks(cli: Cli, pipeline: Path, tmp_path: Path) -> None:
    (pipeline / "link.pkl").symlink_to(tmp_path / "nowhere")
    shown = cli("sbom", pipeline)
    assert shown.code == 4
    assert json.loads(shown.out)["bomFormat"] == "CycloneDX"
    assert shown.err.startswith("gap: link.pkl: ")
    assert shown.err.endswith("incomplete: 1 thing could not be recorded\n")


def test_a_policy_test_that_fails_says_so(cli: Cli, repository: Path, tmp_path: Path) -> None:
    for name in ("release.yaml", "release.test.yaml"):
        text = (repository / "policies" / name).read_text(encoding="utf-8")
        (tmp_path / name).write_text(text.replace("require: item.signed", "require: '!item.signed'"), encoding="utf-8")
    shown = cli("policy", "test", "release.test.yaml")
    assert shown.code == 1
    assert "failed  " in shown.out


def test_the_policy_of_a_configuration_may_be_a_shipped_one(cli: Cli, pipeline: Path, tmp_path: Path) -> None:
    (tmp_path / "chainguard-ml.toml").write_text('policy = "release"\n', encoding="utf-8")
    assert "models-are-signed" in cli("check", pipeline).out
    (tmp_path / "chainguard-ml.toml").write_text('policy = "relaese"\n', encoding="utf-8")
    assert cli("check", pipeline).code == 2
    assert cli("check", pipeline, "--policy", "release", "--param", "deny=critical").code == 1


def test_the_data_directory_follows_the_xdg_rules(cli: Cli, tmp_path: Path, advisories: Path) -> None:
    home = {"CHAINGUARD_ML_DATA_DIR": "", "XDG_DATA_HOME": str(tmp_path / "xdg")}
    assert cli("audit", "db", "import", advisories, env=home).code == 0
    assert (tmp_path / "xdg" / "chainguard-ml" / "advisories.sqlite").is_file()


def test_a_passphrase_is_asked_for_on_a_terminal(pipeline: Path, keys: tuple[Path, Path], tmp_path: Path) -> None:
    locked, secret = tmp_path / "locked.pem", "correct horse"
    convert = ["openssl", "pkcs8", "-topk8", "-in", keys[0], "-out", locked, "-passout", f"pass:{secret}"]
    subprocess.run(convert, check=True)
    process, terminal = pty.fork()
    if process == 0:
        os.execv(sys.executable, [  # noqa: S606 (our own interpreter)
            sys.executable, "-P", "-m", "chainguard_ml", "sign", str(pipeline / "model"),
                                  "--key", str(locked)])  # fmt: skip
    seen = b""
    while b"Passphrase of the private key: " not in seen:
        seen += os.read(terminal, 1000)
    os.write(terminal, f"{secret}\n".encode())
    _, status = os.waitpid(process, 0)
    os.close(terminal)
    assert os.waitstatus_to_exitcode(status) == 0
    assert (pipeline / "model" / "model.sig").is_file()
    assert secret.encode() not in seen
