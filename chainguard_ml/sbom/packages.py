"""Libraries: components as the inventory read them, merged to one node each, and what each needs."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from chainguard_ml.model import Json, Scope
from chainguard_ml.sbom.graph import Node, References
from chainguard_ml.sbom.licences import declared

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from chainguard_ml.model import Component

_PURL = re.compile(r"pkg:[a-z][a-z0-9.+-]*/[\x21-\x7e]+\Z")
_SEPARATORS = re.compile(r"[-_.]+")
_TYPES = frozenset({"application", "framework", "library", "container", "platform", "operating-system", "device",
                    "device-driver", "firmware", "file", "machine-learning-model", "data",
                    "cryptographic-asset"})  # fmt: skip
# Facts that become properties; the first two names are of the CycloneDX property taxonomy (cdx:python).
_PROPERTIES = {
    "extras": "cdx:python:package:required-extra",
    "commit": "cdx:python:package:source:vcs:commit_id",
    "specifier": "chainguard-ml:package:specifier",
    "marker": "chainguard-ml:package:marker",
    "constraint": "chainguard-ml:package:constraint",
    "url": "chainguard-ml:package:url",
    "path": "chainguard-ml:package:path",
    "editable": "chainguard-ml:package:editable",
}
_MOST_VERSIONS = 100  # of one package in one manifest; with more, nobody can say which one is meant
_SEVERAL = (list, tuple)
_SCOPES = (Scope.REQUIRED, Scope.OPTIONAL, Scope.DEVELOPMENT)  # strongest first


@dataclass(frozen=True, slots=True)
class Packages:
    """The packages of a bill.

    Attributes:
        nodes: Sorted by ``ref``.
        needs: What each needs, by ``ref``; absent where no manifest says.
        broken: Those whose manifest names a package that the pipeline does not have.
        direct: Those that a manifest without a graph declares, or that nothing else needs.
        pinned: Whether every package is pinned to one version or commit.
        by_name: Nodes by PEP 503 name.
    """

    nodes: tuple[Node, ...] = ()
    needs: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    broken: frozenset[str] = frozenset()
    direct: frozenset[str] = frozenset()
    pinned: bool = True
    by_name: Mapping[str, Sequence[Node]] = field(default_factory=dict)


def canonical(name: str) -> str:
    """Return a package name as PEP 503 compares it."""
    return _SEPARATORS.sub("-", name).lower()


def collect(components: Iterable[Component], references: References) -> Packages:
    """Return nodes and edges of the components; entries for the same package and version become one node."""
    groups: dict[tuple[str, ...], list[Component]] = {}
    for component in components:
        key = (_type(component), component.purl or canonical(component.name), component.version or "")
        groups.setdefault(key, []).append(component)
    entries = [(_node(groups[key], references), groups[key]) for key in sorted(groups)]
    entries.sort(key=lambda entry: entry[0].ref)
    graph = _Graph(entries)
    flat = {node.ref for node, group in entries if any(_source(component) not in graph.sources for component in group)}
    nodes = tuple(node for node, _ in entries)
    pinned = all(component.version or component.facts.get("pinned") for _, group in entries for component in group)
    direct = _direct(nodes, graph.needs, flat)
    return Packages(nodes, graph.needs, frozenset(graph.broken), direct, pinned, graph.by_name)


class _Graph:
    """What needs what, as the manifests that record it say."""

    def __init__(self, entries: Sequence[tuple[Node, Sequence[Component]]]) -> None:
        self.sources = {_source(item) for _, group in entries for item in group if "requires" in item.facts}
        self.needs: dict[str, tuple[str, ...]] = {}
        self.broken: set[str] = set()
        self.by_name: dict[str, list[Node]] = {}
        self._by_manifest: dict[tuple[str, str, str], set[str]] = {}
        for node, group in entries:
            name = canonical(node.name)
            self.by_name.setdefault(name, []).append(node)
            for component in group:
                self._by_manifest.setdefault((*_manifest(component), name), set()).add(node.ref)
        for node, group in entries:
            known = [component for component in group if _source(component) in self.sources]
            if known:
                found = {ref for component in known for ref in self._needed(node.ref, component)}
                self.needs[node.ref] = tuple(sorted(found - {node.ref}))

    def _needed(self, ref: str, component: Component) -> set[str]:
        """Return what a component needs: packages of its own manifest, else of any."""
        found: set[str] = set()
        for name in {canonical(text) for text in _texts(component.facts.get("requires"))}:
            targets = self._by_manifest.get((*_manifest(component), name))
            targets = targets or {node.ref for node in self.by_name.get(name, ())}
            if 0 < len(targets) <= _MOST_VERSIONS:
                found |= targets
            else:
                self.broken.add(ref)
        return found


def _manifest(component: Component) -> tuple[str, str]:
    """Return what tells manifests apart: an installed environment has a file for each package, a lock one for all."""
    source = _source(component)
    return source, "" if source == "environment" or not component.origin else component.origin.path


def _direct(nodes: Sequence[Node], needs: Mapping[str, Sequence[str]], flat: Iterable[str]) -> frozenset[str]:
    """Return where to start so that every node is reached: declared ones, those nothing needs, one of each circle."""
    needed = {target for targets in needs.values() for target in targets}
    start = set(flat) | {node.ref for node in nodes if node.ref not in needed}
    reached: set[str] = set()
    _reach(start, needs, reached)
    for node in nodes:
        if node.ref not in reached:
            start.add(node.ref)
            _reach({node.ref}, needs, reached)
    return frozenset(start)


def _reach(start: Iterable[str], needs: Mapping[str, Sequence[str]], reached: set[str]) -> None:
    waiting = list(start)
    while waiting:
        ref = waiting.pop()
        if ref not in reached:
            reached.add(ref)
            waiting.extend(needs.get(ref, ()))


def _node(group: Sequence[Component], references: References) -> Node:
    """Return one node for components of the same name and version."""
    first = min(group, key=lambda component: (component.name, str(component.origin)))
    purl = first.purl if first.purl and _PURL.match(first.purl) else None
    kind = _type(first)
    name = first.name or "unnamed"
    plain = f"{kind}:{name}@{first.version}" if first.version else f"{kind}:{name}"
    licences = {text for component in group for text in component.licences}
    summary = first.facts.get("summary")
    return Node(
        ref=references.take(purl or plain),
        kind=kind,
        name=name,
        version=first.version,
        purl=purl,
        description=summary if isinstance(summary, str) else None,
        digests=tuple(sorted({digest for component in group for digest in component.digests})),
        licences=declared(sorted(licences)),
        scope=min((component.scope for component in group), key=_SCOPES.index),
        origins=tuple(sorted({component.origin for component in group if component.origin}, key=str)),
        properties=tuple(sorted({pair for component in group for pair in _properties(component)})),
    )


def _type(component: Component) -> str:
    return component.kind if component.kind in _TYPES else "library"


def _source(component: Component) -> str:
    """Return what kind of manifest a component was read from."""
    return str(component.facts.get("source", ""))


def _properties(component: Component) -> list[tuple[str, str]]:
    facts = component.facts
    pairs: list[tuple[str, str]] = []
    for fact in _PROPERTIES.keys() & facts.keys():
        texts = ["true"] if facts[fact] is True else _texts(facts[fact])
        pairs.extend((_PROPERTIES[fact], text) for text in texts if text)
    return pairs


def _texts(value: Json) -> list[str]:
    """Return a text or the texts of a list."""
    if isinstance(value, str):
        return [value]
    return [item for item in value if isinstance(item, str)] if isinstance(value, _SEVERAL) else []
