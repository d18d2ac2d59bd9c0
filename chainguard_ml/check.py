"""The join of all rooms: inventory, examine, decide. It knows no formats and no sockets."""

from __future__ import annotations

import contextlib
import importlib
import os
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Unpack

from chainguard_ml import verdict
from chainguard_ml.config import Config
from chainguard_ml.context import Context, Observer, Silent
from chainguard_ml.errors import NothingToExamineError, UsageError
from chainguard_ml.model import Artifact, ArtifactKind, Component, Gap, Report
from chainguard_ml.records import field, record, replace
from chainguard_ml.text import plural, printable
from chainguard_ml.workers import WorkerPool

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from chainguard_ml.config import SigningConfig
    from chainguard_ml.model import Decision, Evidence, Finding, Observation, Waived, Waiver
    from chainguard_ml.policy import Policy
    from chainguard_ml.signing.sigstore import TrustedRoot
    from chainguard_ml.signing.verify import Look

ROOMS = ("scan", "audit", "source", "signing", "sbom")
"""The examining rooms in the order of the flow. Adding one is one name here."""


_PRELOADED = {"scan": "chainguard_ml.scan.ahead", "audit": "chainguard_ml.inventory.packages.naming"}
"""What the first worker of a room imports while the inventory is taken."""

_EXAMINERS = {"audit": "chainguard_ml.audit.examination", "sbom": "chainguard_ml.sbom"}
"""What examines packages: imported while workers read them."""

_SUBJECTS = {"scan": "model", "audit": "dependency", "source": "workflow and no Python source"}
"""What a verb that asks one room looks for."""


@record
class Request:
    """What to examine and how to decide.

    Attributes:
        verb: The verb's name, for the report.
        paths: Files and directories to examine.
        rooms: The examining rooms to ask, in order.
        config: The operator's configuration; its policy decides when ``decide`` is set.
        decide: Whether the configured policy has its say.
        known: Fingerprints of a baseline: findings that are not new.
        waive: Whether waivers are honoured.
        only_fixable: Whether a vulnerability that no release fixes has no say.
        today: The day that waivers expire against; ``None`` means the present day (UTC).
        observer: Watches progress.
    """

    verb: str
    paths: tuple[Path, ...]
    rooms: tuple[str, ...] = ROOMS
    config: Config = field(default_factory=Config)
    decide: bool = False
    known: Collection[str] = frozenset()
    waive: bool = True
    only_fixable: bool = False
    today: date | None = None
    observer: Observer = field(default_factory=Silent)


def check_pipeline(path: Path, config: Config | None = None) -> Report:
    """Examine everything under ``path`` and let the configured policy decide.

    Raises:
        ChainguardError: See ``errors``: a missing path, nothing to examine, a wrong policy.
    """
    return examine(Request("check", (path,), config=config or Config(), decide=True))


def examine(request: Request) -> Report:
    """Take one request through the flow.

    Raises:
        UsageError: A path is missing.
        NothingToExamineError: There is nothing for the asked rooms to examine.
        PolicyError: The policy or the waivers are wrong.
    """
    decider = _Decider(request)  # a wrong policy is said before the work, not after it
    with inventoried(decider.request) as (context, observations):
        found = len(observations)
        for room in request.rooms:
            request.observer.stage(room)
            observations.extend(importlib.import_module(f"chainguard_ml.{room}").examine(context))
    if len(observations) == found and request.verb in _SUBJECTS:
        where = f"{_names(request.paths)} ({plural(len(context.artifacts), 'file')} there)"
        raise NothingToExamineError(f"there is no {_SUBJECTS[request.verb]} in {where}")
    return decider.report(observations, len(context.artifacts), context)


@contextlib.contextmanager
def inventoried(request: Request) -> Iterator[tuple[Context, list[Observation]]]:
    """Give the context of a request, its inventory taken, and what the inventory could not record.

    Raises:
        UsageError: A path is missing.
        NothingToExamineError: There is nothing at all under the paths.
    """
    root, inputs = _root(request.paths)
    config = request.config
    with WorkerPool(config.workers) as pool:
        pool.warm(*(module for room, module in _PRELOADED.items() if room in request.rooms))
        context = Context(
            root,
            pool,
            config=config,
            observer=request.observer,
            offline=config.offline,
            prove=_Prover(config.signing.trusted_root),
        )
        context, observations = _inventory(context, inputs, request)
        if not context.artifacts and not any(isinstance(item, Gap) for item in observations):
            raise NothingToExamineError(f"there is nothing to examine in {_names(request.paths)}")
        yield context, observations


