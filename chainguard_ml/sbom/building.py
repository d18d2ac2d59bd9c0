"""From what the inventory found to the graph of a bill of materials."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

from chainguard_ml.sbom import cards, layout, models, packages
from chainguard_ml.sbom.collector import paused
from chainguard_ml.sbom.graph import Bom, Completeness, Node, References
from chainguard_ml.sbom.licences import declared

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from chainguard_ml.context import Context
    from chainguard_ml.model import Gap

_FOREIGN = frozenset(
    {"cyclonedx", "spdx", "resolved"}
)  # what another bill says, or pip today, the pipeline does not have
# Names of libraries as model cards write them, where the package is called otherwise.
_LIBRARIES = {"pytorch": "torch", "sklearn": "scikit-learn"}


@paused()
def build(context: Context, *, name: str | None = None, timestamp: datetime | None = None) -> tuple[Bom, list[Gap]]:
    """Return the bill of materials of a pipeline, and what could not be recorded.

    Args:
        context: What the inventory found. Files without a digest are hashed here.
        name: The pipeline's name; without one the root's ``pyproject.toml`` says it, or it is ``pipeline``. The
            directory's name is never used: the same pipeline has the same bill wherever it lies.
        timestamp: When it is made, with a time zone; ``None`` leaves it out, and the bill depends on content only.
    """
    references = References()
    assets = layout.assets(context)
    library, missing = cards.read(context, assets)
    paths = [asset.artifact.path for asset in assets if not layout.is_directory(asset.artifact)]
    digests, unread = layout.digests(context, itertools.chain(paths, *(asset.files for asset in assets)))
    missing = sorted([*missing, *unread], key=lambda gap: gap.order)
    pipeline = _pipeline(library.project, name, references)
    own = (component for component in context.components if component.facts.get("source") not in _FOREIGN)
    libraries = packages.collect(own, references)
    files = models.Files(context.artifacts, digests)
    data = [models.data_node(asset, library, files, references) for asset in assets if not asset.is_model]
    index = models.index(data)
    trained = [models.model_node(asset, library, files, references, index) for asset in assets if asset.is_model]
    nodes = tuple(sorted([*libraries.nodes, *data, *trained], key=lambda node: node.ref))
    edges = dict(libraries.needs) | _model_edges(trained, libraries)
    edges[pipeline.ref] = tuple(sorted([*libraries.direct, *(node.ref for node in [*data, *trained])]))
    whole = not missing and not context.gaps and libraries.pinned
    completeness = _completeness(pipeline, [*data, *trained], libraries, missing, whole=whole)
    return Bom(pipeline, nodes, edges, completeness, timestamp), missing


def _pipeline(project: cards.Statement, name: str | None, references: References) -> Node:
    licence = project.text("licence")
    return Node(
        ref=references.take("pipeline"),
        kind="application",
        name=name or project.text("name") or "pipeline",
        version=project.text("version"),
        description=project.text("description"),
        licences=declared([licence] if licence else []),
    )


def _model_edges(trained: Sequence[Node], libraries: packages.Packages) -> dict[str, tuple[str, ...]]:
    """Return what models depend on, where their cards say: data sets, and the library that loads them."""
    edges: dict[str, tuple[str, ...]] = {}
    for node in trained:
        facts = node.model
        used = {use.ref for use in facts.datasets if use.ref} if facts else set()
        for name, value in facts.properties if facts else ():
            if name == "chainguard-ml:model:library":
                package = packages.canonical(_LIBRARIES.get(value, value))
                used |= {target.ref for target in libraries.by_name.get(package, ())}
        if used:
            edges[node.ref] = tuple(sorted(used))
    return edges


def _completeness(
    pipeline: Node, assets: Sequence[Node], libraries: packages.Packages, missing: Sequence[Gap], *, whole: bool
) -> tuple[Completeness, ...]:
    """Return how whole the account is.

    An assembly is incomplete where a part could not be read or, for the pipeline, is not pinned. Dependencies are
    unknown where only manifests without a graph name the packages.
    """
    assemblies: dict[str, list[str]] = {"complete" if whole else "incomplete": [pipeline.ref]}
    broken = {gap.subject.name for gap in missing}
    for node in assets:
        paths = {origin.path for item in (node, *node.parts) for origin in item.origins}
        if node.model and node.model.card:
            paths.add(node.model.card)
        assemblies.setdefault("incomplete" if paths & broken else "complete", []).append(node.ref)
    flat = {node.ref for node in libraries.nodes} - libraries.needs.keys()
    dependencies = {
        "complete": sorted(libraries.needs.keys() - libraries.broken),
        "incomplete": sorted(libraries.broken),
        "unknown": sorted(flat | {node.ref for node in assets}),
    }
    own = "incomplete" if not whole else "unknown" if flat else "complete"
    dependencies[own].insert(0, pipeline.ref)
    aggregates = ("complete", "incomplete", "unknown")
    return tuple(
        Completeness(aggregate, tuple(assemblies.get(aggregate, ())), tuple(dependencies[aggregate]))
        for aggregate in aggregates
        if assemblies.get(aggregate) or dependencies[aggregate]
    )
