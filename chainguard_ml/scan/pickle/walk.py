"""All streams of one blob: one after the other, behind padding, and behind what is no stream."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from chainguard_ml.scan.pickle import basic, fast, objects  # noqa: F401 (basic and objects register the opcodes)
from chainguard_ml.scan.pickle.machine import Machine
from chainguard_ml.scan.pickle.memo import Memo
from chainguard_ml.scan.pickle.trace import Trace

if TYPE_CHECKING:
    from chainguard_ml.scan.interface import Data

MOST_STREAMS = 100_000
"""Streams of one blob that are walked."""

_COPIED = 1 << 22  # bytes up to which a copy is faster than a view
_PADDING = re.compile(rb"[\0\s]*+")
_STARTS = re.compile(
    rb"\x80[\0-\x05]|\(?[ci][A-Za-z_][\w.]{0,200}\n[A-Za-z_][\w.]{0,200}\n|(?=\x8c[\x01-\x40][A-Za-z_])"
)
_TEXT_START = re.compile(rb"[(N)\]}KMJGIFLSVUTXBC\x88-\x8f\x95c]")
_MOST_CANDIDATES = 100_000


@dataclass(slots=True)
class Walk:
    """What a blob's streams came to.

    Attributes:
        trace: What they do.
        end: Offset behind the last stream, or of the break.
        whole: Whether every stream that was begun reached its STOP.
        first: Offset behind the first stream, or of its break; ``started`` says whether it reached its STOP.
        complete: Whether nothing but padding follows.
        older: The memo of all streams but the last, for loaders that keep one unpickler; ``last`` that of the last.
    """

    trace: Trace
    end: int = 0
    whole: bool = True
    first: int = 0
    started: bool = False
    complete: bool = False
    older: Memo = field(default_factory=Memo)
    last: Memo = field(default_factory=Memo)


def walk(data: Data) -> Walk:
    """Walk every stream of ``data``; never raises, whatever the bytes."""
    content = bytes(data) if len(data) <= _COPIED else memoryview(data)
    result = Walk(Trace())
    result.first = result.end = _stream(result, content, 0)
    result.started = result.whole
    while result.whole and (start := _next(content, result.end)) is not None:
        if result.trace.streams >= MOST_STREAMS:
            result.trace.exceeded[f"more than {MOST_STREAMS:,} pickles one after the other"] = None
            break
        result.end = _stream(result, content, start)
    result.complete = _is_padding(content, result.end)
    if not result.complete:
        _sweep(result, content)
    return result


def _stream(result: Walk, content: bytes | memoryview, start: int) -> int:
    """Walk one stream into the result; return where it ends or breaks.

    One that only pushes data is passed over where nothing follows that could use its memo.
    """
    result.trace.streams += 1
    if len(content) - start >= fast.SMALLEST:
        end = fast.inert_end(content, start)
        if end is not None and _is_padding(content, end):
            result.trace.protocol = max(result.trace.protocol, _protocol(content, start))
            return end
    result.older.update(result.last)
    machine = Machine(content, result.trace, result.older)
    end, whole = machine.run(start)
    result.whole = result.whole and whole
    result.last = machine.memo
    return end


def _is_padding(content: bytes | memoryview, start: int) -> bool:
    """Return whether nothing but padding follows."""
    padding = _PADDING.match(content, start)
    return padding is not None and padding.end() == len(content)


def _protocol(content: bytes | memoryview, start: int) -> int:
    return content[start + 1] if content[start] == 0x80 else 0


def _next(content: bytes | memoryview, end: int) -> int | None:
    """Return where another stream begins, at once or behind padding."""
    padding = _PADDING.match(content, end)
    start = padding.end() if padding else end
    return start if start < len(content) and _begins(content, start) else None


def _begins(content: bytes | memoryview, start: int) -> bool:
    """Return whether a stream begins here: one that says its protocol, or one that reaches STOP."""
    if content[start] == 0x80 and start + 1 < len(content) and content[start + 1] <= 5:
        return True
    if not _TEXT_START.match(content, start):
        return False
    probe = Trace()
    _, whole = Machine(content, probe).run(start)
    return whole or probe.executed


def _sweep(result: Walk, content: bytes | memoryview) -> None:
    """Look for streams that name something anywhere behind the end; what else is there is not a stream's business."""
    position = result.end
    budget = 4 * len(content) + 1_000_000
    for _ in range(_MOST_CANDIDATES):
        match = _STARTS.search(content, position)
        if match is None:
            return
        probe = Trace()
        machine = Machine(content, probe, result.older)
        end, whole = machine.run(match.start())
        budget -= end - match.start() + 1
        if probe.executed or (whole and probe.names_globals):
            result.trace.merge(probe)
            result.trace.streams += 1
            result.trace.hidden.append(match.start())
            position = max(end, match.start() + 1)
        else:
            position = match.start() + 1
        if budget < 0:
            break
    result.trace.exceeded["too many places behind the end that could begin another pickle"] = None
