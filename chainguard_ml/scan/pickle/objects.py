"""Opcodes that name, call, construct and change objects: everything that an unpickler can be made to do."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chainguard_ml.scan.pickle import keeping, names, operands
from chainguard_ml.scan.pickle.arrays import after_build
from chainguard_ml.scan.pickle.dtypes import CLOSED
from chainguard_ml.scan.pickle.machine import opcode
from chainguard_ml.scan.pickle.operands import BrokenError
from chainguard_ml.scan.pickle.states import check_state
from chainguard_ml.scan.pickle.values import (
    DATA,
    NOTED,
    PERSISTENT,
    UNKNOWN,
    Dict,
    Global,
    Instance,
    Value,
    is_odd,
    replaces_method,
)

if TYPE_CHECKING:
    from chainguard_ml.scan.pickle.machine import Machine


def _import(machine: Machine, module: str, name: str, offset: int) -> Value:
    if not module:
        raise BrokenError("a module has no name")
    return machine.trace.imported(*names.mapped(module, name, machine.protocol), offset)


@opcode(b"c")
def _global(machine: Machine, position: int) -> int:
    module, end = machine.line(position)
    name, end = machine.line(end)
    value = _import(machine, operands.name(module, "utf-8"), operands.name(name, "utf-8"), position - 1)
    machine.stack.append(value)
    return end


@opcode(b"\x93")
def _stack_global(machine: Machine, position: int) -> int:
    name, module = machine.stack.pop(), machine.stack.pop()
    if isinstance(name, str) and isinstance(module, str):
        machine.stack.append(_import(machine, module, name, position - 1))
    else:
        machine.trace.note("unresolved", position - 1, "the name of an import is computed or is not a text")
        machine.stack.append(UNKNOWN)
    return position


def _extension(machine: Machine, code: int, position: int) -> None:
    if code <= 0:
        raise BrokenError("an extension's code is not positive")
    known = machine.trace.extensions.get(code)
    if known is None:
        machine.trace.note("unresolved", position - 1, f"extension code {code} is resolved by the loader's registry")
        machine.stack.append(UNKNOWN)
    else:
        machine.stack.append(_import(machine, *known, position - 1))


@opcode(b"\x82")
def _ext1(machine: Machine, position: int) -> int:
    _extension(machine, machine.data[position], position)
    return position + 1


@opcode(b"\x83")
def _ext2(machine: Machine, position: int) -> int:
    _extension(machine, machine.data[position] | machine.data[position + 1] << 8, position)
    return position + 2


@opcode(b"\x84")
def _ext4(machine: Machine, position: int) -> int:
    if position + 4 > machine.size:
        raise BrokenError("an operand is cut")
    _extension(machine, int.from_bytes(machine.data[position : position + 4], "little", signed=True), position)
    return position + 4


@opcode(b"i")
def _inst(machine: Machine, position: int) -> int:
    module, end = machine.line(position)
    name, end = machine.line(end)
    target = _import(machine, operands.name(module, "ascii"), operands.name(name, "ascii"), position - 1)
    _instantiate(machine, target, machine.pop_mark(), position - 1)
    return end


@opcode(b"o")
def _obj(machine: Machine, position: int) -> int:
    items = machine.pop_mark()
    if not items:
        raise BrokenError("OBJ finds no class")
    _instantiate(machine, items[0], items[1:], position - 1)
    return position


def _instantiate(machine: Machine, target: Value, items: list[Value], offset: int) -> None:
    """Without arguments a class is only constructed (``__new__``), anything else is called."""
    how = "called" if items else "instantiated"
    machine.stack.append(machine.call(target, tuple(items), offset, how))


@opcode(b"R")
def _reduce(machine: Machine, position: int) -> int:
    arguments, target = machine.stack.pop(), machine.stack[-1]
    machine.stack[-1] = machine.call(target, _known(machine, arguments, position - 1), position - 1)
    return position


@opcode(b"\x81")
def _newobj(machine: Machine, position: int) -> int:
    arguments, target = machine.stack.pop(), machine.stack.pop()
    machine.stack.append(machine.call(target, _known(machine, arguments, position - 1), position - 1, "newobj"))
    return position


@opcode(b"\x92")
def _newobj_ex(machine: Machine, position: int) -> int:
    _, arguments, target = machine.stack.pop(), machine.stack.pop(), machine.stack.pop()
    machine.stack.append(machine.call(target, _known(machine, arguments, position - 1), position - 1, "newobj"))
    return position


def _known(machine: Machine, arguments: Value, offset: int) -> tuple[Value, ...] | None:
    """Return arguments as a tuple; pure Python takes any iterable, whose items are not followed.

    No pickler writes an object there, whose iterator would yield them, perhaps without an end.
    """
    if isinstance(arguments, tuple):
        return arguments
    if isinstance(arguments, Instance):
        machine.trace.note("misused", offset, "its elements are the arguments of a call", arguments.of)
    return None


@opcode(b"b")
def _build(machine: Machine, position: int) -> int:
    state, target = machine.stack.pop(), machine.stack[-1]
    keeping.keep(machine, (state,), position - 1)
    if type(target) is Instance:
        machine.trace.use(target.of, "built", position - 1)
        check_state(machine, target, state, position - 1)
        return after_build(machine, target, state, position)
    _changes(machine, target, position - 1, "state is set on it")
    return position


def _changes(machine: Machine, target: Value, offset: int, how: str, use: str = "built") -> None:
    """Record that something which is not this stream's own list or dictionary is changed."""
    if type(target) is Global:
        machine.trace.note("overwritten", offset, how, target)
    elif target is PERSISTENT:
        machine.trace.note("supplied", offset, "an object that the loader returned for a persistent id is changed")
    elif type(target) is Instance:
        machine.trace.use(target.of, use, offset)


