"""Standard output and standard error: the result on one, everything else on the other."""

from __future__ import annotations

import os
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from chainguard_ml.cli.options import Colour
from chainguard_ml.context import Silent
from chainguard_ml.files import write_atomic
from chainguard_ml.report.interface import Look
from chainguard_ml.text import printable

if TYPE_CHECKING:
    from collections.abc import Callable

    from chainguard_ml.cli.options import Formatted
    from chainguard_ml.context import Observer


_REFRESH = 0.1
"""Seconds between two lines of progress."""


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


class Watched(Protocol):
    """Options of verbs that show progress."""

    @property
    def no_progress(self) -> bool:
        """Whether it is not wanted."""


def observer(options: Watched) -> Observer:
    """Return progress on standard error where a person watches, else nothing."""
    watched = sys.stderr.isatty() and not options.no_progress and not os.environ.get("CI")
    return Progress() if watched else Silent()


def clear(watching: Observer) -> None:
    """Clear the line of progress, if there is one."""
    if isinstance(watching, Progress):
        sys.stderr.write("\r\x1b[K")
        sys.stderr.flush()


class Progress:
    """One line on standard error that is written over and cleared at the end: things, bytes, rate, time left.

    ``clock`` gives seconds. The line is written ten times a second at most.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock, self._lock = clock, threading.Lock()
        import shutil

        self._width = shutil.get_terminal_size().columns - 1
        self._stage, self._name, self._total, self._done = "", "", 0, 0
        self._bytes, self._expected = 0, 0
        self._began = self._shown = clock()

    def stage(self, name: str, total: int | None = None) -> None:
        """Begin a stage."""
        self._stage, self._name, self._total, self._done = name, "", total or 0, 0
        self._bytes, self._expected, self._began = 0, 0, self._clock()
        self._show(self._began)

    def advance(self, name: str) -> None:
        """Count one thing and show its name."""
        self._done, self._name = self._done + 1, printable(name)
        self._later()

    def expect(self, size: int) -> None:
        """Learn how many bytes are left."""
        self._expected = self._bytes + size

    def moved(self, size: int) -> None:
        """Count bytes, in whatever thread."""
        with self._lock:
            self._bytes += size
            self._later()

    def _later(self) -> None:
        now = self._clock()
        if now - self._shown >= _REFRESH:
            self._show(now)

    def _show(self, now: float) -> None:
        self._shown = now
        count = f"{self._done:,}/{self._total:,}" if self._total else f"{self._done:,}" if self._done else ""
        parts = [self._stage, count, self._amount(now - self._began), self._name]
        sys.stderr.write(f"\r\x1b[K{' '.join(filter(None, parts))[: self._width]}")
        sys.stderr.flush()

    def _amount(self, seconds: float) -> str:
        """Return bytes, rate, and the time left where it is known how many bytes are."""
        if not self._bytes or seconds <= 0:
            return ""
        rate, left = self._bytes / seconds, max(0, self._expected - self._bytes)
        whole = f" of {size(self._expected)}" if left else ""
        remaining = f", {duration(left / rate)} left" if left else ""
        return f"{size(self._bytes)}{whole}, {size(rate)}/s{remaining}"


def size(count: float) -> str:
    """Return a number of bytes for people: ``999 B``, ``1.5 kB``, ``12 GB`` (powers of 1,000)."""
    for unit in ("B", "kB", "MB", "GB"):
        if count < 999.5:
            return f"{count:.1f} {unit}" if count < 9.95 and unit != "B" else f"{count:.0f} {unit}"
        count /= 1_000
    return f"{count:.1f} TB"


def duration(seconds: float) -> str:
    """Return a time for people: ``59 s``, ``2 min 5 s``, ``3 h 20 min``."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3_600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3_600:,} h {whole % 3_600 // 60} min"
