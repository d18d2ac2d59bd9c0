"""Which package indexes to ask: the configured ones, else those of the user's own pip, as pip itself says them."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import TYPE_CHECKING

from chainguard_ml.errors import UsageError
from chainguard_ml.records import replace
from chainguard_ml.text import printable

if TYPE_CHECKING:
    from collections.abc import Mapping

    from chainguard_ml.config import Config, IndexConfig

_SECTIONS = (":env:", "install", "global")  # the first that says something counts
_PATIENCE = 60  # seconds
_HINT = 'name the indexes in the configuration: [audit.index] urls = ["https://…/simple"]'


def with_indexes(config: Config) -> Config:
    """Return the configuration with the indexes that are to be asked, where any are to be.

    Raises:
        UsageError: pip cannot say which they are, and the configuration does not.
    """
    index = config.audit.index
    if config.offline or not index.ask or index.urls:
        return config
    return replace(config, audit=replace(config.audit, index=_of_pip(index, _settings())))


def _of_pip(index: IndexConfig, said: Mapping[str, str]) -> IndexConfig:
    """Return what pip's settings say, beneath what the configuration says itself."""

    def value(name: str) -> str:
        return next((said[key] for section in _SECTIONS if (key := f"{section}.{name}") in said), "")

    none = value("no-index").lower() in {"1", "true", "yes", "on"}
    urls = [] if none else [value("index-url") or _default(), *value("extra-index-url").split()]
    if not urls:
        raise UsageError("pip's configuration names no index", hint=_HINT)
    paths = {"certificate": value("cert"), "client_certificate": value("client-cert")}
    files = {name: Path(path).expanduser() for name, path in paths.items() if path and not getattr(index, name)}
    return replace(index, urls=tuple(dict.fromkeys(urls)), proxy=index.proxy or value("proxy"), **files)


def _settings() -> dict[str, str]:
    """Return ``pip config list``: every setting of files and environment, the higher places before the lower ones."""
    import subprocess
    import sys

    # -P: this may be started in what is examined, whose pip.py is not pip.
    command = [sys.executable, "-P", "-m", "pip", "config", "list"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=_PATIENCE, check=False)  # noqa: S603 (our interpreter's pip)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise UsageError(
            f"pip cannot be asked for its configuration: {printable(str(error), 200)}", hint=_HINT
        ) from None
    if done.returncode:
        reason = printable(done.stderr.strip().rpartition("\n")[2], 200)
        raise UsageError(f"pip cannot read its configuration: {reason}", hint=_HINT)
    found: dict[str, str] = {}
    for line in done.stdout.splitlines():
        key, equals, value = line.partition("=")
        if equals:
            found[key] = str(ast.literal_eval(value))
    return found


def _default() -> str:
    """Return the index that pip takes where nothing names another."""
    try:
        from pip._internal.models.index import PyPI
    except ImportError:
        raise UsageError("pip's configuration names no index, and pip cannot say its own", hint=_HINT) from None
    return str(PyPI.simple_url)
