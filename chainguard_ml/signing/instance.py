"""Instances of Sigstore by the address of their TUF repository: what is trusted there, kept up to date.

The Update Framework (specification 1.0.33, section 5) makes old, mixed or forged trust material fail: a root that was
obtained safely, once, leads to every later one. The client is ``tuf``, which ``sigstore`` brings along. What it fetches
is kept in a directory of ours, so that verifying needs no network afterwards.
"""

from __future__ import annotations

import importlib.util
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, cast
from urllib.parse import quote, urlsplit

from chainguard_ml import files
from chainguard_ml.errors import InputError, ServiceError, UsageError
from chainguard_ml.records import record
from chainguard_ml.signing.sigstore.trust import TrustedRoot, parse_trusted_root
from chainguard_ml.text import printable

if TYPE_CHECKING:
    from tuf.ngclient.updater import Updater

    from chainguard_ml.codec import JsonObject

_ROOT, _SIGNING = "trusted_root.json", "signing_config.v0.2.json"
_MAX_BYTES = 10_000_000
_CONFIGURATION = "application/vnd.dev.sigstore.clienttrustconfig.v0.1+json"


@record
class Instance:
    """What an instance says of itself, as its repository's keys signed it.

    Attributes:
        url: Of the repository.
        fetched: When that was, in UTC.
        trusted_root: For those who verify.
        signing_config: Where the services are, for those who sign; ``None`` where the instance says nothing.
    """

    url: str
    fetched: datetime
    trusted_root: JsonObject
    signing_config: JsonObject | None

    def root(self) -> TrustedRoot:
        """Return the trusted root; its source names the instance and the day that it was fetched.

        Raises:
            UsageError: It cannot be used.
        """
        source = f"{self.url}, fetched on {self.fetched:%Y-%m-%d}"
        try:
            return parse_trusted_root(json.dumps(self.trusted_root).encode(), source)
        except InputError as error:
            raise UsageError(f"the trusted root of '{printable(self.url)}' cannot be used: {error.message}") from None

    def trust_config(self) -> JsonObject:
        """Return the client trust configuration, for those who sign.

        Raises:
            UsageError: The instance does not say where its services are.
        """
        if self.signing_config is None:
            raise UsageError(f"the instance '{printable(self.url)}' does not say where its services are",
                             hint="ask whoever runs it, and give --trust-config FILE")  # fmt: skip
        return {
            "mediaType": _CONFIGURATION,
            "trustedRoot": self.trusted_root,
            "signingConfig": self.signing_config,
        }


def fetch(url: str, directory: Path, root: Path | None = None) -> Instance:
    """Return an instance as its repository has it now, over the network, and keep it.

    Args:
        url: Of the TUF repository.
        directory: Where instances are kept.
        root: Root metadata of the repository, obtained safely; needed the first time, unless ``sigstore`` brings it.

    Raises:
        UsageError: There is no root to begin with, or it cannot be used.
        ServiceError: The repository cannot be reached, or what it has does not verify.
        OutputError: What was fetched cannot be kept.
    """
    from tuf.api.exceptions import DownloadError, RepositoryError

    url, place = _place(url, directory)
    bootstrap = _first(url, place, root)
    try:
        place.joinpath("metadata").mkdir(parents=True, exist_ok=True)
        updater = _updater(url, place, bootstrap)
        updater.refresh()
        trusted, services = (_target(updater, place / "targets", name) for name in (_ROOT, _SIGNING))
    except DownloadError as error:
        raise ServiceError(f"the instance cannot be reached ({type(error).__name__})", hint=f"check {url}") from None
    except (RepositoryError, ValueError) as error:
        hint = "if it began anew, give its new root with --instance-root FILE"
        raise ServiceError(f"what the instance has does not verify: {printable(str(error), 300)}", hint=hint) from None
    except OSError as error:
        raise ServiceError(f"the instance cannot be kept in '{printable(str(directory))}': {error.strerror}") from None
    if trusted is None:
        raise ServiceError("the instance has no trusted root", hint=f"check that {url} is a repository of Sigstore")
    instance = Instance(url, datetime.now(tz=UTC).replace(microsecond=0), trusted, services)
    files.write_atomic(place / "instance.json", json.dumps(_as_json(instance)).encode())
    return instance


