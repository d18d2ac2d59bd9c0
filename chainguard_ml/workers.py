"""A pool of long-lived worker processes in which untrusted bytes are parsed.

One task is one function call on one thing. A worker that crashes, is killed, hangs, or runs out of memory or
processor time costs that task alone: the task gets a ``Gap`` with the reason, and a new worker takes the place.
Workers talk JSON over pipes: nothing that a worker sends is unpickled, so a worker that hostile bytes took over
cannot take over the parent. Limits (POSIX ``setrlimit``): private memory, processor seconds for each task, open
files, no core dumps.

A worker is a fork where this process has a single thread, as the command line has: it starts in a millisecond, because
nothing is imported again. Where there are other threads, whose locks a fork would copy, it is a new interpreter.
"""

from __future__ import annotations

import contextlib
import json
import os
import selectors
import signal
import time
from collections import deque
from typing import IO, TYPE_CHECKING, Protocol, Self, cast

from chainguard_ml import forking
from chainguard_ml.codec import JsonObject, Record, decode
from chainguard_ml.model import Gap, GapReason, Json, Subject
from chainguard_ml.records import record

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from types import TracebackType

    from chainguard_ml.config import WorkersConfig

_MAX_ANSWER = 64_000_000  # bytes that one task may send


@record
class Task:
    """One call in a worker.

    Attributes:
        function: ``package.module:function``; takes the argument, yields observations or components.
        argument: JSON values.
        subject: What a failure is reported about.
    """

    function: str
    argument: JsonObject
    subject: Subject


@record
class TaskResult:
    """What came of one task: its records, or one gap and the reason in ``failure``."""

    task: Task
    records: tuple[Record, ...]
    failure: GapReason | None = None


class _Process(Protocol):
    """What the pool needs of a process: ``forking.Fork`` or ``spawning.Spawn``."""

    @property
    def stdin(self) -> IO[bytes] | None:
        """Where tasks are written."""

    @property
    def stdout(self) -> IO[bytes] | None:
        """Where answers are read."""

    def wait(self, timeout: float | None = None) -> int:
        """Return the exit status, negative for a signal; raise ``TimeoutError`` if it does not end in time."""

    def kill(self) -> None:
        """End it at once."""


def _start(preload: Sequence[str]) -> _Process:
    if early := forking.started():
        return early
    if forking.possible():
        return forking.Fork(preload)
    from chainguard_ml.spawning import Spawn

    return Spawn(preload)


class _Worker:
    """One process, its pipes, and the task it has in hand."""

    def __init__(self, limits: WorkersConfig, preload: Sequence[str] = ()) -> None:
        self.process = _start(preload)
        self._write(_limits(limits))
        self.task: Task | None = None
        self.deadline = 0.0
        self.received = bytearray()

    @property
    def stdin(self) -> IO[bytes]:
        return cast("IO[bytes]", self.process.stdin)

    @property
    def stdout(self) -> IO[bytes]:
        return cast("IO[bytes]", self.process.stdout)

    def give(self, task: Task, seconds: float) -> None:
        self.task, self.deadline = task, time.monotonic() + seconds
        self._write({"function": task.function, "argument": task.argument})

    def _write(self, message: Mapping[str, Json]) -> None:
        try:
            self.stdin.write(json.dumps(message).encode() + b"\n")
            self.stdin.flush()
        except BrokenPipeError:
            pass  # it died before it read that; the end of its output says so

    def dismiss(self) -> None:
        """Let it end by itself: its standard input ends."""
        with contextlib.suppress(BrokenPipeError):
            self.stdin.close()

    def end(self, patience: float = 0.0) -> None:
        """Wait for it for so many seconds, then kill it."""
        try:
            self.process.wait(patience)
        except TimeoutError:
            self.process.kill()
        with contextlib.suppress(BrokenPipeError):
            self.stdin.close()
        self.stdout.close()
        self.process.wait()


def _limits(config: WorkersConfig) -> dict[str, Json]:
    return {
        "memory_mib": config.memory_mib,
        "cpu_seconds": config.cpu_seconds,
        "open_files": config.open_files,
    }


