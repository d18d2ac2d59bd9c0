"""Harm through names that are all listed as harmless: what their arguments and states make of them.

Each of these is a way that was open in one scanner or another, or in an earlier state of this one.
"""

# ruff: noqa: E501 (a table: one row is one technique)

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.corpus.pickles import (
    CODE,
    DANGEROUS,
    MISUSED,
    UNRESOLVED,
    call,
    dictionary,
    glob,
    number,
    table,
    text,
    whole,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.corpus.frame import Malicious

_REBUILD = glob("torch._tensor", "_rebuild_from_type_v2")
_NEWOBJ = glob("copyreg", "__newobj__")
_NORM = glob("scipy.stats._continuous_distns", "norm_gen")
_POISSON = glob("scipy.stats._discrete_distns", "poisson_gen")
_YOLO = glob("yolov5.models.yolo", "DetectionModel")
_SOURCE = dictionary(_parse_arg_template=text("print('seen')"))
_OBJECT = glob("builtins", "object")
_TENSOR = call(glob("torch._utils", "_rebuild_tensor_v2"), b"N")
_RANGE = call(glob("builtins", "range"), number(1 << 40))
_NETWORK = call(glob("ipaddress", "IPv6Network"), text("::/0"))
_TENSOR_CLASS = glob("torch", "Tensor")
_PLAIN = "__class__"


def _odd() -> bytes:
    return b"}" + text(_PLAIN) + b"Ns"


DETOURS: dict[str, tuple[bytes, str]] = {
    # a state that reaches __setstate__ without BUILD
    "rebuild-sets-state-that-is-executed": (
        whole(call(_REBUILD, _NEWOBJ, _NORM, _NORM + b"\x85", _SOURCE)), CODE),
    "rebuild-sets-state-of-other-class": (
        whole(call(_REBUILD, _NEWOBJ, _POISSON, _POISSON + b"\x85", _SOURCE)), CODE),
    "rebuild-sets-hidden-state": (
        whole(call(_REBUILD, _NEWOBJ, _NORM, _NORM + b"\x85", call(glob("collections", "OrderedDict")))), MISUSED),
    "rebuild-sets-state-of-partial": (
        whole(call(_REBUILD, glob("functools", "partial"), glob("functools", "partial"),
                   glob("builtins", "str") + b"\x85", b"(" + glob("builtins", "abs") + b")}Nt")), MISUSED),
    "rebuild-sets-odd-state": (whole(call(_REBUILD, glob("torch._utils", "_rebuild_tensor_v2"), _TENSOR_CLASS, b")", _odd())), MISUSED),
    "old-rebuild-sets-odd-state": (
        whole(call(glob("torch._tensor", "_rebuild_from_type"), glob("torch._utils", "_rebuild_tensor_v2"), _TENSOR_CLASS, b")", _odd())), MISUSED),
    "rebuild-of-old-module-calls-function": (
        whole(call(glob("torch.tensor", "_rebuild_from_type"), glob("torch", "sum"), _TENSOR_CLASS, b")", b"}")), MISUSED),
    "parameter-with-odd-state": (
        whole(call(glob("torch._utils", "_rebuild_parameter_with_state"), _TENSOR, b"\x88", b"}", _odd())), MISUSED),
    "parameter-with-hidden-state": (whole(glob("torch._utils", "_rebuild_parameter_with_state"), b"]R"), MISUSED),
    # constructors that are only listed for __new__
    "reconstructor-calls-constructor-of-base": (
        whole(call(glob("copyreg", "_reconstructor"), _YOLO, _YOLO, dictionary(backbone=text("print('seen')")))), MISUSED),
    "reconstructor-calls-constructor-of-base-with-file": (
        whole(call(glob("copyreg", "_reconstructor"), _OBJECT, _YOLO, text("http://index.example/seen.yaml"))), MISUSED),
    "reconstructor-with-persistent-base": (
        whole(call(glob("copyreg", "_reconstructor"), _OBJECT, text("x") + b"Q", b"N")), "unknown-persistent-id"),
    "reconstructor-fills-mapping": (
        whole(call(_OBJECT), call(glob("copyreg", "_reconstructor"), glob("collections", "UserDict"), glob("builtins", "dict"), _odd()), b"b"), MISUSED),
    # states that hide what is evaluated
    "evaluated-state-in-mapping": (
        whole(glob("statsmodels.base.data", "ModelData"), b")\x81",
              call(glob("collections", "OrderedDict")), text("restore_model_spec"), b"\x88sb"), MISUSED),
    "evaluated-state-in-mapping-of-other-module": (
        whole(glob("scipy.stats._levy_stable", "levy_stable_gen"), b")\x81",
              call(glob("collections", "OrderedDict")), text("_parse_arg_template"), b"\x88sb"), MISUSED),
    # few bytes that fill the memory or never end
    "list-of-range": (whole(call(glob("builtins", "list"), _RANGE)), MISUSED),
    "set-of-network": (whole(call(glob("builtins", "set"), _NETWORK)), MISUSED),
    "frozenset-of-network": (whole(call(glob("builtins", "frozenset"), _NETWORK)), MISUSED),
    "tuple-by-newobj": (whole(glob("builtins", "tuple"), _RANGE, b"\x85\x81"), MISUSED),
    "deque-of-range": (whole(call(glob("collections", "deque"), _RANGE)), MISUSED),
    "counter-of-network": (whole(call(glob("collections", "Counter"), _NETWORK)), MISUSED),
    "bytearray-of-number": (whole(call(glob("builtins", "bytearray"), number(10**12))), MISUSED),
    "bytes-of-number": (whole(call(glob("builtins", "bytes"), number(10**12))), MISUSED),
    "bytes-by-obj": (whole(b"(", glob("builtins", "bytes"), number(10**12), b"o"), MISUSED),
    "bytes-by-inst": (b"(I1000000000000\ni__builtin__\nbytes\n.", MISUSED),
    "void-of-number": (whole(call(glob("numpy", "void"), number(10**12))), MISUSED),
    "fraction-of-power": (whole(call(glob("fractions", "Fraction"), text("1e999999999"))), MISUSED),
    "int-of-decimal": (
        whole(call(glob("builtins", "int"), call(glob("decimal", "Decimal"), text("1e999999999")))), MISUSED),
    "newobj-through-copyreg": (
        whole(call(_NEWOBJ, glob("builtins", "bytes"), number(10**12))), MISUSED),
    # one unpickler that reads several streams
    "memo-of-streams-counted-on": (
        whole(text("os"), b"\x94", text("system"), b"\x94\x86", protocol=4)
        + whole(text("math"), b"\x94", text("cos"), b"\x94h\x00h\x01\x93", text("echo seen"), b"\x85R", protocol=4), DANGEROUS),
    "memo-of-long-stream-before": (
        whole(text("os"), b"\x94", text("system"), b"\x94", b"](" + b"K\x01" * 20_000 + b"e", protocol=4)
        + whole(text("math"), b"\x94", text("cos"), b"\x94h\x00h\x01\x93", text("echo seen"), b"\x85R", protocol=4), DANGEROUS),
    "memo-of-very-long-stream-before": (
        whole(text("os"), b"q\x00", text("system"), b"q\x01", b"](" + b"K\x01" * (1 << 22) + b"e", protocol=4)
        + whole(b"h\x00h\x01\x93", text("echo seen"), b"\x85R", protocol=4), UNRESOLVED),
}  # fmt: skip


def samples() -> Iterator[Malicious]:
    """Every row as a file."""
    return table(DETOURS, "detour")
