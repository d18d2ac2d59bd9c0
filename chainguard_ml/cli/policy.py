"""``chainguard-ml policy``: check, test and list policies."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from chainguard_ml.cli import console, settings
from chainguard_ml.cli.app import Application
from chainguard_ml.cli.exit import End
from chainguard_ml.cli.options import Base, Output
from chainguard_ml.text import plural, printable

if TYPE_CHECKING:
    import typer

app = Application("Check, test and list policies.")


@app.command()
def check(
    policies: Annotated[list[str], typer.Argument(metavar="FILE|NAME...", help="Policies, or shipped ones' names.")],
    *,
    common: Base,  # noqa: ARG001 (its options are read by the boundary)
) -> None:
    """Read policies and say everything that is wrong with them, types of expressions included."""
    from chainguard_ml import policy

    for name in policies:
        loaded = policy.load(settings.policy(name, None) or Path(name))
        console.say(f"{printable(name)}: {plural(len(loaded.rules), 'rule')}, nothing wrong")


@app.command("list")
def list_(*, common: Output) -> None:
    """List the shipped policies with their rules."""
    from chainguard_ml import policy

    lines = []
    for name, path in sorted(policy.library().items()):
        loaded = policy.load(path)
        lines.append(f"{name}: {loaded.title}\n")
        lines += [f"  {rule.severity!s:8}  {rule.id:28}  {rule.title}\n" for rule in loaded.rules]
    console.write("".join(lines).encode(), common.output)


@app.command()
def test(
    paths: Annotated[list[Path], typer.Argument(metavar="FILE...", help="Policy tests (*.test.yaml).")],
    *,
    common: Output,
) -> None:
    """Run policy tests: facts, and what each rule must say about them."""
    from chainguard_ml import policy

    results = policy.run_tests(paths)
    failed = [result for result in results if not result.passed]
    lines = [f"failed  {printable(result.name)}: {printable(result.detail)}\n" for result in failed]
    lines.append(f"{plural(len(results), 'test')}, {len(failed)} failed\n")
    console.write("".join(lines).encode(), common.output)
    if failed:
        raise End(1)
