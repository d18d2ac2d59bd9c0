"""Models and data sets: their files, and what their cards say."""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING

from chainguard_ml.model import ArtifactKind, Location
from chainguard_ml.sbom.graph import DataFacts, DatasetUse, Metric, ModelFacts, Node
from chainguard_ml.sbom.layout import normal
from chainguard_ml.sbom.licences import declared

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from chainguard_ml.model import Artifact, Digest
    from chainguard_ml.sbom.cards import Library, Statement
    from chainguard_ml.sbom.graph import Licence, References
    from chainguard_ml.sbom.layout import Asset

_ROLES: dict[ArtifactKind | None, str] = {
    ArtifactKind.MODEL: "weights",
    ArtifactKind.MODEL_CARD: "card",
    ArtifactKind.DATASET_CARD: "card",
    ArtifactKind.SIGNATURE: "signature",
}
_CUSTOMS = (
    ("code", re.compile(r".*\.py")),
    ("tokenizer", re.compile(r"(?:tokenizer|vocab|merges|special_tokens|added_tokens|spiece|sentencepiece).*")),
    ("configuration", re.compile(r".*\.(?:json|ya?ml)|mlmodel")),
)


def data_node(asset: Asset, library: Library, files: Files, references: References) -> Node:
    """Return the node of a data set."""
    card = library.card(asset)
    facts = DataFacts(
        title=card.text("title"),
        classification=card.text("classification"),
        sensitive=card.texts("sensitive"),
        custodians=card.texts("custodians"),
        stewards=card.texts("stewards"),
        owners=card.texts("owners"),
        properties=tuple(_data_properties(asset, card)),
    )
    return Node(
        ref=references.take(f"data:{normal(asset.artifact.path) or '.'}"),
        kind="data",
        name=_name(asset, card, "data"),
        version=card.text("version"),
        digests=files.digests(asset),
        licences=_licences(card),
        origins=_origins(asset),
        tags=card.texts("tags"),
        parts=files.parts(asset, references),
        data=facts,
    )


def model_node(
    asset: Asset, library: Library, files: Files, references: References, data: Mapping[str, Sequence[str]]
) -> Node:
    """Return the node of a model; ``data`` is the index of the data sets that its card may name."""
    card, config = library.card(asset), library.config(asset)
    facts = ModelFacts(
        task=card.text("task"),
        family=config.text("family"),
        architecture=config.text("architecture"),
        datasets=tuple(_dataset(name, data) for name in card.texts("datasets")),
        metrics=tuple(_metrics(card)),
        users=card.texts("users"),
        use_cases=card.texts("use_cases"),
        limitations=card.texts("limitations"),
        ethics=card.texts("ethics"),
        properties=tuple(_model_properties(card, config)),
        card=card.path or None,
    )
    return Node(
        ref=references.take(f"model:{normal(asset.artifact.path) or '.'}"),
        kind="machine-learning-model",
        name=_name(asset, card, "model"),
        version=card.text("version"),
        digests=files.digests(asset),
        licences=_licences(card),
        origins=_origins(asset),
        properties=tuple(_format(asset.artifact)),
        tags=card.texts("tags"),
        ancestors=card.texts("base_models"),
        parts=files.parts(asset, references),
        model=facts,
    )


class Files:
    """Files of directories as nodes, with digests."""

    def __init__(self, artifacts: Sequence[Artifact], digests: Mapping[str, Digest]) -> None:
        self._artifacts = {artifact.path: artifact for artifact in artifacts}
        self._digests = digests

    def digests(self, asset: Asset) -> tuple[Digest, ...]:
        """Return the digest of a single file; a directory's are those of its parts."""
        digest = self._digests.get(asset.artifact.path)
        return (digest,) if digest else ()

    def parts(self, asset: Asset, references: References) -> tuple[Node, ...]:
        """Return the nodes of a directory's files, sorted by path."""
        return tuple(self._part(path, asset, references) for path in asset.files)

    def _part(self, path: str, asset: Asset, references: References) -> Node:
        artifact, digest = self._artifacts.get(path), self._digests.get(path)
        role = _role(path, artifact.kind if artifact else None, is_model=asset.is_model)
        properties = [("chainguard-ml:file:role", role)] if role else []
        return Node(
            ref=references.take(f"file:{path}"),
            kind="file",
            name=path.removeprefix(f"{asset.home}/"),
            digests=(digest,) if digest else (),
            origins=(Location(path),),
            properties=(*(_format(artifact) if artifact else ()), *properties),
        )


def _role(path: str, kind: ArtifactKind | None, *, is_model: bool) -> str | None:
    """Return what a file is for, where its kind or its customary name says so."""
    if kind in _ROLES:
        return _ROLES[kind]
    name = posixpath.basename(path).lower()
    return next((role for role, pattern in _CUSTOMS if pattern.fullmatch(name)), None) if is_model else None


def _format(artifact: Artifact) -> Iterator[tuple[str, str]]:
    if artifact.format:
        yield "chainguard-ml:file:format", artifact.format


def _name(asset: Asset, card: Statement, fallback: str) -> str:
    """Return the name that a path gives; the root has none, so there the card's, or the sort's."""
    return posixpath.basename(normal(asset.artifact.path)) or card.text("name") or card.text("title") or fallback


def _origins(asset: Asset) -> tuple[Location, ...]:
    return (Location(normal(asset.artifact.path) or "."),)


def _licences(card: Statement) -> tuple[Licence, ...]:
    return declared(card.texts("licences"), name=card.text("licence_name"), link=card.text("licence_link"))


def index(data: Sequence[Node]) -> dict[str, list[str]]:
    """Return the references of data sets by name, title and path, letter case aside."""
    found: dict[str, list[str]] = {}
    for node in data:
        title = node.data.title if node.data else None
        names = {node.origins[0].path, node.name, posixpath.splitext(node.name)[0], title or node.name}
        for name in {name.casefold() for name in names}:
            found.setdefault(name, []).append(node.ref)
    return found


def _dataset(name: str, data: Mapping[str, Sequence[str]]) -> DatasetUse:
    """Find the data set that is called so, if only one is."""
    found = data.get(name.casefold(), ())
    return DatasetUse(name, found[0] if len(found) == 1 else None)


def _metrics(card: Statement) -> Iterator[Metric]:
    for item in card.each("metrics"):
        yield Metric(item.text("type") or "", item.text("value") or "", item.text("slice"))


def _model_properties(card: Statement, config: Statement) -> Iterator[tuple[str, str]]:
    """Yield what has no place of its own in CycloneDX, under names of its property taxonomy where there are any."""
    for name, value in sorted(config.table("hyperparameters").items()):
        yield f"cdx:ai-ml:model:hyperparameter:{name}", value
    if languages := card.texts("languages"):
        yield "cdx:ai-ml:model:language", ",".join(languages)
    for fact, name in (("library", "library"), ("emissions", "co2eq-grams")):
        if text := card.text(fact):
            yield f"chainguard-ml:model:{name}", text


def _data_properties(asset: Asset, card: Statement) -> Iterator[tuple[str, str]]:
    yield from _format(asset.artifact)
    for fact, name in (("tasks", "task"), ("sizes", "size"), ("languages", "language")):
        for text in card.texts(fact):
            yield f"chainguard-ml:data:{name}", text
