"""One line for each room: what it looked at, from its evidence."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from chainguard_ml.model import Result
from chainguard_ml.text import plural, printable

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from chainguard_ml.model import Evidence, Report


def rooms(report: Report) -> Iterator[tuple[str, str]]:
    """Yield ``(room, what it examined)`` for each room that left evidence, in the order of the flow."""
    by_kind: dict[str, list[Evidence]] = {}
    for evidence in report.evidence:
        by_kind.setdefault(evidence.kind, []).append(evidence)
    for room, kinds, line in _ROOMS:
        known = [by_kind.get(kind, []) for kind in kinds]
        if any(known):
            yield room, line(*known)
    if report.verdict.decisions:
        yield "policy", _policy(report)


def _scan(scans: Sequence[Evidence]) -> str:
    models = {evidence.subject.name for evidence in scans}
    formats = Counter(str(evidence.statement.get("format")) for evidence in scans)
    return f"{plural(len(models), 'model file')} ({', '.join(sorted(formats))})"


def partial(report: Report) -> bool:
    """Return whether the run was asked to look at a part only."""
    return any(evidence.statement.get("partial") is True for evidence in report.evidence)


def _audit(audits: Sequence[Evidence], databases: Sequence[Evidence]) -> str:
    packages = sum(_number(evidence, "packages") for evidence in audits)
    vulnerable = sum(_number(evidence, "vulnerable") for evidence in audits)
    if not all(evidence.statement.get("compared") for evidence in audits):
        return f"{plural(packages, 'package')}, not compared with advisories"
    line = f"{plural(packages, 'package')}, {vulnerable or 'none'} with a known vulnerability"
    others = sum(_number(evidence, "others") for evidence in audits)
    if others:
        line += f"; {plural(others, 'package')} of other ecosystems, which are not compared"
    for database in databases:
        newest = str(database.statement.get("newest", ""))[:10]
        line += f"; {plural(_number(database, 'records'), 'advisory', 'advisories')}, newest of {newest}"
    return line


def _source(workflows: Sequence[Evidence], sources: Sequence[Evidence]) -> str:
    parts = []
    if workflows:
        actions = sum(_number(evidence, "actions") for evidence in workflows)
        pinned = sum(_number(evidence, "pinned") for evidence in workflows)
        parts.append(f"{plural(len(workflows), 'workflow')}, {pinned} of {plural(actions, 'action')} pinned")
    if sources:
        parts.append(plural(sum(_number(evidence, "files") for evidence in sources), "source file"))
    return "; ".join(parts)


def _signing(signatures: Sequence[Evidence]) -> str:
    lines = []
    for evidence in signatures:
        name, fact = printable(evidence.subject.name), evidence.statement
        name = "the model" if name == "." else name  # verify was pointed at it
        if fact.get("verified"):
            signer = printable(str(fact.get("signer_name") or fact.get("signer")))
            files = plural(_number(evidence, "files"), "file")
            lines.append(f"{name}: {files} as signed by {signer}{_proof(evidence)}")
        elif fact.get("partial"):
            lines.append(f"{name}: {_partly(evidence)}")
        else:
            lines.append(f"{name}: not verified")
    return "; ".join(lines)


def _proof(evidence: Evidence) -> str:
    """Return the proven day of a signature, and how recent the root is that a keyless one was verified with."""
    time, root = evidence.statement.get("signed_at"), evidence.statement.get("trusted_root")
    age = f", by a trusted root of {printable(str(root.get('newest_key')))}" if isinstance(root, dict) else ""
    return f" on {printable(str(time)[:10])}{age}" if time else ""


def _partly(evidence: Evidence) -> str:
    covers, unseen = evidence.statement.get("covers"), _number(evidence, "unseen")
    seen = plural(len(covers) if isinstance(covers, list) else 0, "file")
    signer = printable(str(evidence.statement.get("signer_name") or evidence.statement.get("signer")))
    return f"{seen} as signed by {signer}; partial: {plural(unseen, 'file')} not looked at"


def _releases(releases: Sequence[Evidence]) -> str:
    fact = releases[0].statement
    what = f"release {printable(str(fact.get('version')))}" if fact.get("version") else "no release"
    state = "to be used" if fact.get("current") else "not to be used"
    clock = f", as of {str(fact['as_of'])[:10]}" if "as_of" in fact else ""
    return f"{what}, {state}{clock}; index {_number(releases[0], 'serial')} of {str(fact.get('updated'))[:10]}"


def _claims(claims: Sequence[Evidence]) -> str:
    lines: dict[tuple[str, bool], set[str]] = {}
    for evidence in claims:
        fact = evidence.statement
        kind, signer = str(fact.get("kind")), printable(str(fact.get("signer_name") or fact.get("signer")))
        what = printable(str(fact.get("type"))) if kind == "other" else kind
        lines.setdefault((signer, fact.get("verified") is True), set()).add(what)
    told = sorted(lines.items(), key=lambda item: (not item[0][1], item[0][0]))
    return "; ".join(f"{', '.join(sorted(kinds))} {'' if verified else 'not verified, '}by {signer}"
                     for (signer, verified), kinds in told)  # fmt: skip


def _sbom(boms: Sequence[Evidence]) -> str:
    bom = boms[0].statement
    valid = "valid" if bom.get("valid") else "not valid"
    return f"{bom.get('specification')}, {plural(_number(boms[0], 'components'), 'component')}, {valid}"


def _policy(report: Report) -> str:
    results = Counter(decision.result for decision in report.verdict.decisions)
    names = ", ".join(printable(name) for name in report.verdict.inputs)
    considered = sum(results.values()) - results[Result.SKIPPED]
    return f"{names}: {results[Result.PASS]} of {plural(considered, 'rule')} hold"


def _excluded(excluded: Sequence[Evidence]) -> str:
    further = sum(_number(evidence, "further") for evidence in excluded)  # the inventory's own cap
    names = sorted(printable(evidence.subject.name) for evidence in excluded if "further" not in evidence.statement)
    more = len(names[5:]) + further
    return ", ".join(names[:5]) + (f" and {more:,} more" if more else "")


def _number(evidence: Evidence, name: str) -> int:
    value = evidence.statement.get(name)
    return value if isinstance(value, int) else 0


_ROOMS = (
    ("scan", ("scan",), _scan),
    ("audit", ("audit", "advisory-database"), _audit),
    ("source", ("workflow", "source"), _source),
    ("signing", ("signature",), _signing),
    ("releases", ("release",), _releases),
    ("claims", ("attestation",), _claims),
    ("sbom", ("sbom",), _sbom),
    ("left out", ("excluded",), _excluded),
)
"""Room, the kinds of evidence it is told from, and how."""
