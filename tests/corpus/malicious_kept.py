"""Harmless objects made to call what they hold, with arguments that the stream chooses, while they are loaded.

Every name here is one that real files use. One row is one technique.
"""

# ruff: noqa: E501 (a table: one row is one technique)

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.corpus.pickles import DANGEROUS, MISUSED, UNKNOWN, call, dictionary, glob, number, table, text, whole

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.corpus.frame import Malicious

NAMESPACE = glob("types", "SimpleNamespace")
ADAM = glob("torch.optim.adam", "Adam")
EVALUATES = glob("ultralytics.nn.tasks", "DetectionModel")  # its constructor evaluates `activation`
OPENS = glob("numpy", "memmap")
LOADS = glob("torch.storage", "_load_from_bytes")
CONFIG = glob("transformers.models.bert.configuration_bert", "BertConfig")
ESTIMATOR = glob("sklearn.linear_model._base", "LinearRegression")
ATTRIBUTES = glob("pytorch_lightning.utilities.parsing", "AttributeDict")
ADDRESS = dictionary(data=number(4096) + b"\x89\x86", shape=number(1) + b"\x85", typestr=text("<u8"))

LABELS = dictionary(num_labels=number(20_000_000))  # a setter makes as many texts


def instance(kind: bytes, **state: bytes) -> bytes:
    """Return an instance with these attributes."""
    return kind + b")\x81" + dictionary(**state) + b"b"


def bag(**state: bytes) -> bytes:
    """Return an object that has any attributes."""
    return NAMESPACE + b")R" + dictionary(**state) + b"b"


GROUPS = b"]" + dictionary(params=b"]" + dictionary(activation=text("print('seen')")) + b"a") + b"a"