def verify(request: Request, trusted: SigningConfig, signature: Path | None = None, **look: Unpack[Look]) -> Report:
    """Verify the one model of ``request`` with any of the ``trusted`` keys, authorities and identities, and decide.

    ``look`` says how strictly to look, and at what. A policy sees what signatures and claims say, and nothing else.

    Raises:
        UsageError: The model is missing, or a key, a certificate, an identity or a trusted root cannot be used.
        NothingToExamineError: The model is an empty directory.
    """
    from chainguard_ml import signing

    decider, (model,) = _Decider(replace(request, rooms=("signing",), decide=True)), request.paths
    look.setdefault("ignore", trusted.ignore)
    look.setdefault("max_age", trusted.claims_max_age_days)
    request.observer.stage("verify")
    found = signing.verify_model(
        model,
        signature,
        signing.trust(trusted),
        observer=request.observer,
        **look,
    )
    return decider.report(list(found), 1)


class _Prover:
    """Proves bundles against a trusted root, the public one by default, which is read when the first one comes."""

    def __init__(self, trusted_root: Path | None) -> None:
        self._path = trusted_root
        self._root: TrustedRoot | None = None

    def __call__(self, bundle: bytes, sha256: str, identity: str, issuer: str, conditions: Mapping[str, str]) -> str:
        """See ``context.Prover``."""
        from chainguard_ml.signing import sigstore
        from chainguard_ml.signing.interface import RefusedError, UnverifiableError

        if self._root is None:
            self._root = sigstore.load_trusted_root(self._path) if self._path else sigstore.embedded()
        artifact = sigstore.Artifact.of_digest(f"sha256:{sha256}")
        try:
            who = sigstore.SignerIdentity(identity, issuer, conditions=conditions)
            sigstore.verify_bundle(bundle, artifact, self._root, [who])
        except (RefusedError, UnverifiableError) as error:
            return str(error)
        return ""


def _inventory(context: Context, inputs: Sequence[Path], request: Request) -> tuple[Context, list[Observation]]:
    """Return the context with artifacts and components, and what the inventory could not record."""
    from chainguard_ml import inventory
    from chainguard_ml.inventory import packages

    request.observer.stage("inventory")
    artifacts: list[Artifact] = []
    observations: list[Observation] = []
    walk = inventory.walk(context.root, inputs, exclude=request.config.exclude, digests="sbom" in request.rooms,
                          observer=request.observer)  # fmt: skip
    for item in walk:
        if isinstance(item, Artifact):
            artifacts.append(_as_asked(item, request))
        else:
            observations.append(item)
    context = replace(context, artifacts=tuple(sorted(artifacts, key=lambda artifact: (artifact.path, artifact.kind))))
    if not {"audit", "sbom"} & set(request.rooms):
        return context, observations
    components: list[Component] = []
    records = list(packages.collect(context, lambda: _prepare(request.rooms)))
    if context.config.audit.resolve and not context.offline:
        from chainguard_ml.inventory.packages import resolving

        records += resolving.resolved(context, [each for each in records if isinstance(each, Component)])
    for found in records:
        if isinstance(found, Component):
            components.append(found)
        else:
            observations.append(found)
    gaps = tuple(item for item in observations if isinstance(item, Gap))
    components.sort(key=lambda component: (component.name.lower(), component.version or "", str(component.origin)))
    return replace(context, components=tuple(components), gaps=gaps), observations


def _prepare(rooms: Collection[str]) -> None:
    for room in _EXAMINERS.keys() & rooms:
        importlib.import_module(_EXAMINERS[room])


