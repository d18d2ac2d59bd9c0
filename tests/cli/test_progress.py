"""The line of progress: what it says, how often, and that it is cleared."""

from __future__ import annotations

import io
import os
import threading
from typing import TYPE_CHECKING

import pytest

from chainguard_ml import signing
from chainguard_ml.cli import console
from chainguard_ml.cli.lifecycle import Signing
from chainguard_ml.context import Silent

if TYPE_CHECKING:
    from pathlib import Path


class Terminal(io.StringIO):
    """A terminal that is a string."""

    def isatty(self) -> bool:
        return True

    @property
    def lines(self) -> list[str]:
        return self.getvalue().split("\r\x1b[K")[1:]


class Clock:
    """A clock that is set by hand."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


def terminal(monkeypatch: pytest.MonkeyPatch) -> Terminal:
    """Return a terminal that is standard error from now on; a fixture would be too early for pytest's own capture."""
    made = Terminal()
    monkeypatch.setattr("sys.stderr", made)
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.delenv("CI", raising=False)
    return made


def test_bytes_rate_and_time_left(monkeypatch: pytest.MonkeyPatch) -> None:
    screen, clock = terminal(monkeypatch), Clock()
    watch = console.Progress(clock)
    watch.stage("verify")
    watch.moved(500)
    clock.now = 1.0
    watch.advance("config.json")
    watch.expect(4_000_000_000)
    clock.now = 2.0
    watch.moved(1_000_000_000)
    clock.now = 2.05
    watch.moved(1)  # too soon for another line
    watch.advance("weights\x1b[1m.bin")
    clock.now = 4.0
    watch.moved(2_999_999_999)
    console.clear(watch)
    assert screen.lines == [
        "verify",
        "verify 1 500 B, 500 B/s config.json",
        "verify 1 1.0 GB of 4.0 GB, 500 MB/s, 6 s left config.json",
        "verify 2 4.0 GB, 1.0 GB/s weights\\x1b[1m.bin",
        "",
    ]


def test_things_of_a_known_number(monkeypatch: pytest.MonkeyPatch) -> None:
    screen, clock = terminal(monkeypatch), Clock()
    watch = console.Progress(clock)
    watch.stage("scan", 2)
    for name in ("a", "b" * 200):
        clock.now += 1
        watch.advance(name)
    assert screen.lines == ["scan 0/2", "scan 1/2 a", f"scan 2/2 {'b' * 90}"]


def test_bytes_from_many_threads_are_all_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    screen, clock = terminal(monkeypatch), Clock()
    watch = console.Progress(clock)
    workers = [threading.Thread(target=lambda: [watch.moved(1) for _ in range(2_000)]) for _ in range(8)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    clock.now = 16.0
    watch.advance("last")
    assert screen.lines[-1] == "1 16 kB, 1.0 kB/s last"


@pytest.mark.parametrize(
    ("count", "text"),
    [(0, "0 B"), (999, "999 B"), (1_000, "1.0 kB"), (9_940, "9.9 kB"), (9_960, "10 kB"), (999_400, "999 kB"),
     (999_600, "1.0 MB"), (4.29e9, "4.3 GB"), (1e12, "1.0 TB"), (1.25e15, "1250.0 TB")],
)  # fmt: skip
def test_sizes(count: float, text: str) -> None:
    assert console.size(count) == text


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.4, "0 s"), (59.4, "59 s"), (60, "1 min 0 s"), (3_725, "1 h 2 min"), (4e6, "1,111 h 6 min")]
)
def test_durations(seconds: float, text: str) -> None:
    assert console.duration(seconds) == text


def test_nobody_watches(monkeypatch: pytest.MonkeyPatch) -> None:
    screen = terminal(monkeypatch)
    assert isinstance(console.observer(Signing()), console.Progress)
    assert isinstance(console.observer(Signing(no_progress=True)), Silent)
    monkeypatch.setenv("CI", "true")
    assert isinstance(console.observer(Signing()), Silent)
    console.clear(Silent())
    assert screen.getvalue() == ""


def test_every_byte_of_a_model_is_told(tmp_path: Path) -> None:
    class Watch(Silent):
        moving = 0
        expected = 0

        def moved(self, size: int) -> None:
            self.moving += size

        def expect(self, size: int) -> None:
            self.expected += size

    sizes = {"small": 1_000, "middle": 1 << 18, "large": (1 << 20) + 1, "empty": 0}
    (tmp_path / "m").mkdir()
    for name, count in sizes.items():
        (tmp_path / "m" / name).write_bytes(os.urandom(count))
    key = signing.load_private_key(_key())
    watch = Watch()
    signing.sign_model(tmp_path / "m", key, observer=watch)
    assert (watch.moving, watch.expected) == (sum(sizes.values()), sizes["middle"] + sizes["large"])
    watch = Watch()
    assert list(signing.verify_model(tmp_path / "m", None, [key.public], observer=watch))
    assert watch.moving == sum(sizes.values())


def _key() -> bytes:
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    made = ec.generate_private_key(ec.SECP256R1())
    return made.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
