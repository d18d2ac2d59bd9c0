"""Shapes of pickles that are rare, ordinary and easily mistaken: attributes by call, nested bytes, many streams."""

from __future__ import annotations

import collections
import functools
import inspect
import json
import math
import operator
import pickle
import typing
from typing import TYPE_CHECKING

from tests.corpus.frame import benign
from tests.corpus.pickles import CODE, OD, call, dictionary, glob, literal, number, text, whole

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.corpus.frame import Benign

_GETATTR = glob("builtins", "getattr")
_SETATTR = glob("builtins", "setattr")
_FUNCTION = call(glob("dill._dill", "_create_function"), b"N", b"}", text("f"))
_RECONSTRUCT = glob("numpy._core.multiarray", "_reconstruct")
_STATE = b"(K\x01K\0\x85" + call(glob("numpy", "dtype"), text("f8"), b"\x89", b"\x88") + b"\x89" + literal(b"") + b"t"

# What the language itself offers to pipelines, as every protocol writes it.
_LANGUAGE: dict[str, object] = {
    "itemgetter": [operator.itemgetter(1), operator.itemgetter("a", "b")],
    "operators": [operator.add, operator.matmul, operator.not_],
    "iterators": [iter([1, 2]), iter((1, 2)), reversed([1, 2]), iter({"a": 1}), iter("text")],
    "generic-types": [list[int], dict[str, list[int]], typing.List[int], typing.Optional[int], typing.Callable],  # noqa: UP006, UP045
    "rounding": functools.partial(round, ndigits=2),
    "partials": [functools.partial(max, 0), functools.partial(sorted, reverse=True), functools.partial(math.log, 2)],
    "factories": [
        collections.defaultdict(functools.partial(collections.defaultdict, int)),
        collections.defaultdict(functools.partial(collections.deque, maxlen=10), a=collections.deque([1])),
    ],
    "unions": [int | None, list[int] | str | None],
    "errors": [ConnectionError("x"), RecursionError("deep"), json.JSONDecodeError("m", "doc", 0)],
    "signature": inspect.signature(json.dumps),
}

SHAPES: dict[str, tuple[bytes, tuple[str, ...]]] = {
    "dill-cell": (
        whole(
            call(
                call(_GETATTR, glob("dill", "_dill"), text("_setattr"), _SETATTR),
                _FUNCTION,
                text("cell_contents"),
                number(3),
            ),
            protocol=4,
        ),
        (CODE,),
    ),
    "dill-class": (
        whole(
            call(
                _SETATTR,
                call(glob("dill._dill", "_create_type"), b"N", text("A"), b")", b"}"),
                text("__qualname__"),
                text("f.<locals>.A"),
            ),
            protocol=4,
        ),
        (CODE,),
    ),
    "dill-array": (
        whole(
            call(
                glob("dill._dill", "_create_array"),
                _RECONSTRUCT,
                glob("numpy", "ndarray") + b"K\0\x85" + literal(b"b") + b"\x87",
                _STATE,
                b"N",
            ),
            protocol=4,
        ),
        (),
    ),
    "zone-of-the-system": (
        whole(call(glob("pandas.core.dtypes.dtypes", "DatetimeTZDtype"), text("ns"), text("dateutil/Europe/Berlin"))),
        (),
    ),
    "zone-in-the-name-of-a-type": (whole(dictionary(dtype=text("datetime64[ns, dateutil/UTC]"))), ()),
    "meta-tensor": (
        whole(
            call(
                glob("torch._utils", "_rebuild_meta_tensor_no_storage"),
                glob("torch", "float32"),
                b"K\x01\x85",
                b"K\x01\x85",
                b"\x89",
            )
        ),
        (),
    ),
    "parameter-with-state": (
        whole(
            call(glob("torch._utils", "_rebuild_parameter_with_state"), b"N", b"\x88", call(OD), dictionary(note=b"N"))
        ),
        (),
    ),
    "reconstructed-list": (
        whole(
            call(glob("copyreg", "_reconstructor"), glob("collections", "UserList"), glob("builtins", "object"), b"N"),
            dictionary(data=b"]"),
            b"b",
            protocol=0,
        ),
        (),
    ),
    "bytes-as-text": (
        whole(call(glob("__builtin__", "bytearray"), call(glob("_codecs", "encode"), text("a"), text("latin1")))),
        (),
    ),
    "thousands-of-tensors": (
        whole(
            b"".join(
                call(glob("torch.storage", "_load_from_bytes"), literal(b"\x80\x02}q\0" + b"N" * 20 + b"1."[1:])) + b"0"
                for _ in range(50)
            ),
            b"N",
            protocol=3,
        ),
        (),
    ),
    "many-streams": (b"".join(pickle.dumps({"row": number, "text": "x" * 300}, 4) for number in range(300)), ()),
    "streams-with-memo": (
        b"".join(pickle.dumps([str(number), "os", "system", "a", "a"], 4) for number in range(20))
        + whole(call(OD), protocol=4),
        (),
    ),
    **{
        f"{name}-{protocol}": (pickle.dumps(value, protocol), ())
        for protocol in (0, 2, 4)
        for name, value in _LANGUAGE.items()
    },
    "hashes": (pickle.dumps([f"{number:040x}".replace("0", "63") for number in range(2000)], 4), ()),
}


def samples() -> Iterator[Benign]:
    """Every row as a file."""
    for name, (data, code) in SHAPES.items():
        yield benign(f"pickle-{name}", "model.pkl", data, *code)
