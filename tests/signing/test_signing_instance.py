"""Private instances by the address of a real TUF repository on loopback: updates, attacks, and no network at all."""

from __future__ import annotations

import io
import json
import sys
import urllib.request
from copy import deepcopy
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from securesystemslib.signer import CryptoSigner
from tuf.api.metadata import Metadata, MetaFile, Root, Snapshot, TargetFile, Targets, Timestamp

from chainguard_ml.cli import exit as boundary
from chainguard_ml.errors import ServiceError, UsageError
from chainguard_ml.signing import fetch_instance, instance, kept_instance
from chainguard_ml.signing import keyless_sign as keyless
from chainguard_ml.testing import FakeSigstore, Person
from chainguard_ml.testing.server import Response, Server

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from chainguard_ml.codec import JsonObject

ROLES = ("root", "timestamp", "snapshot", "targets")
ADA = Person()


class Files(dict):
    """Routes of a server, by file name."""

    def get(self, place: tuple[str, str], default: object = None) -> object:
        method, path = place
        data = super().get(path) if method == "GET" else None
        return default if data is None else lambda _: Response(data)


class Repository:
    """A TUF repository with consistent snapshots, as an instance of Sigstore publishes one."""

    def __init__(self, targets: dict[str, bytes]) -> None:
        self.files = Files()
        self.server = Server(self.files)
        self.server.start()
        self.url = f"{self.server.url}/tuf"
        self.signers = {role: CryptoSigner.generate_ecdsa() for role in ROLES}
        self.ends = datetime.now(tz=UTC).replace(microsecond=0) + timedelta(days=30)
        self.root = Root(expires=self.ends, consistent_snapshot=True)
        for role, signer in self.signers.items():
            self.root.add_key(signer.public_key, role)
        self.version = self.version_of_root = 0
        self.publish_root()
        self.first = self.files["/tuf/1.root.json"]
        self.publish(targets)

    def publish_root(self, *more: CryptoSigner) -> None:
        """Publish the next version of the root, signed by its key and by ``more``."""
        self.root.version = self.version_of_root = self.version_of_root + 1
        self._put(f"{self.root.version}.root.json", self.root, self.signers["root"], *more)

    def rotate(self) -> None:
        """Take a new key for the root, as the old one says."""
        old, self.signers["root"] = self.signers["root"], CryptoSigner.generate_ecdsa()
        self.root.revoke_key(old.public_key.keyid, "root")
        self.root.add_key(self.signers["root"].public_key, "root")
        self.publish_root(old)

    def publish(self, targets: dict[str, bytes]) -> None:
        """Publish these files."""
        self.version += 1
        listed = {name: TargetFile.from_data(name, data, ["sha256"]) for name, data in targets.items()}
        for name, data in targets.items():
            self.files[f"/tuf/targets/{listed[name].hashes['sha256']}.{name}"] = data
        number, ends = self.version, self.ends
        self._put(f"{number}.targets.json", Targets(number, expires=ends, targets=listed), self.signers["targets"])
        snapshot = Snapshot(number, expires=ends, meta={"targets.json": MetaFile(number)})
        self._put(f"{number}.snapshot.json", snapshot, self.signers["snapshot"])
        stamp = Timestamp(number, expires=ends, snapshot_meta=MetaFile(number))
        self._put("timestamp.json", stamp, self.signers["timestamp"])

    def _put(self, name: str, signed: Root | Timestamp | Snapshot | Targets, *signers: CryptoSigner) -> None:
        metadata = Metadata(deepcopy(signed))
        for signer in signers:
            metadata.sign(signer, append=True)
        self.files[f"/tuf/{name}"] = metadata.to_bytes()


@pytest.fixture
def fake() -> Iterator[FakeSigstore]:
    with FakeSigstore() as instance:
        yield instance


@pytest.fixture
def repository(fake: FakeSigstore) -> Iterator[Repository]:
    made = Repository(targets(fake))
    yield made
    made.server.stop()


def targets(fake: FakeSigstore) -> dict[str, bytes]:
    config = fake.trust_config()
    return {
        "trusted_root.json": json.dumps(fake.trusted_root()).encode(),
        "signing_config.v0.2.json": json.dumps(config["signingConfig"]).encode(),
    }


@pytest.fixture
def first(repository: Repository, tmp_path: Path) -> Path:
    path = tmp_path / "root.json"
    path.write_bytes(repository.first)
    return path


