"""``functools.partial``: what it wraps is called by whoever holds it, later and with further arguments.

So the function is judged as what is kept (``keeping``), which others may call too. Where the stream itself has it
called, as ``defaultdict`` does, it is judged as called, and so is what replaces it afterwards.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from chainguard_ml.scan.pickle import keeping
from chainguard_ml.scan.pickle.values import DATA, Instance, Value

if TYPE_CHECKING:
    from chainguard_ml.scan.pickle.machine import Machine

_CALLED = DATA  # behind the function and its arguments in the notes of a partial that was called


def wrap(machine: Machine, partial: Instance, function: Value, arguments: Value, offset: int) -> None:
    """Judge a function that a partial wraps, and remember it."""
    machine.wrapping = True
    called = partial.notes[2:]
    partial.notes = (function, arguments, *called)
    _call(machine, partial, offset, "called" if called else "wrapped")


def call_wrapped(machine: Machine, partial: Instance, offset: int) -> None:
    """Judge what calling a partial without arguments runs."""
    partial.notes = (*partial.notes[:2], _CALLED)
    _call(machine, partial, offset, "called")


def _call(machine: Machine, partial: Instance, offset: int, how: str) -> None:
    function, arguments = partial.notes[:2]
    machine.call(function, arguments if isinstance(arguments, tuple) else None, offset, how)


def check_partial(machine: Machine, target: Instance, state: Value, offset: int) -> None:
    """Judge a partial's state ``(function, arguments, keywords, attributes)``, which replaces its function."""
    if isinstance(state, tuple) and len(state) == 4:
        wrap(machine, target, state[0], state[1], offset)
        keeping.check_arguments(machine, target.of, (state[2],), offset)
    else:
        machine.trace.note("misused", offset, "its state cannot be followed", target.of)
