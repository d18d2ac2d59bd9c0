"""Reports: one file for each format.

Adding a format is one file with a function ``render`` and one member of ``ReportFormat``.
"""

from __future__ import annotations

import enum
import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from chainguard_ml.model import Report
    from chainguard_ml.report.interface import Look, Renderer


class ReportFormat(enum.StrEnum):
    """The formats; each value is the name of its module in this package, with hyphens."""

    TEXT = "text"
    JSON = "json"
    OPENVEX = "openvex"
    CYCLONEDX_VEX = "cyclonedx-vex"


def render(report: Report, fmt: ReportFormat, look: Look) -> bytes:
    """Return ``report`` in a format, UTF-8 encoded, the same bytes for the same report everywhere."""
    renderer: Renderer = importlib.import_module(f"chainguard_ml.report.{fmt.value.replace('-', '_')}")
    return renderer.render(report, look).encode("utf-8", "backslashreplace")
