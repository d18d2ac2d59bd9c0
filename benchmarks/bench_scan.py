"""Scanning: an opcode-heavy pickle 10x faster than the peers; a 1 GB torch zip no slower than picklescan."""

from __future__ import annotations

import multiprocessing
import pickle
import sys
import tempfile
import zipfile
from pathlib import Path

from frame import Contestant, compare

BIN = Path(sys.executable).parent
OURS = str(BIN / "chainguard-ml")
FOUND_OR_NOT = (0, 1, 2, 3, 4)


def opcode_heavy(path: Path) -> None:
    """Write a pickle of some 6 million opcodes, 20 MB: plain values, as a vocabulary or a tokenizer holds them."""
    rows = [[number, str(number), number / 7, (number, None, True)] for number in range(500_000)]
    path.write_bytes(pickle.dumps(rows, protocol=4))


def torch_zip(path: Path, megabytes: int = 1000) -> None:
    """Write a zip in the layout of ``torch.save``: a small pickle and stored tensor blobs."""
    blob = bytes(10_000_000)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr("archive/data.pkl", pickle.dumps({"step": 1}, protocol=2))
        archive.writestr("archive/version", "3\n")
        for number in range(megabytes // 10):
            archive.writestr(f"archive/data/{number}", blob)


def main() -> int:
    """Run ours, picklescan and modelscan in turn on both files."""
    held = True
    with tempfile.TemporaryDirectory() as directory:
        for title, write, name, budget in (
            ("opcode-heavy pickle", opcode_heavy, "heavy.pkl", 0.1),
            ("1 GB torch zip", torch_zip, "model.pt", 1.0),
        ):
            path = Path(directory) / name
            # In a process of its own: a child's peak memory begins with its parent's.
            maker = multiprocessing.get_context("spawn").Process(target=write, args=(path,))
            maker.start()
            maker.join()
            ours = Contestant("chainguard-ml scan", [OURS, "scan", str(path)], FOUND_OR_NOT)
            picklescan = Contestant("picklescan", [str(BIN / "picklescan"), "-p", str(path)], FOUND_OR_NOT)
            modelscan = Contestant("modelscan", [str(BIN / "modelscan"), "-p", str(path)], FOUND_OR_NOT)
            held &= compare(title, ours, [picklescan, modelscan], budget=budget, runs=3)
            path.unlink()
    return 0 if held else 1


if __name__ == "__main__":
    sys.exit(main())
