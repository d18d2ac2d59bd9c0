"""The abstract machine: runs a stream as CPython's unpicklers do, with tags instead of objects.

CPython has two unpicklers, ``Modules/_pickle.c`` and ``Lib/pickle.py``, which disagree on broken streams. The machine
goes on where either goes on, so what it sees contains what either would import and call. It stops where both stop, and
says so. Its cost is constant for each opcode, and nothing in it recurses over what a stream builds.
"""

from __future__ import annotations

import re
from operator import length_hint
from typing import TYPE_CHECKING, TypeAlias

from chainguard_ml.scan.interface import Meter
from chainguard_ml.scan.pickle import keeping
from chainguard_ml.scan.pickle.effects import EFFECTS, NOT_FOLLOWED, by_name
from chainguard_ml.scan.pickle.literals import SHORTEST, may_be_pickle
from chainguard_ml.scan.pickle.memo import Memo
from chainguard_ml.scan.pickle.operands import BrokenError
from chainguard_ml.scan.pickle.values import PERSISTENT, UNKNOWN, Dict, Global, Instance, Span, Value

if TYPE_CHECKING:
    from collections.abc import Callable

    from chainguard_ml.scan.pickle.trace import Trace

Handler: TypeAlias = "Callable[[Machine, int], int]"
"""Runs one opcode: given the offset of its operand it returns the offset of the next opcode."""

STOP = ord(".")
_NO_FRAME = 1 << 64
_LINE = re.compile(rb"[^\n]*+\n?")
_EMPTY: list[Value] = []  # stands for every empty stack below a mark, and stays empty
_DEEPEST_CALL = 8  # a modelled call whose argument is a modelled call and so on


def _invalid(machine: Machine, position: int) -> int:
    raise BrokenError(f"{machine.data[position - 1]:#04x} is no opcode")


HANDLERS: list[Handler] = [_invalid] * 256
"""The opcodes' handlers by byte; filled by ``basic`` and ``objects``."""


def opcode(*codes: bytes) -> Callable[[Handler], Handler]:
    """Register the decorated function for some opcodes."""

    def register(handler: Handler) -> Handler:
        for code in codes:
            HANDLERS[code[0]] = handler
        return handler

    return register


