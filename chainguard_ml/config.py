"""``[tool.chainguard-ml]`` or ``chainguard-ml.toml`` to a typed ``Config``.

Configuration comes from the working directory or from ``--config``, never from inside what is examined. Every
problem is found in one pass and reported together; unknown keys are problems. Relative paths in a configuration
are relative to its file.
"""

from __future__ import annotations

import types
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar, cast, get_args, get_origin, get_type_hints

from chainguard_ml.errors import ConfigError
from chainguard_ml.model import Severity
from chainguard_ml.records import field, is_record, record, required
from chainguard_ml.text import did_you_mean, printable

if TYPE_CHECKING:
    from collections.abc import Mapping

FILE_NAME = "chainguard-ml.toml"
_LIMIT = 1_000_000  # bytes read; a configuration is written by hand


@record
class AllowedGlobal:
    """One global that scans of matching files accept.

    Attributes:
        name: Exact dotted name, ``mypackage.models.Net``.
        may_be: What the pickle may do with it: ``referenced``, ``called``, ``newobj``, ``built``.
        reason: Why it is harmless; shown in the report.
        path: Glob of the files it holds for; empty means all.
        sha256: Digest of the only file it holds for; empty means any.
    """

    name: str
    may_be: tuple[str, ...]
    reason: str
    path: str = ""
    sha256: str = ""


@record
class ScanConfig:
    """``[scan]``: engines that look at models, globals accepted beside the shipped list, whether all are listed."""

    engines: tuple[str, ...] = ("builtin",)
    allow: tuple[AllowedGlobal, ...] = ()
    globals: bool = False


@record
class IndexConfig:
    """``[audit.index]``: whether package indexes are asked about releases, and how.

    ``urls`` are their Simple APIs (default: those of pip's configuration); ``certificate`` is a PEM file of authorities
    to trust, ``client_certificate`` one with a key to show, ``proxy`` an address; ``python`` is the version that the
    pipeline runs on, for which a fix has to be. With ``provenance``, attestations of files are proven (PEP 740), those
    of the packages in ``publishers`` always: by PEP 503 name who must have published it, ``github.com/owner/name``.
    """

    ask: bool = False
    urls: tuple[str, ...] = ()
    certificate: Path | None = None
    client_certificate: Path | None = None
    proxy: str = ""
    python: str = ""
    provenance: bool = False
    publishers: dict[str, str] = field(default_factory=dict)


@record
class LicencesConfig:
    """``[audit.licences]``: licences of packages that are accepted: SPDX identifiers, where ``*`` stands for anything.

    ``allow`` are acceptable (none: whatever is not denied), ``deny`` are not. Nothing is asked where both are empty.
    """

    allow: tuple[str, ...] = ()
    deny: tuple[str, ...] = ()


@record
class AuditConfig:
    """``[audit]``: where advisories come from and what is audited.

    ``database`` is a SQLite file (default: in the user's data directory); ``service`` is ``pypi``, ``osv``, the URL
    of one that speaks OSV's API, or empty (offline); ``environment`` is the path of a virtual environment to audit
    beside the manifests, and ``installed_files`` whether its files are compared with their records. A release that a
    lock or an index says was uploaded less than ``cooldown_days`` ago is a finding; 0 switches that off. ``vex`` are
    files with statements on what can be exploited (OpenVEX, CycloneDX). With ``resolve``, pip says what requirements
    without an exact version come to.
    """

    database: Path | None = None
    max_age_days: int = 14
    service: str = ""
    environment: Path | None = None
    installed_files: bool = True
    cooldown_days: int = 7
    vex: tuple[Path, ...] = ()
    resolve: bool = False
    index: IndexConfig = field(default_factory=IndexConfig)
    licences: LicencesConfig = field(default_factory=LicencesConfig)


@record
class TrustedIdentity:
    """``[[signing.identities]]``: a signer who has no key but an identity at an issuer (Sigstore).

    ``name`` is what reports call the signer; ``conditions`` are further claims of the certificate and their values.
    """

    identity: str
    issuer: str
    name: str = ""
    conditions: dict[str, str] = field(default_factory=dict)


@record
class SigningConfig:
    """``[signing]``: whose signatures count, and whether models must have one.

    ``public_keys`` are keys in PEM files, ``certificates`` PEM files of X.509 authorities, ``identities`` signers of
    Sigstore, whose instance ``trusted_root`` describes (the public one by default), ``timestamp_certificates`` PEM
    files of timestamp authorities; ``ignore`` are paths that may lie outside a signature; claims older than
    ``claims_max_age_days`` are not relied on (0: any age).
    """

    public_keys: tuple[Path, ...] = ()
    certificates: tuple[Path, ...] = ()
    identities: tuple[TrustedIdentity, ...] = ()
    trusted_root: Path | None = None
    timestamp_certificates: tuple[Path, ...] = ()
    required: bool = True
    claims_max_age_days: int = 0
    ignore: tuple[str, ...] = ()


@record
class WorkersConfig:
    """``[workers]``: limits for each examined file. Seconds, MiB, count; 0 processes means one for each core."""

    processes: int = 0
    deadline_seconds: int = 120
    cpu_seconds: int = 120
    memory_mib: int = 2048
    open_files: int = 64


