"""Ctrl-C ends everything with 130: no traceback, no half-written file, no worker left behind."""

from __future__ import annotations

import pickle
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest


@pytest.mark.skipif(not Path("/proc/self/task").is_dir(), reason="children are found through /proc")
def test_ctrl_c(tmp_path: Path) -> None:
    models = tmp_path / "models"
    models.mkdir()
    heavy = pickle.dumps([[number, str(number)] for number in range(20_000)], protocol=4)
    (models / "0.pkl").write_bytes(heavy)
    for number in range(1, 2_000):  # enough to be still at it when the signal comes
        (models / f"{number}.pkl").hardlink_to(models / "0.pkl")
    # A job in the background ignores the signal, and children inherit that.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    command = [sys.executable, "-P", "-m", "chainguard_ml", "scan", "models", "-o", "report.txt"]
    with subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        children = Path(f"/proc/{process.pid}/task/{process.pid}/children")
        while not (workers := children.read_text(encoding="ascii").split()):
            assert process.poll() is None
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
    assert (process.returncode, out) == (130, "")
    assert "Traceback" not in err
    assert [path.name for path in tmp_path.iterdir()] == ["models"]
    deadline = time.monotonic() + 30  # one that was just being started ends when its pipe does
    while [worker for worker in workers if Path(f"/proc/{worker}").exists()]:
        assert time.monotonic() < deadline
