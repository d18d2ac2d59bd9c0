"""Payloads in, behind and between joblib's arrays, whose length the file describes: one reader skips what another runs."""

# ruff: noqa: E501 (a table: one row is one technique)

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.corpus.pickles import (
    DANGEROUS,
    MALFORMED,
    MISUSED,
    RUN,
    TEXT_WHOLE,
    UNKNOWN,
    WHOLE,
    call,
    glob,
    number,
    table,
    text,
    whole,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.corpus.frame import Malicious

_WRAPPER = glob("joblib.numpy_pickle", "NumpyArrayWrapper")
_NDARRAY = glob("numpy", "ndarray")
_RUN = b"0" + RUN  # what the array left on the stack is dropped
_PADDED = _RUN.ljust(992, b"\0")


def _type(code: bytes, size: int | None = None, *, flags: int = 0, fields: bytes = b"NNN") -> bytes:
    """Return ``numpy.dtype(code)`` with a state."""
    made = call(glob("numpy", "dtype"), code, b"\x89", b"\x88")
    state = b"(K\x03" + text("|") + fields + number(size) + b"K\1" + number(flags) + b"tb" if size is not None else b""
    return made + state


def _array(
    kind: bytes, shape: bytes = b"K\x01\x85", body: bytes = b"", subclass: bytes = _NDARRAY, alignment: bytes = b""
) -> bytes:
    """Return a wrapper that is built, and what follows it."""
    items = (
        text("subclass") + subclass + text("shape") + shape + text("order") + text("C") + text("dtype") + kind
        + text("allow_mmap") + b"\x89"
    )  # fmt: skip
    if alignment:
        items += text("numpy_array_alignment_bytes") + alignment
    return _WRAPPER + b")\x81}(" + items + b"ub" + body


_F8 = _type(text("f8"))

ARRAYS: dict[str, tuple[bytes, str]] = {
    "behind": (whole(_array(_F8, body=bytes(8)), _RUN, protocol=4), DANGEROUS),
    "behind-aligned": (whole(_array(_F8, body=b"\x03\xff\xff\xff" + bytes(8), alignment=b"K\x10"), _RUN, protocol=4), DANGEROUS),
    "behind-without-alignment": (whole(_array(_F8, body=bytes(8), alignment=b"N"), _RUN, protocol=4), DANGEROUS),
    "between": (whole(_array(_F8, body=bytes(8)), _RUN, _array(_F8, body=bytes(8)), protocol=4), DANGEROUS),
    "inside-for-plain-readers": (whole(_array(_F8, b"K\x40\x85", _RUN.ljust(512, b".")), protocol=4), DANGEROUS),
    "in-padding-for-plain-readers": (whole(_array(_F8, b"K\0\x85", b"0" + (RUN + b".").ljust(48, b"."), alignment=b"K\x10"), protocol=4), DANGEROUS),
    "of-objects": (whole(_array(_type(text("O8"), 8, flags=63), body=WHOLE), b"0N", protocol=4), DANGEROUS),
    "of-objects-without-state": (whole(_array(_type(text("|O")), body=WHOLE), b"0N", protocol=4), DANGEROUS),
    "of-objects-in-protocol-0": (whole(_array(_type(text("O")), body=TEXT_WHOLE), b"0N", protocol=4), DANGEROUS),
    "of-structures-with-objects": (whole(_array(_type(text("V16"), 16, flags=63), body=WHOLE), b"0N", protocol=4), DANGEROUS),
    "of-texts-of-any-length": (whole(_array(call(glob("numpy._core._internal", "_convert_to_stringdtype_kwargs"), b"\x88"), body=WHOLE), b"0N", protocol=4), DANGEROUS),
    "behind-objects": (whole(_array(_type(text("O8"), 8, flags=63), body=whole(b"]")), _RUN, protocol=4), DANGEROUS),
    "size-of-a-name-is-fixed": (whole(_array(_type(text("float64"), 1000), body=bytes(8) + _PADDED), protocol=4), DANGEROUS),
    "size-of-a-class-is-fixed": (whole(_array(_type(glob("numpy", "float64"), 1000), body=bytes(8) + _PADDED), protocol=4), DANGEROUS),
    "size-of-a-number-is-fixed": (whole(_array(_type(text("<i4"), 1000), b"K\x02\x85", body=bytes(8) + _PADDED), protocol=4), DANGEROUS),
    "size-of-a-date-is-fixed": (whole(_array(_type(text("M8"), 1000), body=bytes(8) + _PADDED), protocol=4), DANGEROUS),
    "size-is-computed": (whole(_array(_type(text("V8"), 8, fields=b"NN}"), b"]", body=_PADDED), protocol=4), MALFORMED),
    "shape-is-computed": (whole(_array(_F8, call(glob("builtins", "tuple"), b"]"), body=_PADDED), protocol=4), MALFORMED),
    "shape-is-a-list": (whole(_array(_F8, b"]K\x01a", body=_PADDED), protocol=4), MALFORMED),
    "shape-is-negative": (whole(_array(_F8, b"J\xff\xff\xff\xff\x85", body=_PADDED), protocol=4), MALFORMED),
    "shape-overflows": (whole(_array(_F8, number(1 << 32) + number(1 << 32) + b"\x86", body=_PADDED), protocol=4), MALFORMED),
    "shape-holds-truth": (whole(_array(_F8, b"\x88\x85", body=_PADDED), protocol=4), MALFORMED),
    "type-is-computed": (whole(_array(b"N", body=_PADDED), protocol=4), MALFORMED),
    "type-is-a-text": (whole(_array(text("f8"), body=_PADDED), protocol=4), MALFORMED),
    "type-is-repeated": (whole(_array(_type(text("f8"), 8, fields=text("f8") + b"K\x02\x86NN"[0:4] + b"N"), body=_PADDED), protocol=4), MALFORMED),
    "alignment-is-computed": (whole(_array(_F8, body=_PADDED, alignment=b"\x88"), protocol=4), MALFORMED),
    "state-is-no-dictionary": (whole(_RUN[1:], b"0", _WRAPPER, b")\x81(NNtb", protocol=4), MALFORMED),
    "state-in-slots": (whole(_RUN[1:], b"0", _WRAPPER, b")\x81N}\x86b", protocol=4), MALFORMED),
    "is-cut": (whole(_RUN[1:], b"0", _array(_F8, number(1 << 20) + b"\x85"), protocol=4), DANGEROUS),
    "subclass-is-unlisted": (whole(_array(_F8, body=bytes(8), subclass=glob("evil", "Array")), protocol=4), UNKNOWN),
    "subclass-is-dangerous": (whole(_array(_F8, body=bytes(8), subclass=glob("os", "system")), protocol=4), DANGEROUS),
    "wrapper-is-called": (whole(call(_WRAPPER, _NDARRAY, b"K\1\x85", text("C"), _F8)), MISUSED),
    "wrapper-of-scikit-learn": (whole(glob("sklearn.externals.joblib.numpy_pickle", "NumpyArrayWrapper"), b")\x81}b", _RUN, protocol=4), UNKNOWN),
    "wrapper-through-copyreg": (whole(call(glob("copyreg", "_reconstructor"), _WRAPPER, glob("builtins", "object"), b"N"), b"}(", text("shape"), b"K\0\x85", text("dtype"), _F8, b"ub", _RUN, protocol=4), DANGEROUS),
    "inside-a-frame": (b"\x80\x04\x95\xff\0\0\0\0\0\0\0" + _array(_F8, body=bytes(8)) + _RUN + b"." + bytes(255), DANGEROUS),
}  # fmt: skip


_O8 = _type(text("O8"), -1, flags=63)
_POINTER = b"B\x08\0\0\0AAAAAAAA"


def _fields(kind: bytes, offset: int, flags: int) -> bytes:
    """Return a structure of eight bytes with one field."""
    named = b"N" + text("a") + b"\x85}" + text("a") + kind + number(offset) + b"\x86s"
    return _type(text("V8"), 8, flags=flags, fields=named)


def _scalar(kind: bytes) -> bytes:
    return whole(call(glob("numpy.core.multiarray", "scalar"), kind, _POINTER), protocol=3)


# Bytes of the stream that NumPy is made to take for addresses of objects, while it loads.
TYPES: dict[str, tuple[bytes, str]] = {
    "address-as-object": (_scalar(_type(text("O8"), -1, flags=0)), MISUSED),
    "address-as-object-of-a-field": (_scalar(_fields(_O8, 0, 16)), MISUSED),
    "address-in-an-old-state": (_scalar(_type(text("O8")) + b"(K\x03" + text("|") + b"NNN" + number(-1) * 2 + b"tb"), MISUSED),
    "number-as-object": (whole(call(glob("numpy", "ndarray"), b"K\1\x85", _type(text("i8"), -1, flags=63)), protocol=3), MISUSED),
    "field-outside-of-its-item": (whole(_fields(_O8, 4096, 27)), MISUSED),
    "address-in-a-joblib-array": (whole(_array(_type(text("O8"), -1, flags=0), body=b"AAAAAAAA" + WHOLE), protocol=4), MISUSED),
    "type-is-changed": (whole(_fields(_O8, 0, 27), b"(K\x03" + text("|") + b"NNN" + number(8) + b"K\1K\0tb"), MISUSED),
}  # fmt: skip


def samples() -> Iterator[Malicious]:
    """Every row as a file."""
    yield from table(ARRAYS, "array")
    yield from table(TYPES, "type")
