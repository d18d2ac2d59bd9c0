"""Scanning: an opcode-heavy pickle, a 1 GB torch zip, thousands of small files, beside the peers and beside hashing."""

from __future__ import annotations

import hashlib
import multiprocessing
import pickle
import sys
import tempfile
import zipfile
from pathlib import Path

from frame import Contestant, compare

from chainguard_ml.files import opened_root
from chainguard_ml.scan import allowlist, worker

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


def small_pickles(directory: Path, count: int = 2000) -> None:
    """Write some thousand pickles of half a kilobyte: values as experiments and caches keep them."""
    for number in range(count):
        values = [(number * step % 997) / 7 for step in range(40)]
        record = {"name": f"run-{number}", "values": values, "tags": ["a", "b", str(number)], "n": number, "z": None}
        (directory / f"{number}.pkl").write_bytes(pickle.dumps(record, protocol=4))


def peers(path: Path) -> list[Contestant]:
    """Return the scanners that are installed beside ours; picklescan and modelscan always are."""
    calls = {
        "picklescan": ["-p", str(path)],
        "modelscan": ["-p", str(path)],
        "fickling": ["--check-safety", str(path)],
        "modelaudit": ["scan", str(path)],
    }
    found = [(name, BIN / name, words) for name, words in calls.items() if (BIN / name).is_file()]
    return [Contestant(name, [str(program), *words], FOUND_OR_NOT) for name, program, words in found]


def whole_processes() -> bool:
    """Run ours and the peers in turn on one large file each."""
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
            held &= compare(title, ours, peers(path), budget=budget, runs=5)
            path.unlink()
    return held


def many_files() -> bool:
    """Compare scanning many small files in this process with reading and hashing them; then whole processes."""
    judge = allowlist.make_judge([])
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        small_pickles(directory)
        names = sorted(path.name for path in directory.iterdir())

        def scan() -> None:
            with opened_root(directory) as root:
                for item in names:
                    worker.examine_file(root, item, judge)

        def read() -> None:
            for item in names:
                hashlib.sha256((directory / item).read_bytes()).hexdigest()

        ours = Contestant("scan, in one process", scan)
        held = compare("2,000 small pickles", ours, [Contestant("read and hash", read)], budget=2.0)
        command = Contestant("chainguard-ml scan", [OURS, "scan", name], FOUND_OR_NOT)
        held &= compare("2,000 small pickles, whole processes", command, peers(directory)[:2], runs=3)
    return held


def main() -> int:
    """Run every comparison; 1 if a budget is exceeded."""
    held = [whole_processes(), many_files()]
    return 0 if all(held) else 1


if __name__ == "__main__":
    sys.exit(main())
