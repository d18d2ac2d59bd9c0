"""Standard output and standard error: the result on one, everything else on the other."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from chainguard_ml.cli.options import Colour
from chainguard_ml.context import Silent
from chainguard_ml.files import write_atomic
from chainguard_ml.report.interface import Look
from chainguard_ml.text import printable

if TYPE_CHECKING:
    from chainguard_ml.cli.options import Formatted, Input
    from chainguard_ml.context import Observer


def look(options: Formatted) -> Look:
    """Return how a report on standard output (or in ``--output``) should look."""
    to_terminal = options.output in {None, Path("-")} and sys.stdout.isatty()
    return Look(_colour(options.color, to_terminal=to_terminal), options.verbose, options.quiet)


def _colour(wanted: Colour, *, to_terminal: bool) -> bool:
    """Decide by option, then NO_COLOR (no-color.org), FORCE_COLOR and CLICOLOR_FORCE, then the terminal."""
    if wanted is not Colour.AUTO:
        return wanted is Colour.ALWAYS
    if os.environ.get("NO_COLOR"):
        return False
    forced = os.environ.get("FORCE_COLOR") or os.environ.get("CLICOLOR_FORCE", "0") != "0"
    return bool(forced) or (to_terminal and os.environ.get("TERM") != "dumb")


def write(data: bytes, output: Path | None) -> None:
    """Write a result to a file, whole or not at all, or to standard output, plainly.

    Raises:
        OutputError: The file cannot be written.
    """
    if output is None or output == Path("-"):
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()
    else:
        write_atomic(output, data)


def say(text: str) -> None:
    """Write one line to standard error."""
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()


def observer(options: Input) -> Observer:
    """Return progress on standard error where a person watches, else nothing."""
    watched = sys.stderr.isatty() and not options.no_progress and not os.environ.get("CI")
    return _Progress() if watched else Silent()


def clear(watching: Observer) -> None:
    """Clear the line of progress, if there is one."""
    if isinstance(watching, _Progress):
        sys.stderr.write("\r\x1b[K")
        sys.stderr.flush()


class _Progress:
    """One line on standard error that is written over and cleared at the end."""

    def __init__(self) -> None:
        self._stage, self._total, self._done = "", 0, 0
        self._width = shutil.get_terminal_size().columns - 1

    def stage(self, name: str, total: int | None = None) -> None:
        """Begin a stage."""
        self._stage, self._total, self._done = name, total or 0, 0
        self._show("")

    def advance(self, name: str) -> None:
        """Count one thing and show its name."""
        self._done += 1
        self._show(printable(name))

    def _show(self, name: str) -> None:
        count = f"{self._done:,}/{self._total:,}" if self._total else f"{self._done:,}" if self._done else ""
        line = f"{self._stage} {count} {name}"[: self._width]
        sys.stderr.write(f"\r\x1b[K{line}")
        sys.stderr.flush()
