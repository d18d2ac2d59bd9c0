"""skops schemas: a tree of nodes that each name a module, a class and a loader (``skops.io``).

Every named type is judged like a global of a pickle; skops itself asks its user about those it does not know.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from chainguard_ml import jsonsafe
from chainguard_ml.rules import formats as rules
from chainguard_ml.scan.interface import Use
from chainguard_ml.text import printable

if TYPE_CHECKING:
    from chainguard_ml.model import Json, Observations
    from chainguard_ml.scan.interface import Blob, Examination

_CONSTRUCTS = ("built", "newobj", "called")
_LOADERS = {"TypeNode": ("referenced",), "FunctionNode": ("referenced",), "MethodNode": ("called", "referenced")}


def examine_document(blob: Blob, document: dict[str, Json], examination: Examination) -> Observations:
    """Examine a document that is a schema: its root names a class, a module and a loader."""
    if not {"__class__", "__module__", "__loader__"} <= document.keys():
        return
    said: set[tuple[str, str]] = set()
    for pointer, node in jsonsafe.objects(document):
        module, name, loader = node.get("__module__"), node.get("__class__"), str(node.get("__loader__"))
        if not (isinstance(module, str) and isinstance(name, str)) or (module, name) in said:
            continue
        said.add((module, name))
        if _is_trusted(module, name, loader, blob, examination):
            continue
        full = f"{module}.{name}"
        yield rules.SKOPS_UNTRUSTED.finding(
            blob.subject,
            replace(blob.location, pointer=pointer),
            f"the schema names '{printable(full)}', which is on no list of harmless types",
            key=(full,),
            facts={"module": module, "name": name, "loader": loader},
        )


def _is_trusted(module: str, name: str, loader: str, blob: Blob, examination: Examination) -> bool:
    """Ask the judge; the loader says what skops does with the type."""
    uses = (Use(module, name, how, 0) for how in _LOADERS.get(loader, _CONSTRUCTS))
    return any(examination.judge.judge(use, blob.subject).verdict == "allowed" for use in uses)
