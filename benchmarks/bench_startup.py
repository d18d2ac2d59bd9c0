"""Start-up: ``--help`` and ``--version`` within 8x of ``python -c pass`` (design, section 8)."""

from __future__ import annotations

import sys
from pathlib import Path

from frame import Contestant, compare

TOOL = str(Path(sys.executable).with_name("chainguard-ml"))


def main() -> int:
    """Compare both with the bare interpreter."""
    held = True
    for option in ("--help", "--version"):
        ours = Contestant(f"chainguard-ml {option}", [TOOL, option])
        bare = Contestant("python -c pass", [sys.executable, "-c", "pass"])
        held &= compare(f"start-up {option}", ours, [bare], budget=8, runs=15)
    return 0 if held else 1


if __name__ == "__main__":
    sys.exit(main())
