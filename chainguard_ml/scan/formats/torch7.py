"""Lua Torch's binary files (``.t7``; torch7 ``File.lua``): numbers, strings, tables, tensors and functions.

Functions are stored as Lua bytecode, which its reader loads without checks.
"""

from __future__ import annotations

import re
import struct
from typing import TYPE_CHECKING

from chainguard_ml.rules import carries_code

if TYPE_CHECKING:
    from chainguard_ml.model import Observations
    from chainguard_ml.scan.interface import Blob, Examination

NAME = "torch7"
EXAMINES = "functions as Lua bytecode"

_TABLE, _OBJECT = 3, 4
_FUNCTIONS = {6, 7, 8}
_CLASS = re.compile(rb"V 1|[A-Za-z_][\w.]{0,200}")
# Type 6, 7 or 8, index of the object, length of the bytecode; Lua's or LuaJIT's signature.
_FUNCTION = re.compile(rb"[\x06-\x08]\0\0\0.{4}.{4}(\x1b(?:Lua|LJ))", re.DOTALL)


def recognise(blob: Blob) -> bool:
    """Return whether the first object is a table, an object of torch or a function, with the index one."""
    head = blob.read(0, 16)
    if len(head) < 16:
        return False
    kind, index, length = struct.unpack("<3i", head[:12])
    if index != 1:
        return False
    if kind == _OBJECT:
        return 0 < length <= 200 and _CLASS.fullmatch(blob.read(12, 12 + length)) is not None
    if kind in _FUNCTIONS:
        return _FUNCTION.match(blob.data) is not None
    return kind == _TABLE and 0 <= length < 1 << 24 and head[12] in range(9) and head[13:] == b"\0\0\0"


def examine(blob: Blob, examination: Examination) -> Observations:  # noqa: ARG001 (the seam's shape)
    """Report functions; tensors and tables are data."""
    match = _FUNCTION.search(blob.data)
    if match:
        yield carries_code.TORCH7_CODE.finding(
            blob.subject, blob.location.at(match.start(1)), "the file carries Lua bytecode", key=("function",)
        )
