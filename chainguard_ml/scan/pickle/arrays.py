"""Where joblib's arrays begin and end in a stream (``joblib.numpy_pickle``, releases 0.10 to 1.x).

When joblib's reader has BUILT a ``NumpyArrayWrapper`` it leaves the opcodes: a byte that counts the padding, the
padding, and the array's bytes follow (the first two not before joblib 1.2); for an array of objects a pickle with a
memo of its own. Then opcodes go on. ``pickle.load`` knows nothing of that and reads the array as opcodes, so both
readings are walked.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from chainguard_ml.scan.pickle.dtypes import item, set_state
from chainguard_ml.scan.pickle.literals import reaches_name
from chainguard_ml.scan.pickle.operands import BrokenError
from chainguard_ml.scan.pickle.values import BORING, DATA, NONE, Dict, Global, Instance, Span, Value, is_type

if TYPE_CHECKING:
    from chainguard_ml.scan.pickle.machine import Machine

_WRAPPERS = frozenset({"joblib.numpy_pickle", "sklearn.externals.joblib.numpy_pickle"})
_WRAPPER = "NumpyArrayWrapper"
_CONTENTS = {"BytesIO": 0, "ndarray": -1}  # which part of the state is the content
_AGAIN = "an array is described twice, so that readers differ in where it ends"
_TEXT_TYPE = "_convert_to_stringdtype_kwargs"  # makes numpy.dtypes.StringDType, whose arrays are pickled as objects
_MOST_COPIED = 5_000_000  # values copied to walk the other reading


def after_build(machine: Machine, built: Instance, state: Value, position: int) -> int:
    """Return where opcodes go on after BUILD: behind the array, if what was built stands for one."""
    if is_type(built):
        set_state(machine, built, state, position - 1)
    elif built.of.name in _CONTENTS and isinstance(state, tuple) and state:
        built.notes = (state[_CONTENTS[built.of.name]],)
    if not machine.arrays or built.of.name != _WRAPPER or built.of.module not in _WRAPPERS:
        return position
    return _behind(machine, built, state, position)


def _behind(machine: Machine, built: Instance, state: Value, position: int) -> int:
    """Return the offset behind the array whose description was BUILT, and put the array where that stands."""
    if not isinstance(state, Dict):
        raise BrokenError("an array's description is no dictionary")
    if built.notes:  # then joblib's object still has what the first state gave it
        machine.trace.note("misused", position - 1, _AGAIN, built.of)
    built.notes = (state,)
    if machine.in_frame and machine.frame_end != position:
        machine.trace.breaks(position, "an array begins inside a frame", differs=True)
    machine.end_frame()
    subclass = state.get("subclass")
    if subclass is not DATA:
        machine.call(subclass, (), position - 1, "built")
    made = Instance(subclass) if isinstance(subclass, Global) else None
    machine.stack[-1] = made or DATA
    objects, size = _item(state.get("dtype"))
    _walk_as_opcodes(machine, position, objects=objects)
    if objects:
        from chainguard_ml.scan.pickle.machine import Machine

        end, whole = Machine(machine.data, machine.trace, arrays=False, meter=machine.meter).run(position)
        if not whole:
            raise BrokenError("an array's objects are broken")
        return end
    start, end = _place(machine, state, size, position)
    if made:
        made.notes = (Span(start, end),)
    return end


def _place(machine: Machine, state: Dict, size: int, position: int) -> tuple[int, int]:
    """Return where an array of items of ``size`` bytes starts and ends."""
    alignment = state.get("numpy_array_alignment_bytes")
    padding = 0
    if isinstance(alignment, int):
        padding = 1 + machine.data[position]
    elif alignment is not NONE and "numpy_array_alignment_bytes" in (state.noted or {}):
        raise BrokenError("an array's alignment is computed")
    start = position + padding
    end = start + size * _count(state.get("shape"))
    if end > machine.size:
        raise BrokenError("an array is cut")
    return start, end


def _count(shape: Value) -> int:
    """Return the number of items of an array."""
    if isinstance(shape, tuple) and shape is not BORING:
        sizes = [item for item in shape if isinstance(item, int) and 0 <= item < 1 << 63]
        if len(sizes) == len(shape):
            return math.prod(sizes)
    raise BrokenError("an array's shape is computed")


def _item(dtype: Value) -> tuple[bool, int]:
    """Return whether items are objects, and their bytes, from the arguments and the state of a ``numpy.dtype``."""
    if isinstance(dtype, Instance) and dtype.of.name == _TEXT_TYPE and dtype.of.module.startswith("numpy."):
        return True, 0
    kind = item(dtype)
    if kind is None:
        raise BrokenError("an array's type is computed")
    return kind


def _walk_as_opcodes(machine: Machine, position: int, *, objects: bool) -> None:
    """Walk the array as ``pickle.load`` would, if opcodes that name something can be reached.

    In a pickle of objects they always can, and with the memo of another stream ordinary ones come to names that nobody
    meant. So what is seen in those is kept apart: only names that are known to be dangerous count there.
    """
    if position >= machine.size or not reaches_name(machine.data, position, machine.size):
        return
    trace = machine.trace
    trace.copied += machine.values
    if trace.copied > _MOST_COPIED:
        trace.exceeded["more than 5,000,000 values copied to read arrays as opcodes"] = None
        return
    other = type(trace)(extensions=trace.extensions)
    machine.fork(other).run(position)
    if other.names_globals:
        (trace.second_reading() if objects else trace).merge(other)
