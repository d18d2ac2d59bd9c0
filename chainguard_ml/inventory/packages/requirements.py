"""Requirements files, with everything that they include from inside the root."""

from __future__ import annotations

import posixpath
import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from packaging.utils import canonicalize_name

from chainguard_ml.inventory.packages import requirements_lines, requirements_targets
from chainguard_ml.inventory.packages.interface import Manifest, Record
from chainguard_ml.inventory.packages.naming import purl, redacted
from chainguard_ml.model import Component, Gap, GapReason
from chainguard_ml.text import printable

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from chainguard_ml.codec import JsonObject
    from chainguard_ml.inventory.packages.requirements_lines import Line
    from chainguard_ml.model import Json

MAX_INCLUDED = 200  # files that one file includes, directly or not
_INDEX_OPTIONS = ("index-url", "extra-index-url", "find-links", "no-index", "trusted-host")
_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")


def parse(argument: JsonObject) -> Iterator[Record]:
    """Yield the packages of a requirements file and of the files it includes, constraints applied."""
    reading = Reading()
    reading.follow(Manifest.of(argument))
    yield from reading.records()


@dataclass
class Reading:
    """What was read so far of one file and of those it includes.

    Other manifests hold lines of this syntax too: they name themselves as ``source``, and hand the lines to ``feed``.
    """

    source: str = "requirements"

    required: list[Component] = field(default_factory=list)
    constraints: dict[str, Component] = field(default_factory=dict)
    indexes: list[Json] = field(default_factory=list)
    gaps: list[Gap] = field(default_factory=list)
    fed: set[str] = field(default_factory=set)

    def records(self) -> Iterator[Record]:
        """Yield what was read: gaps, then the packages, constraints applied, the first one with the indexes."""
        yield from self.gaps
        for number, component in enumerate(self.required):
            yield self._completed(component, self.indexes if number == 0 else [])

    def _completed(self, component: Component, indexes: Sequence[Json]) -> Component:
        completed = self.constrained(component)
        facts: dict[str, Json] = {"indexes": list(indexes)} if indexes else {}
        if component.origin and component.origin.path in self.fed:
            facts["source"] = self.source
        return replace(completed, facts={**completed.facts, **facts}) if facts else completed

    def follow(self, first: Manifest) -> None:
        """Read ``first`` and, without recursion, every file that it leads to; each once."""
        self._follow([(first, None, False)])

    def feed(self, manifest: Manifest, lines: Iterable[Line]) -> None:
        """Read ``lines`` that stand in ``manifest``, and every file that they lead to; each once."""
        self.fed.add(manifest.path)
        self._follow([(manifest, lines, False)])

    def _follow(self, waiting: list[tuple[Manifest, Iterable[Line] | None, bool]]) -> None:
        seen = {(manifest.path, False) for manifest, _, _ in waiting}
        while waiting:
            manifest, given, constraining = waiting.pop()
            for line in self._lines(manifest) if given is None else given:
                for included, constrains in self._line(manifest, line, constraining=constraining):
                    if (included, constrains) in seen:
                        continue
                    seen.add((included, constrains))
                    if len(seen) > MAX_INCLUDED:
                        detail = f"more than {MAX_INCLUDED} included files"
                        self.gaps.append(manifest.gap(GapReason.BUDGET, detail, line.number))
                        return
                    waiting.append((Manifest(manifest.root, included), None, constrains))

    def constrained(self, component: Component) -> Component:
        """Return a component with the version to which a constraint pins it."""
        constraint = self.constraints.get(canonicalize_name(component.name))
        if component.version or "url" in component.facts or constraint is None:
            return component
        facts = {**component.facts, "pinned": True, "constraint": str(constraint.origin)}
        return replace(
            component, version=constraint.version, purl=purl(component.name, constraint.version), facts=facts
        )

    def _lines(self, manifest: Manifest) -> Iterator[Line]:
        data = manifest.read()
        if isinstance(data, Gap):
            self.gaps.append(data)
            return
        try:
            text = requirements_lines.decode(data)
        except ValueError as error:
            self.gaps.append(manifest.gap(GapReason.UNSUPPORTED, printable(str(error))))
            return
        yield from requirements_lines.lines(text)

    def _line(self, manifest: Manifest, line: Line, *, constraining: bool) -> Iterator[tuple[str, bool]]:
        """Record what a line says; yield the files it includes and whether they constrain."""
        if line.problem:
            detail = f"not a requirement and no known option: {printable(line.problem, 200)}"
            self.gaps.append(manifest.gap(GapReason.MALFORMED, detail, line.number))
            return
        for option in _INDEX_OPTIONS:
            self._index(manifest, line, option)
        for option, constrains in (("requirement", constraining), ("constraint", True)):
            for target in line.options.get(option, []):
                yield from ((path, constrains) for path in self._inside(manifest, line, target))
        if line.requirement or "editable" in line.options:
            self._requirement(requirements_targets.read(manifest, line), constraining=constraining)

    def _requirement(self, record: Record | None, *, constraining: bool) -> None:
        if isinstance(record, Gap):
            self.gaps.append(record)
        elif record and constraining:
            if record.version:
                self.constraints.setdefault(canonicalize_name(record.name), record)
        elif record:
            self.required.append(record)

    def _index(self, manifest: Manifest, line: Line, option: str) -> None:
        if option not in line.options:
            return
        for value in line.options[option] or [""]:
            place: dict[str, Json] = {"option": option, "path": manifest.path, "line": line.number}
            self.indexes.append({**place, "url": redacted(value)} if value else place)

    def _inside(self, manifest: Manifest, line: Line, target: str) -> Iterator[str]:
        """Yield the path of an included file if it is beneath the root; else record the gap."""
        path = posixpath.normpath(posixpath.join(posixpath.dirname(manifest.path), target))
        if _URL.match(target):
            detail = f"'{printable(redacted(target), 200)}' would be fetched"
        elif posixpath.isabs(path) or path.split("/")[0] == "..":
            detail = f"'{printable(target, 200)}' is outside the examined root"
        else:
            yield path
            return
        self.gaps.append(manifest.gap(GapReason.UNSUPPORTED, detail, line.number))