def kept(url: str, directory: Path) -> Instance:
    """Return an instance as it was when it was last fetched, without the network.

    Raises:
        UsageError: It was not, or what was kept cannot be read.
    """
    url, place = _place(url, directory)
    try:
        with (place / "instance.json").open("rb") as stream:
            value = json.loads(stream.read(_MAX_BYTES))
        fetched = datetime.fromisoformat(value["fetched"])
        return Instance(url, fetched, value["trustedRoot"], value["signingConfig"])
    except FileNotFoundError:
        raise UsageError(f"nothing was fetched yet from '{printable(url)}'", hint="do it without --offline") from None
    except (OSError, ValueError, KeyError, TypeError):
        raise UsageError(f"what was fetched from '{printable(url)}' cannot be read", hint="fetch it again") from None


def _as_json(instance: Instance) -> JsonObject:
    return {
        "fetched": instance.fetched.isoformat(),
        "trustedRoot": instance.trusted_root,
        "signingConfig": instance.signing_config,
    }


def _place(url: str, directory: Path) -> tuple[str, Path]:
    """Return an instance's address in its one form, and the directory that it is kept in."""
    url = url.rstrip("/")
    if urlsplit(url).scheme not in {"https", "http"}:
        raise UsageError(f"'{printable(url)}' is no address of an instance", hint="give its https:// address")
    return url, directory / "sigstore" / quote(url, safe="")


def _first(url: str, place: Path, root: Path | None) -> bytes | None:
    """Return the root to begin with: a given one, the one that ``sigstore`` brings, or ``None`` for the one kept."""
    if root is None and (place / "metadata" / "root.json").exists():
        return None
    if root is None:
        spec = importlib.util.find_spec("sigstore")
        shipped = [Path(each) / "_store" for each in (spec.submodule_search_locations or ())] if spec else []
        root = next((path for each in shipped if (path := each / quote(url, safe="") / "root.json").exists()), None)
    if root is None:
        hint = "give --instance-root FILE, the first time: the root metadata that whoever runs it hands out"
        raise UsageError(f"nothing is known of the instance '{printable(url)}'", hint=hint)
    try:
        with root.open("rb") as stream:
            return stream.read(_MAX_BYTES)
    except OSError as error:
        raise UsageError(f"cannot read the root '{printable(str(root))}': {error.strerror}") from None


def _updater(url: str, place: Path, bootstrap: bytes | None) -> Updater:
    from tuf.api.exceptions import RepositoryError
    from tuf.ngclient.updater import Updater

    try:
        return Updater(str(place / "metadata"), url, target_base_url=f"{url}/targets", bootstrap=bootstrap)
    except RepositoryError as error:
        raise UsageError(f"the root of the instance cannot be used: {printable(str(error), 300)}",
                         hint="give the right one with --instance-root FILE") from None  # fmt: skip


def _target(updater: Updater, directory: Path, name: str) -> JsonObject | None:
    """Return a file of the repository, verified; ``None`` if it has none of that name."""
    info = updater.get_targetinfo(name)
    if info is None:
        return None
    directory.mkdir(parents=True, exist_ok=True)
    path = str(directory / name)
    found = updater.find_cached_target(info, path) or updater.download_target(info, path)
    with Path(found).open("rb") as stream:
        value = json.loads(stream.read(_MAX_BYTES))
    if not isinstance(value, dict):
        raise ValueError(f"{name} is no object")  # noqa: TRY004 (wrong data, not a wrong call)
    return cast("JsonObject", value)
