"""Options, environment and configuration file to one ``Config``: options win, then the file, then defaults."""

from __future__ import annotations

import json
import os
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from chainguard_ml import config as configuration
from chainguard_ml.errors import UsageError
from chainguard_ml.model import Severity
from chainguard_ml.records import replace
from chainguard_ml.text import did_you_mean, printable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from chainguard_ml.cli.options import Input, SeverityName
    from chainguard_ml.config import Config


_DOCUMENT = 32_000_000  # bytes; a bill of materials of 10,000 components has a third of it


def settings(options: Input, fail_on: SeverityName | None = None) -> Config:
    """Return the configuration of this run.

    Raises:
        ConfigError: The configuration file is wrong.
        UsageError: ``--config`` names no file, or contradicts ``--no-config``.
    """
    config = _configured(options)
    if fail_on is not None:
        config = replace(config, fail_on=Severity[fail_on.name])
    if options.offline:
        config = replace(config, offline=True)
    return replace(config, audit=replace(config.audit, database=database(config)))


def database(config: Config) -> Path:
    """Return the advisory database: the configured one, or the one in the user's data directory."""
    return config.audit.database or data_directory() / "advisories.sqlite"


def _configured(options: Input) -> Config:
    if options.config and options.no_config:
        raise UsageError("--config and --no-config contradict each other")
    if options.no_config:
        return configuration.Config()
    if options.config:
        if not options.config.is_file():
            raise UsageError(f"there is no configuration '{printable(str(options.config))}'", hint="check --config")
        return configuration.load(options.config)
    found = configuration.find(Path())
    return configuration.load(found) if found else configuration.Config()


def data_directory() -> Path:
    """Return where the advisory database lives: ``CHAINGUARD_ML_DATA_DIR`` or the user's data directory (XDG)."""
    if own := os.environ.get("CHAINGUARD_ML_DATA_DIR"):
        return Path(own)
    base = os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share"
    return Path(base) / "chainguard-ml"


def epoch() -> datetime | None:
    """Return ``SOURCE_DATE_EPOCH`` (reproducible-builds.org) as a time, or ``None`` where it is unset.

    Raises:
        UsageError: It is set and not a number of seconds.
    """
    text = os.environ.get("SOURCE_DATE_EPOCH")
    if not text:
        return None
    try:
        return datetime.fromtimestamp(int(text), UTC)
    except (ValueError, OverflowError, OSError):
        raise UsageError("SOURCE_DATE_EPOCH is not a number of seconds", hint="unset it, or set seconds") from None


def today() -> date | None:
    """Return the day of ``SOURCE_DATE_EPOCH``, or ``None`` for the present day."""
    moment = epoch()
    return moment.date() if moment else None


def baseline(path: Path | None) -> frozenset[str]:
    """Return the fingerprints in a JSON report.

    Raises:
        UsageError: The file cannot be read or is no report.
    """
    if path is None:
        return frozenset()
    hint = "write one with: chainguard-ml check -f json -o baseline.json"
    try:
        report = json.loads(path.read_bytes())
        known = [*report["findings"], *(waived["finding"] for waived in report["waived"] if waived["by"] == "baseline")]
        return frozenset(str(finding["fingerprint"]) for finding in known)
    except OSError as error:
        raise UsageError(f"cannot read the baseline '{printable(str(path))}': {error.strerror}", hint=hint) from None
    except (ValueError, KeyError, TypeError, RecursionError):
        raise UsageError(f"the baseline '{printable(str(path))}' is not a chainguard-ml report", hint=hint) from None


def policy(option: str | None, configured: Path | None) -> Path | None:
    """Return the policy's file: ``--policy`` or the configured one; a name that is no file means a shipped policy.

    Raises:
        UsageError: It is neither a file nor the name of a shipped policy.
    """
    wanted = Path(option) if option is not None else configured
    if wanted is None or wanted.is_file():
        return wanted
    from chainguard_ml.policy import library

    shipped = library()
    if wanted.name in shipped and (option is None or option == wanted.name):
        return shipped[wanted.name]
    raise UsageError(
        f"there is no policy '{printable(str(wanted))}'{did_you_mean(wanted.name, shipped)}",
        hint=f"give a file, or the name of a shipped policy: {', '.join(sorted(shipped))}",
    )


def pairs(items: Sequence[str], option: str) -> dict[str, str]:
    """Return ``NAME=VALUE`` items as a mapping.

    Raises:
        UsageError: One has no ``=``.
    """
    result = {}
    for item in items:
        name, equals, value = item.partition("=")
        if not equals or not name:
            raise UsageError(f"{option} {printable(item)} is not NAME=VALUE")
        result[name] = value
    return result


def document(path: Path, what: str) -> bytes:
    """Return the bytes of a document that the operator hands in.

    Raises:
        UsageError: It cannot be read, or is larger than a document is.
    """
    try:
        with path.open("rb") as stream:
            data = stream.read(_DOCUMENT + 1)
    except OSError as error:
        raise UsageError(f"cannot read the {what} '{printable(str(path))}': {error.strerror}") from None
    if len(data) > _DOCUMENT:
        raise UsageError(f"the {what} '{printable(str(path))}' has more than {_DOCUMENT:,} bytes")
    return data


def secret(path: Path, what: str) -> bytes:
    """Return the bytes of a key or passphrase file; an error names the file, never its content.

    Raises:
        UsageError: It cannot be read, or is larger than any key.
    """
    try:
        with path.open("rb") as stream:
            data = stream.read(100_001)
    except OSError as error:
        raise UsageError(f"cannot read the {what} '{printable(str(path))}': {error.strerror}") from None
    if len(data) > 100_000:
        raise UsageError(f"the {what} '{printable(str(path))}' is too large to be one")
    return data
