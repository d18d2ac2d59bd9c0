"""Cards and configurations at hand, and which of them describes what."""

from __future__ import annotations

import posixpath
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from chainguard_ml.model import ArtifactKind, Evidence, Gap, GapReason, Json, Subject
from chainguard_ml.sbom import layout, reading
from chainguard_ml.workers import Task

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from chainguard_ml.context import Context

_PROJECT = "pyproject.toml"
_CONFIG = "config.json"
_KINDS = (ArtifactKind.MODEL_CARD, ArtifactKind.DATASET_CARD)


@dataclass(frozen=True, slots=True)
class Statement:
    """What one file states; asked by fact, and empty where it states nothing or another type."""

    path: str = ""
    facts: Mapping[str, Json] = field(default_factory=dict)

    def text(self, fact: str) -> str | None:
        """Return a fact that is text, or ``None``."""
        value = self.facts.get(fact)
        return value if isinstance(value, str) else None

    def texts(self, fact: str) -> tuple[str, ...]:
        """Return a fact that is a list of texts."""
        value = self.facts.get(fact)
        return tuple(item for item in value if isinstance(item, str)) if isinstance(value, list) else ()

    def each(self, fact: str) -> Iterator[Statement]:
        """Yield a fact that is a list of objects."""
        value = self.facts.get(fact)
        if isinstance(value, list):
            yield from (Statement(self.path, item) for item in value if isinstance(item, dict))

    def table(self, fact: str) -> dict[str, str]:
        """Return a fact that is an object of texts."""
        value = self.facts.get(fact)
        return {key: item for key, item in value.items() if isinstance(item, str)} if isinstance(value, dict) else {}


NOTHING = Statement()


@dataclass(frozen=True, slots=True)
class Library:
    """Everything that was read.

    Attributes:
        model_cards: By directory, then path; so are ``data_cards``.
        configs: Configurations of models, by path.
        models: How many models each directory has, at any depth.
        project: The project's table.
    """

    model_cards: Mapping[str, Mapping[str, Statement]] = field(default_factory=dict)
    data_cards: Mapping[str, Mapping[str, Statement]] = field(default_factory=dict)
    configs: Mapping[str, Statement] = field(default_factory=dict)
    models: Mapping[str, int] = field(default_factory=dict)
    project: Statement = NOTHING

    def card(self, asset: layout.Asset) -> Statement:
        """Return the card that describes an asset: in its directory, or in the nearest one above that has any.

        A card describes everything below it that has none of its own. A model card above the model's directory is
        taken only where no other model could be meant.
        """
        cards = self.model_cards if asset.is_model else self.data_cards
        for directory in _upwards(asset.home):
            if directory in cards:
                above = asset.is_model and directory != asset.home
                return NOTHING if above and self.models.get(directory, 0) > 1 else _best(cards[directory], asset)
        return NOTHING

    def config(self, asset: layout.Asset) -> Statement:
        """Return the configuration in a model's directory."""
        return self.configs.get(posixpath.join(asset.home, _CONFIG), NOTHING)


def _upwards(directory: str) -> Iterator[str]:
    """Yield a directory and those above it, up to the root."""
    while directory:
        yield directory
        directory = posixpath.dirname(directory)
    yield ""


def _best(cards: Mapping[str, Statement], asset: layout.Asset) -> Statement:
    """Prefer the card with the asset's own name, then ``README.md``."""
    stem = posixpath.splitext(posixpath.basename(asset.artifact.path))[0]
    own = [path for path in sorted(cards) if posixpath.splitext(posixpath.basename(path))[0] == stem]
    readme = [path for path in sorted(cards) if posixpath.basename(path).lower() == "readme.md"]
    return cards[(own or readme or sorted(cards))[0]]


def read(context: Context, assets: Sequence[layout.Asset]) -> tuple[Library, list[Gap]]:
    """Read every card, the configuration of every model directory, and the project's table, in workers."""
    tasks, gaps = _tasks(context, assets)
    found: dict[str, dict[str, Statement]] = {}
    for result in context.pool.run(tasks):
        for record in result.records:
            if isinstance(record, Gap):
                gaps.append(record)
            elif isinstance(record, Evidence):
                statements = found.setdefault(record.kind, {})
                statements[record.subject.name] = Statement(record.subject.name, record.statement)
    cards = found.get("card", {})
    library = Library(
        _by_directory(cards, (artifact.path for artifact in context.of(ArtifactKind.MODEL_CARD))),
        _by_directory(cards, (artifact.path for artifact in context.of(ArtifactKind.DATASET_CARD))),
        found.get("model-config", {}),
        Counter(directory for asset in assets if asset.is_model for directory in _upwards(asset.home)),
        found.get("project", {}).get(_PROJECT, NOTHING),
    )
    return library, gaps


def _by_directory(cards: Mapping[str, Statement], paths: Iterable[str]) -> dict[str, dict[str, Statement]]:
    found: dict[str, dict[str, Statement]] = {}
    for path in paths:
        if path in cards:
            found.setdefault(posixpath.dirname(path), {})[path] = cards[path]
    return found


def _tasks(context: Context, assets: Iterable[layout.Asset]) -> tuple[list[Task], list[Gap]]:
    sizes = {artifact.path: artifact.size for artifact in context.artifacts}
    tasks: list[Task] = []
    gaps: list[Gap] = []
    for path, kind in sorted(_plan(context, assets)):
        size, subject = sizes.get(path, 0), Subject(path)
        if size > reading.LIMIT:
            detail = f"{size:,} bytes are more than the {reading.LIMIT:,} that are read"
            gaps.append(Gap(subject, GapReason.BUDGET, detail))
            continue
        argument: dict[str, Json] = {"root": str(context.root), "path": path, "kind": kind}
        tasks.append(Task("chainguard_ml.sbom.reading:read", argument, subject))
    return tasks, gaps


def _plan(context: Context, assets: Iterable[layout.Asset]) -> Iterator[tuple[str, str]]:
    """Yield the paths to read and what each is, each path once."""
    cards = {artifact.path for artifact in context.of(*_KINDS)}
    yield from ((path, "card") for path in cards)
    models = [asset for asset in assets if asset.is_model]
    configs = {posixpath.join(asset.home, _CONFIG) for asset in models}
    members = {path for asset in models for path in asset.files}
    yield from ((path, "model-config") for path in (configs & members) - cards)
    if any(artifact.path == _PROJECT for artifact in context.of(ArtifactKind.PROJECT)):
        yield _PROJECT, "project"
