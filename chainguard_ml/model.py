"""The nouns: what every room takes and gives. Standard library only.

An examiner yields **observations**: a ``Finding`` (something is wrong), a ``Gap`` (something could not be
examined, and why) or an ``Evidence`` (a fact). A policy turns them into a ``Verdict``; a ``Report`` carries it.
A report with gaps is never clean.
"""

from __future__ import annotations

import enum
import json
from typing import TYPE_CHECKING, TypeAlias, Union

from chainguard_ml.records import field, record

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import date

Json: TypeAlias = Union[bool, int, float, str, "Sequence[Json]", "Mapping[str, Json]", None]
"""A JSON value."""

Facts: TypeAlias = "Mapping[str, Json]"
"""Details of one observation: JSON values by name."""


class _Ordered(enum.IntEnum):
    """An ordered scale, written in lower case."""

    def __str__(self) -> str:
        return self.name.lower()

    @classmethod
    def parse(cls, text: str) -> _Ordered:
        """Return the member named ``text`` in any case; ``ValueError`` names the choices."""
        try:
            return cls[text.upper()]
        except KeyError:
            raise ValueError(f"'{text}' is none of {', '.join(map(str, cls))}") from None


class Severity(_Ordered):
    """How bad it is if it is true."""

    INFO = 0
    LOW = 1
    MEDIUM = 2
    HIGH = 3
    CRITICAL = 4


class Confidence(_Ordered):
    """How sure the examiner is that it is true."""

    LOW = 0
    MEDIUM = 1
    HIGH = 2


class Outcome(enum.StrEnum):
    """The answer of a run: acceptable, not acceptable, or not everything could be examined."""

    PASS = "pass"  # noqa: S105 (an outcome, not a password)
    FAIL = "fail"
    INCOMPLETE = "incomplete"


class GapReason(enum.StrEnum):
    """Why something could not be examined."""

    UNREADABLE = "unreadable"  # the file system refused
    MALFORMED = "malformed"  # its bytes are not what its format says, and nothing ran before the break
    UNSUPPORTED = "unsupported"  # a format or a feature that is not read
    ENCRYPTED = "encrypted"  # its content cannot be seen
    BUDGET = "budget"  # a limit on size, depth, count or ratio was hit
    CHANGED = "changed"  # it changed while it was read
    TIMEOUT = "timeout"  # the deadline or the processor-time limit was hit
    MEMORY = "memory"  # the memory limit was hit
    CRASH = "crash"  # the worker died
    LINK = "link"  # a symbolic link that leaves the root, or a loop
    NO_DATA = "no-data"  # what it is compared with is missing: no advisory database, no key
    SERVICE = "service"  # a remote service failed
    ENGINE = "engine"  # an external engine failed or is not available
    INTERNAL = "internal"  # a defect of this program


class ArtifactKind(enum.StrEnum):
    """What the inventory recognises."""

    MODEL = "model"
    MODEL_DIRECTORY = "model-directory"
    MODEL_CARD = "model-card"
    DATASET = "dataset"
    DATASET_CARD = "dataset-card"
    DVC = "dvc"
    REQUIREMENTS = "requirements"
    LOCKFILE = "lockfile"
    PROJECT = "project"
    ENVIRONMENT = "environment"
    WORKFLOW = "workflow"
    DOCKERFILE = "dockerfile"
    NOTEBOOK = "notebook"
    SOURCE = "source"
    SIGNATURE = "signature"
    CONFIGURATION = "configuration"
    ARCHIVE = "archive"
    OTHER = "other"


class Scope(enum.StrEnum):
    """What a component is needed for."""

    REQUIRED = "required"
    OPTIONAL = "optional"
    DEVELOPMENT = "development"


@record
class Digest:
    """A cryptographic digest: the algorithm's lower-case name and the value in lower-case hexadecimal."""

    algorithm: str
    hex: str

    def __str__(self) -> str:
        return f"{self.algorithm}:{self.hex}"

    def __lt__(self, other: Digest) -> bool:
        return (self.algorithm, self.hex) < (other.algorithm, other.hex)


@record
class Subject:
    """What an observation is about.

    Attributes:
        name: Path relative to the examined root with ``/``, or a package URL.
        kind: ``file``, ``directory``, ``package``, ``policy``, ``database`` …
        digest: Digest of its bytes, where they were hashed.
        size: Size in bytes, where known.
        media_type: IANA media type, where known.
    """

    name: str
    kind: str = "file"
    digest: Digest | None = None
    size: int | None = None
    media_type: str | None = None

    @property
    def identity(self) -> str:
        """What is the same on every machine: the digest if there is one, else kind and name."""
        return str(self.digest) if self.digest else f"{self.kind}:{self.name}"


