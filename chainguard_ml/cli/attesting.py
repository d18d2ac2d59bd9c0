"""Options of examining what is attested, and the work behind them: ``attest --type scan`` and ``sign --attest``."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from chainguard_ml.cli import console, identity, lifecycle, settings
from chainguard_ml.cli.options import Input
from chainguard_ml.errors import NothingToExamineError, UsageError
from chainguard_ml.model import Outcome
from chainguard_ml.records import open_record, replace
from chainguard_ml.text import plural, printable

if TYPE_CHECKING:
    from collections.abc import Sequence

    import typer

    from chainguard_ml.attesting import Examination, Result
    from chainguard_ml.model import Finding, Gap
    from chainguard_ml.signing.attestations.making import Claim
    from chainguard_ml.signing.interface import Signer

_RELEASE = ("scan", "sbom", "audit")
_OUTCOMES = {Outcome.PASS: "acceptable", Outcome.FAIL: "not acceptable", Outcome.INCOMPLETE: "incomplete"}


@open_record
class Looking(Input):
    """Options of examining what is attested."""

    project: Annotated[
        Path | None,
        typer.Option(
            "--project",
            metavar="DIR",
            help="Pipeline that bill of materials, audit and verdict are about. Default: the model.",
        ),
    ] = None


@open_record
class Attesting(identity.Keyless, Looking):
    """Options of attesting."""

    policy: Annotated[
        str | None,
        typer.Option("--policy", metavar="FILE|NAME", help="Policy that decides a verdict, and whose rules are tests."),
    ] = None
    param: Annotated[
        list[str] | None, typer.Option("--param", metavar="NAME=VALUE", help="Set a policy's parameter; repeatable.")
    ] = None
    verifier: Annotated[
        str | None, typer.Option("--verifier", metavar="URI", help="Who verifies, as a verdict names it.")
    ] = None
    resource: Annotated[
        str | None, typer.Option("--resource", metavar="URI", help="What was verified, as a verdict names it.")
    ] = None


@open_record
class Signing(lifecycle.Signing, Looking):
    """Options of signing, and of attesting on the way."""

    attest: Annotated[
        bool,
        typer.Option("--attest", help="Scan, bill of materials and audit first; then sign, and attest their results."),
    ] = False


def claims(
    kind: str | None, predicate: Path | None, model: Path, options: Attesting
) -> tuple[list[Claim], Result | None]:
    """Return what to claim: an operator's predicate, or what an examination of the kind comes to.

    Raises:
        UsageError: The kind and the other options do not go together, or the predicate cannot be used.
        NothingToExamineError: There is nothing to examine.
    """
    from chainguard_ml import attesting
    from chainguard_ml.signing.attestations import making

    known = ", ".join(attesting.KINDS)
    if kind is None:
        raise UsageError("there is nothing to claim", hint=f"give --type: one of {known}, or a URI with --predicate")
    if kind not in attesting.KINDS:
        if predicate is None:
            raise UsageError(
                f"there is no predicate to claim as '{printable(kind, 100)}'",
                hint=f"give --predicate FILE, or one of these with --type: {known}",
            )
        return [making.claim(kind, settings.document(predicate, "predicate"))], None
    if predicate is not None:
        raise UsageError(f"--type {kind} makes its predicate itself", hint="leave out --predicate")
    config = settings.settings(options)
    config = replace(
        config,
        policy=settings.policy(options.policy, config.policy),
        params={**config.params, **settings.pairs(options.param or (), "--param")},
    )
    wanted = replace(_examination(model, options), config=config, verifier=options.verifier or "",
                     resource=options.resource or "")  # fmt: skip
    result = _examined(kind, wanted)
    return list(result.claims), result


def released(
    model: Path, options: Signing, *, signature: Path | None, ignore: Sequence[str], hash_type: str
) -> tuple[list[Claim], str]:
    """Return the claims of a release, and what the model was before it was examined; nothing without ``--attest``.

    A model whose scan is not acceptable and complete is not released. What there is no pipeline for is not claimed.

    Raises:
        UsageError: An option does not go with it.
        RefusedError: The scan says no.
    """
    if not options.attest:
        if options.project:
            raise UsageError("--project goes with --attest", hint="leave it out")
        return [], ""
    if options.digests or options.lfs_pointers:
        raise UsageError("files that are not there cannot be examined", hint="leave out --attest")
    from chainguard_ml import signing

    before = signing.measured(model, signature=signature, ignore=ignore, hash_type=hash_type)
    found: list[Claim] = []
    for kind in _RELEASE:
        try:
            result = _examined(kind, _examination(model, options))
        except NothingToExamineError as error:
            console.say(f"{kind}: nothing to attest: {error.message}")
            continue
        if kind == "scan" and result.outcome is not Outcome.PASS:
            _refuse(result)
        found += result.claims
    return found, before


def keep(model: Path, signature: Path | None, signer: Signer, wanted: list[Claim], expected: str) -> None:
    """Sign the claims of a release that was signed just now, and say where they are."""
    from chainguard_ml.signing.attestations import making

    made = making.attest_model(model, signer, wanted, time=now(), signature=signature, expected=expected, fresh=True)
    console.say(f"attested {plural(len(wanted), 'result')}, appended to {printable(str(made.path))}")


def _refuse(result: Result) -> None:
    from chainguard_ml.errors import RefusedError

    verdict = result.report.verdict if result.report else None
    reasons: list[Finding | Gap] = [*verdict.findings, *verdict.gaps] if verdict else []
    raise RefusedError(
        "the model is not signed, because its scan does not accept it", reasons, hint="see chainguard-ml scan"
    )


def _examination(model: Path, options: Looking) -> Examination:
    from chainguard_ml import attesting

    epoch = settings.epoch()
    return attesting.Examination(
        model=model,
        project=options.project or model,
        config=settings.settings(options),
        today=epoch,
        clock=now,
        observer=console.observer(options),
    )


def _examined(kind: str, examination: Examination) -> Result:
    from chainguard_ml import attesting

    try:
        result = attesting.examine(kind, examination)
    finally:
        console.clear(examination.observer)
    report = result.report
    counts = f" ({plural(len(report.verdict.findings), 'finding')})" if report and report.verdict.findings else ""
    console.say(f"{kind}: {_OUTCOMES[result.outcome]}{counts}")
    return result


def now() -> datetime:
    """Return the present, or the time in ``SOURCE_DATE_EPOCH``."""
    return settings.epoch() or datetime.now(UTC)
