"""Shell scripts and Dockerfiles: downloads that do not verify whom they come from."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chainguard_ml.model import Gap
from chainguard_ml.rules import source as rules
from chainguard_ml.source.interface import Place, Reporter, read
from chainguard_ml.source.shell import downloads
from chainguard_ml.text import printable

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from chainguard_ml.model import Finding, Json
    from chainguard_ml.source.interface import Record
    from chainguard_ml.source.shell import Download


def examine(argument: Mapping[str, Json]) -> Iterator[Record]:
    """Yield the findings about one script."""
    data = read(argument)
    if isinstance(data, Gap):
        yield data
        return
    reporter = Reporter(str(argument["path"]))
    for found in downloads(data.decode("utf-8", "replace")):
        yield insecure(reporter, found, Place(found.line + 1))


def insecure(reporter: Reporter, found: Download, place: Place) -> Finding:
    """Return the finding about a download that is not verified."""
    return reporter.finding(
        rules.INSECURE_MODEL_DOWNLOAD,
        place,
        f"{printable(found.what)}: {printable(found.text, 200)}",
        key=(found.text,),
        facts={"text": found.text},
    )
