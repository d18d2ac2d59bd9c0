"""A worker process that is a new interpreter; a module of its own, because a fork needs none of what it imports."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


class Spawn:
    """One interpreter that serves tasks.

    Attributes:
        stdin: Where tasks are written.
        stdout: Where answers are read.
    """

    def __init__(self, preload: Sequence[str] = ()) -> None:
        # -P: the working directory is not on the path of a process that may stand inside what is examined.
        self._process = subprocess.Popen(  # noqa: S603 (our own interpreter and module)
            [sys.executable, "-P", "-m", "chainguard_ml.worker", *preload],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            start_new_session=True,  # Ctrl-C reaches the parent only, which then ends the workers
        )
        self.stdin, self.stdout = self._process.stdin, self._process.stdout

    def wait(self, timeout: float | None = None) -> int:
        """Return the exit status, negative for a signal.

        Raises:
            TimeoutError: It does not end within ``timeout`` seconds.
        """
        try:
            return self._process.wait(timeout)
        except subprocess.TimeoutExpired:
            raise TimeoutError("the worker goes on") from None

    def kill(self) -> None:
        """End it at once."""
        self._process.kill()
