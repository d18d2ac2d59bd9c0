"""Opcodes that push, store and collect: nothing in this file names or runs anything."""

from __future__ import annotations

import re
import sys
from typing import TYPE_CHECKING

from chainguard_ml.scan.pickle import keeping, operands
from chainguard_ml.scan.pickle.literals import SHORTEST
from chainguard_ml.scan.pickle.machine import opcode
from chainguard_ml.scan.pickle.operands import BrokenError
from chainguard_ml.scan.pickle.values import DATA, NONE, UNKNOWN, Dict, Span, Value, pack

if TYPE_CHECKING:
    from chainguard_ml.scan.pickle.machine import Handler, Machine

_NUMBERS = re.compile(rb"(?:K.|M..|J.{4}|G.{8}|[N\x88\x89])++e", re.DOTALL)
_KEPT = 1024  # bytes of a text that is kept as it is; names are shorter
_SHORT = 12  # bytes of literal bytes that nobody can unpickle
_HUGE = 1 << 80  # one place of the memo for all numbers of thousands of digits


def _pushes(value: Value, size: int) -> Handler:
    """Return the handler of an opcode that pushes ``value`` whatever its operand of ``size`` bytes is."""

    def push(machine: Machine, position: int) -> int:
        end = position + size
        if end > machine.size:
            raise BrokenError("an operand is cut")
        machine.stack.append(value)
        return end

    return push


for _codes, _value, _size in (
    (b"N", NONE, 0),  # NONE
    (b"\x88\x89]\x8f\x97", DATA, 0),  # NEWTRUE, NEWFALSE, EMPTY_LIST, EMPTY_SET, NEXT_BUFFER
    (b")", (), 0),  # EMPTY_TUPLE
    (b"G", DATA, 8),  # BINFLOAT
):
    opcode(*(bytes((code,)) for code in _codes))(_pushes(_value, _size))


@opcode(b"}")
def _empty_dict(machine: Machine, position: int) -> int:
    machine.stack.append(Dict())
    return position


@opcode(b"K")
def _binint1(machine: Machine, position: int) -> int:
    machine.stack.append(machine.data[position])
    return position + 1


@opcode(b"M")
def _binint2(machine: Machine, position: int) -> int:
    machine.stack.append(machine.data[position] | machine.data[position + 1] << 8)
    return position + 2


@opcode(b"J")
def _binint(machine: Machine, position: int) -> int:
    machine.stack.append(int.from_bytes(_exactly(machine, position, 4), "little", signed=True))
    return position + 4


def _exactly(machine: Machine, position: int, size: int) -> bytes | memoryview:
    if position + size > machine.size:
        raise BrokenError("an operand is cut")
    return machine.data[position : position + size]


@opcode(b"I")
def _int(machine: Machine, position: int) -> int:
    line, end = machine.line(position)
    machine.stack.append(DATA if line in {b"00", b"01"} else operands.integer(line))
    return end


@opcode(b"L")
def _long(machine: Machine, position: int) -> int:
    line, end = machine.line(position)
    machine.stack.append(operands.integer(line.removesuffix(b"L")))
    return end


@opcode(b"\x8a")
def _long1(machine: Machine, position: int) -> int:
    start, stop = machine.span(position, 1)
    machine.stack.append(_whole(machine, start, stop))
    return stop


@opcode(b"\x8b")
def _long4(machine: Machine, position: int) -> int:
    start, stop = machine.span(position, 4, signed=True)
    machine.stack.append(_whole(machine, start, stop))
    return stop


def _whole(machine: Machine, start: int, stop: int) -> Value:
    return int.from_bytes(machine.data[start:stop], "little", signed=True) if stop - start <= 16 else DATA


@opcode(b"F")
def _float(machine: Machine, position: int) -> int:
    line, end = machine.line(position)
    operands.check_float(line)
    machine.stack.append(DATA)
    return end


@opcode(b"S")
def _string(machine: Machine, position: int) -> int:
    line, end = machine.line(position)
    content = operands.quoted(line)
    machine.look_at_content(content, position)
    machine.stack.append(_python2(content))
    return end


