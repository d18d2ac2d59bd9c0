"""Installed environments: ``*.dist-info`` and ``*.egg-info`` read as files; nothing is imported or run.

https://packaging.python.org/en/latest/specifications/recording-installed-packages/ and core metadata 2.4
"""

from __future__ import annotations

import json
import os
import re
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from chainguard_ml import files
from chainguard_ml.errors import InputError
from chainguard_ml.inventory.packages import licences
from chainguard_ml.inventory.packages.installed_files import Comparison
from chainguard_ml.inventory.packages.interface import Manifest, Record
from chainguard_ml.inventory.packages.naming import is_name, library, redacted, required_names
from chainguard_ml.model import Component, Gap, GapReason, Json, Location, Subject
from chainguard_ml.text import printable
from chainguard_ml.workers import Task

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from chainguard_ml.codec import JsonObject

_SITES = re.compile(r"(?:[Ll]ib/(?:python|pypy)[0-9.]*/(?:site|dist)-packages|Lib/site-packages)\Z")
_METADATA = {".dist-info": "METADATA", ".egg-info": "PKG-INFO"}
_HEADERS = 1_000_000  # bytes of metadata that are read; the description after the headers is not needed
_SUMMARY = 500  # characters
_BATCH = 100  # distributions for each task: a crash costs no more than these
_INACTIVE = "Development Status :: 7 - Inactive"
_BLANK_LINE = re.compile(rb"\r?\n\r?\n")


def plan(environment: Path, root: Path, *, verify: bool = False) -> Iterator[Task | Gap]:
    """Yield the tasks that read an environment's distributions, and a gap where it is none.

    With ``verify`` the installed files are compared with the digests in each ``RECORD``.

    Paths in the tasks' records are relative to ``root`` if the environment is beneath it, else begin with the
    environment's last name.
    """
    prefix = _prefix(environment, root)
    sites = list(_sites(environment))
    if not sites:
        detail = "no Python environment: neither lib/python*/site-packages nor installed distributions are in it"
        yield Gap(Subject(prefix, "directory"), GapReason.NO_DATA, detail)
    if _sees_system(environment):
        detail = "packages of the system are visible in it (include-system-site-packages), and were not read"
        yield Gap(Subject(prefix, "directory"), GapReason.UNSUPPORTED, detail)
    for site in sites:
        names = iter(_distributions(environment / site))
        subject = Subject(_joined(prefix, site), "directory")
        while batch := list(islice(names, _BATCH)):
            argument: JsonObject = {"root": str(environment), "prefix": prefix, "site": site, "names": batch,
                                    "verify": verify}  # fmt: skip
            yield Task(f"{__name__}:parse", argument, subject)


def parse(argument: JsonObject) -> Iterator[Record]:
    """Yield the installed distributions ``names`` of ``site``, a directory beneath ``root``."""
    names = argument["names"]
    if not isinstance(names, list):  # pragma: no cover (the plan above writes a list)
        raise TypeError("names must be a list")
    root, prefix, site = Path(str(argument["root"])), str(argument["prefix"]), str(argument["site"])
    comparison = Comparison() if argument.get("verify") else None
    for name in names:
        record = _distribution(root, prefix, site, str(name))
        if comparison and isinstance(record, Component):
            facts = comparison.facts(root, site, _joined(site, str(name)))
            record = replace(record, facts={**record.facts, **_prefixed(facts, prefix)})
            if comparison.problem:
                detail = f"not all of its files are compared: {comparison.problem}"
                yield Manifest(root, _joined(prefix, site, str(name), "RECORD")).gap(GapReason.UNREADABLE, detail)
        yield record


def _prefixed(facts: Mapping[str, Json], prefix: str) -> dict[str, Json]:
    """Return facts with their paths relative to what the paths of all records are relative to."""
    return {
        key: [_joined(prefix, str(path)) for path in value] if isinstance(value, list) else value
        for key, value in facts.items()
    }


def _prefix(environment: Path, root: Path) -> str:
    absolute = Path(os.path.abspath(environment))  # noqa: PTH100 (resolve() would follow links)
    return absolute.relative_to(root).as_posix() if absolute.is_relative_to(root) else absolute.name


def _joined(*parts: str) -> str:
    return "/".join(part for part in parts if part not in {"", "."})


def _entries(directory: Path) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(directory) as entries:
            return sorted(entries, key=lambda entry: entry.name)
    except OSError:
        return []