@record
class Location:
    """A place: file, chain of archive members, byte offset, line (from 1), JSON pointer (RFC 6901)."""

    path: str
    member: tuple[str, ...] = ()
    offset: int | None = None
    line: int | None = None
    pointer: str | None = None

    def __str__(self) -> str:
        """Render as ``model.zip!/data.pkl@0x2a``, ``requirements.txt:12`` or ``config.json#/a/0``."""
        text = "!/".join((self.path, *self.member))
        if self.pointer is not None:
            text += f"#{self.pointer}"
        if self.line is not None:
            text += f":{self.line}"
        if self.offset is not None:
            text += f"@{self.offset:#x}"
        return text

    def inside(self, member: str) -> Location:
        """Return the place of ``member`` inside this file or member."""
        return Location(self.path, (*self.member, member))

    def at(self, offset: int) -> Location:
        """Return the same file or member at a byte offset."""
        return Location(self.path, self.member, offset=offset)


@record
class Component:
    """A part of the pipeline as a bill of materials names it.

    Attributes:
        kind: CycloneDX component type: ``library``, ``machine-learning-model``, ``data``, ``file`` …
        name: Name as its ecosystem writes it.
        version: Version, or ``None`` where nothing states one.
        purl: Package URL, or ``None``.
        digests: Digests of its distributed bytes.
        licences: SPDX identifiers or expressions as declared.
        scope: What it is needed for.
        origin: Where the fact was read.
        facts: What only this kind has (``requires``, ``marker``, ``task`` …).
    """

    kind: str
    name: str
    version: str | None = None
    purl: str | None = None
    digests: tuple[Digest, ...] = ()
    licences: tuple[str, ...] = ()
    scope: Scope = Scope.REQUIRED
    origin: Location | None = None
    facts: Facts = field(default_factory=dict)


@record
class Artifact:
    """One thing that the inventory found.

    Attributes:
        kind: What it is.
        path: Path relative to the root, ``/`` separated; undecodable bytes as PEP 383 surrogates.
        format: Short format name by content: ``pickle``, ``zip``, ``safetensors``, ``requirements`` …
        size: Bytes; for a directory the sum of its files.
        digest: SHA-256 of a file's bytes, when asked for.
        members: For a directory: its files' paths relative to the root, sorted.
        facts: What recognition learnt on the way (layout, shards, …).
    """

    kind: ArtifactKind
    path: str
    format: str
    size: int
    digest: Digest | None = None
    members: tuple[str, ...] = ()
    facts: Facts = field(default_factory=dict)

    @property
    def subject(self) -> Subject:
        """The noun that observations about this artifact use."""
        directory = self.members or self.kind in {ArtifactKind.MODEL_DIRECTORY, ArtifactKind.ENVIRONMENT}
        kind = "directory" if directory else "file"
        return Subject(self.path, kind, self.digest, self.size)


@record
class Finding:
    """Something is wrong.

    ``key`` holds the stable locator: the parts that, with rule and subject, identify this finding on every
    machine and after line shifts. ``facts`` hold JSON values for policies and machines.
    """

    rule: str
    subject: Subject
    location: Location
    message: str
    severity: Severity
    confidence: Confidence = Confidence.HIGH
    facts: Facts = field(default_factory=dict)
    hint: str = ""
    key: tuple[str, ...] = ()

    @property
    def fingerprint(self) -> str:
        """SHA-256 over rule, subject identity and stable locator; 32 hexadecimal characters."""
        locator = json.dumps([self.rule, self.subject.identity, *self.location.member, *self.key])
        import hashlib  # loads OpenSSL, which a scan without findings does not need

        return hashlib.sha256(locator.encode()).hexdigest()[:32]

    @property
    def order(self) -> tuple[object, ...]:
        """Sort key: worst first, then place, then rule."""
        place = self.location
        return (
            -self.severity,
            place.path,
            place.member,
            place.offset or 0,
            place.line or 0,
            self.rule,
            self.message,
        )


@record
class Gap:
    """Something could not be examined, and why."""

    subject: Subject
    reason: GapReason
    detail: str
    location: Location | None = None

    @property
    def order(self) -> tuple[str, ...]:
        """Sort key: place, then reason."""
        return (self.subject.name, str(self.location or ""), self.reason, self.detail)


