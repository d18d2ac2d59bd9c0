"""Whether the pipeline's code uses what an advisory is about. It is told beside a finding, and hides none.

Modules and functions are those that records name: ``ecosystem_specific.imports`` (PyPA, ``attribute`` and ``modules``)
and ``ecosystem_specific.affected_functions`` or ``database_specific`` of the same name (GitHub).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from packaging.utils import canonicalize_name

from chainguard_ml.model import ArtifactKind, Evidence, Finding
from chainguard_ml.workers import Task

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from chainguard_ml.audit.database import Database
    from chainguard_ml.context import Context
    from chainguard_ml.model import Json

_SHOWN = 5  # places of one finding
_MOST = 100  # names that one advisory lists
_MODULES = {
    "absl-py": "absl", "beautifulsoup4": "bs4", "faiss-cpu": "faiss", "faiss-gpu": "faiss", "gitpython": "git",
    "huggingface-hub": "huggingface_hub", "imbalanced-learn": "imblearn", "llama-cpp-python": "llama_cpp",
    "msgpack-python": "msgpack", "mysqlclient": "MySQLdb", "onnxruntime-gpu": "onnxruntime", "opencv-python": "cv2",
    "opencv-python-headless": "cv2", "opencv-contrib-python": "cv2", "paddlepaddle": "paddle", "pillow": "PIL",
    "protobuf": "google", "psycopg2-binary": "psycopg2", "pycryptodome": "Crypto", "pyjwt": "jwt", "pyopenssl":
    "OpenSSL", "python-dateutil": "dateutil", "python-dotenv": "dotenv", "python-multipart": "multipart",
    "pytorch-lightning": "pytorch_lightning", "pyyaml": "yaml", "pyzmq": "zmq", "scikit-image": "skimage",
    "scikit-learn": "sklearn", "tensorflow-cpu": "tensorflow", "tensorflow-gpu": "tensorflow", "torchserve": "ts",
    "umap-learn": "umap",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Wanted:
    """What is looked for: the package's top-level modules, and the names that its advisory lists."""

    modules: frozenset[str]
    affected: tuple[str, ...]


def marked(observations: Iterable[Finding], database: Database, context: Context) -> Iterator[Finding]:
    """Yield the findings, those about vulnerable packages with the facts ``imported``, ``affected`` and ``used``.

    ``imported`` says whether any code of the pipeline imports the package, and ``imported_at`` where; ``affected`` are
    the names that the advisory lists, ``used`` those that the code uses, and ``used_at`` where. Nothing is added
    where the pipeline has no Python code.
    """
    findings = list(observations)
    sources = [
        artifact
        for artifact in context.of(ArtifactKind.SOURCE, ArtifactKind.NOTEBOOK)
        if artifact.format in {"python", "notebook"}
    ]
    vulnerable = [finding for finding in findings if "advisory" in finding.facts]
    if not sources or not vulnerable:
        yield from findings
        return
    listed = _listed(database, vulnerable)
    wanted = {finding.fingerprint: _wanted(finding, listed) for finding in vulnerable}
    modules: Json = sorted({module for each in wanted.values() for module in each.modules})
    uses: dict[str, list[str]] = {}
    tasks = (
        Task(
            "chainguard_ml.audit.uses:parse",
            {"root": str(context.root), "path": artifact.path, "format": artifact.format, "modules": modules},
            artifact.subject,
        )
        for artifact in sources
    )
    for result in context.pool.run(tasks):
        for record in result.records:
            if isinstance(record, Evidence):
                for name, place in record.statement.items():
                    uses.setdefault(name, []).append(str(place))
    for finding in findings:
        each = wanted.get(finding.fingerprint)
        yield replace(finding, facts={**finding.facts, **_facts(each, uses)}) if each else finding


def _listed(database: Database, findings: Sequence[Finding]) -> dict[tuple[str, str], set[str]]:
    """Return the names that records list, by PEP 503 package and identifier."""
    identifiers: set[str] = set()
    for finding in findings:
        aliases = finding.facts.get("aliases")
        identifiers |= {str(finding.facts["advisory"]), *map(str, aliases if isinstance(aliases, list) else ())}
    found: dict[tuple[str, str], set[str]] = {}
    for document in database.documents(identifiers):
        for entry in _objects(document.get("affected")):
            package = entry.get("package")
            name = package.get("name") if isinstance(package, dict) else None
            if isinstance(name, str):
                key = (canonicalize_name(name), str(document.get("id")))
                found.setdefault(key, set()).update(_names(entry))
    return found


def _names(entry: Mapping[str, Json]) -> Iterator[str]:
    for holder in ("ecosystem_specific", "database_specific"):
        specific = entry.get(holder)
        if not isinstance(specific, dict):
            continue
        functions = specific.get("affected_functions")
        yield from (name for name in (functions if isinstance(functions, list) else ()) if isinstance(name, str))
        for item in _objects(specific.get("imports")):
            attribute, modules = item.get("attribute"), item.get("modules")
            for module in modules if isinstance(modules, list) else ():
                if isinstance(module, str):
                    yield f"{module}.{attribute}" if isinstance(attribute, str) and attribute else module


def _objects(value: Json) -> list[Mapping[str, Json]]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def _wanted(finding: Finding, listed: Mapping[tuple[str, str], set[str]]) -> _Wanted:
    package = str(finding.facts.get("package"))
    aliases = finding.facts.get("aliases")
    identifiers = [str(finding.facts["advisory"]), *map(str, aliases if isinstance(aliases, list) else ())]
    names = sorted({name for each in identifiers for name in listed.get((package, each), ())})[:_MOST]
    modules = {_MODULES.get(package, package.replace("-", "_")), *(name.partition(".")[0] for name in names)}
    return _Wanted(frozenset(modules), tuple(names))


def _facts(wanted: _Wanted, uses: Mapping[str, Sequence[str]]) -> dict[str, Json]:
    places = sorted({place for name, several in uses.items() if name.partition(".")[0] in wanted.modules
                     for place in several})  # fmt: skip
    facts: dict[str, Json] = {"imported": bool(places)}
    if places:
        facts["imported_at"] = list(places[:_SHOWN])
    if wanted.affected:
        matches = {
            affected: sorted({place for name, several in uses.items() if _means(name, affected) for place in several})
            for affected in wanted.affected
        }
        used = [name for name, several in matches.items() if several]
        facts |= {"affected": list(wanted.affected), "used": list(used)}
        if used:
            facts["used_at"] = sorted({place for name in used for place in matches[name]})[:_SHOWN]
    return facts


def _means(name: str, affected: str) -> bool:
    """Tell whether a used name is an affected one, lies in it, or is called the same in the same package.

    Packages offer under short names what lies deep in them: ``torch.load`` is ``torch.serialization.load``.
    """
    if name == affected or name.startswith(f"{affected}."):
        return True
    same_package = name.partition(".")[0] == affected.partition(".")[0]
    return same_package and "." in affected and name.rpartition(".")[2] == affected.rpartition(".")[2]