@opcode(b"a")
def _append(machine: Machine, position: int) -> int:
    _feed(machine, [machine.stack.pop()], position - 1)
    return position


@opcode(b"e", b"\x90")
def _appends(machine: Machine, position: int) -> int:
    _feed(machine, machine.pop_mark(), position - 1)
    return position


def _feed(machine: Machine, items: list[Value], offset: int) -> None:
    """Add items: unpicklers call ``append``, ``extend`` or ``add`` of what is no list; its state may define them."""
    target = machine.stack[-1]
    keeping.keep(machine, items, offset)
    if target is not DATA:
        _changes(machine, target, offset, "items are added to it", "fed")


@opcode(b"s")
def _setitem(machine: Machine, position: int) -> int:
    value, key = machine.stack.pop(), machine.stack.pop()
    _set(machine, machine.stack[-1], [key, value], position - 1)
    return position


@opcode(b"u")
def _setitems(machine: Machine, position: int) -> int:
    items = machine.pop_mark()
    _set(machine, machine.stack[-1], items, position - 1)
    if len(items) % 2:
        raise BrokenError("a dictionary has a key without a value")
    return position


def _set(machine: Machine, target: Value, items: list[Value], offset: int) -> None:
    imports = keeping.keep_items(machine, items, offset) or machine.wrapping
    if type(target) is Dict:
        target.count += len(items) >> 1
        if target.closed:
            machine.trace.note("misused", offset, CLOSED)
        for index in range(0, len(items) - 1, 2):
            key = items[index]
            if imports or type(key) is not str or key in NOTED or key[:2] == "__" or type(items[index + 1]) is tuple:
                keeping.check_key(machine, key, offset, items[index + 1])
                target.put(key, items[index + 1])
        return
    _changes(machine, target, offset, "items are set in it")
    if type(target) is Instance:
        odd = [key for key in items[::2] if is_odd(key)]
        for key in odd:
            keeping.check_key(machine, key, offset)
        if odd or (
            imports and any(replaces_method(*items[index : index + 2]) for index in range(0, len(items) - 1, 2))
        ):
            target.odd = True
            keeping.check_arguments(machine, target.of, (target,), offset)


@opcode(b"P")
def _persid(machine: Machine, position: int) -> int:
    line, end = machine.line(position)
    _persistent(machine, operands.name(line, "ascii"), position - 1)
    return end


@opcode(b"Q")
def _binpersid(machine: Machine, position: int) -> int:
    _persistent(machine, machine.stack.pop(), position - 1)
    return position


def _persistent(machine: Machine, identifier: Value, offset: int) -> None:
    """Ask the loader for an object; torch's identifiers are known, and a reduction inside one is a call."""
    match identifier:
        case (str() as kind, _, function, arguments) if kind == "reduce_package":  # torch.package
            machine.stack.append(machine.call(function, _known(machine, arguments, offset), offset))
            return
        case (str() as kind, Global() as target, *_) if kind == "module":  # torch: a class with its source
            machine.stack.append(target)
            return
        case (Global() as target, *_):  # the same in torch's tar files
            machine.stack.append(target)
            return
        case (str() as kind, *_) if kind == "storage":
            pass
        case int():  # storages in torch's tar files
            pass
        case str() if identifier.isdecimal():
            pass
        case _:
            machine.trace.note("persistent", offset, "the loader is asked for an object that is not in the file")
    machine.stack.append(PERSISTENT)