# -- what is fetched and kept


def test_an_instance_is_fetched_and_kept(
    fake: FakeSigstore, repository: Repository, first: Path, tmp_path: Path
) -> None:
    found = fetch_instance(f"{repository.url}/", tmp_path / "data", first)
    assert found.trust_config() == fake.trust_config()
    assert found.root().timestampers
    assert found.root().source == f"{repository.url}, fetched on {found.fetched:%Y-%m-%d}"
    assert keyless.instance_trust(found).signing_config.get_fulcio()
    assert kept_instance(repository.url, tmp_path / "data") == found
    # Once it is known, no root is needed, and its keys may change.
    repository.rotate()
    with FakeSigstore() as other:
        repository.publish(targets(other))
        assert fetch_instance(repository.url, tmp_path / "data").trust_config() == other.trust_config()
        assert kept_instance(repository.url, tmp_path / "data").trusted_root == other.trusted_root()


def test_an_instance_that_says_nothing_of_its_services(
    fake: FakeSigstore, repository: Repository, first: Path, tmp_path: Path
) -> None:
    repository.publish({"trusted_root.json": targets(fake)["trusted_root.json"]})
    found = fetch_instance(repository.url, tmp_path, first)
    assert found.root().logs
    with pytest.raises(UsageError, match="does not say where its services are"):
        keyless.instance_trust(found)


def test_the_root_that_the_client_of_sigstore_brings(tmp_path: Path) -> None:
    """It is found; the public instance itself is not asked."""
    for url in ("https://tuf-repo-cdn.sigstore.dev", "https://tuf-repo-cdn.sigstage.dev"):
        assert b'"root"' in (instance._first(*instance._place(url, tmp_path), None) or b"")


# -- attacks and accidents


def _forged(repository: Repository) -> None:
    repository.signers["targets"] = CryptoSigner.generate_ecdsa()
    repository.publish({"trusted_root.json": b"{}"})


def _old(repository: Repository) -> None:
    repository.version = 0
    repository.publish({"trusted_root.json": b"{}"})


def _expired(repository: Repository) -> None:
    repository.ends = datetime.now(tz=UTC).replace(microsecond=0) - timedelta(days=1)
    repository.publish({"trusted_root.json": b"{}"})


def _stolen(repository: Repository) -> None:
    repository.signers["root"] = CryptoSigner.generate_ecdsa()
    repository.publish_root()


def _swapped(repository: Repository) -> None:
    repository.publish({"trusted_root.json": b'{"a": 1}'})
    (place,) = [each for each in repository.files if each.endswith(".trusted_root.json")][-1:]
    repository.files[place] = b'{"a": 2}'


def _list(repository: Repository) -> None:
    repository.publish({"trusted_root.json": b"[]"})


def _text(repository: Repository) -> None:
    repository.publish({"trusted_root.json": b"no JSON"})


def _empty(repository: Repository) -> None:
    repository.publish({"something.json": b"{}"})


def _gone(repository: Repository) -> None:
    repository.files.clear()


ATTACKS = {
    _forged: "does not verify",
    _expired: "does not verify",
    _stolen: "does not verify",
    _swapped: "does not verify",
    _list: "does not verify",
    _text: "does not verify",
    _empty: "no trusted root",
    _gone: "cannot be reached",
}


@pytest.mark.parametrize("attack", ATTACKS)
def test_what_the_repositorys_keys_did_not_sign_is_not_trusted(
    repository: Repository, first: Path, tmp_path: Path, attack: Callable[[Repository], None]
) -> None:
    before = fetch_instance(repository.url, tmp_path, first)
    attack(repository)
    with pytest.raises(ServiceError, match=ATTACKS[attack]):
        fetch_instance(repository.url, tmp_path)
    assert kept_instance(repository.url, tmp_path) == before


def test_an_old_version_is_refused(fake: FakeSigstore, repository: Repository, first: Path, tmp_path: Path) -> None:
    repository.publish(targets(fake))
    fetch_instance(repository.url, tmp_path, first)
    _old(repository)
    with pytest.raises(ServiceError, match="does not verify"):
        fetch_instance(repository.url, tmp_path)


def test_a_trusted_root_that_is_none(repository: Repository, first: Path, tmp_path: Path) -> None:
    repository.publish({"trusted_root.json": b"{}"})
    with pytest.raises(UsageError, match="cannot be used"):
        fetch_instance(repository.url, tmp_path, first).root()