def _python2(content: bytes) -> Value:
    """Return a Python 2 string: text in the loader's encoding, or bytes if it asks for them."""
    return content.decode("latin-1") if len(content) <= _KEPT else Span(0, 0, content=content)


@opcode(b"T")
def _binstring(machine: Machine, position: int) -> int:
    return _counted_string(machine, *machine.span(position, 4, signed=True))


@opcode(b"U")
def _short_binstring(machine: Machine, position: int) -> int:
    return _counted_string(machine, *machine.span(position, 1))


def _counted_string(machine: Machine, start: int, stop: int) -> int:
    if stop - start >= SHORTEST:
        machine.look_at(start, stop)
    small = stop - start <= _KEPT
    machine.stack.append(str(machine.data[start:stop], "latin-1") if small else Span(start, stop))
    return stop


@opcode(b"V")
def _unicode(machine: Machine, position: int) -> int:
    line, end = machine.line(position)
    text = operands.raw_unicode(line)
    content = text.encode("latin-1", "replace")
    machine.look_at_content(content, position)
    machine.stack.append(text if len(text) <= _KEPT else Span(0, 0, content=content))
    return end


@opcode(b"\x8c")
def _short_binunicode(machine: Machine, position: int) -> int:
    start = position + 1
    stop = start + machine.data[position]
    if stop > machine.size:
        raise BrokenError("an operand is cut")
    return _text(machine, start, stop)


@opcode(b"X")
def _binunicode(machine: Machine, position: int) -> int:
    return _text(machine, *machine.span(position, 4))


@opcode(b"\x8d")
def _binunicode8(machine: Machine, position: int) -> int:
    return _text(machine, *machine.span(position, 8))


def _text(machine: Machine, start: int, stop: int) -> int:
    if stop - start >= SHORTEST:
        machine.look_at(start, stop, text=True)
    small = stop - start <= _KEPT
    machine.stack.append(operands.utf8(machine.data[start:stop]) if small else Span(start, stop, text=True))
    return stop


@opcode(b"C")
def _short_binbytes(machine: Machine, position: int) -> int:
    return _bytes(machine, *machine.span(position, 1))


@opcode(b"B")
def _binbytes(machine: Machine, position: int) -> int:
    return _bytes(machine, *machine.span(position, 4))


@opcode(b"\x8e", b"\x96")
def _binbytes8(machine: Machine, position: int) -> int:
    return _bytes(machine, *machine.span(position, 8))


def _bytes(machine: Machine, start: int, stop: int) -> int:
    if stop - start >= SHORTEST:
        machine.look_at(start, stop)
    machine.stack.append(Span(start, stop) if stop - start >= _SHORT else DATA)
    return stop


@opcode(b"\x98")
def _readonly_buffer(machine: Machine, position: int) -> int:
    _ = machine.stack[-1]
    return position


@opcode(b"\x80")
def _proto(machine: Machine, position: int) -> int:
    protocol = machine.data[position]
    if protocol > 5:
        raise BrokenError(f"protocol {protocol} does not exist")
    machine.protocol = protocol
    machine.trace.protocol = max(protocol, machine.trace.protocol)
    return position + 1


@opcode(b"\x95")
def _frame(machine: Machine, position: int) -> int:
    """Frames change nothing but where joblib's arrays begin; a lying one is a break for one of the unpicklers."""
    length = int.from_bytes(_exactly(machine, position, 8), "little")
    start = position + 8
    if length > sys.maxsize:
        raise BrokenError("a frame is larger than any memory")
    if start + length > machine.size:
        machine.trace.breaks(position - 1, "a frame claims more bytes than there are")
    if machine.in_frame:
        machine.trace.breaks(position - 1, "a frame begins inside another", differs=True)
    machine.frame_end = start + length
    return start


@opcode(b"(")
def _mark(machine: Machine, position: int) -> int:
    """Begin a group; numbers that are appended to a list are passed over as one, because nothing else comes of them."""
    numbers = _NUMBERS.match(machine.data, position, min(machine.frame_end, machine.size))
    if numbers and machine.stack and machine.stack[-1] is DATA:
        return numbers.end()
    machine.mark()
    return position


