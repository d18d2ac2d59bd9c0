"""Fuzzing in two ways: a fixed number of mutations in every test run, and without an end by hand.

A module ``fuzz_<area>.py`` has ``NAME`` (the file name under which bytes are scanned), ``seeds()`` (files that parse)
and, where scanning is not what it is about, ``target(data)``. By hand: ``python -m tests.fuzz.frame AREA SECONDS``.
"""

from __future__ import annotations

import importlib
import random
import sys
import time
from typing import TYPE_CHECKING

from chainguard_ml.errors import ChainguardError
from chainguard_ml.model import Evidence, Finding, Gap, Location, Subject
from chainguard_ml.scan import allowlist
from chainguard_ml.scan.examination import Session
from chainguard_ml.scan.interface import Blob, Budgets

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import ModuleType

_EDGES = (b"\0", b"\xff", b"\x7f", b"\x80", b"\0\0\0\0", b"\xff\xff\xff\xff", b"\xff" * 8, b"\xff\xff\xff\x7f", b"\1")


def scan(name: str, data: bytes) -> None:
    """Scan bytes under a name; anything but observations is a defect."""
    blob = Blob(data, Subject(name, size=len(data)), Location(name), name)
    if not data:
        return
    budgets = Budgets(expanded=20_000_000, free=2_000_000)
    for item in Session(allowlist.make_judge([]), budgets).nested(blob):
        assert isinstance(item, Finding | Gap | Evidence)


def mutated(seed: bytes, chance: random.Random, other: bytes) -> bytes:
    """Return a seed with some changes: flipped, cut, repeated, overwritten with edges, or joined with another seed."""
    data = bytearray(seed)
    for _ in range(chance.choice((1, 1, 2, 4, 16))):
        place = chance.randrange(len(data) + 1)
        match chance.randrange(6):
            case 0 if data:
                data[place % len(data)] ^= 1 << chance.randrange(8)
            case 1:
                edge = chance.choice(_EDGES)
                data[place : place + len(edge)] = edge
            case 2:
                del data[place : place + chance.choice((1, 2, 4, 8, 64))]
            case 3:
                data[place:place] = data[place : place + chance.choice((1, 4, 16, 256))]
            case 4:
                data[place:] = other[chance.randrange(len(other) + 1) :]
            case _:
                del data[place:]
    return bytes(data)


def target_of(module: ModuleType) -> Callable[[bytes], None]:
    """Return what a module fuzzes."""
    own: Callable[[bytes], None] | None = getattr(module, "target", None)
    return own or (lambda data: scan(module.NAME, data))


def inputs(module: ModuleType, number: int) -> Iterator[bytes]:
    """Yield ``number`` mutations of a module's seeds, the same in every run with the same number."""
    seeds = list(module.seeds())
    chance = random.Random(number)  # noqa: S311 (repeatable on purpose)
    for _ in range(number):
        yield mutated(chance.choice(seeds), chance, chance.choice(seeds))


def main(area: str, seconds: float) -> int:
    """Fuzz one area until the time is over; print the input that breaks it."""
    module = importlib.import_module(f"tests.fuzz.fuzz_{area}")
    target, seeds = target_of(module), list(module.seeds())
    chance, done, end = random.Random(), 0, time.monotonic() + seconds  # noqa: S311 (new inputs on purpose)
    while time.monotonic() < end:
        data = mutated(chance.choice(seeds), chance, chance.choice(seeds))
        try:
            target(data)
        except ChainguardError:
            pass
        except BaseException:
            print(f"after {done:,} inputs: {data.hex()}", file=sys.stderr)  # noqa: T201 (a tool for developers)
            raise
        done += 1
    print(f"{area}: {done:,} inputs")  # noqa: T201 (a tool for developers)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], float(sys.argv[2])))
