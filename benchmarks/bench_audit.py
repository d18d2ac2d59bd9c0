"""Auditing 500 packages offline: under 0.1 s beyond start-up; and pip-audit on the same list, asking our server."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

from frame import Contestant, compare

from chainguard_ml.audit import server

OURS = str(Path(sys.executable).with_name("chainguard-ml"))
PIP_AUDIT = str(Path(sys.executable).with_name("pip-audit"))


def advisories(directory: Path, count: int = 3000) -> None:
    """Write OSV records, one for each of ``count`` packages."""
    directory.mkdir()
    for number in range(count):
        record = {
            "id": f"PYSEC-0000-{number}",
            "modified": "2024-01-01T00:00:00Z",
            "affected": [
                {
                    "package": {"ecosystem": "PyPI", "name": f"package-{number}"},
                    "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "2.0"}]}],
                    "versions": [f"1.{minor}" for minor in range(50)],
                }
            ],
        }
        (directory / f"{record['id']}.json").write_text(json.dumps(record), encoding="utf-8")


def main() -> int:
    """Compare 500 packages with one: what the packages cost beyond start-up."""
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        os.environ["CHAINGUARD_ML_DATA_DIR"] = str(directory / "data")
        advisories(directory / "osv")
        subprocess.run([OURS, "audit", "db", "import", str(directory / "osv")], check=True, capture_output=True)
        for count in (1, 500):
            lines = [f"package-{number}==2.0\n" for number in range(count)]
            (directory / f"requirements-{count}.txt").write_text("".join(lines), encoding="utf-8")
        many, one = (
            Contestant(f"audit of {count} packages", [OURS, "audit", str(directory / f"requirements-{count}.txt")])
            for count in (500, 1)
        )
        compare("offline audit", many, [one], runs=9)
        beyond = many.median - one.median
        held = beyond < 0.1
        print(f"  beyond start-up: {beyond * 1000:.0f} ms   budget 100 ms: {'held' if held else 'EXCEEDED'}")
        beside(directory, many.median)
    return 0 if held else 1


def beside(directory: Path, ours: float) -> None:
    """Let pip-audit compare the same 500 packages with the same advisories, which it asks a server on loopback for."""
    with server.listen(directory / "data" / "advisories.sqlite", 0) as running:
        thread = threading.Thread(target=running.serve_forever)
        thread.start()
        url = f"http://{server.HOST}:{running.server_port}/v1/query"
        listed = str(directory / "requirements-500.txt")
        asking = [
            "--disable-pip",
            "--no-deps",
            "--progress-spinner",
            "off",
            "-s",
            "osv",
            "--osv-url",
            url,
            "-r",
            listed,
        ]
        theirs = Contestant("pip-audit of 500 packages", [PIP_AUDIT, *asking])
        seconds = theirs.run()
        running.shutdown()
        thread.join()
    print(f"  {theirs.name}, from `audit db serve`: {seconds:.2f} s, {seconds / ours:.0f} times ours")


if __name__ == "__main__":
    sys.exit(main())
