"""What XML models have in common: entities, an end before the end, findings that are said once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chainguard_ml.model import GapReason
from chainguard_ml.rules import xml as rules
from chainguard_ml.scan.formats import xml_reader
from chainguard_ml.scan.formats.xml_reader import Enough
from chainguard_ml.text import printable

if TYPE_CHECKING:
    from chainguard_ml.model import Finding, Observations, Rule, Severity
    from chainguard_ml.scan.formats.xml_reader import Element, Entity
    from chainguard_ml.scan.interface import Blob

DEPTH = 1000
"""Elements in elements; models have a few dozen, trees of PMML as many as the tree is deep."""


class TooDeepError(ValueError):
    """Elements are nested deeper than ``DEPTH``."""


class Model:
    """A visitor that collects findings; a format derives its own from it.

    Attributes:
        blob: The document.
        path: Names of the open elements.
    """

    def __init__(self, blob: Blob) -> None:
        self.blob = blob
        self.path: list[str] = []
        self._findings: dict[tuple[str, ...], Finding] = {}

    def say(
        self, rule: Rule, offset: int, message: str, key: tuple[str, ...], severity: Severity | None = None
    ) -> None:
        """Keep a finding, the first of its key."""
        self._findings.setdefault(
            (rule.id, *key),
            rule.finding(self.blob.subject, self.blob.location.at(offset), message, key=key, severity=severity),
        )

    def start(self, element: Element) -> None:
        """Open an element."""
        if len(self.path) >= DEPTH:
            raise TooDeepError
        self.path.append(element.name)
        self.opened(element)

    def opened(self, element: Element) -> None:
        """Look at an element; ``path`` ends with it."""

    def end(self) -> None:
        """Close the last element."""
        self.path.pop()

    def text(self, text: str) -> None:
        """Text is data unless a format says otherwise."""

    def entity(self, entity: Entity) -> None:
        """No model has entities: say so, and read no further."""
        self.say(rules.XML_ENTITY, entity.offset, entity_message(entity), (entity.name,))
        raise Enough

    def observations(self) -> Observations:
        """Read the document, and yield what was found."""
        try:
            broken = xml_reader.walk(self.blob, self)
        except TooDeepError:
            broken = None
            yield self.blob.gap(
                GapReason.BUDGET, f"elements are nested deeper than {DEPTH:,}; the rest is not examined"
            )
        yield from self._findings.values()
        if broken:
            yield self.blob.gap(GapReason.MALFORMED, f"it is not well-formed: {broken.text}", broken.offset)


def entity_message(entity: Entity) -> str:
    """Return what is wrong with an entity."""
    return f"the entity '{printable(entity.name, 80)}' {entity.what}"
