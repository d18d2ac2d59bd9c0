"""What is done with names: changes of what is imported, odd calls, callables handed to harmless functions.

One row is one technique.
"""

# ruff: noqa: E501, ISC004 (tables: one row is one technique)

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

from tests.corpus.pickles import (
    CODE,
    DANGEROUS,
    MALFORMED,
    MISUSED,
    OD,
    OVERWRITTEN,
    RUN,
    TEXT_WHOLE,
    UNKNOWN,
    UNRESOLVED,
    call,
    glob,
    literal,
    long_text,
    number,
    stack_global,
    table,
    text,
    whole,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.corpus.frame import Malicious


def _tree(*children: int, cut: int = 0) -> bytes:
    """A tree of points of SciPy whose nodes (three) have these children, as protocol 2 writes it, and protocol 5."""
    nodes = [struct.pack("<q48xqq", 0, *children)] + [struct.pack("<q48xqq", -1, 0, 0)] * 2
    raw = b"".join(nodes)[: 216 - cut]
    kind = call(glob("numpy", "dtype"), text("S1"), b"\x89", b"\x88")
    array = call(glob("numpy.core.multiarray", "_reconstruct"), glob("numpy", "ndarray"), b"K\0\x85", literal(b"b"))
    array += b"(K\1" + number(len(raw)) + b"\x85" + kind + b"\x89" + literal(raw) + b"tb"
    return glob("scipy.spatial._ckdtree", "cKDTree") + b")\x81(" + array + b"K\1K\2K\2K\x10NNNNNtb"


STREAMS: dict[str, tuple[bytes, str]] = {
    # numbers that are believed
    "tree-far": (whole(_tree(1 << 40, 1), protocol=4), MISUSED),
    "tree-loop": (whole(_tree(0, 0), protocol=4), MISUSED),
    "tree-behind": (whole(_tree(1, 3), protocol=4), MISUSED),
    "tree-before": (whole(_tree(1, -1), protocol=4), MISUSED),
    "tree-cut": (whole(_tree(1, 2, cut=1), protocol=4), MISUSED),
    "tree-of-data": (whole(glob("scipy.spatial._ckdtree", "cKDTree"), b")\x81(]K\1K\2K\2K\x10NNNNNtb"), MISUSED),
    "tree-unknown": (whole(glob("scipy.spatial._ckdtree", "cKDTree"), b")\x81]b"), MISUSED),
    "array-filled": (whole(call(glob("numpy.core.multiarray", "_reconstruct"), glob("numpy", "ndarray"), number(1 << 28) + b"\x85", text("O"))), MISUSED),
    "masked-array-filled": (whole(call(glob("numpy.ma.core", "_mareconstruct"), glob("numpy.ma.core", "MaskedArray"), glob("numpy", "ndarray"), number(1 << 28) + b"\x85", text("O"))), MISUSED),
    "layers": (whole(glob("torch.nn.modules.rnn", "LSTM"), b")\x81}(", text("num_layers"), number(10**9), text("all_weights"), b"]ub"), MISUSED),
    # changing what is not the stream's own
    "build-on-class": (b"\x80\x02" + OD + b"}X\x01\0\0\0aK\x01sb.", OVERWRITTEN),
    "build-on-function": (b"\x80\x02cnumpy\nmean\nN}X\x08\0\0\0__code__K\x01s\x86b.", OVERWRITTEN),
    "build-on-module": (b"\x80\x02cnumpy\nrandom\n}X\x04\0\0\0seedK\x01sb.", OVERWRITTEN),
    "setitem-on-global": (b"\x80\x02ctyping\nAny\nX\x01\0\0\0aK\x01s.", OVERWRITTEN),
    "setitems-on-global": (b"\x80\x02" + OD + b"(X\x01\0\0\0aK\x01u.", OVERWRITTEN),
    "append-on-global": (b"\x80\x02" + OD + b"K\x01a.", OVERWRITTEN),
    "appends-on-global": (b"\x80\x02" + OD + b"(K\x01K\x02e.", OVERWRITTEN),
    "additems-on-global": (b"\x80\x04" + OD + b"(K\x01\x90.", OVERWRITTEN),
    # listed names, used otherwise
    "call-of-instance": (b"\x80\x02" + OD + b")R)R.", MISUSED),
    "newobj-of-instance": (b"\x80\x02" + OD + b")R)\x81.", MISUSED),
    "obj-of-instance": (b"\x80\x02(" + OD + b")Ro.", MISUSED),
    "call-of-reference": (b"\x80\x02cnumpy\nmean\n)R.", MISUSED),
    "odd-state": (b"\x80\x02" + OD + b")R}X\x09\0\0\0__class__K\x01sb.", MISUSED),
    "odd-state-of-slots": (b"\x80\x02" + OD + b")RN}X\x0a\0\0\0__reduce__K\x01s\x86b.", MISUSED),
    "odd-state-by-dict": (b"\x80\x02" + OD + b")R(X\x09\0\0\0__class__K\x01db.", MISUSED),
    "odd-state-by-setitems": (b"\x80\x02" + OD + b")R}(K\x01K\x02X\x09\0\0\0__class__K\x01ub.", MISUSED),
    "odd-state-in-mapping": (b"\x80\x02" + OD + b")R" + OD + b")RX\x09\0\0\0__class__K\x01sb.", MISUSED),
    "odd-state-with-computed-key": (
        b"\x80\x02" + OD + b")R}c_codecs\nencode\nX\x01\0\0\0aX\x06\0\0\0latin1\x86RK\x01sb.", MISUSED),
    "odd-state-in-filled-mapping": (b"\x80\x02" + OD + b")R" + OD + b"(]tRb.", MISUSED),
    "encode-with-other-codec": (b"\x80\x02c_codecs\nencode\nX\x01\0\0\0aX\x05\0\0\0rot13\x86R.", MISUSED),
    "encode-hidden-arguments": (b"\x80\x02c_codecs\nencode\n]R.", MISUSED),
    "type-makes-class": (b"\x80\x02cbuiltins\ntype\n(X\x01\0\0\0A)}tR.", MISUSED),
    "iter-of-function": (b"\x80\x02cbuiltins\niter\ncbuiltins\nlen\nK\x01\x86R.", MISUSED),
    "iter-of-one-function": (b"\x80\x02cbuiltins\niter\ncnumpy\nmean\n\x85R.", MISUSED),
    "iter-of-instance": (b"\x80\x02cbuiltins\niter\n" + OD + b")R\x85R.", MISUSED),
    "iter-hidden-arguments": (b"\x80\x02cbuiltins\niter\n]R.", MISUSED),
    "reversed-of-instance": (b"\x80\x02cbuiltins\nreversed\n" + OD + b")R\x85R.", MISUSED),
    "item-of-object": (b"\x80\x02c_operator\ngetitem\n" + OD + b")RK\x01\x86R.", MISUSED),
    "item-of-class": (b"\x80\x02coperator\ngetitem\n" + OD + b"K\x01\x86R.", MISUSED),
    "item-of-unknown": (b"\x80\x02c_operator\ngetitem\n(ctyping\nsys\nX\x01\0\0\0atR.", MISUSED),
    "itemgetter-called": (b"\x80\x02coperator\nitemgetter\nX\x01\0\0\0a\x85R" + OD + b")R\x85R.", MISUSED),
    "itemgetter-as-factory": (
        b"\x80\x02ccollections\ndefaultdict\ncoperator\nitemgetter\nX\x01\0\0\0a\x85R\x85R.", MISUSED),
    "generic-type-called": (b"\x80\x02c_operator\ngetitem\nctyping\nList\ncbuiltins\nint\n\x86R)R.", MISUSED),
    "alias-called": (b"\x80\x02ctypes\nGenericAlias\ncbuiltins\nint\nK\x01\x85\x86R)R.", MISUSED),
    "alias-built": (b"\x80\x02ctypes\nGenericAlias\ncbuiltins\nint\nK\x01\x85\x86R}b.", MISUSED),
    "alias-kept": (b"\x80\x02cnumpy\nndarray\n)\x81}X\x01\0\0\0actypes\nGenericAlias\nsb.", MISUSED),
    "operator-called": (b"\x80\x02c_operator\nadd\n](K\x01K\x02eR.", MISUSED),
    "list-of-count": (b"\x80\x02cbuiltins\nlist\ncitertools\ncount\n)R\x85R.", MISUSED),
    "memmap-constructed": (b"\x80\x02cnumpy\nmemmap\nX\x04\0\0\0fileX\x02\0\0\0w+\x86\x81.", MISUSED),
    "python-reduce-with-list": (b"\x80\x02cos\nsystem\n](X\x09\0\0\0echo seeneR.", DANGEROUS),
    # callables and classes handed to listed ones
    "defaultdict-factory": (b"\x80\x02ccollections\ndefaultdict\ncevil\nrun\n\x85R.", UNKNOWN),
    "defaultdict-dangerous-factory": (b"\x80\x02ccollections\ndefaultdict\ncos\ngetcwd\n\x85R.", DANGEROUS),
    "defaultdict-hidden-factory": (b"\x80\x02ccollections\ndefaultdict\n](cnumpy\nmean\neR.", MISUSED),
    "defaultdict-factory-reference": (b"\x80\x02ccollections\ndefaultdict\ncnumpy\nmean\n\x85R.", MISUSED),
    "defaultdict-factory-instance": (b"\x80\x02ccollections\ndefaultdict\n" + OD + b")R\x85R.", MISUSED),
    "defaultdict-factory-nested": (
        b"\x80\x02ccollections\ndefaultdict\n(ccollections\ndefaultdict\n(cevil\nrun\ntRtR.", UNKNOWN),
    "reconstructor": (b"ccopy_reg\n_reconstructor\n(csubprocess\nPopen\nc__builtin__\nobject\nNtR.", DANGEROUS),
    "reconstructor-unknown-class": (b"ccopy_reg\n_reconstructor\n(cevil\nA\nc__builtin__\nobject\nNtR.", UNKNOWN),
    "reconstructor-unknown-base": (b"ccopy_reg\n_reconstructor\n(c__builtin__\nobject\ncevil\nA\nNtR.", UNKNOWN),
    "newobj-function": (b"\x80\x02ccopyreg\n__newobj__\n(cevil\nA\ntR.", UNKNOWN),
    "numpy-reconstruct-class": (b"\x80\x02cnumpy.core.multiarray\n_reconstruct\n(cevil\nA\nK\x00\x85C\x01btR.", UNKNOWN),
    "array-reconstructor-class": (b"\x80\x03carray\n_array_reconstructor\n(cevil\nA\nX\x01\0\0\0bK\x00C\x00tR.", UNKNOWN),
    "cython-unpickle-class": (
        b"\x80\x03csklearn._loss._loss\n__pyx_unpickle_CyHalfSquaredError\n(cevil\nA\nK\x01NtR.", UNKNOWN),
    "numpy-generator-constructor": (
        b"\x80\x02cnumpy.random._pickle\n__generator_ctor\n(X\x01\0\0\0acevil\nrun\ntR.", UNKNOWN),
    "numpy-bit-generator-class": (b"\x80\x02cnumpy.random._pickle\n__bit_generator_ctor\ncevil\nA\n\x85R.", UNKNOWN),
    "torch-rebuild-calls-function": (
        b"\x80\x02ctorch._tensor\n_rebuild_from_type_v2\n(cevil\nrun\nctorch\nTensor\n)}tR.", UNKNOWN),
    "torch-rebuild-constructs-type": (
        b"\x80\x02ctorch._tensor\n_rebuild_from_type_v2\n(ctorch._utils\n_rebuild_tensor_v2\ncevil\nA\n)}tR.", UNKNOWN),
    "torch-rebuild-hidden": (b"\x80\x02ctorch._tensor\n_rebuild_from_type_v2\n]R.", MISUSED),
    "torch-rebuild-in-rebuild": (
        b"\x80\x02" + b"ctorch._tensor\n_rebuild_from_type_v2\n" + b"(ctorch._tensor\n_rebuild_from_type_v2\nN" * 12
        + b"(cevil\nrun\nN)Nt" + b"Nt" * 12 + b"R.", MISUSED),
    "numpy-generator-constructor-instance": (
        b"\x80\x02cnumpy.random._pickle\n__generator_ctor\n(X\x01\0\0\0a" + OD + b")RtR.", MISUSED),
    "numpy-generator-class": (b"\x80\x02cnumpy.random._pickle\n__generator_ctor\n(cevil\nA\ntR.", UNKNOWN),
    "numpy-generator-hidden": (b"\x80\x02cnumpy.random._pickle\n__generator_ctor\n]R.", MISUSED),
    "numpy-ufunc": (b"\x80\x02cnumpy.core\n_ufunc_reconstruct\nX\x02\0\0\0osX\x06\0\0\0system\x86R.", DANGEROUS),
    "defaultdict-factory-persistent": (b"\x80\x02ccollections\ndefaultdict\nPid\n\x85R.", "unknown-persistent-id"),
    "defaultdict-factory-computed": (b"\x80\x02ccollections\ndefaultdict\n\x82\x05\x85R.", UNRESOLVED),
    "defaultdict-filled-as-state": (b"\x80\x02" + OD + b")Rccollections\ndefaultdict\n(N]tRb.", MISUSED),
    "torch-rebuild-without-type": (b"\x80\x02ctorch._tensor\n_rebuild_from_type_v2\n(cevil\nrun\nN)}tR.", UNKNOWN),
    "load-from-bytes-of-text": (
        b"\x80\x03ctorch.storage\n_load_from_bytes\n" + long_text(TEXT_WHOLE) + b"\x85R.", DANGEROUS),
    "load-from-bytes-of-text-beyond-latin-1": (
        b"\x80\x03ctorch.storage\n_load_from_bytes\n" + long_text(TEXT_WHOLE + "\u20ac".encode() * 500) + b"\x85R.", DANGEROUS),
    "call-of-data": (b"\x80\x02" + RUN + b"0K\x01)R.", MALFORMED),
    "ext4-cut": (b"\x80\x02" + RUN + b"\x84\x01", MALFORMED),
    "ext-not-positive": (b"\x80\x02" + RUN + b"\x82\x00.", MALFORMED),
    "obj-without-class": (b"\x80\x02" + RUN + b"(o.", MALFORMED),
    "setitems-odd": (b"\x80\x02" + RUN + b"}(K\x01u.", MALFORMED),
    "dict-odd": (b"\x80\x02" + RUN + b"(K\x01d.", MALFORMED),
    "string-escape-cut": (b"\x80\x02" + RUN + b"S'\\x1'\n.", MALFORMED),
    "string-not-quoted": (b"\x80\x02" + RUN + b"Sabc\n.", MALFORMED),
    "unicode-escape-wrong": (b"\x80\x02" + RUN + b"V\\u12\n.", MALFORMED),
    "float-wrong": (b"\x80\x02" + RUN + b"Fx\n.", MALFORMED),
    "number-of-many-letters": (b"\x80\x02" + RUN + b"I" + b"z" * 5000 + b"\n.", MALFORMED),
    "float-cut": (b"\x80\x02" + RUN + b"G\0\0", MALFORMED),
    "length-negative": (b"\x80\x02" + RUN + b"T\xff\xff\xff\xff.", MALFORMED),
    "put-negative": (b"\x80\x02" + RUN + b"p-1\n.", MALFORMED),
    "inst-not-ascii": (b"\x80\x02" + RUN + b"(i\xc3\xa4\nx\n.", MALFORMED),
    "module-without-name": (b"\x80\x02" + RUN + b"c\nx\n.", MALFORMED),
    "tuple-of-too-little": (b"\x80\x02" + RUN + b"\x87.", MALFORMED),
    "frame-larger-than-memory": (b"\x80\x04" + RUN + b"\x95" + b"\xff" * 8 + b".", MALFORMED),
    "protocol-unknown": (b"\x80\x02" + RUN + b"\x80\x06.", MALFORMED),
    "partial": (b"\x80\x02cfunctools\npartial\n(cevil\nrun\ntR.", UNKNOWN),
    "partial-of-a-loader": (b"\x80\x02cfunctools\npartial\n(cnumpy\nmemmap\nV/tmp/x\ntR.", MISUSED),
    "partial-of-a-reduction": (b"\x80\x02cfunctools\npartial\n(c_functools\nreduce\ncevil\nrun\ntR.", DANGEROUS),
    "factory-wraps-what-may-not-be-called": (
        b"\x80\x02ccollections\ndefaultdict\ncfunctools\npartial\n(cnumpy\nones\nK\ttR\x85R.", MISUSED),
    "factory-is-replaced": (
        b"\x80\x02ccollections\ndefaultdict\ncfunctools\npartial\ncbuiltins\nlist\n\x85Rq\x01\x85R0h\x01(cnumpy\nones\nK\t\x85}Ntb.", MISUSED),
    "reduce-of-a-class": (b"\x80\x02cfunctools\nreduce\n(c_operator\nor_\ncbuiltins\nrange\nK\x09\x85R\x85tR.", DANGEROUS),
    "reduce-is-kept-too": (
        b"\x80\x02cfunctools\nreduce\nq\x01(c_operator\nor_\n(cbuiltins\nint\nNttR}(V_\nh\x01u0.", DANGEROUS),
    "partial-called": (b"\x80\x02cfunctools\npartial\n(cbuiltins\nstr\ntR)R.", MISUSED),
    "partial-state": (b"\x80\x02cfunctools\npartial\n(cbuiltins\nstr\ntR(cevil\nrun\n)}Ntb.", UNKNOWN),
    "partial-hidden-state": (b"\x80\x02cfunctools\npartial\n(cbuiltins\nstr\ntR]b.", MISUSED),
    "partial-hidden-function": (b"\x80\x02cfunctools\npartial\n]R.", MISUSED),
    # texts that a class evaluates
    "scipy-template": (
        b"\x80\x02cscipy.stats._continuous_distns\nnorm_gen\n)\x81}X\x13\0\0\0_parse_arg_templateX\x0b\0\0\0print(1)   sb.", CODE),
    "scipy-hidden-state": (b"\x80\x02cscipy.stats._continuous_distns\nnorm_gen\n)\x81" + OD + b")Rb.", MISUSED),
    "statsmodels-formula": (
        b"\x80\x02cstatsmodels.base.data\nModelData\n)\x81}(X\x12\0\0\0restore_model_spec\x88X\x07\0\0\0formula"
        b"X\x0c\0\0\0y ~ print(1)ub.", CODE),
    "statsmodels-formula-absent": (
        b"\x80\x02cstatsmodels.base.data\nModelData\n)\x81}(X\x12\0\0\0restore_model_spec\x88ub.", CODE),
    # unknown names
    "unknown-called": (b"\x80\x02cevil.module\nrun\n)R.", UNKNOWN),
    "unknown-constructed": (b"\x80\x02cevil.module\nNet\n)\x81.", UNKNOWN),
    "unknown-built": (b"\x80\x02cevil.module\nNet\n)\x81}b.", UNKNOWN),
    "sibling-of-listed": (b"\x80\x02ccollections\nOrderedDicts\n)R.", UNKNOWN),
    "submodule-of-listed": (b"\x80\x02ccollections.abc\nOrderedDict\n)R.", UNKNOWN),
    "case-differs": (b"\x80\x02cCollections\nOrderedDict\n)R.", UNKNOWN),
    "space-in-name": (b"\x80\x02ccollections \nOrderedDict\n)R.", UNKNOWN),
    "carriage-return": (b"\x80\x02ccollections\r\nOrderedDict\r\n)R.", UNKNOWN),
    "empty-name": (b"\x80\x02cevil\n\n.", UNKNOWN),
    # code by design
    "cloudpickle": (b"\x80\x04" + stack_global(b"cloudpickle.cloudpickle", b"_make_function") + b"(NNtR.", CODE),
    "cloudpickle-subimport": (b"\x80\x04" + stack_global(b"cloudpickle.cloudpickle", b"subimport") + b"\x8c\x02os\x85R.", CODE),
    "dill": (b"\x80\x04" + stack_global(b"dill._dill", b"_create_function") + b"(NNtR.", CODE),
    "dill-type": (b"\x80\x04" + stack_global(b"dill._dill", b"_load_type") + b"\x8c\x08CodeType\x85R)R.", CODE),
    "torchscript-names": (b"\x80\x02c__torch__.net\nNet\n)\x81.", CODE),
}  # fmt: skip


def samples() -> Iterator[Malicious]:
    """Every row as a file."""
    return table(STREAMS)
