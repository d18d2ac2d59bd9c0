"""Package indexes: a real server on loopback that speaks the Simple API, as JSON and as HTML."""

from __future__ import annotations

import html
import json
import threading
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chainguard_ml.audit import index, simple
from chainguard_ml.config import IndexConfig
from chainguard_ml.context import Silent
from chainguard_ml.errors import ConfigError, InputError, UsageError
from chainguard_ml.model import Digest, GapReason, Severity
from chainguard_ml.records import replace

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from chainguard_ml.model import Finding
    from tests.conftest import Run

A, B = "a" * 64, "b" * 64
JSON, HTML = "application/vnd.pypi.simple.v1+json", "text/html; charset=utf-8"
OLD, NEW = "2020-01-01T00:00:00Z", (datetime.now(tz=UTC) - timedelta(days=1)).isoformat()


def wheel(name: str, version: str, **more: object) -> dict:
    filename = f"{name}-{version}-py3-none-any.whl"
    given = {"filename": filename, "url": "x", "hashes": {"sha256": A}, "upload-time": OLD}
    return {**given, **{key.replace("_", "-"): value for key, value in more.items()}}


def as_html(files: list[dict]) -> str:
    rows = []
    for file in files:
        attributes = {"href": f"../../{file['filename']}#sha256={file['hashes'].get('sha256', '')}"}
        if "requires-python" in file:
            attributes["data-requires-python"] = file["requires-python"]
        if file.get("yanked") not in {None, False}:
            attributes["data-yanked"] = "" if file["yanked"] is True else file["yanked"]
        rows.append("<a " + " ".join(f'{name}="{html.escape(str(value))}"' for name, value in attributes.items())
                    + f">{file['filename']}</a><br/>")  # fmt: skip
    return "<!DOCTYPE html><html><body>" + "\n".join(rows) + "</body></html>"


PROJECTS: dict[str, dict] = {
    "a": {"files": [wheel("a", "1.0"), wheel("a", "1.1", yanked="it breaks"), wheel("a", "1.3", yanked=True),
                    wheel("a", "1.2", requires_python=">=3.13"), wheel("a", "1.4", requires_python=">=3.8")]},
    "half": {"files": [wheel("half", "1", yanked=True), {"filename": "half-1.tar.gz", "hashes": {}}]},
    "young": {"files": [wheel("young", "1", upload_time=NEW)]},
    "torch": {"files": [wheel("torch", "2.0+cu121", hashes={"sha256": B}), wheel("torch", "2.0")]},
    "left": {"files": [wheel("left", "1")], "project-status": {"status": "archived", "reason": "moved\x1b"}},
    "held": {"files": [], "project-status": {"status": "quarantined"}},
    "empty": {"files": []},
}  # fmt: skip


