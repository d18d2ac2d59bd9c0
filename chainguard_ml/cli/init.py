"""``chainguard-ml init``: a starter configuration, policy and workflow."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from chainguard_ml.cli import console
from chainguard_ml.cli.app import Application
from chainguard_ml.cli.options import Base
from chainguard_ml.errors import UsageError
from chainguard_ml.files import write_atomic
from chainguard_ml.text import printable

if TYPE_CHECKING:
    import typer

app = Application()

_CONFIGURATION = """\
# chainguard-ml: see docs/configuration.md for every key.
policy = "policies/release.yaml"  # what must hold before a release
fail-on = "high"                  # findings at least this severe fail
exclude = []                      # .gitignore patterns of what is not part of the pipeline

[audit]
max-age-days = 14                 # older advisories are a finding
# environment = ".venv"           # audit an installed environment too

[signing]
public-keys = []                  # PEM files of the keys that models must be signed with
"""

_WORKFLOW = """\
name: model integrity
on:
  push:
    branches: [main]
  pull_request:

permissions: {}

jobs:
  check:
    runs-on: ubuntu-latest
    permissions:
      contents: read
    steps:
      - uses: actions/checkout@08c6903cd8c0fde910a37f88322edcfb5dd907a8 # v5.0.0
        with:
          persist-credentials: false
      - run: python -m pip install chainguard-ml
      # Keep a copy of the advisories in the repository or a cache; nothing is downloaded by itself.
      - run: chainguard-ml audit db import advisories/
      - run: chainguard-ml check . --report json=report.json
"""


@app.command()
def init(
    path: Annotated[Path, typer.Argument(metavar="[PATH]", help="Directory to write into.")] = Path(),
    force: Annotated[bool, typer.Option("--force", help="Replace files that are there already.")] = False,
    *,
    common: Base,  # noqa: ARG001 (its options are read by the boundary)
) -> None:
    """Write a starter configuration, policy and workflow, and say what comes next. Nothing is replaced unasked."""
    from chainguard_ml.policy import library

    if not path.is_dir():
        raise UsageError(f"'{printable(str(path))}' is not a directory", hint="create it first")
    files = {
        "chainguard-ml.toml": _CONFIGURATION,
        "policies/release.yaml": library()["release"].read_text(encoding="utf-8"),
        ".github/workflows/model-integrity.yml": _WORKFLOW,
    }
    present = [name for name in files if (path / name).exists()]
    if present and not force:
        raise UsageError(f"already there: {', '.join(present)}", hint="replace them with --force")
    for name, text in files.items():
        target = path / name
        target.parent.mkdir(parents=True, exist_ok=True)
        write_atomic(target, text.encode())
        console.say(f"wrote {printable(str(target))}")
    console.say("next: chainguard-ml audit db import FILE, then chainguard-ml check")
