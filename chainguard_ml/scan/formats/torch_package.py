"""torch.package archives: Python sources and pickles that its importer runs and loads (``torch/package``).

``.data/extern_modules`` names what is imported from the environment, ``.data/python_version`` what wrote it; every
``.py`` is a module of the package, ``.data/<number>.storage`` a tensor's numbers.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from chainguard_ml.model import Finding
from chainguard_ml.rules import carries_code
from chainguard_ml.rules import pickle as pickle_rules
from chainguard_ml.scan.formats import zip_reader
from chainguard_ml.scan.formats.zip_archive import contents, examine_archive
from chainguard_ml.text import plural, printable

if TYPE_CHECKING:
    from chainguard_ml.model import Observations
    from chainguard_ml.scan.interface import Blob, Examination

NAME = "torch-package"
EXAMINES = "sources, external modules, every pickle; tensors are not read"

_STORAGE = re.compile(r"(?:[^/]*/)?\.data/\d+\.storage", re.ASCII)
_MARKS = ("extern_modules", "python_version")
_LISTED = 100
_OF_PACKAGE = frozenset({pickle_rules.UNKNOWN_GLOBAL.id, pickle_rules.MISUSED_GLOBAL.id})


def _prefix(members: list[str]) -> str | None:
    """Return the directory that holds ``.data``, with its slash; ``None`` if it is no package."""
    for name in members:
        head, data, mark = name.rpartition(".data/")
        if data and mark in _MARKS and head.count("/") <= 1:
            return head
    return None


def recognise(blob: Blob) -> bool:
    """Return whether it is a zip archive with what the exporter writes into ``.data``."""
    return _prefix(zip_reader.names(blob)) is not None


def examine(blob: Blob, examination: Examination) -> Observations:
    """Examine every member; names that pickles take from the package's own modules are code, and said so once."""
    members = zip_reader.names(blob)
    prefix = _prefix(members) or ""
    sources = sorted(name for name in members if name.endswith((".py", ".pyc")))
    extern = [line for text in contents(blob, examination, lambda name: name == f"{prefix}.data/extern_modules")
              for line in text.read(0, 1 << 20).decode(errors="replace").splitlines() if line]  # fmt: skip
    if sources:
        shown = ", ".join(printable(name, 80) for name in sources[:3])
        yield carries_code.TORCH_PACKAGE_CODE.finding(
            blob.subject,
            blob.location,
            f"the package carries {plural(len(sources), 'Python module')}: {shown}",
            facts={"sources": list(sources[:_LISTED]), "extern_modules": list(extern[:_LISTED])},
        )
    own = {_module(name.removeprefix(prefix)) for name in sources} - set(extern)
    for item in examine_archive(blob, examination, lambda name: _STORAGE.fullmatch(name) is not None):
        if isinstance(item, Finding) and item.rule in _OF_PACKAGE and item.facts.get("module") in own:
            continue
        yield item


def _module(path: str) -> str:
    return path.rpartition(".")[0].removesuffix("/__init__").replace("/", ".")