def test_what_is_no_instance_and_no_root(repository: Repository, first: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no address"):
        fetch_instance("file:///etc", tmp_path)
    with pytest.raises(UsageError, match="nothing is known of the instance"):
        fetch_instance(repository.url, tmp_path)
    with pytest.raises(UsageError, match="cannot read the root"):
        fetch_instance(repository.url, tmp_path, tmp_path / "none")
    other = tmp_path / "other.json"
    other.write_bytes(b"{}")
    with pytest.raises(UsageError, match="root of the instance cannot be used"):
        fetch_instance(repository.url, tmp_path, other)
    with pytest.raises(ServiceError, match="cannot be kept"):
        fetch_instance(repository.url, first, first)
    with pytest.raises(ServiceError, match="cannot be reached"):
        fetch_instance("http://127.0.0.1:9", tmp_path, first)


def test_what_was_kept(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="nothing was fetched yet"):
        kept_instance("https://sigstore.example", tmp_path)
    _, place = instance._place("https://sigstore.example", tmp_path)
    place.mkdir(parents=True)
    for text in ("", "{}", "[]", '{"fetched": "x", "trustedRoot": {}, "signingConfig": {}}'):
        (place / "instance.json").write_text(text, encoding="utf-8")
        with pytest.raises(UsageError, match="cannot be read"):
            kept_instance("https://sigstore.example", tmp_path)


# -- on the command line


def run(*arguments: object) -> int:
    """Run the tool in this process, so that signing in can be arranged."""
    return boundary.run([*map(str, arguments)])


def _evidence(text: str) -> JsonObject:
    (found,) = json.loads(text)["evidence"]
    return found["statement"]


def test_sign_and_verify_with_an_instance(
    fake: FakeSigstore, repository: Repository, first: Path, model: Path, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    monkeypatch.setenv("CHAINGUARD_ML_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.chdir(tmp_path)
    token = tmp_path / "token"
    token.write_text(fake.token(), encoding="utf-8")
    where = ("--instance", repository.url)
    keyless_options = ("--keyless", "--identity-token-file", token)
    who = ("--identity", ADA.subject, "--issuer", ADA.issuer, "--no-progress", "-f", "json")
    assert run("verify", model, *who, *where, "--offline") == 2
    assert "nothing was fetched yet" in capsys.readouterr().err
    assert run("sign", model, *keyless_options, *where) == 2
    assert run("sign", model, *keyless_options, *where, "--instance-root", first) == 0
    capsys.readouterr()
    assert run("verify", model, *who, *where) == 0
    assert _evidence(capsys.readouterr().out)["trusted_root"]["source"].startswith(repository.url)
    assert run("verify", model, *who[:-2], *where) == 0
    assert f"as signed by {ADA.subject} on 20" in (shown := capsys.readouterr().out)
    assert ", by a trusted root of 20" in shown
    repository.files.clear()
    assert run("verify", model, *who, *where) == 4
    assert run("verify", model, *who, *where, "--offline") == 0
    for wrong in (
        ("verify", model, *who, *where, "--trusted-root", first),
        ("verify", model, *who, "--instance-root", first),
        ("sign", model, *keyless_options, *where, "--trust-config", first),
        ("sign", model, "--key", first, *where),
    ):
        assert run(*wrong) == 2


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # the client leaves its socket open
def test_signing_in_with_a_code(
    fake: FakeSigstore, model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    trust = fake.write_trust_config(tmp_path / "trust.json")
    monkeypatch.chdir(tmp_path)
    for name in ("ACTIONS_ID_TOKEN_REQUEST_TOKEN", "GITHUB_ACTIONS"):
        monkeypatch.delenv(name, raising=False)

    class Terminal(io.StringIO):
        """A person who opens the link elsewhere and types the code that is shown there."""

        def isatty(self) -> bool:
            return True

        def readline(self, _: int = -1) -> str:
            shown = capsys.readouterr().err
            (link,) = [word for word in shown.split() if word.startswith("http://127.0.0.1")]
            with urllib.request.urlopen(link, timeout=10) as page:  # noqa: S310 (loopback)
                return f"{page.read().decode()}\n"

    monkeypatch.setattr(sys, "stdin", Terminal())
    assert run("sign", model, "--keyless", "--no-browser", "--trust-config", trust) == 0
    assert (model / "model.sig").exists()
