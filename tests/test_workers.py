"""The pool survives what a worker may do: raise, abort, be killed, hang, eat memory or processor time."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
from typing import TYPE_CHECKING

import pytest

from chainguard_ml import forking
from chainguard_ml.config import WorkersConfig
from chainguard_ml.model import Evidence, Gap, GapReason, Subject
from chainguard_ml.workers import Task, TaskResult, WorkerPool

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from chainguard_ml.model import Json

DEEDS = """
import ctypes, os, resource, sys, time
from chainguard_ml.model import Evidence, Subject

def good(argument):
    yield Evidence("deed", Subject(str(argument)), "test", {"value": argument})
def abort(argument):
    os.abort()
def crash(argument):
    ctypes.string_at(0)
def leave(argument):
    os._exit(3)
def hang(argument):
    while True:
        time.sleep(3600)
def burn(argument):
    while True:
        pass
def eat(argument):
    data = []
    while True:
        data.append(bytearray(10_000_000))
def grow_in_c(argument):
    return [b"x" * (1 << 40)]
def wrong(argument):
    raise ValueError("a defect")
def deep(argument):
    return deep(argument)
def noisy(argument):
    print("noise on standard output")
    os.write(1, b"more noise\\n")
    yield from good(argument)
def chatter(argument):
    while True:
        yield Evidence("deed", Subject("x" * 100_000), "test")
def limits(argument):
    soft = {name: resource.getrlimit(getattr(resource, name))[0] for name in ("RLIMIT_NOFILE", "RLIMIT_CORE")}
    yield Evidence("limits", Subject("limits"), "test", soft)
def files(argument):
    return [open("/dev/null") for _ in range(10_000)]
def process(argument):
    yield Evidence("process", Subject(str(os.getpid())), "test", {"pid": os.getpid()})
"""


@pytest.fixture
def deeds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Callable[..., Task]]:
    (tmp_path / "deeds.py").write_text(DEEDS, encoding="utf-8")
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(tmp_path), os.environ.get("PYTHONPATH", "")]))
    monkeypatch.syspath_prepend(tmp_path)

    def task(name: str, argument: Json = None) -> Task:
        return Task(f"deeds:{name}", argument, Subject(name))  # type: ignore[arg-type]

    return task  # type: ignore[return-value]


@pytest.fixture(params=["fork", "interpreter"])
def pool(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[WorkerPool]:
    """A pool of each kind: what starts depends on whether this process has other threads, as the test runner's may."""
    monkeypatch.setattr("chainguard_ml.forking.threading.active_count", lambda: 1 if request.param == "fork" else 2)
    limits = WorkersConfig(processes=2, deadline_seconds=60, cpu_seconds=3, memory_mib=300, open_files=32)
    with WorkerPool(limits) as made:
        yield made


def failures(results: list[TaskResult]) -> dict[str, GapReason | None]:
    return {result.task.subject.name: result.failure for result in results}


def test_results_come_back_whatever_the_order(pool: WorkerPool, deeds: Callable[..., Task]) -> None:
    results = list(pool.run(deeds("good", number) for number in range(50)))
    values = sorted(record.statement["value"] for result in results for record in result.records)  # type: ignore[union-attr,type-var]
    assert values == list(range(50))
    assert pool.size == 2


def test_what_is_done_meanwhile_is_done_once(pool: WorkerPool, deeds: Callable[..., Task]) -> None:
    """It begins when a worker has a task: the result of that is still to come. Without a task nothing waits."""
    done: list[int] = []
    results = pool.run([deeds("good", number) for number in range(6)], lambda: done.append(1))
    assert done == []
    next(results)
    assert done == [1]
    assert len(list(results)) == 5
    assert done == [1]
    assert list(pool.run([], lambda: done.append(2))) == []
    assert done == [1]


@pytest.mark.parametrize(
    ("deed", "reason", "detail"),
    [
        ("abort", GapReason.CRASH, "the worker was ended by SIGABRT"),
        ("crash", GapReason.CRASH, "the worker was ended by SIGSEGV"),
        ("leave", GapReason.CRASH, "the worker exited with 3"),
        ("burn", GapReason.TIMEOUT, "used more than 3 s of processor time"),
        ("eat", GapReason.MEMORY, "needed more than 300 MiB of memory"),
        ("grow_in_c", GapReason.MEMORY, "needed more than 300 MiB of memory"),
        ("wrong", GapReason.INTERNAL, "ValueError: a defect"),
        ("missing", GapReason.INTERNAL, "AttributeError: module 'deeds' has no attribute 'missing'"),
        ("files", GapReason.INTERNAL, "OSError: [Errno 24] Too many open files: '/dev/null'"),
    ],
)
def test_a_failure_costs_one_task(
    pool: WorkerPool, deeds: Callable[..., Task], deed: str, reason: GapReason, detail: str
) -> None:
    tasks = [deeds("good", 1), deeds(deed), deeds("good", 2), deeds("good", 3)]
    results = list(pool.run(tasks))
    assert failures(results)[deed] is reason
    (failed,) = [result for result in results if result.failure]
    assert failed.records == (Gap(Subject(deed), reason, detail),)
    assert sum(not result.failure for result in results) == 3


