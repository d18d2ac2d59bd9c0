"""``chainguard-ml sbom``: a CycloneDX bill of materials."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from chainguard_ml.cli import console, settings
from chainguard_ml.cli.app import Application
from chainguard_ml.cli.exit import INCOMPLETE, End
from chainguard_ml.cli.options import Recording
from chainguard_ml.errors import ChainguardError
from chainguard_ml.text import plural, printable

if TYPE_CHECKING:
    import typer

app = Application()


@app.command()
def sbom(
    path: Annotated[Path, typer.Argument(metavar="[PATH]", help="Directory of the pipeline.")] = Path(),
    *,
    common: Recording,
) -> None:
    """Write a CycloneDX 1.6 bill of materials: packages, models with their cards, data sets, and their hashes.

    The document is the same on every run and machine; SOURCE_DATE_EPOCH gives it a time stamp. What could not be
    recorded is said on standard error, and the exit code is 4.
    """
    from chainguard_ml import check
    from chainguard_ml import sbom as room

    observer = console.observer(common)
    request = check.Request("sbom", (path,), ("sbom",), settings.settings(common), observer=observer)
    with check.inventoried(request) as (context, _):
        bom, missing = room.build(context, timestamp=settings.epoch())
    console.clear(observer)
    document = room.write(bom)
    for problem in room.validate(document):
        raise ChainguardError(f"internal error: the bill of materials is not valid: {problem}")
    console.write(document, common.output)
    gaps = [*context.gaps, *missing]
    for gap in gaps:
        console.say(f"gap: {printable(str(gap.location or gap.subject.name))}: {gap.detail}")
    if gaps:
        console.say(f"incomplete: {plural(len(gaps), 'thing')} could not be recorded")
        raise End(INCOMPLETE)
