"""Keep what is generated true: rule pages, help blocks, the output of every command in the docs, the table of calls.

``python scripts/docs.py`` rewrites them, ``--check`` only says what would change (exit 1), ``--rules`` leaves out the
pages whose commands are run. In a page,

- a fenced ``console`` block holds commands (lines that begin with ``$ ``) and their output: each is run, in order, in
  one temporary directory for the page, with a copy of ``examples/`` in it;
- a fenced ``text`` block that begins with ``Usage: chainguard-ml`` holds a verb's ``--help``;
- what stands between ``<!-- formats -->`` and ``<!-- /formats -->`` is the table of formats that ``scan`` reads.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import calls

from chainguard_ml import rules
from chainguard_ml.rules.page import page
from chainguard_ml.scan.recognition import formats

REPOSITORY = Path(__file__).parent.parent
DOCS = REPOSITORY / "docs"
_BLOCK = re.compile(r"^```(console|text)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
_FORMATS = re.compile(r"(?<=^<!-- formats -->\n).*?(?=^<!-- /formats -->$)", re.DOTALL | re.MULTILINE)
_USAGE = re.compile(r"Usage: chainguard-ml ((?:[a-z]+ )*)")


class Shell:
    """Runs a page's commands as a reader would: in one directory, one after another."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        for name in ("examples", "policies"):
            shutil.copytree(REPOSITORY / name, directory / name)
        binaries = Path(sys.executable).parent
        removed = {"NO_COLOR", "FORCE_COLOR", "CLICOLOR_FORCE", "CHAINGUARD_ML_FORMAT", "SOURCE_DATE_EPOCH"}
        self.environment = {name: value for name, value in os.environ.items() if name not in removed} | {
            "PATH": f"{binaries}:{os.environ['PATH']}",
            "CHAINGUARD_ML_DATA_DIR": str(directory / ".data"),
            "COLUMNS": "80",
        }

    def run(self, command: str) -> str:
        """Return what a command prints, both streams, and its exit code where it is not 0."""
        command = command.replace("make demo", "sh examples/demo.sh chainguard-ml")
        result = subprocess.run(
            ["sh", "-c", command],
            cwd=self.directory,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=300,
            check=False,
        )
        return result.stdout if result.stdout.endswith("\n") else f"{result.stdout}\n" * bool(result.stdout)


def refreshed(text: str, shell: Shell) -> str:
    """Return a page with its console and help blocks as they are today."""

    def block(match: re.Match[str]) -> str:
        kind, body = match.groups()
        usage = _USAGE.match(body)
        if kind == "text":
            return f"```text\n{shell.run(f'chainguard-ml {usage[1]}--help')}```" if usage else match[0]
        commands = [line for line in body.splitlines() if line.startswith("$ ")]
        return "```console\n" + "".join(f"{line}\n{shell.run(line[2:])}" for line in commands) + "```"

    return _BLOCK.sub(block, text)


def table_of_formats() -> str:
    """Return the table of formats, those of which the same is examined in one row."""
    rows: dict[str, dict[str, None]] = {}
    for form in formats():
        rows.setdefault(form.EXAMINES, {})[form.NAME] = None
    lines = sorted((", ".join(names), examined) for examined, names in rows.items())
    return "".join(
        ["| format | what is examined |\n|---|---|\n", *(f"| {names} | {what} |\n" for names, what in lines)]
    )


def pages(*, run: bool = True) -> dict[Path, str]:
    """Return every generated or refreshed page by path; without ``run`` those for which no command is run."""
    result = {}
    result[calls.PATH] = calls.table()
    scan = DOCS / "scan.md"
    result[scan] = _FORMATS.sub(lambda _: table_of_formats(), scan.read_text(encoding="utf-8"))
    for path in [REPOSITORY / "README.md", REPOSITORY / "examples" / "README.md", *sorted(DOCS.glob("*.md"))]:
        if not run:
            break
        with tempfile.TemporaryDirectory() as directory:
            text = result.get(path) or path.read_text(encoding="utf-8")
            result[path] = refreshed(text, Shell(Path(directory)))
    rows = ["# Rules", "", "Every kind of finding, by room. The same pages: `chainguard-ml rule ID`.", ""]
    for family in rules.FAMILIES:
        rows += [f"## {family}", "", "| rule | severity | what it finds |", "|---|---|---|"]
        for rule in rules.catalogue():
            if rule.family == family:
                rows.append(f"| [{rule.id}]({rule.id}.md) | {rule.severity} | {rule.title} |")
                result[DOCS / "rules" / f"{rule.id}.md"] = page(rule)
        rows.append("")
    result[DOCS / "rules" / "README.md"] = "\n".join(rows)
    return result


def main(arguments: list[str]) -> int:
    """Write what differs, or with ``--check`` say it; remove pages of rules that are gone."""
    wanted = pages(run="--rules" not in arguments)
    stale = [path for path in (DOCS / "rules").glob("*.md") if path not in wanted]
    changed = [path for path, text in wanted.items() if not path.is_file() or path.read_text(encoding="utf-8") != text]
    for path in [*changed, *stale]:
        print(f"{'stale' if path in stale else 'differs'}: {path.relative_to(REPOSITORY)}")
    if "--check" not in arguments:
        for path in changed:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(wanted[path], encoding="utf-8")
        for path in stale:
            path.unlink()
        return 0
    return 1 if changed or stale else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