def _as_asked(artifact: Artifact, request: Request) -> Artifact:
    """Take a text file that ``audit`` was pointed at for a requirements file, whatever its name."""
    asked = request.verb == "audit" and any(path.is_file() for path in request.paths)
    if asked and artifact.kind in {ArtifactKind.OTHER, ArtifactKind.CONFIGURATION}:
        return replace(artifact, kind=ArtifactKind.REQUIREMENTS, format="requirements")
    return artifact


def _root(paths: Sequence[Path]) -> tuple[Path, tuple[Path, ...]]:
    """Return the directory that everything is relative to, and the resolved inputs.

    It is the directory given, a file's own directory, or the nearest directory that holds several inputs.
    """
    inputs = []
    for path in paths:
        try:
            inputs.append(path.resolve(strict=True))
        except (OSError, RuntimeError, ValueError) as error:
            reason = getattr(error, "strerror", None) or str(error)
            raise UsageError(f"cannot examine '{printable(str(path))}': {reason}", hint="check the path") from None
    if len(inputs) == 1:
        only = inputs[0]
        return (only if only.is_dir() else only.parent), (only,)
    return Path(os.path.commonpath([path if path.is_dir() else path.parent for path in inputs])), tuple(inputs)


def _label(path: Path) -> str:
    """Return an input as reports name it: as given if relative, else its last name; never an absolute path."""
    return path.name or "/" if path.is_absolute() else path.as_posix()


def _names(paths: Sequence[Path]) -> str:
    return ", ".join(f"'{printable(str(path))}'" for path in paths)


def _with_allowed(request: Request, policy: Policy) -> Request:
    """Let scans accept what the policy lets pickles use, too."""
    scan = replace(request.config.scan, allow=(*request.config.scan.allow, *policy.allow))
    return replace(request, config=replace(request.config, scan=scan))


class _Decider:
    """The decision of one request: waivers, baseline, threshold, policy."""

    def __init__(self, request: Request) -> None:
        self.request = request
        self.policy: Policy | None = None
        self.waivers: tuple[Waiver, ...] = ()
        config = request.config
        if not (request.decide and config.policy) and not config.waivers:
            return  # nothing to read, so the room stays shut
        from chainguard_ml import policy

        if request.decide and config.policy:
            self.policy = policy.load(config.policy)
            policy.resolve(self.policy, config.params)  # a wrong parameter too
            self.waivers = tuple(self.policy.waivers)
            self.request = _with_allowed(request, self.policy)
        if config.waivers:
            self.waivers += policy.load_waivers(config.waivers)

    def report(self, observations: Sequence[Observation], examined: int, context: Context | None = None) -> Report:
        """Return the report; the policy decides over what was found, and what ``context`` holds where there is one."""
        request = self.request
        findings, gaps, evidence = verdict.split(observations)
        findings, waived = self._waive(findings)
        findings, known = verdict.without_known(findings, request.known)
        findings, unfixable = verdict.without_unfixable(findings) if request.only_fixable else (findings, [])
        decisions = self._decide(context, findings, gaps, evidence)
        names = [self.policy.name] if self.policy else []
        conclusion = verdict.conclude(
            findings, gaps, request.config.fail_on, decisions, [*waived, *known, *unfixable], names
        )
        labels = tuple(_label(path) for path in request.paths)
        return Report(request.verb, labels, examined, conclusion, tuple(evidence))

    def _waive(self, findings: list[Finding]) -> tuple[list[Finding], list[Waived]]:
        if not self.waivers or not self.request.waive:
            return findings, []
        from chainguard_ml import policy

        today = self.request.today or datetime.now(tz=UTC).date()
        kept, waived, extra = policy.apply_waivers(findings, self.waivers, today)
        return sorted([*kept, *extra], key=lambda finding: finding.order), list(waived)

    def _decide(
        self, context: Context | None, findings: Sequence[Finding], gaps: Sequence[Gap], evidence: Sequence[Evidence]
    ) -> Sequence[Decision]:
        if not self.policy:
            return ()
        from chainguard_ml import policy

        artifacts, components = (context.artifacts, context.components) if context else ((), ())
        facts = policy.Facts.build(artifacts, components, findings, gaps, evidence,
                                   present=set(self.request.rooms))  # fmt: skip
        return policy.decide(self.policy, facts, self.request.config.params)
