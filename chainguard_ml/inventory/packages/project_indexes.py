"""Indexes that a ``pyproject.toml`` names for uv, Poetry or PDM, as the options of pip that mean the same.

An index that a tool only asks for packages bound to it, or only where the others have none, adds nothing that an
attacker could use; uv takes a package from the first index that has it, unless its strategy is unsafe.
https://docs.astral.sh/uv/concepts/indexes/, https://python-poetry.org/docs/repositories/,
https://pdm-project.org/latest/usage/config/#configure-the-package-indexes
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from chainguard_ml.inventory.packages.naming import redacted
from chainguard_ml.inventory.packages.toml_lines import table, tables, text_of, texts

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chainguard_ml.inventory.packages.interface import Manifest
    from chainguard_ml.inventory.packages.toml_lines import Strings, Table
    from chainguard_ml.model import Json


def indexes(manifest: Manifest, document: Table, strings: Strings) -> list[Json]:
    """Return the indexes, ``[{option, url, path, line}]``."""
    tools = table(document.get("tool"))
    found: list[Json] = []
    for option, url in (
        *_uv(table(tools.get("uv"))),
        *_poetry(table(tools.get("poetry"))),
        *_pdm(table(tools.get("pdm"))),
    ):
        found.append({"option": option, "url": redacted(url), "path": manifest.path, "line": strings.line(url)})
    return found


def _uv(tool: Table) -> Iterator[tuple[str, str]]:
    unsafe = any(
        (text_of(table(each), "index-strategy") or "").startswith("unsafe") for each in (tool, tool.get("pip"))
    )
    added = "extra-index-url" if unsafe else "index-url"
    for index in tables(tool.get("index")):
        url = text_of(index, "url")
        if url:
            bound = index.get("explicit") is True or index.get("default") is True
            yield "index-url" if bound else added, url
    for url in texts(tool.get("extra-index-url")):
        yield added, url
    for host in texts(tool.get("allow-insecure-host")):
        yield "trusted-host", host


def _poetry(tool: Table) -> Iterator[tuple[str, str]]:
    """Yield Poetry's sources: it takes the best version of all primary ones."""
    primary = 0
    for source in tables(tool.get("source")):
        priority = (text_of(source, "priority") or "primary").lower()
        url = text_of(source, "url") or text_of(source, "name") or ""  # Python's index goes by its name
        primary += priority in {"primary", "default"}
        several = priority == "secondary" or (priority == "primary" and primary > 1)
        if url:
            yield "extra-index-url" if several else "index-url", url


def _pdm(tool: Table) -> Iterator[tuple[str, str]]:
    """Yield PDM's sources: it takes the best version of all that are not bound, unless their order counts."""
    ordered = table(tool.get("resolution")).get("respect-source-order") is True
    for source in tables(tool.get("source")):
        url = text_of(source, "url")
        if url:
            only = ordered or source.get("include_packages") or text_of(source, "name") == "pypi"
            yield "index-url" if only else "extra-index-url", url
            if source.get("verify_ssl") is False:
                yield "trusted-host", url