class Machine:
    """One unpickler at work on one stream.

    Attributes:
        data: The blob's bytes; ``size`` of them.
        trace: Where what is seen is recorded.
        stack: Values above the last mark; ``marked`` holds the stacks below it.
        memo: Values by index; ``older`` those of streams before, for loaders that keep one unpickler.
        protocol: As PROTO set it.
        frame_end: Where the current frame ends; past everything outside of frames.
        reach: The furthest offset that an operand of unknown length was looked for at.
        arrays: Whether joblib's arrays are skipped, as joblib's reader does, or read as opcodes, as pickle does.
        wrapping: Whether a partial was made, which can stand in for a method as an import can.
        meter: Counts what is run; when nothing is left, the machine stops and says nothing.
    """

    def __init__(
        self,
        data: bytes | memoryview,
        trace: Trace,
        older: Memo | None = None,
        *,
        arrays: bool = True,
        meter: Meter | None = None,
    ) -> None:
        self.data = data
        self.size = len(data)
        self.trace = trace
        self.stack: list[Value] = []
        self.marked: list[list[Value]] = []
        self.memo = Memo()
        self.older = older
        self.protocol = 0
        self.frame_end = _NO_FRAME
        self.arrays = arrays
        self.reach = 0
        self.wrapping = False
        self.meter = meter or Meter()
        self._calls = 0

    def run(self, position: int) -> tuple[int, bool]:
        """Run from ``position``; return the offset behind STOP and true, or the offset of the break and false."""
        handlers, data, most = HANDLERS, self.data, self.meter.left
        steps = iter(range(most))  # costs less than a counter
        try:
            for _ in steps:
                code = data[position]
                if code == STOP:
                    break
                position = handlers[code](self, position + 1)
                if position >= self.frame_end:
                    self._leave_frame(position)
            else:
                return position, False
            self.stack.pop()
        except BrokenError as error:
            self.trace.breaks(position, str(error))
        except IndexError:
            reason = "it ends without STOP" if position >= self.size else "an opcode finds too little on the stack"
            self.trace.breaks(position, reason)
        else:
            if position + 1 < self.frame_end <= self.size:
                self.trace.breaks(position, "a frame reaches behind the end of its stream", differs=True)
            return position + 1, True
        finally:
            self.meter.left -= most - length_hint(steps)
        return position, False

    def _leave_frame(self, position: int) -> None:
        self._stay_in_frame(position)
        self.end_frame()

    def _stay_in_frame(self, end: int) -> None:
        """Frames end between opcodes: where an operand crosses the end, C code drops what it has read of the frame."""
        if self.frame_end < end:
            if self.frame_end < self.size:
                self.trace.breaks(self.frame_end, "an operand crosses the end of a frame", differs=True)
            self.end_frame()

    def end_frame(self) -> None:
        """Be outside of frames."""
        self.frame_end = _NO_FRAME

    def fork(self, trace: Trace) -> Machine:
        """Return a machine in the same state that does not skip arrays; what it changes stays its own."""
        copies: dict[int, Dict | Instance] = {}

        def copy(value: Value) -> Value:
            if isinstance(value, Dict | Instance):
                return copies.setdefault(id(value), value.copy())
            return value

        older = self.older.mapped(copy) if self.older else None
        other = Machine(self.data, trace, older, arrays=False, meter=self.meter)
        other.stack = [copy(value) for value in self.stack]
        other.marked = [[copy(value) for value in stack] for stack in self.marked]
        other.memo = self.memo.mapped(copy)
        other.protocol, other.wrapping = self.protocol, self.wrapping
        return other

    @property
    def values(self) -> int:
        """How many values there are to copy."""
        older = len(self.older) if self.older else 0
        return older + len(self.memo) + len(self.stack) + sum(map(len, self.marked))

    @property
    def in_frame(self) -> bool:
        """Whether opcodes of a frame are left."""
        return self.frame_end != _NO_FRAME

    def mark(self) -> None:
        """Begin a group; marks directly upon marks, as hostile streams have millions of, cost no stack each."""
        if self.stack:
            self.marked.append(self.stack)
            self.stack = []
        else:
            self.marked.append(_EMPTY)

    def pop_mark(self) -> list[Value]:
        """Return the values above the last mark and drop it."""
        items = self.stack
        self.stack = self.marked.pop() or []
        return items

    def line(self, position: int) -> tuple[bytes, int]:
        """Return the operand that ends with the line, and the offset behind it.

        Its last character is dropped even where it is no newline, because pure Python does so.
        """
        match = _LINE.match(self.data, position)
        end = match.end() if match else position
        if end > self.reach:  # noqa: PLR1730 (a call of max costs more, and lines are many)
            self.reach = end
        self._stay_in_frame(end)
        return bytes(self.data[position : end - 1]) if end > position else b"", end

    def span(self, position: int, width: int, *, signed: bool = False) -> tuple[int, int]:
        """Return where an operand preceded by its length in ``width`` bytes begins and ends."""
        start = position + width
        length = int.from_bytes(self.data[position:start], "little", signed=signed)
        if length < 0:
            raise BrokenError("a length is negative")
        self._stay_in_frame(start + length)
        if start + length > self.size:
            raise BrokenError("an operand is cut")
        return start, start + length

    def look_at(self, start: int, stop: int, *, text: bool = False) -> None:
        """Record the literal from ``start`` to ``stop``, of at least ``SHORTEST`` bytes, if it may be a pickle."""
        if may_be_pickle(self.data, start, stop):
            self.trace.look_into(Span(start, stop, text=text), start)

    def look_at_content(self, content: bytes, offset: int) -> None:
        """Record an unescaped literal if it may be a pickle."""
        if len(content) >= SHORTEST and may_be_pickle(content, 0, len(content)):
            self.trace.look_into(Span(0, 0, content=content), offset)

    def call(self, target: Value, arguments: tuple[Value, ...] | None, offset: int, how: str = "called") -> Value:
        """Call or construct; return what comes out. ``arguments`` are ``None`` where they are not known.

        What is ``wrapped`` is called by others later, unless its effect is modelled: then it is as if it were now.

        Raises:
            BrokenError: The value cannot be called.
        """
        if type(target) is Global:
            effect = EFFECTS.get((target.module, target.name)) or by_name(target.name)
            self.trace.use(target, "called" if effect and how == "wrapped" else how, offset)
            keeping.check_zones(self, target, arguments or (), offset)
            if effect is None:
                keeping.keep(self, arguments or (), offset)
                keeping.check_arguments(self, target, arguments or (), offset)
                return Instance(target)
            if self._calls >= _DEEPEST_CALL:
                self.trace.note("misused", offset, NOT_FOLLOWED, target)
                return Instance(target)
            self._calls += 1
            try:
                return effect(self, target, arguments, offset)
            finally:
                self._calls -= 1
        return self._call_made(target, offset)

    def _call_made(self, target: Value, offset: int) -> Value:
        if type(target) is Instance:
            self.trace.note("misused", offset, "what it returned is called", target.of)
            return Instance(target.of)
        if target is PERSISTENT:
            self.trace.note("supplied", offset, "what the loader returned for a persistent id is called")
        elif target is not UNKNOWN:
            raise BrokenError("something is called that cannot be called")
        self.trace.executed = True
        return UNKNOWN
