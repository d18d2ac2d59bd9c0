"""A forked worker process, with what the pool needs of a process (POSIX ``fork``, ``waitpid``)."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_PATIENCE = 0.02  # seconds between two looks, at most


class Fork:
    """One forked process that serves tasks.

    Attributes:
        stdin: Where tasks are written.
        stdout: Where answers are read.
    """

    def __init__(self, limits: Mapping[str, int], preload: Sequence[str] = ()) -> None:
        from chainguard_ml import worker

        tasks, self_tasks = os.pipe()
        self_answers, answers = os.pipe()
        for stream in (sys.stdout, sys.stderr):
            stream.flush()  # else the copy would write what is buffered too
        self._pid = os.fork()
        if self._pid == 0:
            worker.become(tasks, answers, limits, preload)
        os.close(tasks)
        os.close(answers)
        self.stdin = os.fdopen(self_tasks, "wb")
        self.stdout = os.fdopen(self_answers, "rb", buffering=0)
        self._status: int | None = None

    def wait(self, timeout: float | None = None) -> int:
        """Return the exit status, negative for a signal.

        Raises:
            TimeoutError: It does not end within ``timeout`` seconds.
        """
        end = None if timeout is None else time.monotonic() + timeout
        pause = 0.0005
        while self._status is None:
            pid, status = os.waitpid(self._pid, 0 if end is None else os.WNOHANG)
            if pid:
                self._status = os.waitstatus_to_exitcode(status)
            elif end is not None and time.monotonic() >= end:
                raise TimeoutError("the worker goes on")
            else:
                time.sleep(pause)
                pause = min(2 * pause, _PATIENCE)
        return self._status

    def kill(self) -> None:
        """End it at once, if it has not ended."""
        if self._status is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self._pid, signal.SIGKILL)
