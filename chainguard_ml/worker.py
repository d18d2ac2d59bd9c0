"""The worker process: ``python -P -m chainguard_ml.worker MODULE...``, or a fork. See ``workers.py``.

Reads its limits and then one JSON task a line on standard input, writes one JSON answer a line on standard output. The
function's own prints go to standard error, so that nothing but answers reaches the pipe.
"""

from __future__ import annotations

import importlib
import json
import os
import signal
import sys
from typing import TYPE_CHECKING, NoReturn

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from chainguard_ml.codec import JsonObject


def _set_limits(limits: Mapping[str, int]) -> None:
    """Limit private memory, open files and core dumps for the life of the process."""
    import resource

    memory = _private() + (limits["memory_mib"] << 20)
    # RLIMIT_DATA counts private writable memory, so a read-only mapping of a large model costs nothing.
    _lower(resource.RLIMIT_DATA, memory)
    _lower(resource.RLIMIT_NOFILE, limits["open_files"])
    _lower(resource.RLIMIT_CORE, 0)


def _private() -> int:
    """Return the bytes of private memory that this process has already: a fork begins with its parent's (proc(5))."""
    try:
        with open("/proc/self/statm", encoding="ascii") as stream:  # noqa: PTH123 (pathlib is not needed otherwise)
            return int(stream.read().split()[5]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        return 0


def _lower(limit: int, value: int) -> None:
    import resource

    _, hard = resource.getrlimit(limit)
    value = value if hard == resource.RLIM_INFINITY else min(value, hard)
    resource.setrlimit(limit, (value, hard))


def _allow_processor_time(seconds: int) -> None:
    """Let the process use ``seconds`` more of processor time; past them the kernel ends it with SIGXCPU."""
    import resource

    used = resource.getrusage(resource.RUSAGE_SELF)
    _lower(resource.RLIMIT_CPU, int(used.ru_utime + used.ru_stime) + seconds + 1)


def _answer(line: str) -> JsonObject:
    from chainguard_ml.codec import encode

    task = json.loads(line)
    module, _, name = task["function"].partition(":")
    try:
        function = getattr(importlib.import_module(module), name)
        return {"records": [encode(record) for record in function(task["argument"])]}
    except MemoryError:
        return {"failure": "memory"}
    except Exception as error:  # noqa: BLE001 (the worker boundary: a defect costs one task, and is reported)
        return {"failure": "internal", "detail": f"{type(error).__name__}: {error}"}


def serve(preload: Sequence[str] = ()) -> None:
    """Answer tasks until standard input ends; import ``preload`` before anything arrives."""
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    for module in preload:
        importlib.import_module(module)
    with os.fdopen(0, encoding="utf-8", closefd=False) as tasks:
        limits = json.loads(tasks.readline() or "null")
        if limits is None:
            return  # nobody needs it after all
        _set_limits(limits)
        for line in tasks:
            _allow_processor_time(limits["cpu_seconds"])
            answers.write(json.dumps(_answer(line)) + "\n")
            answers.flush()


def become(tasks: int, answers: int, preload: Sequence[str]) -> NoReturn:
    """Turn a forked copy of this process into a worker: nothing of the parent's stays open or runs on."""
    status = 1
    try:
        os.setsid()  # Ctrl-C reaches the parent only
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, signal.SIG_DFL)
        os.dup2(tasks, 0)
        os.dup2(answers, 1)
        os.closerange(3, os.sysconf("SC_OPEN_MAX"))
        sys.stdout = sys.stderr = os.fdopen(2, "w", encoding="utf-8", errors="backslashreplace", closefd=False)
        serve(preload)
        status = 0
    finally:
        os._exit(status)


def main() -> None:
    """Serve as a process of its own."""
    serve(sys.argv[1:])


if __name__ == "__main__":
    main()
