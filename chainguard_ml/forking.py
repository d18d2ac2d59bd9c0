"""A forked worker process, with what the pool needs of a process (POSIX ``fork``, ``waitpid``)."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import threading
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

_PATIENCE = 0.02  # seconds between two looks, at most
_ahead: list[Fork] = []  # a worker that was started before anybody asked for one


def possible() -> bool:
    """Return whether this process can be forked: it has a single thread, as the locks of others would be copied."""
    return hasattr(os, "fork") and threading.active_count() == 1


class Fork:
    """One forked process that serves tasks.

    Attributes:
        stdin: Where tasks are written.
        stdout: Where answers are read.
    """

    def __init__(self, preload: Sequence[str] = ()) -> None:
        from chainguard_ml import worker

        tasks, self_tasks = os.pipe()
        self_answers, answers = os.pipe()
        for stream in (sys.stdout, sys.stderr):
            stream.flush()  # else the copy would write what is buffered too
        self._pid = os.fork()
        if self._pid == 0:
            worker.become(tasks, answers, preload)
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


def ahead(*preload: str) -> None:
    """Start a worker that the first pool will need, which imports what it needs while this process does the same."""
    if possible():
        _ahead.append(Fork(preload))


def started() -> Fork | None:
    """Return the worker that was started ahead, once."""
    return _ahead.pop() if _ahead else None


def abandon() -> None:
    """End the worker that was started ahead and that nobody needed after all."""
    if early := started():
        early.kill()
        early.stdin.close()
        early.stdout.close()
        early.wait()
