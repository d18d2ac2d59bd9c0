"""Statements of others on whether a vulnerability can be exploited: OpenVEX 0.0.1 and 0.2, CycloneDX 1.4 to 1.7.

https://github.com/openvex/spec/blob/main/OPENVEX-SPEC.md and https://cyclonedx.org/capabilities/vex/. Statements count
only from files that the configuration names. They never remove a finding: "not affected" and "fixed" make it one for
information, with the statement beside it. Of several statements the latest counts; those without a time are taken for
older, in the order of the files.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from urllib.parse import unquote

from packaging.utils import canonicalize_name, canonicalize_version

from chainguard_ml import jsonsafe
from chainguard_ml.errors import InputError
from chainguard_ml.model import Finding, Gap, GapReason, Severity, Subject
from chainguard_ml.text import printable

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from chainguard_ml.model import Json, Observation

_LONGEST = 50_000_000  # bytes of one file
_OPENVEX = "https://openvex.dev/ns"
_STATES = {
    "not_affected": "not_affected", "false_positive": "not_affected", "resolved": "fixed",
    "resolved_with_pedigree": "fixed", "exploitable": "affected", "in_triage": "under_investigation",
}  # fmt: skip
_STATUSES = frozenset({"not_affected", "fixed", "affected", "under_investigation"})
_HARMLESS = frozenset({"not_affected", "fixed"})


@dataclass(frozen=True, slots=True)
class Statement:
    """What one statement says.

    Attributes:
        vulnerabilities: Identifiers of the vulnerability.
        products: ``(PEP 503 name, version)`` it is about; an empty version means every one.
        status: ``not_affected``, ``fixed``, ``affected`` or ``under_investigation``.
        justification: Why it cannot be exploited, in the format's own word, or empty.
        reason: The same in the writer's words, printable, or empty.
        source: Last name of the file.
        time: When it was said, an RFC 3339 time in UTC, or empty where nothing says so.
    """

    vulnerabilities: frozenset[str]
    products: frozenset[tuple[str, str]]
    status: str
    justification: str
    reason: str
    source: str
    time: str = ""


def applied(observations: Iterable[Observation], paths: Sequence[Path]) -> Iterator[Observation]:
    """Yield the observations, findings on which a statement exists with what it says, and gaps of files not read."""
    statements: list[Statement] = []
    for path in paths:
        try:
            statements += read(path)
        except InputError as error:
            yield Gap(Subject(path.name), GapReason.NO_DATA, f"VEX: {error.message}")
    about: dict[str, list[Statement]] = {}
    for statement in sorted(statements, key=lambda each: each.time):
        for identifier in statement.vulnerabilities:
            about.setdefault(identifier, []).append(statement)
    for observation in observations:
        judged = isinstance(observation, Finding) and "advisory" in observation.facts
        yield _judged(observation, about) if about and judged and isinstance(observation, Finding) else observation


def _judged(finding: Finding, about: Mapping[str, Sequence[Statement]]) -> Finding:
    """Return a finding with the last statement on it; a malicious package stays what it is."""
    facts = finding.facts
    aliases = facts.get("aliases")
    names = [str(facts["advisory"]), *map(str, aliases if isinstance(aliases, list) else ())]
    name, version = str(facts.get("package")), canonicalize_version(str(facts.get("version", "")))
    matching = [
        statement
        for each in names
        for statement in about.get(each, ())
        if (name, "") in statement.products or (name, version) in statement.products
    ]
    if not matching or finding.rule == "malicious-package":
        return finding
    last = matching[-1]
    said: dict[str, Json] = {"vex": last.status, "vex_source": last.source}
    optional = {"vex_justification": last.justification, "vex_reason": last.reason, "vex_time": last.time}
    said |= {name: text for name, text in optional.items() if text}
    harmless = last.status in _HARMLESS
    message = f"{finding.message} ({last.status.replace('_', ' ')}, says {last.source})"
    severity = Severity.INFO if harmless else finding.severity
    return replace(finding, message=message, severity=severity, facts={**facts, **said})


def read(path: Path) -> list[Statement]:
    """Return the statements of a file, in its order; those that cannot be understood say nothing.

    Raises:
        InputError: It cannot be read, or is neither OpenVEX nor CycloneDX.
    """
    try:
        with path.open("rb") as stream:
            data = stream.read(_LONGEST + 1)
    except OSError as error:
        raise InputError(f"'{printable(path.name)}' cannot be read: {error.strerror}") from None
    if len(data) > _LONGEST:
        raise InputError(f"'{printable(path.name)}' is larger than {_LONGEST:,} bytes")
    document = jsonsafe.loads(data)
    source = printable(path.name, 100)
    if isinstance(document, dict) and str(document.get("@context")).startswith(_OPENVEX):
        found = _openvex(document, source)
    elif isinstance(document, dict) and document.get("bomFormat") == "CycloneDX":
        found = _cyclonedx(document, source)
    else:
        raise InputError(f"'{source}' is neither OpenVEX nor CycloneDX")
    return [statement for statement in found if statement.vulnerabilities and statement.products and statement.status]


def _openvex(document: Mapping[str, Json], source: str) -> Iterator[Statement]:
    written = (document.get("last_updated"), document.get("timestamp"))
    for item in _objects(document.get("statements")):
        vulnerability = item.get("vulnerability")
        names: list[Json] = [vulnerability]
        if isinstance(vulnerability, dict):
            aliases = vulnerability.get("aliases")
            names = [vulnerability.get("name"), *(aliases if isinstance(aliases, list) else ())]
        products: list[Json] = []
        listed = item.get("products")
        for product in listed if isinstance(listed, list) else ():
            inner = _objects(product.get("subcomponents")) if isinstance(product, dict) else []
            products += [_identified(each) for each in inner] or [_identified(product)]
        status = str(item.get("status"))
        time = _time(item.get("last_updated"), item.get("timestamp"), *written)
        status, reason = status if status in _STATUSES else "", item.get("impact_statement") or item.get("status_notes")
        yield _statement(names, products, status, source, time, item.get("justification"), reason)


def _identified(product: Json) -> Json:
    """Return the package URL of a product."""
    if not isinstance(product, dict):
        return product
    identifiers = product.get("identifiers")
    purl = identifiers.get("purl") if isinstance(identifiers, dict) else None
    return purl if isinstance(purl, str) else product.get("@id")


def _cyclonedx(document: Mapping[str, Json], source: str) -> Iterator[Statement]:
    purls = {str(item.get("bom-ref")): item.get("purl") for item in _objects(document.get("components"))}
    metadata = document.get("metadata")
    written = metadata.get("timestamp") if isinstance(metadata, dict) else None
    for item in _objects(document.get("vulnerabilities")):
        analysis = item.get("analysis")
        if not isinstance(analysis, dict):
            continue
        names = [item.get("id"), *(reference.get("id") for reference in _objects(item.get("references")))]
        references = [str(affected.get("ref")) for affected in _objects(item.get("affects"))]
        products: list[Json] = [purls.get(reference) or reference.rpartition("#")[2] for reference in references]
        status = _STATES.get(str(analysis.get("state")), "")
        time = _time(analysis.get("lastUpdated"), analysis.get("firstIssued"), written)
        yield _statement(names, products, status, source, time, analysis.get("justification"), analysis.get("detail"))


def _statement(
    names: Iterable[Json],
    products: Iterable[Json],
    status: str,
    source: str,
    time: str,
    *why: Json,
) -> Statement:
    found = (_package(product) for product in products if isinstance(product, str))
    justification, reason = (printable(each, 300) if isinstance(each, str) else "" for each in why)
    identifiers = frozenset(name for name in names if isinstance(name, str) and name)
    return Statement(
        identifiers, frozenset(each for each in found if each), status, justification, reason, source, time
    )


def _time(*times: Json) -> str:
    """Return the first that is an RFC 3339 time, in UTC, so that texts sort as times; empty where there is none."""
    for each in times:
        try:
            time = datetime.fromisoformat(each) if isinstance(each, str) else None
            if time and time.tzinfo:
                return time.astimezone(UTC).isoformat(timespec="seconds")
        except (ValueError, OverflowError):
            continue
    return ""


def _package(purl: str) -> tuple[str, str] | None:
    """Return name and version of a package URL of type ``pypi``."""
    text = unquote(purl.partition("?")[0].partition("#")[0])
    if not text.startswith("pkg:pypi/"):
        return None
    name, _, version = text.removeprefix("pkg:pypi/").partition("@")
    return canonicalize_name(name), canonicalize_version(version)


def _objects(value: Json) -> list[Mapping[str, Json]]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []
