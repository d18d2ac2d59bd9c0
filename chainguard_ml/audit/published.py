"""Releases against who published them, where that is asked for: attestations of the index (PEP 740), proven."""

from __future__ import annotations

from typing import TYPE_CHECKING

from packaging.utils import canonicalize_name

from chainguard_ml.audit import index, indexed, provenance
from chainguard_ml.audit.vulnerabilities import label_of, package_facts, place_of, subject_of
from chainguard_ml.errors import InputError
from chainguard_ml.model import Evidence, Finding, Gap, GapReason
from chainguard_ml.rules.indexes import ATTESTATION_INVALID, OTHER_PUBLISHER
from chainguard_ml.text import printable

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from chainguard_ml.audit.index import Answers
    from chainguard_ml.audit.simple import File
    from chainguard_ml.context import Context, Prover
    from chainguard_ml.model import Component

_MOST = 40  # files of one release whose attestations are proven
_SHA256 = "sha256:"


def examine(context: Context, components: Sequence[Component], answers: Answers) -> Iterator[Finding | Gap | Evidence]:
    """Yield who published the releases, what is not proven, and which were published by somebody else."""
    config = context.config.audit.index
    if context.prove is None or not (config.provenance or config.publishers):
        return
    chosen: dict[tuple[str, str], tuple[Component, list[File]]] = {}
    for component in components:
        name = str(canonicalize_name(component.name))
        if component.version and (config.provenance or name in config.publishers):
            chosen.setdefault((name, component.version), (component, _files(component, answers)))
    urls = sorted({file.provenance for _, files in chosen.values() for file in files if file.provenance})
    context.observer.stage("provenance", len(urls))
    contents = index.fetch(urls, config, context.observer)
    for (name, _), (component, files) in sorted(chosen.items()):
        if files:
            yield from _release(component, files, contents, context.prove, config.publishers.get(name, ""))


def _files(component: Component, answers: Answers) -> list[File]:
    """Return the files that can be installed: those with a digest that is asked for, else all of the release."""
    files = indexed.files_of(component, answers)
    wanted = {str(digest) for digest in component.digests}
    return [file for file in files if not wanted.isdisjoint(file.hashes)] if wanted else files


def _release(
    component: Component, files: Sequence[File], contents: Mapping[str, bytes | str], prove: Prover, wanted: str
) -> Iterator[Finding | Gap | Evidence]:
    publishers: dict[str, int] = {}
    unattested: list[str] = []
    if len(files) > _MOST:
        yield _gap(component, f"it has {len(files):,} files; attestations of {_MOST} are proven")
    for file in files[:_MOST]:
        digest = next((each.removeprefix(_SHA256) for each in file.hashes if each.startswith(_SHA256)), "")
        if not file.provenance or not digest:
            unattested.append(file.name)
            continue
        content = contents[file.provenance]
        if isinstance(content, str):
            yield _gap(component, f"attestations of '{printable(file.name)}': {content}")
            continue
        try:
            names, problem = provenance.proven(content, digest, prove)
        except InputError as error:
            names, problem = [], error.message
        if problem:
            yield _invalid(component, file, problem)
        for name in names:
            publishers[name] = publishers.get(name, 0) + 1
    if publishers:
        yield Evidence("provenance", subject_of(component), "audit", {"publishers": dict(sorted(publishers.items()))})
    if wanted and (unattested or set(publishers) - {wanted} or not publishers):
        yield _other(component, wanted, sorted(publishers), unattested)


def _gap(component: Component, detail: str) -> Gap:
    return Gap(subject_of(component), GapReason.SERVICE, detail)


def _invalid(component: Component, file: File, problem: str) -> Finding:
    return ATTESTATION_INVALID.finding(
        subject_of(component),
        place_of(component),
        f"the attestation of '{printable(file.name)}' proves nothing: {printable(problem, 300)}",
        key=(file.name,),
        facts={**package_facts(component), "file": file.name},
    )


def _other(component: Component, wanted: str, publishers: Sequence[str], unattested: Sequence[str]) -> Finding:
    who = ", ".join(publishers) or "nobody who is proven"
    bare = f"; {len(unattested)} of its files have no attestation" if unattested and publishers else ""
    return OTHER_PUBLISHER.finding(
        subject_of(component),
        place_of(component),
        f"{label_of(component)} was published by {who}{bare}, and has to be by {printable(wanted, 200)}",
        key=(place_of(component).path,),
        facts={**package_facts(component), "publishers": list(publishers), "unattested": len(unattested)},
    )
