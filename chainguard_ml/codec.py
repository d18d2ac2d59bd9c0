"""Nouns to JSON values and back: what workers send, reports hold and baselines are read from."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias, TypeGuard, cast

from chainguard_ml.model import (
    Component,
    Confidence,
    Digest,
    Evidence,
    Facts,
    Finding,
    Gap,
    GapReason,
    Json,
    Location,
    Observation,
    Scope,
    Severity,
    Subject,
)
from chainguard_ml.records import replace

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

JsonObject: TypeAlias = dict[str, Json]
"""A JSON object."""

Record: TypeAlias = Observation | Component
"""What a worker can send."""


def _without_none(**values: Json) -> JsonObject:
    return {name: value for name, value in values.items() if value is not None}


def encode_subject(subject: Subject) -> JsonObject:
    """Return ``{"name", "kind", "digest": {"sha256": …}, "size", "media_type"}`` without absent members."""
    digest = {subject.digest.algorithm: subject.digest.hex} if subject.digest else None
    return _without_none(
        name=subject.name, kind=subject.kind, digest=digest, size=subject.size, media_type=subject.media_type
    )


def encode_location(location: Location) -> JsonObject:
    """Return ``{"path", "member", "offset", "line", "pointer"}``; the member chain is joined with ``!/``."""
    return _without_none(
        path=location.path,
        member="!/".join(location.member) or None,
        offset=location.offset,
        line=location.line,
        pointer=location.pointer,
    )


def encode_finding(finding: Finding) -> JsonObject:
    """Return a finding as section 5 of the design writes it, with its ``key`` so that it can be read back."""
    return {
        "rule": finding.rule,
        "severity": str(finding.severity),
        "confidence": str(finding.confidence),
        "message": finding.message,
        "hint": finding.hint,
        "fingerprint": finding.fingerprint,
        "subject": encode_subject(finding.subject),
        "location": encode_location(finding.location),
        "facts": dict(finding.facts),
    }


def encode_gap(gap: Gap) -> JsonObject:
    """Return ``{"reason", "subject", "detail", "location"}``."""
    location = encode_location(gap.location) if gap.location else None
    return _without_none(
        reason=gap.reason.value, subject=encode_subject(gap.subject), detail=gap.detail, location=location
    )


def encode_evidence(evidence: Evidence) -> JsonObject:
    """Return ``{"kind", "subject", "producer", "statement", "origin"}``."""
    origin = encode_location(evidence.origin) if evidence.origin else None
    return _without_none(
        kind=evidence.kind,
        subject=encode_subject(evidence.subject),
        producer=evidence.producer,
        statement=dict(evidence.statement),
        origin=origin,
    )


def encode_component(component: Component) -> JsonObject:
    """Return a component without absent members; digests as ``sha256:…``, because a requirement may have several."""
    return _without_none(
        kind=component.kind,
        name=component.name,
        version=component.version,
        purl=component.purl,
        digests=[str(digest) for digest in component.digests],
        licences=list(component.licences),
        scope=component.scope.value,
        origin=encode_location(component.origin) if component.origin else None,
        facts=dict(component.facts),
    )


def encode(record: Record) -> JsonObject:
    """Return a record as a worker sends it: one object with one member that names its noun."""
    match record:
        case Finding():
            chain: JsonObject = {"key": list(record.key), "chain": list(record.location.member)}
            return {"finding": {**encode_finding(record), **chain}}
        case Gap():
            return {"gap": encode_gap(record)}
        case Evidence():
            return {"evidence": encode_evidence(record)}
        case Component():
            return {"component": encode_component(record)}


def decode(value: Json) -> Record:
    """Return the record that ``encode`` wrote.

    Raises:
        ValueError: ``value`` has another shape; the message says where.
    """
    if not _is_object(value) or len(value) != 1:
        raise ValueError("a record is an object with one member")
    ((noun, body),) = value.items()
    readers: dict[str, Callable[[_Fields], Record]] = {
        "finding": _finding,
        "gap": _gap,
        "evidence": _evidence,
        "component": _component,
    }
    if noun not in readers:
        raise ValueError(f"'{noun}' is no record")
    return readers[noun](_Fields(noun, body))


def _gap(fields: _Fields) -> Gap:
    location = fields.optional("location")
    return Gap(
        subject=_subject(fields.inner("subject")),
        reason=GapReason(fields.text("reason")),
        detail=fields.text("detail"),
        location=_location(location) if location else None,
    )


def _evidence(fields: _Fields) -> Evidence:
    origin = fields.optional("origin")
    return Evidence(
        kind=fields.text("kind"),
        subject=_subject(fields.inner("subject")),
        producer=fields.text("producer"),
        statement=fields.facts("statement"),
        origin=_location(origin) if origin else None,
    )


def _component(fields: _Fields) -> Component:
    origin = fields.optional("origin")
    return Component(
        kind=fields.text("kind"),
        name=fields.text("name"),
        version=fields.text_or_none("version"),
        purl=fields.text_or_none("purl"),
        digests=tuple(_digest(text) for text in fields.texts("digests")),
        licences=fields.texts("licences"),
        scope=Scope(fields.text("scope")),
        origin=_location(origin) if origin else None,
        facts=fields.facts("facts"),
    )


def _digest(text: str) -> Digest:
    algorithm, _, value = text.partition(":")
    return Digest(algorithm, value)


def _finding(fields: _Fields) -> Finding:
    place = _location(fields.inner("location"))
    return Finding(
        rule=fields.text("rule"),
        subject=_subject(fields.inner("subject")),
        location=replace(place, member=fields.texts("chain")),
        message=fields.text("message"),
        severity=cast("Severity", Severity.parse(fields.text("severity"))),
        confidence=cast("Confidence", Confidence.parse(fields.text("confidence"))),
        facts=fields.facts("facts"),
        hint=fields.text("hint"),
        key=fields.texts("key"),
    )


def _subject(fields: _Fields) -> Subject:
    digest = fields.optional("digest")
    (algorithm,) = digest.names if digest else (None,)
    return Subject(
        name=fields.text("name"),
        kind=fields.text("kind"),
        digest=Digest(algorithm, digest.text(algorithm)) if digest and algorithm else None,
        size=fields.number("size"),
        media_type=fields.text_or_none("media_type"),
    )


def _location(fields: _Fields) -> Location:
    member = fields.text_or_none("member")
    return Location(
        path=fields.text("path"),
        member=tuple(member.split("!/")) if member else (),
        offset=fields.number("offset"),
        line=fields.number("line"),
        pointer=fields.text_or_none("pointer"),
    )


def _is_object(value: Json) -> TypeGuard[Mapping[str, Json]]:
    return isinstance(value, dict)


class _Fields:
    """A JSON object whose members are read with their types checked; errors name the path."""

    def __init__(self, path: str, value: Json) -> None:
        if not _is_object(value):
            raise ValueError(f"{path} is not an object")
        self._path, self._value = path, value

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(self._value)

    @property
    def items(self) -> Mapping[str, Json]:
        return self._value

    def inner(self, name: str) -> _Fields:
        return _Fields(f"{self._path}.{name}", self._value.get(name))

    def optional(self, name: str) -> _Fields | None:
        return self.inner(name) if name in self._value else None

    def facts(self, name: str) -> Facts:
        return dict(self.inner(name).items)

    def text(self, name: str) -> str:
        value = self._value.get(name)
        if not isinstance(value, str):
            raise ValueError(f"{self._path}.{name} is not a string")  # noqa: TRY004 (wrong data, not a wrong call)
        return value

    def texts(self, name: str) -> tuple[str, ...]:
        value = self._value.get(name, [])
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            raise ValueError(f"{self._path}.{name} is not a list of strings")
        return tuple(value)

    def text_or_none(self, name: str) -> str | None:
        return self.text(name) if name in self._value else None

    def number(self, name: str) -> int | None:
        value = self._value.get(name)
        if value is not None and (not isinstance(value, int) or isinstance(value, bool)):
            raise ValueError(f"{self._path}.{name} is not a whole number")
        return value