def test_a_deadline_ends_what_hangs(deeds: Callable[..., Task]) -> None:
    with WorkerPool(WorkersConfig(processes=1, deadline_seconds=1)) as pool:
        results = list(pool.run([deeds("hang"), deeds("good", 1)]))
    assert failures(results) == {"hang": GapReason.TIMEOUT, "good": None}
    assert results[0].records == (Gap(Subject("hang"), GapReason.TIMEOUT, "not done after 1 s"),)


def test_endless_recursion_is_a_failure_of_one_task(pool: WorkerPool, deeds: Callable[..., Task]) -> None:
    (result,) = pool.run([deeds("deep")])
    assert result.failure is GapReason.INTERNAL


def test_an_endless_answer_is_cut(deeds: Callable[..., Task]) -> None:
    with WorkerPool(WorkersConfig(processes=1, memory_mib=500)) as pool:
        (result,) = pool.run([deeds("chatter")])
    assert result.failure in {GapReason.BUDGET, GapReason.MEMORY}


def test_prints_do_not_reach_the_pipe(pool: WorkerPool, deeds: Callable[..., Task]) -> None:
    (result,) = pool.run([deeds("noisy", 1)])
    assert result.failure is None


def test_a_worker_lives_long(deeds: Callable[..., Task]) -> None:
    with WorkerPool(WorkersConfig(processes=1)) as pool:
        first, second = (list(pool.run([deeds("process", n)])) for n in range(2))
        assert first[0].records == second[0].records


def test_limits_are_set_and_no_core_is_dumped(pool: WorkerPool, deeds: Callable[..., Task]) -> None:
    (result,) = pool.run([deeds("limits")])
    (record,) = result.records
    assert isinstance(record, Evidence)
    assert record.statement == {"RLIMIT_NOFILE": 32, "RLIMIT_CORE": 0}


def test_leaving_early_ends_the_workers(pool: WorkerPool, deeds: Callable[..., Task]) -> None:
    running = pool.run([deeds("process"), deeds("hang"), deeds("hang")])
    (record,) = next(running).records
    running.close()
    assert isinstance(record, Evidence)
    pool.close()
    with pytest.raises(ProcessLookupError):
        os.kill(int(record.subject.name), 0)


def test_an_idle_worker_that_was_killed_is_replaced(deeds: Callable[..., Task]) -> None:
    with WorkerPool(WorkersConfig(processes=1)) as pool:
        (first,) = pool.run([deeds("process")])
        (record,) = first.records
        assert isinstance(record, Evidence)
        os.kill(int(record.subject.name), signal.SIGKILL)
        results = list(pool.run([deeds("good", 1), deeds("good", 2)]))
    assert sum(result.failure is None for result in results) >= 1


def test_ctrl_c_ends_parent_and_workers(tmp_path: Path, deeds: Callable[..., Task]) -> None:
    program = textwrap.dedent("""
        import os, sys
        from chainguard_ml.config import WorkersConfig
        from chainguard_ml.model import Subject
        from chainguard_ml.workers import Task, WorkerPool
        with WorkerPool(WorkersConfig(processes=1)) as pool:
            for result in pool.run([Task("deeds:process", None, Subject("p")), Task("deeds:hang", None, Subject("h"))]):
                print(result.records[0].subject.name, flush=True)
    """)
    # A job in the background ignores the signal, and children inherit that.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    process = subprocess.Popen(
        [sys.executable, "-c", program], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    with process:
        assert process.stdout
        worker = int(process.stdout.readline())
        process.send_signal(signal.SIGINT)
        process.wait(timeout=30)
    with pytest.raises(ProcessLookupError):
        os.kill(worker, 0)


@pytest.mark.parametrize("pool", ["fork"], indirect=True)
def test_a_worker_that_was_started_ahead_serves_the_first_pool(pool: WorkerPool, deeds: Callable[..., Task]) -> None:
    forking.ahead("deeds")
    (early,) = forking._ahead
    (result,) = pool.run([deeds("process")])
    (record,) = result.records
    assert isinstance(record, Evidence)
    assert record.statement["pid"] == early._pid


@pytest.mark.parametrize("pool", ["fork"], indirect=True)
def test_a_worker_that_nobody_needs_is_ended(pool: WorkerPool) -> None:
    assert pool.size == 2
    forking.ahead("json")
    (early,) = forking._ahead
    forking.abandon()
    with pytest.raises(ProcessLookupError):
        os.kill(early._pid, 0)
    forking.abandon()


def test_no_worker_is_started_ahead_beside_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chainguard_ml.forking.threading.active_count", lambda: 2)
    forking.ahead("json")
    assert forking.started() is None
