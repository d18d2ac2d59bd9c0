"""The allow-list: which globals a pickle may use, and how; everything else is denied.

It is data: one JSON file for each framework beside this module. An entry has all names of a module that were judged
alike, one a line::

    {"module": "collections", "may_be": ["called", "built"], "judged": "value type", "names": [
    "OrderedDict"
    ]}

``may_be`` holds ``called``, ``newobj``, ``built``, ``slots`` and ``fed``; an entry with none may be referred to,
and kept as data for other objects to call unless it says ``"kept": false``. ``dangerous.json`` only gives a technique's
name and a higher severity to what would be denied anyway. ``scripts/allowlist.py`` refreshes it.
"""

from __future__ import annotations

import functools
import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, NotRequired, TypedDict, TypeVar, cast

from chainguard_ml.records import record
from chainguard_ml.scan.interface import Judgement

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from chainguard_ml.model import Json, Subject
    from chainguard_ml.scan.interface import Use

FRAMEWORKS = ("numpy", "scipy", "sklearn", "pandas", "torch", "joblib", "xgboost", "lightgbm", "catboost",
              "statsmodels", "torchvision", "transformers", "ultralytics", "timm", "torch_geometric",
              "sktime")  # fmt: skip
"""Packages with a file of their own; all other names are in ``stdlib.json`` and ``others.json``."""

_ANY = "*"
# What an operator who says the one means too.
_OPERATORS = {"slots": "built", "fed": "built", "kept": "referenced", "wrapped": "called"}


class _Entry(TypedDict):
    module: str
    may_be: list[str]
    judged: str
    names: list[str]
    kept: NotRequired[bool]


class _Technique(TypedDict):
    module: str
    names: list[str]
    technique: str
    verdict: str


_T = TypeVar("_T")


@record
class Extension:
    """One global that the operator's configuration accepts (``config.AllowedGlobal``)."""

    name: str
    may_be: frozenset[str]
    reason: str
    path: re.Pattern[str] | None
    sha256: str

    def holds_for(self, subject: Subject) -> bool:
        """Return whether the extension is meant for this file."""
        if self.path and not self.path.fullmatch(subject.name):
            return False
        if not self.sha256:
            return True
        digest = subject.digest
        return digest is not None and (digest.algorithm, digest.hex) == ("sha256", self.sha256)


@record
class AllowList:
    """The judge of one run: the shipped lists and the operator's extensions.

    Attributes:
        extensions: Accepted globals by dotted name.
        needs_digest: Whether an extension holds for a digest, so that files must be hashed before they are judged.
    """

    extensions: Mapping[str, tuple[Extension, ...]]
    needs_digest: bool = False

    def judge(self, use: Use, subject: Subject) -> Judgement:
        """Return the judgement on one use in one file; the operator's extensions are asked first."""
        for extension in self.extensions.get(f"{use.module}.{use.name}", ()):
            if extension.holds_for(subject) and _OPERATORS.get(use.how, use.how) in {"referenced", *extension.may_be}:
                return Judgement("allowed", source="configuration", facts={"reason": extension.reason})
        return _shipped(use)


def _shipped(use: Use) -> Judgement:
    top = use.module.partition(".")[0]
    for source in (top,) if top in FRAMEWORKS else ("stdlib", "others"):
        entry = _load(source).get((use.module, use.name))
        if entry is not None:
            allowed = use.how == "referenced" or use.how in entry["may_be"]
            if use.how in {"kept", "wrapped"}:
                allowed = entry.get("kept", True) or (use.how == "wrapped" and "called" in entry["may_be"])
            return Judgement("allowed" if allowed else "misused", source=source, facts={"judged": entry["judged"]})
    return _catalogued(use) or Judgement("unknown")


def _catalogued(use: Use) -> Judgement | None:
    """Return what the catalogue of known techniques says: the exact name first, then its module and those above it."""
    catalogue = _dangerous()
    module = use.module
    entry = catalogue.get((module, use.name)) or catalogue.get((module, use.name.partition(".")[0]))
    while entry is None and module:
        entry = catalogue.get((module, _ANY))
        module = module.rpartition(".")[0]
    if entry is None:
        return None
    return Judgement(entry["verdict"], entry["technique"], "dangerous")


@functools.cache
def _load(source: str) -> dict[tuple[str, str], _Entry]:
    """Return the entries of one list by module and name."""
    entries: list[_Entry] = _read(source)
    return {(entry["module"], name): entry for entry in entries for name in entry["names"]}


@functools.cache
def _dangerous() -> dict[tuple[str, str], _Technique]:
    """Return the catalogue of techniques by module and name (``*``: the whole module)."""
    techniques: list[_Technique] = _read("dangerous")
    return {(technique["module"], name): technique for technique in techniques for name in technique["names"]}


def _read(source: str) -> list[_T]:
    text = Path(__file__).with_name(f"{source}.json").read_bytes()
    entries: list[_T] = json.loads(text)["entries"]  # data of this package, written by scripts/allowlist.py
    return entries


def make_judge(allow: Sequence[Mapping[str, Json]]) -> AllowList:
    """Return the judge for one run; ``allow`` are ``config.AllowedGlobal`` as mappings, as a worker gets them."""
    extensions: dict[str, tuple[Extension, ...]] = {}
    for item in allow:
        extension = Extension(
            name=cast("str", item["name"]),
            may_be=frozenset(cast("Sequence[str]", item["may_be"])),
            reason=cast("str", item["reason"]),
            path=_glob(cast("str", item.get("path", ""))),
            sha256=cast("str", item.get("sha256", "")).lower().removeprefix("sha256:"),
        )
        extensions[extension.name] = (*extensions.get(extension.name, ()), extension)
    return AllowList(extensions, any(item.sha256 for group in extensions.values() for item in group))


def _glob(pattern: str) -> re.Pattern[str] | None:
    """Return the expression of a glob: ``*`` and ``?`` stay inside a directory, ``**`` crosses directories."""
    if not pattern:
        return None
    parts = re.split(r"(\*\*/|\*\*|\*|\?)", pattern)
    meaning = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}
    return re.compile("".join(meaning.get(part) or re.escape(part) for part in parts), re.DOTALL)