@record
class Evidence:
    """A fact: a component, a verified identity, a digest, a score.

    Attributes:
        kind: What the statement is: ``component``, ``signature``, ``scan``, ``audit``, ``sbom`` …
        subject: What it is about.
        producer: The room or engine that says so.
        statement: The fact, as JSON values.
        origin: Where it was read.
    """

    kind: str
    subject: Subject
    producer: str
    statement: Facts = field(default_factory=dict)
    origin: Location | None = None

    @property
    def order(self) -> tuple[str, ...]:
        """Sort key: kind, subject, place, statement."""
        statement = json.dumps(self.statement, sort_keys=True)
        return (self.kind, self.subject.name, self.producer, str(self.origin or ""), statement)


Observation: TypeAlias = Finding | Gap | Evidence
"""What an examiner yields."""

Observations: TypeAlias = "Iterator[Observation]"
"""A stream of observations: memory stays flat and progress shows."""


@record
class Reference:
    """Where a rule's subject is described: ``CWE-502``, ``AML.T0011.000``, ``ML06:2023`` or a title, and its URL."""

    id: str
    url: str


@record
class Rule:
    """A kind of finding; the single source of its page, of ``rule ID`` and of SARIF's ``rules[]``.

    Attributes:
        id: Kebab-case name of the bad pattern; reads as "allow <id>" in a waiver.
        title: One line, no full stop.
        family: The room that yields it.
        severity: Severity unless the finding says otherwise.
        why: Why it is bad, in prose.
        remediation: What to do, in prose.
        references: CWE, MITRE ATLAS, OWASP and others.
        since: The first version with this rule.
        offline: Whether it works without a network.
    """

    id: str
    title: str
    family: str
    severity: Severity
    why: str
    remediation: str
    references: tuple[Reference, ...] = ()
    since: str = "0.1.0"
    offline: bool = True

    def finding(
        self,
        subject: Subject,
        location: Location,
        message: str,
        *,
        key: Sequence[str] = (),
        facts: Facts | None = None,
        severity: Severity | None = None,
        confidence: Confidence = Confidence.HIGH,
        hint: str | None = None,
    ) -> Finding:
        """Return a finding of this rule; severity and hint default to the rule's own."""
        return Finding(
            rule=self.id,
            subject=subject,
            location=location,
            message=message,
            severity=self.severity if severity is None else severity,
            confidence=confidence,
            facts=facts or {},
            hint=self.remediation if hint is None else hint,
            key=tuple(key),
        )


@record
class Waiver:
    """An accepted finding: which, why, by whom, until when.

    ``rule`` is a rule id; ``match`` a CEL expression over ``item.*`` (empty matches every finding of the rule).
    """

    rule: str
    match: str
    reason: str
    owner: str
    approved_by: tuple[str, ...]
    expires: date
    origin: Location | None = None


@record
class Waived:
    """A finding that a waiver or a baseline took out of the decision; ``by`` says which."""

    finding: Finding
    by: str


class Result(enum.StrEnum):
    """What one policy rule came to. ``ERROR`` and missing evidence fail closed."""

    PASS = "pass"  # noqa: S105 (a result, not a password)
    FAIL = "fail"
    WARN = "warn"
    SKIPPED = "skipped"
    ERROR = "error"


@record
class Decision:
    """What one policy rule says: the rule, its result, and for a denial what, where and what to do.

    ``details`` are one line for each item that decided it.
    """

    rule: str
    title: str
    result: Result
    severity: Severity
    details: tuple[str, ...] = ()
    remediation: str = ""


@record
class Verdict:
    """The decision over everything that was learnt; ``inputs`` name the policies that decided."""

    outcome: Outcome
    decisions: tuple[Decision, ...] = ()
    findings: tuple[Finding, ...] = ()
    gaps: tuple[Gap, ...] = ()
    waived: tuple[Waived, ...] = ()
    inputs: tuple[str, ...] = ()


@record
class Report:
    """One run: the verb, what it was asked to examine, how much it examined, and the verdict with its evidence."""

    verb: str
    inputs: tuple[str, ...]
    examined: int
    verdict: Verdict
    evidence: tuple[Evidence, ...] = ()

    @property
    def complete(self) -> bool:
        """Whether everything asked for could be examined."""
        return not self.verdict.gaps
