"""Text files that name and content tell apart together: cards, JSON, YAML, what declares packages, scripts."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from chainguard_ml.inventory.interface import HEAD, Recognised
from chainguard_ml.inventory.names import promised
from chainguard_ml.model import ArtifactKind as Kind

if TYPE_CHECKING:
    from collections.abc import Callable

    from chainguard_ml.inventory.interface import File

_SIGSTORE = b"application/vnd.dev.sigstore.bundle"
_CROISSANT = re.compile(rb"mlcommons\.org/croissant")
_ENVIRONMENT = re.compile(r"(?:.*[-_.])?(?:conda|environment)(?:[-_.].*)?\.ya?ml\Z", re.IGNORECASE)
_YAML_KEY = re.compile(rb"""^["']?([A-Za-z_-]+)["']?[ \t]*:(?=\s|\Z)""", re.MULTILINE)
_DATA_DIRECTORIES = frozenset({"data", "dataset", "datasets"})

_README = re.compile(r"readme(?:[-_.].*)?\.(?:md|markdown)\Z", re.IGNORECASE)
_MODEL_CARD = re.compile(r"model[-_ ]?card.*\.(?:md|markdown)\Z", re.IGNORECASE)
_DATA_CARD = re.compile(r"(?:data(?:set)?[-_ ]?(?:card|sheet)).*\.(?:md|markdown)\Z", re.IGNORECASE)
_FRONT_MATTER = re.compile(rb"(?:\xef\xbb\xbf)?---[ \t]*\r?\n(.*?)(?:^---[ \t]*\r?$|\Z)", re.DOTALL | re.MULTILINE)
# Keys of the metadata of Hugging Face repositories that only models, or only data sets, have.
_MODEL_KEYS = frozenset(
    {b"pipeline_tag", b"library_name", b"base_model", b"model-index", b"model_name", b"datasets", b"metrics",
     b"inference", b"widget", b"base_model_relation", b"new_version"}
)  # fmt: skip
_DATA_KEYS = frozenset(
    {b"task_categories", b"task_ids", b"size_categories", b"dataset_info", b"pretty_name", b"annotations_creators",
     b"language_creators", b"source_datasets", b"multilinguality", b"configs", b"paperswithcode_id", b"viewer"}
)  # fmt: skip


def signature(file: File) -> Recognised | None:
    """Recognise what is called a signature: what lies under such a name must be held to be one."""
    promise = promised(file.name)
    if promise is None or promise.kind is not Kind.SIGNATURE:
        return None
    return Recognised(Kind.SIGNATURE, "sigstore-bundle" if _SIGSTORE in file.head[:1024] else promise.format)


def document(file: File) -> Recognised | None:
    """Recognise a text file by name and content together."""
    special = _SPECIAL.get(file.name.lower()) or _BY_EXTENSION.get(file.extension)
    return special(file) if special else _script(file)


def _card(file: File) -> Recognised | None:
    """Tell model cards from data cards: by the name, by the front matter, by what lies beside them."""
    if _MODEL_CARD.match(file.name):
        return Recognised(Kind.MODEL_CARD, "markdown")
    if _DATA_CARD.match(file.name):
        return Recognised(Kind.DATASET_CARD, "markdown")
    if not _README.match(file.name):
        return None
    front = _FRONT_MATTER.match(file.head)
    keys = set(_YAML_KEY.findall(front[1])) if front else set()
    of_model, of_data = len(keys & _MODEL_KEYS), len(keys & _DATA_KEYS)
    if of_model != of_data:
        return Recognised(Kind.MODEL_CARD if of_model > of_data else Kind.DATASET_CARD, "markdown")
    beside = file.directory.kinds(promised)
    if Kind.MODEL in beside:
        return Recognised(Kind.MODEL_CARD, "markdown")
    return Recognised(Kind.DATASET_CARD, "markdown") if Kind.DATASET in beside else None


def _json(file: File) -> Recognised | None:
    head = file.head
    if _SIGSTORE in head[:1024]:
        return Recognised(Kind.SIGNATURE, "sigstore-bundle")
    if b'"bomFormat"' in head and b'"CycloneDX"' in head:
        return Recognised(Kind.LOCKFILE, "cyclonedx")
    if b'"SPDX-2.' in head or b"https://spdx.org/rdf/3" in head:
        return Recognised(Kind.LOCKFILE, "spdx")
    if _CROISSANT.search(head):
        return Recognised(Kind.DATASET_CARD, "croissant")
    records = head.lstrip().startswith((b"[{", b"[\n", b"[\r", b"[ "))
    if records and file.directory.place.rpartition("/")[2].lower() in _DATA_DIRECTORIES:
        return Recognised(Kind.DATASET, "json")
    return None


def _xml(file: File) -> Recognised | None:
    found = b"http://cyclonedx.org/schema/bom/" in file.head
    return Recognised(Kind.LOCKFILE, "cyclonedx") if found else None


def _jsonl(file: File) -> Recognised | None:
    """Tell claims (in-toto envelopes, a line each) from records of a data set."""
    head = file.head[:4096]
    claims = _SIGSTORE in head or (b'"payloadType"' in head and b'"application/vnd.in-toto+json"' in head)
    return Recognised(Kind.SIGNATURE, "claims") if claims else None


def _yaml(file: File) -> Recognised | None:
    keys = set(_YAML_KEY.findall(file.head))
    whole = file.size <= HEAD
    if {b"on", b"jobs"} <= keys and re.search(rb"^\s+(?:runs-on|uses)\s*:", file.head, re.MULTILINE):
        return Recognised(Kind.WORKFLOW, "github-workflow")
    if file.name.lower() in {"action.yml", "action.yaml"} and (b"runs" in keys or not whole):
        return Recognised(Kind.WORKFLOW, "github-action")
    if _ENVIRONMENT.match(file.name) and (b"dependencies" in keys or not whole):
        return Recognised(Kind.LOCKFILE, "conda")
    return None


def _notebook(file: File) -> Recognised | None:
    return None if file.head.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{") else Recognised(Kind.OTHER, "text")


def _setup(file: File) -> Recognised | None:
    """Take a set-up file for a manifest only if it declares packages itself."""
    if b"requires" in file.head or file.size > HEAD:
        return Recognised(Kind.PROJECT, "setup")
    return Recognised(Kind.SOURCE, "python") if file.extension == "py" else None


def _pipfile(file: File) -> Recognised | None:
    """Take a Pipfile for a manifest only if no lock says more."""
    locked = "Pipfile.lock" in file.directory.names
    return Recognised(Kind.CONFIGURATION if locked else Kind.PROJECT, "pipfile")


def _script(file: File) -> Recognised | None:
    """Recognise a program by the interpreter that its first line names."""
    first = file.head.partition(b"\n")[0]
    if first.startswith(b"#!"):
        for name, fmt in ((b"python", "python"), (b"sh", "shell")):
            if name in first:
                return Recognised(Kind.SOURCE, fmt)
    return None


_SPECIAL: dict[str, Callable[[File], Recognised | None]] = {
    "setup.py": _setup,
    "setup.cfg": _setup,
    "pipfile": _pipfile,
}
_BY_EXTENSION: dict[str, Callable[[File], Recognised | None]] = {
    "md": _card,
    "markdown": _card,
    "json": _json,
    "jsonld": _json,
    "xml": _xml,
    "jsonl": _jsonl,
    "yaml": _yaml,
    "yml": _yaml,
    "ipynb": _notebook,
}