@record
class Config:
    """Everything that can be configured, with its default."""

    exclude: tuple[str, ...] = ()
    fail_on: Severity = Severity.HIGH
    policy: Path | None = None
    params: dict[str, str] = field(default_factory=dict)
    waivers: Path | None = None
    offline: bool = True
    scan: ScanConfig = field(default_factory=ScanConfig)
    audit: AuditConfig = field(default_factory=AuditConfig)
    signing: SigningConfig = field(default_factory=SigningConfig)
    workers: WorkersConfig = field(default_factory=WorkersConfig)


def find(directory: Path) -> Path | None:
    """Return ``chainguard-ml.toml`` or a ``pyproject.toml`` with ``[tool.chainguard-ml]`` in ``directory``."""
    own = directory / FILE_NAME
    if own.is_file():
        return own
    project = directory / "pyproject.toml"
    return project if project.is_file() and "chainguard-ml" in _table(project, "tool") else None


def load(path: Path) -> Config:
    """Read a configuration file.

    Raises:
        ConfigError: With every problem found: unreadable, not TOML, unknown key, wrong type or value.
    """
    table = _table(path)
    if path.name == "pyproject.toml":
        tool = table.get("tool", {})
        table = tool.get("chainguard-ml", {}) if isinstance(tool, dict) else {}
    binder = _Binder(path.parent)
    config = binder.bind(Config, table, "")
    if binder.problems:
        raise ConfigError(f"the configuration {printable(str(path))} is wrong", binder.problems,
                          hint="see docs/configuration.md for every key")  # fmt: skip
    return config


def _table(path: Path, *keys: str) -> dict[str, object]:
    import tomllib

    try:
        with path.open("rb") as stream:
            content = stream.read(_LIMIT)
        table: dict[str, object] = tomllib.loads(content.decode())
    except (OSError, ValueError, RecursionError) as error:
        raise ConfigError(f"cannot read the configuration {printable(str(path))}", [printable(str(error))]) from None
    for key in keys:
        inner = table.get(key, {})
        table = inner if isinstance(inner, dict) else {}
    return table


_T = TypeVar("_T")


class _Binder:
    """Binds TOML values to annotated records and collects every problem on the way."""

    def __init__(self, base: Path) -> None:
        self.base = base
        self.problems: list[str] = []

    def bind(self, into: type[_T], table: Mapping[str, object], path: str) -> _T:
        hints = get_type_hints(into)
        names = {name.replace("_", "-"): name for name in hints}
        values: dict[str, object] = {}
        for key, value in table.items():
            where = f"{path}{key}"
            if key not in names:
                self.problems.append(f"unknown key '{printable(where)}'{did_you_mean(key, names)}")
                continue
            values[names[key]] = self.value(hints[names[key]], value, where)
        for name in required(into):
            if name not in values:
                self.problems.append(f"missing key '{path}{name.replace('_', '-')}'")
                values[name] = None
        return into(**values)

    def value(self, hint: object, value: object, where: str) -> object:
        if isinstance(hint, types.UnionType):  # "X | None": TOML has no null, so only X can be meant
            (hint,) = (arm for arm in get_args(hint) if arm is not type(None))
        origin = get_origin(hint)
        if origin is tuple:
            return self._several(get_args(hint)[0], value, where)
        if origin is not None:  # dict[str, str]
            return self._mapping(value, where)
        plain = cast("type", hint)
        return self._section(plain, value, where) if is_record(plain) else self._scalar(plain, value, where)

    def _several(self, hint: object, value: object, where: str) -> tuple[object, ...]:
        if not isinstance(value, list):
            self._wrong(where, "a list", value)
            return ()
        return tuple(self.value(hint, item, f"{where}[{index}]") for index, item in enumerate(value))

    def _mapping(self, value: object, where: str) -> Mapping[str, str]:
        if not isinstance(value, dict):
            self._wrong(where, "a table", value)
            return {}
        return {key: item if isinstance(item, str) else str(item).lower() for key, item in value.items()}

    def _section(self, hint: type, value: object, where: str) -> object:
        if not isinstance(value, dict):
            self._wrong(where, "a table", value)
            return None
        return self.bind(hint, value, f"{where}.")

    def _scalar(self, hint: type, value: object, where: str) -> object:
        if hint is Severity and isinstance(value, str):
            try:
                return Severity.parse(value)
            except ValueError as error:
                self.problems.append(f"'{where}': {error}")
                return None
        if hint is Path and isinstance(value, str):
            return self.base / Path(value).expanduser()
        if hint is int and isinstance(value, int) and not isinstance(value, bool):
            if value < 0:
                self.problems.append(f"'{where}' is {value}; it must not be negative")
            return value
        expected = {
            Severity: "a severity",
            Path: "a path",
            int: "a whole number",
            bool: "true or false",
            str: "a string",
        }
        if type(value) is hint:
            return value
        self._wrong(where, expected[hint], value)
        return None

    def _wrong(self, where: str, expected: str, value: object) -> None:
        names = {
            dict: "a table",
            list: "a list",
            bool: "true or false",
            int: "a whole number",
            str: "a string",
        }
        kind = names.get(type(value), type(value).__name__)
        self.problems.append(f"'{printable(where)}' must be {expected}, not {kind}")


__all__ = [
    "AllowedGlobal",
    "AuditConfig",
    "Config",
    "IndexConfig",
    "LicencesConfig",
    "ScanConfig",
    "SigningConfig",
    "TrustedIdentity",
    "WorkersConfig",
    "find",
    "load",
]
