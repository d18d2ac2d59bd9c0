"""``chainguard-ml rule``: explain a rule, or list all of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from chainguard_ml.cli import console
from chainguard_ml.cli.app import Application
from chainguard_ml.cli.options import Output

if TYPE_CHECKING:
    import typer

app = Application()


@app.command()
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
