"""All streams of one blob: one after the other, behind padding, and behind what is no stream."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from chainguard_ml.records import changing_record, field
from chainguard_ml.scan.interface import Meter
from chainguard_ml.scan.pickle import basic, fast, objects  # noqa: F401 (basic and objects register the opcodes)
from chainguard_ml.scan.pickle.machine import Machine
from chainguard_ml.scan.pickle.memo import Memo
from chainguard_ml.scan.pickle.trace import Trace

if TYPE_CHECKING:
    from chainguard_ml.scan.interface import Data

MOST_STREAMS = 100_000
"""Streams of one blob that are walked."""

_MOST_REPEATED = 1 << 23
"""Bytes of fast streams that are run again because a stream behind them may use their memo."""

_COPIED = 1 << 22  # bytes up to which a copy is faster than a view
_MEMOIZE = re.compile(rb"\x94")
_PADDING = re.compile(rb"[\0\s]*+")
_LINES = rb"[A-Za-z_][\w.]{0,200}\n"
_STARTS = re.compile(  # one character class in front, so that the search for it runs at C speed
    rb"[(\x80\x8cciXUVS](?:(?<=\x80)[\0-\x05]|(?<=[ci])"
    + _LINES * 2
    + rb"|(?<=\()(?:[ci]"
    + _LINES * 2
    + rb"|[SVUX\x8c])"
    rb"|(?<=\x8c)[\x01-\x40][A-Za-z_]|(?<=X)[\x01-\x40]\0\0\0[A-Za-z_]|(?<=U)[\x01-\x40][A-Za-z_][\w.]{0,63}[\x8cXUV]"
    rb"|(?<=V)" + _LINES + rb"[\x8cXUV]|(?<=S)['\"])"
)
_TEXT_START = re.compile(rb"[(N)\]}KMJGIFLSVUTXBC\x88-\x8f\x95c]")
_MOST_CANDIDATES = 100_000
_BYTES_PER_CANDIDATE = 1024  # random bytes have one in some 3,400


@changing_record
class Walk:
    """What a blob's streams came to.

    Attributes:
        trace: What they do.
        end: Offset behind the last stream, or of the break.
        whole: Whether every stream that was begun reached its STOP.
        first: Offset behind the first stream, or of its break; ``started`` says whether it reached its STOP.
        complete: Whether nothing but padding follows.
        older: The memo of all streams but the last, for loaders that keep one unpickler; ``last`` that of the last.
        continued: The memo of one unpickler that reads all streams.
        skipped: The streams that were only passed over, so that their memo is not known yet.
        repeated: Bytes of such streams that were run after all.
        meter: Counts the opcodes that are run.
    """

    trace: Trace
    end: int = 0
    whole: bool = True
    first: int = 0
    started: bool = False
    complete: bool = False
    older: Memo = field(default_factory=Memo)
    last: Memo = field(default_factory=Memo)
    continued: Memo = field(default_factory=Memo)
    skipped: list[tuple[int, int]] = field(default_factory=list)
    repeated: int = 0
    meter: Meter = field(default_factory=Meter)


def walk(data: Data, meter: Meter | None = None) -> Walk:
    """Walk every stream of ``data``; never raises, whatever the bytes. ``meter`` says how many opcodes may be run."""
    content = bytes(data) if len(data) <= _COPIED else memoryview(data)
    result = Walk(Trace(), meter=meter or Meter())
    result.first = result.end = _stream(result, content, 0)
    result.started = result.whole
    while result.whole and (start := _next(result, content)) is not None:
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

    One that only pushes data is passed over, until another one follows that could use its memo.
    """
    result.trace.streams += 1
    if len(content) - start >= fast.SMALLEST:
        end = fast.inert_end(content, start)
        if end is not None:
            result.trace.protocol = max(result.trace.protocol, _protocol(content, start))
            result.skipped.append((start, end))
            return end
    _catch_up(result, content)
    result.older.update(result.last)
    machine = Machine(content, result.trace, result.older, meter=result.meter)
    end, whole = machine.run(start)
    result.whole = result.whole and whole
    result.last = machine.memo
    if not len(result.continued):
        result.continued = machine.memo
    elif _MEMOIZE.search(content, start, end):
        _continue(result, content, start)
    else:  # it chooses its numbers, so another reader comes to the same
        result.continued.update(machine.memo)
    return end


def _is_padding(content: bytes | memoryview, start: int) -> bool:
    """Return whether nothing but padding follows."""
    padding = _PADDING.match(content, start)
    return padding is not None and padding.end() == len(content)


def _catch_up(result: Walk, content: bytes | memoryview) -> None:
    """Fill the memo of the streams that were passed over, now that another one follows that may use it."""
    for start, end in result.skipped:
        result.repeated += end - start
        if result.repeated > _MOST_REPEATED:
            result.older.lost = True
            break
        result.older.update(result.last)
        machine = Machine(content, Trace(), meter=result.meter)
        machine.run(start)
        result.last = machine.memo
        _continue(result, content, start)
    result.skipped.clear()


def _continue(result: Walk, content: bytes | memoryview, start: int) -> None:
    """Read a stream as an unpickler would that has read those before: it counts its memo on.

    Hardly any loader does so, and ordinary streams come to names that nobody meant when they are read with the memo of
    others. So only names that are known to be dangerous count.
    """
    machine = Machine(content, result.trace.second_reading(), meter=result.meter)
    machine.memo = result.continued
    machine.run(start)


def _protocol(content: bytes | memoryview, start: int) -> int:
    return content[start + 1] if content[start] == 0x80 else 0


def _next(result: Walk, content: bytes | memoryview) -> int | None:
    """Return where another stream begins, at once or behind padding."""
    padding = _PADDING.match(content, result.end)
    start = padding.end() if padding else result.end
    return start if start < len(content) and _begins(result, content, start) else None


def _begins(result: Walk, content: bytes | memoryview, start: int) -> bool:
    """Return whether a stream begins here: one that says its protocol, or one that reaches STOP."""
    if content[start] == 0x80 and start + 1 < len(content) and content[start + 1] <= 5:
        return True
    if not _TEXT_START.match(content, start):
        return False
    probe = Trace()
    _, whole = Machine(content, probe, meter=result.meter).run(start)
    return whole or probe.executed


def _sweep(result: Walk, content: bytes | memoryview) -> None:
    """Look for streams that name something anywhere behind the end; what else is there is not a stream's business."""
    _catch_up(result, content)
    result.older.update(result.last)
    position = result.end
    budget = 4 * len(content) + 1_000_000
    for _ in range(_MOST_CANDIDATES + len(content) // _BYTES_PER_CANDIDATE):
        match = _STARTS.search(content, position)
        if match is None:
            return
        probe = Trace()
        machine = Machine(content, probe, result.older, meter=result.meter)
        end, whole = machine.run(match.start())
        budget -= max(end, machine.reach) - match.start() + 1
        if (probe.executed or whole) and probe.imports:
            result.trace.merge(probe)
            result.trace.streams += 1
            result.trace.hidden.append(match.start())
            position = max(end, match.start() + 1)
        else:
            position = match.start() + 1
        if budget < 0 or result.meter.left <= 0:
            break
    result.trace.exceeded["too many places behind the end that could begin another pickle"] = None
