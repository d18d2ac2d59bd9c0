"""``chainguard-ml attest``: claim something about a model, signed, beside its signature."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from chainguard_ml.cli import attesting, console, identity
from chainguard_ml.cli.app import Application
from chainguard_ml.cli.exit import INCOMPLETE, End
from chainguard_ml.model import Outcome
from chainguard_ml.text import plural, printable

if TYPE_CHECKING:
    import typer

app = Application()


@app.command()
def attest(
    path: Annotated[Path, typer.Argument(metavar="PATH", help="Model: a directory or a file.")],
    kind: Annotated[
        str | None,
        typer.Option(
            "--type",
            metavar="TYPE",
            help="scan, sbom, audit, verdict or test-results: examine, and claim the result; or the URI of the "
            "predicate's type.",
        ),
    ] = None,
    predicate: Annotated[
        Path | None, typer.Option("--predicate", metavar="FILE", help="What is claimed: a JSON object of that type.")
    ] = None,
    claims: Annotated[
        Path | None,
        typer.Option(
            "--claims",
            metavar="FILE",
            help="Where to keep the claim. Default: PATH/claims.jsonl, or PATH.claims.jsonl beside a file.",
        ),
    ] = None,
    signature: Annotated[
        Path | None,
        typer.Option("--signature", metavar="FILE", help="Default: PATH/model.sig, or PATH.sig beside a file."),
    ] = None,
    *,
    common: attesting.Attesting,
) -> None:
    """Claim something about a model: an in-toto statement about its root digest, signed, appended to its claims.

    The model has to be as it was signed, if it is signed. Whoever verifies the model sees the claim, and who made it.
    The result of an examination is claimed whatever it is; the exit code says whether it is acceptable.
    """
    from chainguard_ml.signing.attestations import making

    before = making.measured(path, signature, claims) if predicate is None else ""
    wanted, result = attesting.claims(kind, predicate, path, common)
    signer, who = identity.signer(common)
    made = making.attest_model(
        path, signer, wanted, time=attesting.now(), signature=signature, kept=claims, expected=before
    )
    for claim in wanted:
        what = f"{printable(claim.predicate_type)} about {plural(made.files, 'file')} of {printable(str(path))}"
        console.say(f"attested {what} as {who}")
    console.say(f"appended to {printable(str(made.path))}")
    if result is not None and result.outcome is not Outcome.PASS:
        raise End(1 if result.outcome is Outcome.FAIL else INCOMPLETE)