def _sites(environment: Path) -> Iterator[str]:
    """Yield the directories that hold distributions, relative to the environment; links are not followed."""
    if any(True for _ in _distributions(environment)):
        yield ""
    for outer in ("lib", "Lib"):
        inner = [
            f"{outer}/{entry.name}" for entry in _entries(environment / outer) if entry.is_dir(follow_symlinks=False)
        ]
        for path in inner:
            candidates = (path, f"{path}/site-packages", f"{path}/dist-packages")
            yield from (each for each in candidates if _SITES.match(each) and _is_directory(environment / each))


def _is_directory(path: Path) -> bool:
    return path.is_dir() and not path.is_symlink()


def _distributions(site: Path) -> Iterator[str]:
    """Yield metadata directories and files; what pip left behind with ``~`` is no installed distribution."""
    for entry in _entries(site):
        if entry.name.endswith(tuple(_METADATA)) and not entry.name.startswith("~"):
            yield entry.name


def _sees_system(environment: Path) -> bool:
    try:
        text = files.read_beneath(environment, "pyvenv.cfg", 100_000).decode("utf-8", "replace")
    except InputError:
        return False
    return re.search(r"(?im)^\s*include-system-site-packages\s*=\s*true\s*$", text) is not None


def _distribution(root: Path, prefix: str, site: str, name: str) -> Record:
    folder = _joined(site, name)
    path = f"{folder}/{_METADATA[Path(name).suffix]}"
    if name.endswith(".egg-info") and (root / folder).is_file():
        path = folder  # distutils wrote one file
    shown = Manifest(root, _joined(prefix, path))
    try:
        with files.open_beneath(root, path) as stream:
            data = stream.read(_HEADERS)
    except InputError as error:
        return shown.gap(GapReason.UNREADABLE, error.message)
    fields = _headers(data)
    named, version = fields.get("name"), fields.get("version")
    if not isinstance(named, str) or not is_name(named) or not isinstance(version, str) or not version:
        return shown.gap(GapReason.MALFORMED, "the metadata states no valid name and version")
    return _component(shown.at(None), named, version, fields, {**_direct(root, folder), **_installer(root, folder)})


def _headers(data: bytes) -> Mapping[str, object]:
    from packaging.metadata import parse_email

    fields, _ = parse_email(_BLANK_LINE.split(data, maxsplit=1)[0])
    return fields


def _component(
    origin: Location, name: str, version: str, fields: Mapping[str, object], direct: Mapping[str, Json]
) -> Component:
    facts: dict[str, Json] = {
        "source": "environment",
        "pinned": True,
        "requires": required_names(_texts(fields.get("requires_dist"))),
        "summary": _text(fields.get("summary")),
        "inactive": _INACTIVE in _texts(fields.get("classifiers")) or None,
        **direct,
    }
    declared = licences.declared(
        expression=fields.get("license_expression"),
        text=fields.get("license"),
        classifiers=_texts(fields.get("classifiers")),
    )
    return library(name, version, origin, facts, licences=declared)


def _text(value: object) -> str | None:
    return value[:_SUMMARY] if isinstance(value, str) else None


def _texts(value: object) -> list[str]:
    return [item for item in value if isinstance(item, str)] if isinstance(value, list) else []


def _installer(root: Path, folder: str) -> dict[str, Json]:
    """Return the fact of ``INSTALLER``, if another program than pip installed it."""
    try:
        text = files.read_beneath(root, f"{folder}/INSTALLER", 1_000).decode("utf-8", "replace").strip()
    except InputError:
        return {}
    return {"installer": printable(text, 50)} if text and text != "pip" else {}


def _direct(root: Path, folder: str) -> dict[str, Json]:
    """Return the facts of ``direct_url.json`` (PEP 610): where it came from, if not from an index."""
    try:
        document = json.loads(files.read_beneath(root, f"{folder}/direct_url.json", 100_000))
    except (InputError, ValueError, RecursionError):
        return {}
    if not isinstance(document, dict) or not isinstance(document.get("url"), str):
        return {}
    url = document["url"]
    if url.startswith("file:"):
        url = "file:"  # where it was built says nothing on another machine
    facts: dict[str, Json] = {"url": redacted(url)}
    version_control, directory = document.get("vcs_info"), document.get("dir_info")
    if isinstance(version_control, dict) and isinstance(version_control.get("commit_id"), str):
        facts["commit"] = printable(version_control["commit_id"], 100)
    if isinstance(directory, dict) and directory.get("editable") is True:
        facts["editable"] = True
    return facts
