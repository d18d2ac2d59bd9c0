"""``chainguard-ml rule``: explain a rule, or list all of them."""

from __future__ import annotations

from typing import Annotated

import typer

from chainguard_ml.cli import app as root
from chainguard_ml.cli import console
from chainguard_ml.cli.options import Output, shared

app = root.new()


@app.command(cls=root.PlainCommand)
@shared
def rule(
    rule_id: Annotated[
        str | None, typer.Argument(metavar="[ID]", help="A rule's name; without it all are listed.")
    ] = None,
    *,
    common: Output,
) -> None:
    """Explain a rule: what it finds, why it is bad, what to do. Without ID, list every rule."""
    from chainguard_ml import rules
    from chainguard_ml.rules.page import page

    if rule_id is not None:
        text = page(rules.find(rule_id))
    else:
        rows = [f"{item.severity!s:8}  {item.family:8}  {item.id:34}  {item.title}\n" for item in rules.catalogue()]
        text = "".join(rows)
    console.write(text.encode(), common.output)