STREAMS = {
    "optimizer-asks-its-state": (whole(instance(ADAM, state=bag(get=EVALUATES), param_groups=GROUPS)), MISUSED),
    "optimizer-asks-its-groups": (whole(instance(ADAM, state=b"}", param_groups=b"]" + bag(setdefault=OPENS) + b"a")), MISUSED),
    "estimator-pops-its-state": (whole(ESTIMATOR, b")\x81", bag(pop=OPENS), b"b"), MISUSED),
    "get-is-an-unknown-function": (whole(instance(ADAM, state=bag(get=glob("some.module", "run")), param_groups=GROUPS)), MISUSED),
    "configuration-renames-its-state": (whole(instance(CONFIG, attribute_map=dictionary(__setstate__=text("to_json_file"))), text("out"), b"b"), MISUSED),
    "configuration-renames-an-attribute": (whole(instance(CONFIG, attribute_map=dictionary(hidden_size=text("save_pretrained")))), MISUSED),
    "configuration-renames-in-slots": (whole(CONFIG, b")\x81N", dictionary(attribute_map=b"}"), b"\x86b"), MISUSED),
    "configuration-hides-its-state": (whole(CONFIG, b")\x81", glob("collections", "OrderedDict"), b")R", text("attribute_map"), b"}sb"), MISUSED),
    "labels-by-a-number": (whole(CONFIG, b")\x81N", LABELS, b"\x86b"), MISUSED),
    "labels-by-a-number-and-a-state": (whole(CONFIG, b")\x81", dictionary(model_type=text("bert")), LABELS, b"\x86b"), MISUSED),
    "labels-in-an-old-dictionary": (whole(CONFIG, b")\x81(N(", text("num_labels"), number(20_000_000), b"dtb"), MISUSED),
    "labels-in-another-mapping": (whole(CONFIG, b")\x81N", glob("collections", "OrderedDict"), b")R", text("num_labels"), number(20_000_000), b"s\x86b"), MISUSED),
    "labels-in-an-object-with-items": (whole(CONFIG, b")\x81N", instance(glob("collections", "UserDict"), data=LABELS), b"\x86b"), MISUSED),
    "labels-filled-in-later": (whole(b"}q\0}h\0\x86q\x010", CONFIG, b")\x81q\x020h\0", text("num_labels"), number(20_000_000), b"s0h\x02h\x01b"), MISUSED),
    "labels-by-a-tensor's-state": (whole(call(glob("torch._tensor", "_rebuild_from_type_v2"), CONFIG, CONFIG, b")", b"N" + LABELS + b"\x86")), MISUSED),
    "setter-of-an-estimator": (whole(glob("sklearn.gaussian_process.kernels", "RBF"), b")\x81N", dictionary(theta=number(1)), b"\x86b"), MISUSED),
    "arrow-from-a-range": (whole(instance(glob("pandas.arrays", "ArrowStringArray"), _pa_array=call(glob("builtins", "range"), number(2_000_000_000)))), MISUSED),
    "arrow-from-a-list": (whole(instance(glob("pandas.core.arrays.string_arrow", "ArrowStringArray"), _pa_array=b"]" + call(glob("builtins", "range"), number(2_000_000_000)) + b"a")), MISUSED),
    "arrow-under-its-older-name": (whole(instance(glob("pandas.arrays", "ArrowExtensionArray"), _pa_array=call(glob("pyarrow.lib", "_restore_array"), b"N"), _data=b"]")), MISUSED),
    "arrow-hidden-in-a-mapping": (whole(glob("pandas.arrays", "ArrowStringArray"), b")\x81", glob("collections", "OrderedDict"), b")Rb"), MISUSED),
    "range-of-many": (whole(call(glob("numpy.random._mt19937", "MT19937"), call(glob("builtins", "range"), number(2_000_000_000)))), MISUSED),
    "range-of-many-backwards": (whole(call(glob("builtins", "range"), number(2_000_000_000), number(0), b"J\xff\xff\xff\xff")), MISUSED),
    "range-in-old-python": (whole(call(glob("__builtin__", "xrange"), number(2_000_000_000))), MISUSED),
    "range-of-an-object": (whole(call(glob("builtins", "range"), call(glob("collections", "deque")))), MISUSED),
    "number-of-a-table": (whole(call(glob("numpy", "int64"), call(glob("pandas.core.indexes.range", "RangeIndex"), number(2_000_000_000)))), MISUSED),
    "zone-is-a-file": (whole(call(glob("pandas.core.dtypes.dtypes", "DatetimeTZDtype"), text("ns"), text("dateutil//tmp/seen"))), MISUSED),
    "zone-of-an-index-is-a-file": (whole(call(glob("pandas.core.indexes.datetimes", "_new_DatetimeIndex"), glob("pandas.core.indexes.datetimes", "DatetimeIndex"), dictionary(tz=text("dateutil/../../tmp/seen")))), MISUSED),
    "zone-of-a-long-path": (whole(call(glob("pandas.core.dtypes.dtypes", "DatetimeTZDtype"), text("ns"), text("dateutil" + "/" * 2000 + "tmp/seen"))), MISUSED),
    "zone-of-a-long-old-text": (whole(call(glob("pandas.core.dtypes.dtypes", "DatetimeTZDtype"), text("ns"), b"Vdateutil" + b"/" * 2000 + b"tmp\n")), MISUSED),
    "zone-in-the-name-of-a-type": (whole(call(glob("pandas.core.indexes.base", "_new_Index"), glob("pandas.core.indexes.base", "Index"), dictionary(data=b"]", dtype=text("interval[datetime64[ns, dateutil//tmp/seen]]")))), MISUSED),
    "zone-in-an-old-dictionary": (whole(b"(", text("tz"), text("dateutil/:/tmp/seen"), b"d"), MISUSED),
    "handle-set-as-an-attribute": (whole(call(glob("builtins", "setattr"), glob("xgboost.core", "Booster") + b")\x81", text("handle"), text("x"))), DANGEROUS),
    "constructor-by-a-function-that-returns-it": (
        whole(call(glob("numpy.random._pickle", "__generator_ctor"), text("PCG64"), call(glob("torch.jit._pickle", "restore_type_tag"), ESTIMATOR, text("x")))), MISUSED),
    "tag-of-nothing": (whole(call(glob("torch.jit._pickle", "restore_type_tag"))), MISUSED),
    "endless-count": (whole(call(glob("time", "struct_time"), call(glob("itertools", "count")))), UNKNOWN),
    "fraction-of-many-digits": (whole(call(glob("fractions", "Fraction"), text("1e-999999999"))), MISUSED),
    "fraction-of-a-long-text": (whole(call(glob("fractions", "Fraction"), text("1" * 2000 + "e999999999"))), MISUSED),
    "fraction-of-more-than-python-reads": (whole(call(glob("fractions", "Fraction"), text("1" * 20000 + "e9"))), MISUSED),
    "fraction-of-a-long-old-text": (whole(call(glob("fractions", "Fraction"), b"V" + b"1" * 2000 + b"e999999999\n")), MISUSED),
    "get-is-a-partial": (whole(instance(ADAM, state=bag(get=call(glob("functools", "partial"), glob("numpy", "ones"))), param_groups=GROUPS)), MISUSED),
    "pop-is-a-partial-item": (whole(glob("sklearn.utils._bunch", "Bunch"), b")\x81", text("pop"), call(glob("functools", "partial"), glob("numpy", "ones")), b"s"), MISUSED),
    "method-by-arguments": (whole(call(ATTRIBUTES, dictionary(detach=glob("some.module", "run")))), MISUSED),
    "method-by-items": (whole(glob("sklearn.utils._bunch", "Bunch"), b")\x81", text("pop"), glob("some.module", "run"), b"s"), MISUSED),
    "append-is-an-attribute": (whole(bag(append=LOADS), text("x"), b"a"), MISUSED),
    "append-of-a-harmless-name": (whole(bag(append=glob("numpy", "log")), text("x"), b"a"), MISUSED),
    "extend-is-an-attribute": (whole(bag(extend=OPENS), b"(", text("a"), text("b"), b"e"), MISUSED),
    "add-is-an-attribute": (whole(bag(add=OPENS), b"(", text("a"), b"\x90", protocol=4), MISUSED),
    "append-to-an-estimator": (whole(instance(ESTIMATOR, append=glob("numpy", "log")), number(1), b"a"), MISUSED),
    "kept-in-a-list": (whole(instance(ESTIMATOR, steps=b"](" + OPENS + EVALUATES + b"e")), MISUSED),
    "kept-in-a-tuple": (whole(instance(ESTIMATOR, steps=OPENS + text("a") + b"\x86")), MISUSED),
    "kept-in-a-tuple-of-tuples": (whole(instance(ESTIMATOR, steps=OPENS + b"\x85\x85\x85")), MISUSED),
    "kept-in-a-set": (whole(instance(ESTIMATOR, steps=b"\x8f(" + OPENS + b"\x90"), protocol=4), MISUSED),
    "kept-in-a-frozenset": (whole(instance(ESTIMATOR, steps=b"(" + OPENS + b"\x91"), protocol=4), MISUSED),
    "kept-as-a-key": (whole(instance(ESTIMATOR, steps=b"}" + OPENS + b"Ns")), MISUSED),
    "kept-in-an-old-dictionary": (whole(instance(ESTIMATOR, steps=b"(" + text("get") + OPENS + b"d")), MISUSED),
    "kept-in-an-old-list": (whole(instance(ESTIMATOR, steps=b"(" + OPENS + b"l")), MISUSED),
    "kept-as-a-state": (whole(bag(), OPENS, b"b"), MISUSED),
    "kept-in-slots": (whole(bag(), b"N", dictionary(get=OPENS), b"\x86b"), MISUSED),
    "kept-as-an-argument": (whole(call(glob("collections", "ChainMap"), OPENS)), MISUSED),
    "kept-as-an-argument-of-new": (whole(glob("torch.nn.modules.linear", "Identity"), OPENS, b"\x85\x81"), MISUSED),
    "kept-from-the-memo": (whole(OPENS, b"q\x010", instance(ESTIMATOR, steps=b"h\x01")), MISUSED),
    "kept-partial": (whole(instance(ESTIMATOR, func=glob("functools", "partial"))), MISUSED),
    "kept-constructor-of-objects": (whole(instance(ESTIMATOR, func=glob("copyreg", "_reconstructor"))), MISUSED),
    "kept-booster": (whole(instance(ESTIMATOR, func=glob("xgboost.core", "Booster"))), MISUSED),
    "kept-process-state": (whole(instance(ESTIMATOR, func=glob("accelerate.state", "PartialState"))), MISUSED),
    "kept-model-class": (whole(instance(ESTIMATOR, func=glob("transformers.models.bert.modeling_bert", "BertModel"))), MISUSED),
    "kept-keras-loader": (whole(instance(ESTIMATOR, func=glob("keras.src.models.sequential", "Sequential._unpickle_model"))), MISUSED),
    "kept-cython-constructor": (whole(instance(ESTIMATOR, func=glob("pandas._libs.arrays", "__pyx_unpickle_NDArrayBacked"))), MISUSED),
    "memory-by-a-key": (whole(call(ATTRIBUTES, dictionary(__array_interface__=ADDRESS))), MISUSED),
    "memory-by-a-key-of-data": (whole(instance(glob("transformers.tokenization_utils_base", "BatchEncoding"), data=dictionary(__array_interface__=ADDRESS))), MISUSED),
    "memory-by-an-old-dictionary": (whole(b"(", text("__cuda_array_interface__"), ADDRESS, b"d"), MISUSED),
    "memory-by-items": (whole(glob("sklearn.utils._bunch", "Bunch"), b")\x81", text("__array_struct__"), ADDRESS, b"s"), MISUSED),
    "memory-by-items-of-a-mapping": (whole(glob("collections", "OrderedDict"), b")R", text("__array_interface__"), ADDRESS, b"s"), MISUSED),
    "kept-in-a-long-tuple": (whole(instance(ESTIMATOR, steps=b"(" + OPENS + number(1) * 70 + b"t")), MISUSED),
    "odd-attribute-by-arguments": (whole(call(ATTRIBUTES, dictionary(__class__=number(1)))), MISUSED),
    "odd-attribute-by-items": (whole(glob("sklearn.utils._bunch", "Bunch"), b")\x81", text("__class__"), number(1), b"s"), MISUSED),
    "odd-attribute-by-keywords": (whole(glob("functools", "partial"), NAMESPACE, b"\x85R(", NAMESPACE, b")", dictionary(__array__=number(1)), b"Ntb"), MISUSED),
    "keras-model-of-no-format": (whole(call(glob("keras.src.models.sequential", "Sequential._unpickle_model"), glob("_io", "BytesIO") + b")R(B" + b"\x50\0\0\0" + b"?" * 80 + b"K\0Ntb")), MISUSED),
}  # fmt: skip


def samples() -> Iterator[Malicious]:
    yield from table(STREAMS, "kept")
