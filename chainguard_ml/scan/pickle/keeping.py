"""Globals that a stream keeps as data: in a state, a container, the arguments of a constructor.

Nothing calls them at once. But loading runs methods of many harmless classes, and those call what their object holds:
``torch.optim.Optimizer.__setstate__`` calls ``self.state.get``, pandas looks for methods of what it is given. So a
harmless class can be made to call what was kept, with arguments that the stream chooses. That is as harmless as what is
kept: the allow-list says of names that are not (``"kept": false``), and of what this package models only where the
stream itself calls it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from chainguard_ml.scan.pickle.values import BORING, DATA, Global, Value

if TYPE_CHECKING:
    from collections.abc import Iterable

    from chainguard_ml.scan.pickle.machine import Machine


def keep(machine: Machine, values: Iterable[Value], offset: int) -> None:
    """Record the globals among ``values``, and among the items of tuples among them.

    It looks no deeper: what is in a tuple of tuples was looked at when that was made (``keep_inner``).
    """
    for value in values:
        if value is DATA or value is BORING:
            continue
        if type(value) is Global:
            machine.trace.use(value, "kept", offset)
        elif type(value) is tuple:
            for item in value:
                if type(item) is Global:
                    machine.trace.use(item, "kept", offset)


def keep_inner(machine: Machine, items: list[Value], offset: int) -> None:
    """Record the globals in the tuples among the items of a tuple that is being made.

    Items of their own may still be the arguments of a call whose effect is known.
    """
    for item in items:
        if type(item) is tuple and item is not BORING:
            keep(machine, item, offset)
