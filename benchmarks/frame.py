"""The frame of every benchmark: commands side by side in one run, their medians, and a ratio held to a budget.

A benchmark script names its contestants and its budget; the frame runs them in turn (A B A B …), so that a machine
that slows down slows all of them, and prints one table. Ratios are what counts; absolute times are only shown.
"""

from __future__ import annotations

import compileall
import statistics
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import resource
    from collections.abc import Callable, Sequence


# As an installer does: where PYTHONDONTWRITEBYTECODE is set, an editable package is compiled anew in every process.
compileall.compile_dir(Path(__file__).parent.parent / "chainguard_ml", quiet=1)


@dataclass
class Contestant:
    """One way to do the work: a command, or a function of this process.

    Attributes:
        name: As it stands in the table.
        work: The command's words, or a function without arguments.
        codes: Exit codes that count as done.
    """

    name: str
    work: Sequence[str] | Callable[[], object]
    codes: tuple[int, ...] = (0,)
    seconds: list[float] = field(default_factory=list)
    busy: list[float] = field(default_factory=list)
    memory: int = 0

    def run(self) -> float:
        """Do the work once; return wall seconds, and keep CPU seconds and the peak memory of a command (KiB)."""
        start, used = time.perf_counter(), time.process_time()
        if callable(self.work):
            self.work()
            self.busy.append(time.process_time() - used)
        else:
            process = subprocess.Popen(self.work, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            _, status, usage = _wait(process)
            if status not in self.codes:
                raise SystemExit(f"{self.name} ended with {status}: {' '.join(self.work)}")
            self.memory = max(self.memory, usage.ru_maxrss)
            self.busy.append(usage.ru_utime + usage.ru_stime)
        return time.perf_counter() - start

    @property
    def median(self) -> float:
        """Median wall seconds."""
        return statistics.median(self.seconds)


def _wait(process: subprocess.Popen[bytes]) -> tuple[int, int, resource.struct_rusage]:
    import os

    pid, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    return pid, process.returncode, usage


def compare(
    title: str, ours: Contestant, peers: Sequence[Contestant], *, budget: float | None = None, runs: int = 7
) -> bool:
    """Run ours and the peers in turn and print the table.

    ``budget`` is the largest allowed ratio ours / first peer; the result says whether it held.
    """
    contestants = [ours, *peers]
    for contestant in contestants:
        contestant.run()  # warm the page cache and the compiled modules
    for _ in range(runs):
        for contestant in contestants:
            contestant.seconds.append(contestant.run())
    print(f"\n{title}  (median of {runs}, in turn)")
    for contestant in contestants:
        memory = f"{contestant.memory / 1024:8.0f} MiB" if contestant.memory else " " * 12
        processor = statistics.median(contestant.busy) * 1000
        print(f"  {contestant.name:44} {contestant.median * 1000:10.1f} ms {processor:10.1f} ms CPU {memory}")
    ratio = statistics.median(a / b for a, b in zip(ours.seconds, peers[0].seconds, strict=True))
    held = budget is None or ratio <= budget
    verdict = "" if budget is None else f"   budget {budget:g}: {'held' if held else 'EXCEEDED'}"
    print(f"  ratio {ours.name} / {peers[0].name}: {ratio:.3f}{verdict}")
    return held
