"""What requirements without an exact version come to today, and what they bring along: pip-audit's source, pip's word.

Only with leave to use the network. Nothing of the pipeline is given to pip but names, versions and markers, each parsed
and written anew, and only wheels may be chosen: no option of a requirements file counts, no path, no URL, and no build
of any package runs.
"""

from __future__ import annotations

import tempfile
from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING

from packaging.utils import canonicalize_name

from chainguard_ml.inventory.packages.naming import library
from chainguard_ml.model import ArtifactKind, Gap, GapReason, Location, Subject
from chainguard_ml.text import printable

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from chainguard_ml.context import Context
    from chainguard_ml.inventory.packages.interface import Record
    from chainguard_ml.model import Component

_DECLARING = (ArtifactKind.REQUIREMENTS, ArtifactKind.PROJECT)
_NOT_ASKED = frozenset({"url", "path", "editable"})


def resolved(context: Context, components: Iterable[Component]) -> Iterator[Record]:
    """Yield the packages that pip would install for each manifest that leaves versions open, but for those it pins."""
    kinds = {artifact.path: artifact.kind for artifact in context.artifacts}
    manifests: defaultdict[str, list[Component]] = defaultdict(list)
    for component in components:
        path = component.origin.path if component.origin else ""
        if kinds.get(path) in _DECLARING and (component.purl or "").startswith("pkg:pypi/"):
            manifests[path].append(component)
    for path, declared in sorted(manifests.items()):
        if any(one.version is None and _NOT_ASKED.isdisjoint(one.facts) for one in declared):
            context.observer.advance(path)
            yield from _of(path, declared, context.config.audit.index.urls)


def _of(path: str, declared: Sequence[Component], indexes: Sequence[str]) -> Iterator[Record]:
    from pip_audit._dependency_source import DependencySourceError, RequirementSource
    from pip_audit._service import ResolvedDependency

    asked = [one for one in declared if _NOT_ASKED.isdisjoint(one.facts)]
    places = {canonicalize_name(one.name): one.origin for one in reversed(asked)}
    pinned = {canonicalize_name(one.name) for one in declared if one.version}
    with tempfile.TemporaryDirectory(prefix="chainguard-ml-") as folder:
        written = Path(folder) / "requirements.txt"
        written.write_text("\n".join(["--only-binary :all:", *map(_line, asked), ""]), encoding="utf-8")
        source = RequirementSource(
            [written], index_url=indexes[0] if indexes else None, extra_index_urls=list(indexes[1:])
        )
        try:
            found = [one for one in source.collect() if isinstance(one, ResolvedDependency)]
        except DependencySourceError as error:
            cause = printable(str(error.__cause__ or error).partition(":")[0], 200)
            detail = f"pip cannot resolve '{printable(path)}' to wheels of its indexes: {cause}"
            yield Gap(Subject(path), GapReason.SERVICE, detail)
            return
    for one in sorted(found, key=lambda dependency: dependency.canonical_name):
        if one.canonical_name not in pinned:
            place = places.get(one.canonical_name) or Location(path)
            yield library(one.name, str(one.version), place, {"source": "resolved", "pinned": False})


def _line(component: Component) -> str:
    """Return a requirement from what was read of it; a marker is pip's to evaluate, for the Python that runs this."""
    extras, marker = component.facts.get("extras"), component.facts.get("marker")
    named = component.name + (f"[{','.join(map(str, extras))}]" if isinstance(extras, list) and extras else "")
    wanted = f"=={component.version}" if component.version else str(component.facts.get("specifier", ""))
    return f"{named}{wanted}" + (f" ; {marker}" if isinstance(marker, str) else "")
