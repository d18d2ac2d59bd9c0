"""Verifying: a small model in a fifth of ``model_signing``'s time, 20,000 small files in a fifth too."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

from frame import Contestant, compare

BIN = Path(sys.executable).parent
OURS = str(BIN / "chainguard-ml")


def keys(directory: Path) -> tuple[Path, Path]:
    """Make a P-256 key pair with OpenSSL."""
    private, public = directory / "key.pem", directory / "key.pub"
    subprocess.run(["openssl", "ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", private], check=True)
    subprocess.run(["openssl", "ec", "-in", private, "-pubout", "-out", public], check=True, capture_output=True)
    return private, public


def main() -> int:
    """Sign once, then verify in turn with both tools."""
    held = True
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        private, public = keys(directory)
        for title, count, size in (("tiny model", 1, 1000), ("20,000 files of 10 kB", 20_000, 10_000)):
            model = directory / title.replace(" ", "-")
            model.mkdir()
            for number in range(count):
                (model / f"{number:05}.bin").write_bytes(number.to_bytes(4, "big") * (size // 4))
            subprocess.run([OURS, "sign", model, "--key", private], check=True, capture_output=True)
            ours = Contestant("chainguard-ml verify", [OURS, "verify", str(model), "--key", str(public)])
            peer = Contestant(
                "model_signing verify",
                [str(BIN / "model_signing"), "verify", "key", str(model), "--signature", str(model / "model.sig"),
                 "--public_key", str(public)],
            )  # fmt: skip
            held &= compare(title, ours, [peer], budget=0.2, runs=5)
    return 0 if held else 1


if __name__ == "__main__":
    sys.exit(main())
