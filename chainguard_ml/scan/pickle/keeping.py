"""Globals that a stream keeps as data: in a state, a container, the arguments of a constructor.

Nothing calls them at once. But loading runs methods of many harmless classes, and those call what their object holds:
``torch.optim.Optimizer.__setstate__`` calls ``self.state.get``, pandas looks for methods of what it is given. So a
harmless class can be made to call what was kept, with arguments that the stream chooses. That is as harmless as what is
kept: the allow-list says of names that are not (``"kept": false``), and of what this package models only where the
stream itself calls it.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from chainguard_ml.scan.pickle.values import DATA, LONGEST_TUPLE, Dict, Global, Holding, Instance, Value, text_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from chainguard_ml.scan.pickle.machine import Machine


_HOLDERS = frozenset({Global, Holding})
_MEMORY = frozenset({"__array_interface__", "__array_struct__", "__cuda_array_interface__"})
_ADDRESS = "an attribute or key of that name makes NumPy read memory at an address that the stream gives"
_ZONES = frozenset({"tz", "dtype"})  # keys whose value can be a time zone or name one
_FILE = "a time zone names a file, which pandas opens"
_ZONE = re.compile(r"dateutil(?:/[A-Za-z0-9_+-]+)+\]*")  # behind the name of a type: datetime64[ns, dateutil/UTC]
_SETSTATE = "a key of that name can stand in for the method that sets an object's state"
_ODD = "its arguments or items set special attributes, methods, or attributes with computed names"
_MAPPINGS = frozenset({"dict", "OrderedDict", "Counter", "defaultdict", "ChainMap", "UserDict", "WeakValueDictionary"})


def check_key(machine: Machine, key: Value, offset: int, value: Value = DATA) -> None:
    """Note a key that no mapping has: many classes look attributes up in their items, so it is as good as one."""
    if type(key) is str and key in _MEMORY:
        machine.trace.note("misused", offset, f"{key}: {_ADDRESS}")
    elif type(key) is str and key in _ZONES:
        _check_zone(machine, value, offset)
    elif type(key) is str and key == "__setstate__":
        machine.trace.note("misused", offset, f"{key}: {_SETSTATE}")


def check_zones(machine: Machine, target: Global, arguments: tuple[Value, ...], offset: int) -> None:
    """Note time zones among the arguments of a call of pandas that are names of files."""
    if target.module.startswith("pandas"):
        for value in arguments:
            _check_zone(machine, value, offset)


def _check_zone(machine: Machine, value: Value, offset: int) -> None:
    """``dateutil`` opens the file that a zone names; ``dateutil/Europe/Berlin`` is one of the system's."""
    text = text_of(value, machine.data)
    start = text.find("dateutil/")
    if start >= 0 and not _ZONE.fullmatch(text, start):
        machine.trace.note("misused", offset, _FILE)


def check_arguments(machine: Machine, target: Global, arguments: tuple[Value, ...], offset: int) -> None:
    """Note mappings with odd keys that something is made from that may take its attributes from them."""
    if target.name in _MAPPINGS:
        return
    for value in arguments:
        if isinstance(value, Dict | Instance) and value.odd:
            machine.trace.note("misused", offset, _ODD, target)


def keep(machine: Machine, values: Sequence[Value], offset: int) -> None:
    """Record the imports among ``values``, and among the items of tuples among them.

    It looks no deeper: what is in a tuple of tuples was looked at when that was made (``keep_inner``).
    """
    if _HOLDERS.isdisjoint(map(type, values)):
        return
    for value in values:
        for item in value if type(value) is Holding else (value,):
            if type(item) is Global:
                machine.trace.use(item, "kept", offset)


def keep_items(machine: Machine, items: list[Value], offset: int) -> bool:
    """Record the imports among the keys and values that are set, and return whether there are any.

    joblib's arrays name their class under one key.
    """
    if _HOLDERS.isdisjoint(map(type, items)):
        return False
    for index in range(0, len(items), 2):
        key = items[index]
        if not (type(key) is str and key == "subclass"):
            keep(machine, items[index : index + 2], offset)
    return True


def keep_inner(machine: Machine, items: list[Value], offset: int) -> None:
    """Record the imports in the tuples among the items of a tuple that is being made.

    Items of its own may still be the arguments of a call whose effect is known, if they are no more than those have.
    """
    if len(items) > LONGEST_TUPLE:
        keep(machine, items, offset)
    elif Holding in map(type, items):
        keep(machine, [item for item in items if type(item) is Holding], offset)