class Index(BaseHTTPRequestHandler):
    """An index in JSON below ``/json``, in HTML below ``/html``, and odd ones."""

    asked: list[tuple[str, str | None]]

    def do_GET(self) -> None:
        type(self).asked.append((self.path, self.headers.get("Authorization")))
        _, kind, name, *_ = self.path.split("/")
        if kind == "status":
            self.answer(int(name), b"", HTML)
        elif kind == "away":
            self.send_response(302)
            self.send_header("Location", "http://index.example/simple/a/")
            self.end_headers()
        elif kind == "odd":
            body, media = {"text": (b"x", "text/plain"), "json": (b"[]", JSON), "nothing": (b"nothing", HTML),
                           "broken": (b"{", JSON)}[name]  # fmt: skip
            self.answer(200, body, media)
        elif name not in PROJECTS:
            self.answer(404, b"", HTML)
        elif kind == "json":
            self.answer(200, json.dumps(PROJECTS[name]).encode(), JSON)
        else:
            self.answer(200, as_html(PROJECTS[name]["files"]).encode(), HTML)

    def answer(self, status: int, body: bytes, media: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", media)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002 (its name in the base class)
        """Stay silent."""


@pytest.fixture
def url() -> Iterator[str]:
    Index.asked = []
    with ThreadingHTTPServer(("127.0.0.1", 0), Index) as running:
        thread = threading.Thread(target=running.serve_forever, args=(0.02,))
        thread.start()
        yield f"http://127.0.0.1:{running.server_port}"
        running.shutdown()
        thread.join()


@pytest.fixture
def asked(examine: Callable, package: Callable, database: Callable, record: Callable, url: str) -> Callable:
    """Audit packages with an index; return findings by rule, and gaps."""
    path = database(record("PYSEC-1", {"introduced": "0"}, {"fixed": "1.1"}, name="a"))

    def run(*packages: object, kind: str = "json", python: str = "", offline: bool = False) -> tuple[dict, list, list]:
        config = IndexConfig(ask=True, urls=tuple(f"{url}/{each}" for each in kind.split()), python=python)
        findings, gaps, evidence = examine(*packages, database=path, offline=offline, index=config)
        by_rule: dict[str, Finding] = {finding.rule: finding for finding in findings}
        return by_rule, gaps, evidence

    return run


@pytest.mark.parametrize("kind", ["json", "html"])
def test_yanked_missing_and_foreign_files(kind: str, asked: Callable, package: Callable) -> None:
    found, gaps, evidence = asked(package("a", "1.1.0"), kind=kind)
    assert (found["yanked-release"].message, gaps) == ("a 1.1.0 was yanked from the index: it breaks", [])
    assert [item.statement for item in evidence if item.kind == "package-index"] == [{"projects": 1}]
    assert "yanked-release" not in asked(package("half", "1"), kind=kind)[0]  # another file of it stands
    gone = asked(package("a", "9"), kind=kind)[0]["release-not-on-index"]
    assert gone.message == "the index has no such release: a 9"
    assert asked(package("nobody", "1"), kind=kind)[0]["release-not-on-index"].facts["project"] is False
    good = replace(package("a", "1.0"), digests=(Digest("sha256", B), Digest("sha256", A)))
    assert "file-not-on-index" not in asked(good, kind=kind)[0]
    bad = asked(replace(good, digests=(Digest("sha256", B),)), kind=kind)[0]["file-not-on-index"]
    assert (bad.severity, bad.facts["digests"]) == (Severity.CRITICAL, [f"sha256:{B}"])


def test_builds_of_a_release_are_told_apart(asked: Callable, package: Callable) -> None:
    build = replace(package("torch", "2.0+cu121"), digests=(Digest("sha256", B),))
    assert "file-not-on-index" not in asked(build)[0]
    assert "file-not-on-index" in asked(replace(build, version="2.0"))[0]
    assert "release-not-on-index" not in asked(package("torch", "2.0+cu118"))[0]  # its public version is there


def test_fresh_releases_and_what_became_of_projects(asked: Callable, package: Callable) -> None:
    assert "fresh-release" in asked(package("young", "1"))[0]
    assert "fresh-release" not in asked(package("young", "1", uploaded=OLD))[0]  # the lock knows better what it took
    left = asked(package("left", "1"))[0]["project-status"]
    assert (left.severity, left.message) == (Severity.LOW, "the project of left is archived: moved\\x1b")
    assert asked(package("held", None))[0]["project-status"].severity is Severity.HIGH


def test_a_fix_stands_and_is_for_the_python(asked: Callable, package: Callable) -> None:
    assert asked(package("a", "1.0"), offline=True)[0]["vulnerable-dependency"].facts["fix"] == "1.1"
    assert asked(package("a", "1.0"))[0]["vulnerable-dependency"].facts["fix"] == "1.2"
    assert asked(package("a", "1.0"), python="3.11")[0]["vulnerable-dependency"].facts["fix"] == "1.4"
    assert "fix" not in asked(package("a", "1.0"), python="3.7")[0]["vulnerable-dependency"].facts


def test_several_indexes_with_one_name(asked: Callable, package: Callable) -> None:
    found, gaps, _ = asked(package("a", "1.0"), kind="json html")
    assert (gaps, "(up to 1.4)" in found["served-by-several-indexes"].message) == ([], True)
    assert "served-by-several-indexes" not in asked(package("nobody", "1"), kind="json html")[0]


@pytest.mark.parametrize(
    ("kind", "name", "detail"),
    [
        ("status", "500", "it answers with status 500"),
        ("status", "401", "it answers with status 401"),
        ("away", "a", "cannot be asked"),
        ("odd", "text", "it answers with 'text/plain', which is no page of an index"),
        ("odd", "json", "its page has no list of files"),
        ("odd", "nothing", "its page is neither HTML nor a list of files"),
        ("odd", "broken", ""),
    ],
)
def test_no_answer_is_a_gap(kind: str, name: str, detail: str, asked: Callable, package: Callable) -> None:
    found, (gap,), _ = asked(package(name, "1"), kind=kind)
    assert (gap.reason, detail in gap.detail) == (GapReason.SERVICE, True), gap
    assert "release-not-on-index" not in found


def test_nobody_is_asked_offline(asked: Callable, package: Callable) -> None:
    asked(package("a", "1.0"), offline=True)
    asked(package("a", "1.0", url="https://x.example/a.whl"))
    assert Index.asked == []


def test_each_project_is_asked_once_and_credentials_stay_hidden(url: str) -> None:
    secret = url.replace("://", "://me:secret@") + "/json/"
    answers = index.ask(["a", "empty"], IndexConfig(ask=True, urls=(secret,)), Silent())
    assert sorted(Index.asked) == [("/json/a/", "Basic bWU6c2VjcmV0"), ("/json/empty/", "Basic bWU6c2VjcmV0")]
    assert "secret" not in repr(answers)


def test_what_is_not_safe_to_ask() -> None:
    with pytest.raises(UsageError, match="not protected on its way"):
        index.ask(["a"], IndexConfig(ask=True, urls=("http://index.example/simple",)), Silent())


def test_pages_and_patience_are_bounded(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    config = IndexConfig(ask=True, urls=(f"{url}/json",))
    with monkeypatch.context() as patched:
        patched.setattr(index, "_LARGEST", 10)
        assert "larger than 10 bytes" in index.ask(["a"], config, Silent()).gaps[0].detail
    monkeypatch.setattr(index, "_PATIENCE", 0)
    assert "within 0 seconds" in index.ask(["a"], config, Silent()).gaps[0].detail


PLAIN = st.none() | st.booleans() | st.integers() | st.text(max_size=8)
NAMES = st.sampled_from(["sha256", "status", "reason"])
VALUES = st.recursive(
    PLAIN, lambda inner: st.lists(inner, max_size=2) | st.dictionaries(NAMES, inner, max_size=2), max_leaves=4
)
FILES = st.dictionaries(
    st.sampled_from(["filename", "hashes", "yanked", "requires-python", "upload-time", "provenance"]),
    VALUES | st.sampled_from(["a-1.0-py3-none-any.whl", "a-1.0.tar.gz", "a-1-py3.11.egg", "a-x.zip"]),
)


PAGES = st.dictionaries(st.sampled_from(["files", "project-status"]), st.lists(FILES, max_size=3) | VALUES)
PIECES = st.lists(st.sampled_from(["<a ", "href=", '"', "a-1.0.tar.gz#sha256=", ">", "</a>", " "])).map("".join)


@given(document=PAGES | VALUES)
def test_any_json_is_a_page_or_an_error(document: object) -> None:
    try:
        page = simple.read(json.dumps(document).encode(), JSON, "https://index.example/simple/a/")
    except InputError:
        return
    assert all(file.version == version for version, files in page.files.items() for file in files)


@given(text=st.text(max_size=200) | PIECES, media=st.sampled_from([JSON, HTML, "", "text/x"]))
def test_any_text_is_a_page_or_an_error(text: str, media: str) -> None:
    try:
        simple.read(text.encode("utf-8", "replace"), media, "https://index.example/simple/a/")
    except InputError:
        return


@pytest.fixture
def project(tmp_path: Path, cli: Callable[..., Run]) -> Path:
    item = {"id": "PYSEC-1", "modified": "2026-01-02T03:04:05Z", "affected": [{
        "package": {"ecosystem": "PyPI", "name": "a"},
        "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "1.1"}]}]}]}  # fmt: skip
    (tmp_path / "1.json").write_text(json.dumps(item))
    assert cli("audit", "db", "import", "1.json").code == 0
    (tmp_path / "p").mkdir()
    (tmp_path / "p" / "requirements.txt").write_text("a==1.0\n")
    return tmp_path / "p"


def test_pips_own_configuration_says_which(project: Path, url: str, cli: Callable[..., Run]) -> None:
    pip = project.parent / "pip.conf"
    pip.write_text(f"[global]\nindex-url = {url}/html\n[install]\nextra-index-url =\n  {url}/json\n")
    (project / "pip.py").write_text("raise SystemExit('started')")  # nothing of what is examined is
    env = {"PIP_CONFIG_FILE": str(pip), "HOME": str(project.parent), "PIP_INDEX_URL": ""}
    run = cli("audit", ".", "--index", "-f", "json", cwd=project, env={**env, "PIP_INDEX_URL": f"{url}/json"})
    report = json.loads(run.out)
    assert [item["subject"]["name"] for item in report["evidence"] if item["kind"] == "package-index"] == [
        f"{url}/json"
    ]
    (found,) = [item for item in report["findings"] if item["rule"] == "vulnerable-dependency"]
    assert found["facts"]["fix"] == "1.2"
    both = cli("audit", ".", "--index", cwd=project, env={key: env[key] for key in ("PIP_CONFIG_FILE", "HOME")})
    assert "served-by-several-indexes" in both.out, both.err
    offline = cli("audit", ".", "--index", "--offline", "-f", "json", cwd=project, env=env)
    assert not [item for item in json.loads(offline.out)["evidence"] if item["kind"] == "package-index"]
    none = cli("audit", ".", "--index", cwd=project, env={**env, "PIP_NO_INDEX": "1"})
    assert (none.code, "pip's configuration names no index" in none.err) == (2, True)
    pip.write_text("[global\n")
    broken = cli("audit", ".", "--index", cwd=project, env=env)
    assert (broken.code, "pip cannot read its configuration" in broken.err) == (2, True)


def test_the_configuration_says_which_and_a_fix_is_what_stands(
    project: Path, url: str, cli: Callable[..., Run]
) -> None:
    config = project.parent / "c.toml"
    config.write_text(f'offline = false\n[audit.index]\nask = true\nurls = ["{url}/json"]\npython = "3.11"\n')
    run = cli("audit", project, "-c", config, "--fix")
    assert run.code == 0, run.out
    assert (project / "requirements.txt").read_text() == "a==1.4\n"
    config.write_text("[audit.index]\npython = 3\n")
    wrong = cli("audit", project, "-c", config)
    assert (wrong.code, "audit.index.python" in wrong.err, ConfigError.exit_code) == (2, True, 2)
