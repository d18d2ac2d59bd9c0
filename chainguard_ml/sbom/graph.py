"""What a bill of materials says, before any format: parts, what they are made of, what depends on what.

Texts may still hold untrusted characters; the writer of a format escapes them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from chainguard_ml.text import printable

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime

    from chainguard_ml.model import Digest, Location, Scope

_LONGEST_REFERENCE = 4_096  # characters; the longest path Linux takes


@dataclass(frozen=True, slots=True, order=True)
class Licence:
    """A declared licence: an SPDX identifier, an SPDX expression of several, or a name that is neither.

    Attributes:
        text: As SPDX writes it, or as declared.
        form: ``id``, ``expression`` or ``name``.
        url: Where its text is: an absolute URL or a relative path, percent-encoded; ``None`` where nothing says.
    """

    text: str
    form: str
    url: str | None = None


@dataclass(frozen=True, slots=True)
class DatasetUse:
    """A data set that a model card names; ``ref`` is its node's where the pipeline has it."""

    name: str
    ref: str | None = None


@dataclass(frozen=True, slots=True)
class Metric:
    """A reported measure: ``accuracy``, ``0.91``, and the data it was taken on."""

    type: str
    value: str
    slice: str | None = None


@dataclass(frozen=True, slots=True)
class ModelFacts:
    """What card and configuration say about a model. Nothing is guessed: what they leave out is empty."""

    task: str | None = None
    family: str | None = None
    architecture: str | None = None
    datasets: tuple[DatasetUse, ...] = ()
    metrics: tuple[Metric, ...] = ()
    users: tuple[str, ...] = ()
    use_cases: tuple[str, ...] = ()
    limitations: tuple[str, ...] = ()
    ethics: tuple[str, ...] = ()
    properties: tuple[tuple[str, str], ...] = ()
    card: str | None = None


@dataclass(frozen=True, slots=True)
class DataFacts:
    """What a card says about a data set; the three roles hold names of organizations."""

    title: str | None = None
    classification: str | None = None
    sensitive: tuple[str, ...] = ()
    custodians: tuple[str, ...] = ()
    stewards: tuple[str, ...] = ()
    owners: tuple[str, ...] = ()
    properties: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Node:
    """A part of the pipeline.

    Attributes:
        ref: Identifier, unique in the bill.
        kind: CycloneDX component type.
        origins: Where it was found, sorted.
        ancestors: Names of the models this one was made from.
        parts: Its files, where it is a directory.
    """

    ref: str
    kind: str
    name: str
    version: str | None = None
    purl: str | None = None
    description: str | None = None
    digests: tuple[Digest, ...] = ()
    licences: tuple[Licence, ...] = ()
    scope: Scope | None = None
    origins: tuple[Location, ...] = ()
    properties: tuple[tuple[str, str], ...] = ()
    tags: tuple[str, ...] = ()
    ancestors: tuple[str, ...] = ()
    parts: tuple[Node, ...] = ()
    model: ModelFacts | None = None
    data: DataFacts | None = None


@dataclass(frozen=True, slots=True)
class Completeness:
    """How whole the account of these nodes is: ``complete``, ``incomplete`` or ``unknown``.

    ``assemblies`` are accounts of what a node is made of, ``dependencies`` of what it depends on.
    """

    aggregate: str
    assemblies: tuple[str, ...] = ()
    dependencies: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Bom:
    """A bill of materials.

    Attributes:
        pipeline: What the bill is about.
        nodes: Its parts, sorted by ``ref``.
        edges: Direct dependencies by ``ref``, sorted. A node without an entry has unknown dependencies, one with an
            empty entry has none.
        completeness: How whole the account is.
        timestamp: When it was made, with a time zone; ``None`` leaves it out.
    """

    pipeline: Node
    nodes: tuple[Node, ...] = ()
    edges: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    completeness: tuple[Completeness, ...] = ()
    timestamp: datetime | None = None

    def of(self, *kinds: str) -> tuple[Node, ...]:
        """Return the parts of these kinds."""
        return tuple(node for node in self.nodes if node.kind in kinds)

    def walk(self) -> Iterator[Node]:
        """Yield every part, and the files it is made of after it."""
        for node in self.nodes:
            yield node
            yield from node.parts


class References:
    """Hands out identifiers that are unique in one bill, and the same for the same order of questions."""

    def __init__(self) -> None:
        self._taken: set[str] = set()
        self._counts: dict[str, int] = {}

    def take(self, wanted: str) -> str:
        """Return ``wanted`` in printable form, with ``#2``, ``#3`` … behind it where it is taken."""
        base = reference = printable(wanted, _LONGEST_REFERENCE)
        while reference in self._taken:
            self._counts[base] = self._counts.get(base, 1) + 1
            reference = f"{base}#{self._counts[base]}"
        self._taken.add(reference)
        return reference