@opcode(b"0")
def _pop(machine: Machine, position: int) -> int:
    if machine.stack:
        machine.stack.pop()
    else:
        machine.pop_mark()
    return position


@opcode(b"1")
def _pop_mark(machine: Machine, position: int) -> int:
    machine.pop_mark()
    return position


@opcode(b"2")
def _dup(machine: Machine, position: int) -> int:
    machine.stack.append(machine.stack[-1])
    return position


@opcode(b"t")
def _tuple(machine: Machine, position: int) -> int:
    items = machine.pop_mark()
    keeping.keep_inner(machine, items, position - 1)
    machine.stack.append(pack(items))
    return position


def _tuple_of(count: int) -> Handler:
    def build(machine: Machine, position: int) -> int:
        items = machine.stack[-count:]
        if len(items) < count:
            raise BrokenError("a tuple needs more values than there are")
        keeping.keep_inner(machine, items, position - 1)
        machine.stack[-count:] = [pack(items)]
        return position

    return build


for _count, _code in ((1, b"\x85"), (2, b"\x86"), (3, b"\x87")):
    opcode(_code)(_tuple_of(_count))


@opcode(b"l", b"\x91")
def _list(machine: Machine, position: int) -> int:
    keeping.keep(machine, machine.pop_mark(), position - 1)
    machine.stack.append(DATA)
    return position


@opcode(b"d")
def _dict(machine: Machine, position: int) -> int:
    items = machine.pop_mark()
    if len(items) % 2:
        raise BrokenError("a dictionary has a key without a value")
    keeping.keep_items(machine, items, position - 1)
    made = Dict()
    made.count = len(items) >> 1
    for index in range(0, len(items), 2):
        keeping.check_key(machine, items[index], position - 1, items[index + 1])
        made.put(items[index], items[index + 1])
    machine.stack.append(made)
    return position


def _index(machine: Machine, position: int) -> tuple[int, int]:
    line, end = machine.line(position)
    index = operands.integer(line, 10)
    return (index if isinstance(index, int) else _HUGE), end


@opcode(b"p")
def _put(machine: Machine, position: int) -> int:
    index, end = _index(machine, position)
    if index < 0:
        raise BrokenError("a memo's number is negative")
    machine.memo.put(index, machine.stack[-1])
    return end


@opcode(b"q")
def _binput(machine: Machine, position: int) -> int:
    machine.memo.put(machine.data[position], machine.stack[-1])
    return position + 1


@opcode(b"r")
def _long_binput(machine: Machine, position: int) -> int:
    machine.memo.put(int.from_bytes(_exactly(machine, position, 4), "little"), machine.stack[-1])
    return position + 4


@opcode(b"\x94")
def _memoize(machine: Machine, position: int) -> int:
    memo = machine.memo
    if memo.sparse:
        memo.put(len(memo), machine.stack[-1])
    else:
        memo.dense.append(machine.stack[-1])
    return position


def _fetch(machine: Machine, index: int, position: int) -> None:
    value = machine.memo.get(index)
    if value is None and machine.older is not None:
        value = machine.older.get(index)
    if value is None and machine.older is not None and machine.older.lost:
        machine.trace.note("unresolved", position - 1, "a value is taken from the memo of a long pickle before")
        value = UNKNOWN
    if value is None:
        raise BrokenError(f"nothing is memoised under {index}")
    machine.stack.append(value)


@opcode(b"g")
def _get(machine: Machine, position: int) -> int:
    index, end = _index(machine, position)
    _fetch(machine, index, position)
    return end


@opcode(b"h")
def _binget(machine: Machine, position: int) -> int:
    _fetch(machine, machine.data[position], position)
    return position + 1


@opcode(b"j")
def _long_binget(machine: Machine, position: int) -> int:
    _fetch(machine, int.from_bytes(_exactly(machine, position, 4), "little"), position)
    return position + 4
