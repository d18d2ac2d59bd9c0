"""The seam of the room: what a report format offers, and how it should look."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from chainguard_ml.records import record

if TYPE_CHECKING:
    from datetime import datetime

    from chainguard_ml.model import Report


@record
class Look:
    """How a report for people looks; formats for machines ignore it.

    Attributes:
        colour: Whether escape sequences for colour may be used; colour never carries the meaning alone.
        verbose: 0 usual, 1 and more: waived findings, passed policy rules and evidence too.
        quiet: Only the verdict.
        moment: When the report is made, for the formats that say so; aware.
    """

    colour: bool = False
    verbose: int = 0
    quiet: bool = False
    moment: datetime | None = None


class Renderer(Protocol):
    """What a format's module offers."""

    def render(self, report: Report, look: Look) -> str:
        """Return the whole report as text that ends with a line feed."""