class WorkerPool:
    """Runs tasks in worker processes. A context manager; leaving it ends the workers.

    Workers start when a task arrives that no idle one can take, at most ``config.processes`` of them (0: one for each
    core).
    """

    def __init__(self, config: WorkersConfig) -> None:
        self.config = config
        self._workers: list[_Worker] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """End every worker: those that are idle end by themselves, within a second."""
        for worker in self._workers:
            worker.dismiss()
        while self._workers:
            self._workers.pop().end(patience=1.0)

    def warm(self, *preload: str) -> None:
        """Start the first worker before there is a task: it imports modules while the parent is busy otherwise."""
        if not self._workers:
            self._workers.append(_Worker(self.config, preload))

    @property
    def size(self) -> int:
        """How many workers at most."""
        return self.config.processes or len(os.sched_getaffinity(0))

    def run(self, tasks: Iterable[Task], meanwhile: Callable[[], None] | None = None) -> Iterator[TaskResult]:
        """Run every task; results come as they are done, in any order.

        ``meanwhile`` is called once, when the workers have their first tasks: what has to be done anyway costs no time
        then. Closing the iterator early (or an exception, or Ctrl-C) ends the workers that are busy.
        """
        waiting, idle = iter(tasks), deque(self._workers)
        with selectors.DefaultSelector() as selector:
            try:
                while self._hand_out(waiting, idle, selector):
                    if meanwhile:
                        meanwhile()
                        meanwhile = None
                    for worker in self._wait(selector):
                        result = self._collect(worker)
                        if result is None:
                            continue
                        selector.unregister(worker.stdout)
                        if result.failure:
                            self._workers.remove(worker)
                            worker.end()
                        else:
                            idle.append(worker)
                        yield result
            finally:
                for key in list(selector.get_map().values()):
                    self._workers.remove(key.data)
                    key.data.end()

    def _hand_out(self, waiting: Iterator[Task], idle: deque[_Worker], selector: selectors.BaseSelector) -> bool:
        """Give a task to each free worker; return whether any worker is busy."""
        while idle or len(self._workers) < self.size:
            task = next(waiting, None)
            if task is None:
                break
            if not idle:
                idle.append(_Worker(self.config))
                self._workers.append(idle[0])
            worker = idle.popleft()
            worker.give(task, self.config.deadline_seconds)
            selector.register(worker.stdout, selectors.EVENT_READ, worker)
        return bool(selector.get_map())

    def _wait(self, selector: selectors.BaseSelector) -> list[_Worker]:
        """Return the workers that said something or are past their deadline."""
        busy = [key.data for key in selector.get_map().values()]
        patience = max(0.0, min(worker.deadline for worker in busy) - time.monotonic())
        spoke = [key.data for key, _ in selector.select(patience)]
        now = time.monotonic()
        return spoke + [worker for worker in busy if worker.deadline <= now and worker not in spoke]

    def _collect(self, worker: _Worker) -> TaskResult | None:
        """Read what a worker said; return its task's result, or None while the answer is not whole."""
        task = cast("Task", worker.task)
        if worker.deadline <= time.monotonic():
            return self._failed(task, GapReason.TIMEOUT, f"not done after {self.config.deadline_seconds} s")
        chunk = os.read(worker.stdout.fileno(), 1 << 16)
        if not chunk:
            return self._died(task, worker.process.wait())
        worker.received += chunk
        if len(worker.received) > _MAX_ANSWER:
            return self._failed(task, GapReason.BUDGET, f"the answer is larger than {_MAX_ANSWER:,} bytes")
        if not worker.received.endswith(b"\n"):
            return None
        try:
            return self._understood(task, json.loads(worker.received))
        except (ValueError, KeyError, TypeError) as error:
            return self._failed(task, GapReason.CRASH, f"the worker answered nonsense: {error}")
        finally:
            worker.received.clear()

    def _understood(self, task: Task, answer: dict[str, Json]) -> TaskResult:
        failure, records = answer.get("failure"), answer.get("records")
        if failure == "memory":
            return self._failed(task, GapReason.MEMORY, f"needed more than {self.config.memory_mib} MiB of memory")
        if failure is not None:
            return self._failed(task, GapReason.INTERNAL, str(answer.get("detail", failure)))
        return TaskResult(task, tuple(decode(item) for item in cast("list[Json]", records)))

    def _died(self, task: Task, status: int) -> TaskResult:
        if status == -signal.SIGXCPU:
            detail = f"used more than {self.config.cpu_seconds} s of processor time"
            return self._failed(task, GapReason.TIMEOUT, detail)
        how = f"was ended by {signal.Signals(-status).name}" if status < 0 else f"exited with {status}"
        return self._failed(task, GapReason.CRASH, f"the worker {how}")

    @staticmethod
    def _failed(task: Task, reason: GapReason, detail: str) -> TaskResult:
        return TaskResult(task, (Gap(task.subject, reason, detail),), reason)
