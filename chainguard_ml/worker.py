"""The worker process: ``python -P -m chainguard_ml.worker LIMITS``. See ``workers.py``.

Reads one JSON task a line on standard input, writes one JSON answer a line on standard output. The function's own
prints go to standard error, so that nothing but answers reaches the pipe.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
from typing import TYPE_CHECKING

from chainguard_ml.codec import JsonObject, encode

if TYPE_CHECKING:
    from collections.abc import Mapping


def _set_limits(limits: Mapping[str, int]) -> None:
    """Limit private memory, open files and core dumps for the life of the process."""
    import resource

    memory = limits["memory_mib"] << 20
    # RLIMIT_DATA counts private writable memory, so a read-only mapping of a large model costs nothing.
    _lower(resource.RLIMIT_DATA, memory)
    _lower(resource.RLIMIT_NOFILE, limits["open_files"])
    _lower(resource.RLIMIT_CORE, 0)


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
    task = json.loads(line)
    module, _, name = task["function"].partition(":")
    try:
        function = getattr(importlib.import_module(module), name)
        return {"records": [encode(record) for record in function(task["argument"])]}
    except MemoryError:
        return {"failure": "memory"}
    except Exception as error:  # noqa: BLE001 (the worker boundary: a defect costs one task, and is reported)
        return {"failure": "internal", "detail": f"{type(error).__name__}: {error}"}


def main() -> None:
    """Answer tasks until standard input ends."""
    limits = json.loads(sys.argv[1])
    _set_limits(limits)
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    for line in sys.stdin:
        _allow_processor_time(limits["cpu_seconds"])
        answers.write(json.dumps(_answer(line)) + "\n")
        answers.flush()


if __name__ == "__main__":
    main()
