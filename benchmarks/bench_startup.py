"""Start-up: ``--help`` and ``--version`` within 8x of ``python -c pass`` (design, section 8); records."""

from __future__ import annotations

import dataclasses
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from frame import Contestant, compare

from chainguard_ml import records

if TYPE_CHECKING:
    from collections.abc import Callable

TOOL = str(Path(sys.executable).with_name("chainguard-ml"))


def main() -> int:
    """Compare both with the bare interpreter."""
    held = True
    for option in ("--help", "--version"):
        ours = Contestant(f"chainguard-ml {option}", [TOOL, option])
        bare = Contestant("python -c pass", [sys.executable, "-c", "pass"])
        held &= compare(f"start-up {option}", ours, [bare], budget=8, runs=15)
    ours = Contestant("200 records", lambda: classes(records.record))
    held &= compare("classes", ours, [Contestant("200 dataclasses", lambda: classes(dataclass))], budget=0.5)
    return 0 if held else 1


def dataclass(kind: type) -> type:
    """Make what a record is instead of."""
    return dataclasses.dataclass(frozen=True, slots=True)(kind)


def classes(make: Callable[[type], type]) -> None:
    """Make 200 classes of four fields, as importing modules does."""
    for _ in range(200):

        class Example:
            """Four fields."""

            name: str
            number: int = 1
            text: str = ""
            flag: bool = False

        make(Example)


if __name__ == "__main__":
    sys.exit(main())
