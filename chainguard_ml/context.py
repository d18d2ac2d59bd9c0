"""What an examining room is given."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from chainguard_ml.config import Config
from chainguard_ml.records import field, record

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from chainguard_ml.model import Artifact, ArtifactKind, Component, Gap, Observations
    from chainguard_ml.workers import WorkerPool


class Observer(Protocol):
    """Watches progress. Rooms tell it; they never print."""

    def stage(self, name: str, total: int | None = None) -> None:
        """A room begins; ``total`` is the number of things it will examine, where known."""

    def advance(self, name: str) -> None:
        """One more thing, called ``name``, is done."""

    def expect(self, size: int) -> None:
        """So many bytes are still to be read, from now on, where a room knows that."""

    def moved(self, size: int) -> None:
        """So many more bytes were read; may be told from several threads."""


class Silent:
    """An observer that does nothing."""

    def stage(self, name: str, total: int | None = None) -> None:
        """Ignore the stage."""

    def advance(self, name: str) -> None:
        """Ignore the step."""

    def expect(self, size: int) -> None:
        """Ignore the amount."""

    def moved(self, size: int) -> None:
        """Ignore the amount."""


class Prover(Protocol):
    """Proves a bundle of Sigstore for rooms that do not verify signatures themselves."""

    def __call__(self, bundle: bytes, sha256: str, identity: str, issuer: str, conditions: Mapping[str, str]) -> str:
        """Return why a bundle does not prove that this signer signed a statement about a file; nothing if it does."""


@record
class Context:
    """One run, as a room sees it.

    Attributes:
        root: Absolute directory; every artifact's path is relative to it.
        pool: Where untrusted bytes are parsed.
        artifacts: What the inventory found, sorted by path.
        components: Packages the pipeline declares or has installed, sorted.
        gaps: What the inventory could not record; a room that claims completeness must know.
        config: The operator's configuration.
        observer: Watches progress.
        offline: Whether the network is forbidden.
        prove: Proves bundles; without one, none is proven.
    """

    root: Path
    pool: WorkerPool
    artifacts: tuple[Artifact, ...] = ()
    components: tuple[Component, ...] = ()
    gaps: tuple[Gap, ...] = ()
    config: Config = field(default_factory=Config)
    observer: Observer = field(default_factory=Silent)
    offline: bool = True
    prove: Prover | None = None

    def of(self, *kinds: ArtifactKind) -> tuple[Artifact, ...]:
        """Return the artifacts of these kinds."""
        return tuple(artifact for artifact in self.artifacts if artifact.kind in kinds)


class Examiner(Protocol):
    """What every examining room offers in its ``__init__``: a function ``examine``."""

    def __call__(self, context: Context) -> Observations:
        """Yield findings, gaps and evidence about ``context.artifacts`` and ``context.components``."""
