"""Verifying beside ``model_signing``: a small model, one big file, many middle-sized and many small files.

A small model and 20,000 small files are held to a fifth of its time. On big files both do nothing but hash, which
no program does faster than its hash function: there our hashing is held to 95 % of ``hashlib`` in one thread.
"""

from __future__ import annotations

import hashlib
import subprocess
import sys
import tempfile
from pathlib import Path

from frame import Contestant, compare

from chainguard_ml.context import Silent
from chainguard_ml.signing import tree
from chainguard_ml.signing.hashing import Recipe

BIN = Path(sys.executable).parent
OURS = str(BIN / "chainguard-ml")
BIG = 4_000_000_000
CASES = (
    ("tiny model", 1, 1000, 0.2, 7),
    ("2,000 files of 1 MB", 2_000, 1_000_000, None, 3),
    ("20,000 files of 10 kB", 20_000, 10_000, 0.2, 3),
)
"""Title, number of files, bytes in each, budget, runs."""


def keys(directory: Path) -> tuple[Path, Path]:
    """Make a P-256 key pair with OpenSSL."""
    private, public = directory / "key.pem", directory / "key.pub"
    subprocess.run(["openssl", "ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", private], check=True)
    subprocess.run(["openssl", "ec", "-in", private, "-pubout", "-out", public], check=True, capture_output=True)
    return private, public


def both(title: str, model: Path, pair: tuple[Path, Path], budget: float | None, runs: int) -> bool:
    """Sign a model, then verify it in turn with both tools."""
    private, public = pair
    subprocess.run([OURS, "sign", model, "--key", private], check=True, capture_output=True)
    ours = Contestant("chainguard-ml verify", [OURS, "verify", str(model), "--key", str(public)])
    peer = Contestant(
        "model_signing verify",
        [str(BIN / "model_signing"), "verify", "key", str(model), "--signature", str(model / "model.sig"),
         "--public_key", str(public)],
    )  # fmt: skip
    return compare(title, ours, [peer], budget=budget, runs=runs)


def hashing(path: Path) -> bool:
    """Hash one big file as verifying does, and as one thread of ``hashlib`` does."""

    def plain() -> None:
        with path.open("rb", buffering=0) as stream:
            hashlib.file_digest(stream, "sha256")

    ours = Contestant("the hashing of verify", lambda: tree.read_file(path.parent, path.name, Recipe(), Silent()))
    return compare("hashing 4 GB", ours, [Contestant("hashlib.file_digest", plain)], budget=1 / 0.95, runs=5)


def main() -> int:
    """Make the models one after another, and compare."""
    held = True
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        pair = keys(directory)
        for title, count, size, budget, runs in CASES:
            with tempfile.TemporaryDirectory(dir=directory) as model:
                for number in range(count):
                    (Path(model) / f"{number:05}.bin").write_bytes(number.to_bytes(4, "big") * (size // 4))
                held &= both(title, Path(model), pair, budget, runs)
        big = directory / "big"
        big.mkdir()
        with (big / "weights.bin").open("wb") as stream:
            stream.truncate(BIG)  # a file without blocks: reading it costs no disk, hashing it as much as ever
        held &= both("one file of 4 GB", big, pair, None, 3)
        held &= hashing(big / "weights.bin")
    return 0 if held else 1


if __name__ == "__main__":
    sys.exit(main())
