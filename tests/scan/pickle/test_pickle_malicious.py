"""Streams that do harm, one technique each: hand-assembled, harmless, never loaded."""

# ruff: noqa: E501, ISC004 (tables: one row is one technique)

from __future__ import annotations

import base64
import binascii
import gzip
import struct
import zlib
from typing import TYPE_CHECKING

import pytest

from chainguard_ml.model import Severity

if TYPE_CHECKING:
    from tests.scan.pickle.conftest import Assembler, Look

SYSTEM = b"cos\nsystem\n"
ARGUMENT = b"\x8c\x09echo seen"
RUN = SYSTEM + ARGUMENT + b"\x85R"
WHOLE = b"\x80\x02" + RUN + b"."
TEXT_WHOLE = b"cos\nsystem\n(S'echo seen'\ntR."


def stack_global(module: bytes, name: bytes) -> bytes:
    return b"\x8c" + bytes((len(module),)) + module + b"\x8c" + bytes((len(name),)) + name + b"\x93"


def long_text(raw: bytes) -> bytes:
    return b"X" + struct.pack("<I", len(raw)) + raw


def literal(raw: bytes) -> bytes:
    return b"B" + struct.pack("<I", len(raw)) + raw


DANGEROUS = "dangerous-global"
UNKNOWN = "unknown-global"
UNRESOLVED = "unresolved-global"
PATH = "attribute-path-global"
OVERWRITTEN = "overwritten-global"
MISUSED = "misused-global"
MALFORMED = "malformed-pickle"
CODE = "pickle-carries-code"

OD = b"ccollections\nOrderedDict\n"

STREAMS: dict[str, tuple[bytes, str]] = {
    # naming
    "global": (WHOLE, DANGEROUS),
    "global-protocol-0": (TEXT_WHOLE, DANGEROUS),
    "global-without-call": (b"\x80\x02cos\nsystem\n.", DANGEROUS),
    "global-popped": (b"\x80\x02cos\nsystem\n0N.", DANGEROUS),
    "global-of-module-in-package": (b"\x80\x02cos.path\njoin\n)R.", DANGEROUS),
    "inst": (b"(S'echo seen'\nios\nsystem\n.", DANGEROUS),
    "inst-without-arguments": (b"(ios\ngetcwd\n.", DANGEROUS),
    "inst-without-mark": (b"\x80\x02ios\nsystem\n.", DANGEROUS),
    "obj": (b"\x80\x02(" + SYSTEM + ARGUMENT + b"o.", DANGEROUS),
    "obj-unknown-without-arguments": (b"\x80\x02(cevil\nthing\no.", UNKNOWN),
    "newobj": (b"\x80\x02csubprocess\nPopen\n" + ARGUMENT + b"\x85\x81.", DANGEROUS),
    "newobj-ex": (b"\x80\x04" + stack_global(b"subprocess", b"Popen") + b"(" + ARGUMENT + b"t}\x92.", DANGEROUS),
    "stack-global": (b"\x80\x04" + stack_global(b"os", b"system") + ARGUMENT + b"\x85R.", DANGEROUS),
    "stack-global-binunicode": (b"\x80\x04X\x02\0\0\0osX\x06\0\0\0system\x93" + ARGUMENT + b"\x85R.", DANGEROUS),
    "stack-global-binunicode8": (
        b"\x80\x04\x8d\x02" + bytes(7) + b"os\x8d\x06" + bytes(7) + b"system\x93.", DANGEROUS),
    "stack-global-unicode-lines": (b"\x80\x04Vos\nVsystem\n\x93.", DANGEROUS),
    "stack-global-escaped-unicode": (b"\x80\x04V\\u006fs\nVsyste\\u006d\n\x93.", DANGEROUS),
    "stack-global-strings": (b"\x80\x04S'os'\nS\"system\"\n\x93.", DANGEROUS),
    "stack-global-escaped-strings": (b"\x80\x04S'\\x6fs'\nS'\\163ystem'\n\x93.", DANGEROUS),
    "stack-global-short-binstring": (b"\x80\x04U\x02osU\x06system\x93.", DANGEROUS),
    "stack-global-binstring": (b"\x80\x04T\x02\0\0\0osT\x06\0\0\0system\x93.", DANGEROUS),
    "stack-global-in-protocol-0": (stack_global(b"os", b"system") + ARGUMENT + b"\x85R.", DANGEROUS),
    # through memo and stack
    "memo-put-get": (b"\x80\x04\x8c\x02osq\x00\x8c\x06systemq\x010000".replace(b"0000", b"00") + b"h\x00h\x01\x93.", DANGEROUS),
    "memo-put-after-pop": (b"\x80\x04\x8c\x02os\x8c\x04json0q\x000\x8c\x06systemq\x010h\x00h\x01\x93.", DANGEROUS),
    "memo-memoize-after-pop": (b"\x80\x04\x8c\x02os\x8c\x04math0\x940\x8c\x06system\x940h\x00h\x01\x93.", DANGEROUS),
    "memo-overwritten": (b"\x80\x04\x8c\x04mathq\x000\x8c\x02osq\x000\x8c\x06systemq\x010h\x00h\x01\x93.", DANGEROUS),
    "memo-text-numbers": (b"\x80\x04\x8c\x02osp7\n0\x8c\x06systemp 8\n0g7\ng+8\n\x93.", DANGEROUS),
    "memo-long": (b"\x80\x04\x8c\x02osr\xff\xff\0\00\x8c\x06systemr\0\0\1\0000j\xff\xff\0\0j\0\0\1\0\x93.".replace(b"\0000j", b"\x000j"), DANGEROUS),
    "memo-huge-number": (b"\x80\x04\x8c\x02osp" + b"9" * 4100 + b"\n0g" + b"9" * 4100 + b"\n\x8c\x06system\x93.", DANGEROUS),
    "memo-of-callable": (b"\x80\x02cos\nsystem\nq\x000N0h\x00" + ARGUMENT + b"\x85R.", DANGEROUS),
    "memoize-counts-entries": (b"\x80\x04\x8c\x02osq\x050\x8c\x06system\x940h\x05h\x01\x93.", DANGEROUS),
    "dup": (b"\x80\x04\x8c\x02os2q\x000\x8c\x06system\x93.", DANGEROUS),
    "pop-mark": (b"\x80\x04\x8c\x02os(\x8c\x04mathNN1\x8c\x06system\x93.", DANGEROUS),
    "pop-of-mark": (b"\x80\x04\x8c\x02os(0\x8c\x06system\x93.", DANGEROUS),
    "name-in-tuple-popped": (b"\x80\x04\x8c\x02os\x8c\x06system\x8c\x04getsN\x860\x93.", DANGEROUS),
    "name-through-reduce": (b"\x80\x04\x8c\x02osc_codecs\nencode\n\x8c\x06system\x8c\x06latin1\x86R\x93.", UNRESOLVED),
    "name-through-str": (b"\x80\x04\x8c\x02oscbuiltins\nstr\n\x8c\x06system\x85R\x93.", UNRESOLVED),
    "module-through-persistent": (b"\x80\x04\x8c\x01xQ\x8c\x06system\x93.", UNRESOLVED),
    "name-is-number": (b"\x80\x04\x8c\x02osK\x01\x93.", UNRESOLVED),
    "name-is-bytes": (b"\x80\x04\x8c\x02osC\x06system\x93.", UNRESOLVED),
    "name-is-global": (b"\x80\x04\x8c\x02osccollections\nOrderedDict\n\x93.", UNRESOLVED),
    "name-is-very-long": (b"\x80\x04\x8c\x02os" + long_text(b"a" * 2000) + b"\x93.", UNRESOLVED),
    # numbers that only one unpickler reads
    "int-hexadecimal": (b"I0x10\n0" + TEXT_WHOLE, DANGEROUS),
    "int-octal": (b"I010\n0" + TEXT_WHOLE, DANGEROUS),
    "int-zero-byte": (b"I1\0junk\n0" + TEXT_WHOLE, DANGEROUS),
    "int-empty-before-zero-byte": (b"I\0\n0" + TEXT_WHOLE, DANGEROUS),
    "int-spaces": (b"I  5\n0" + TEXT_WHOLE, DANGEROUS),
    "int-underscore": (b"I1_0\n0" + TEXT_WHOLE, DANGEROUS),
    "int-binary": (b"I0b11\n0" + TEXT_WHOLE, DANGEROUS),
    "int-of-5000-digits": (b"I" + b"7" * 5000 + b"\n0" + TEXT_WHOLE, DANGEROUS),
    "long-hexadecimal": (b"L0x10L\n0" + TEXT_WHOLE, DANGEROUS),
    "long-without-suffix": (b"L16\n0" + TEXT_WHOLE, DANGEROUS),
    "float-underscore": (b"F1_0.5\n0" + TEXT_WHOLE, DANGEROUS),
    "float-zero-byte": (b"F1.5\0x\n0" + TEXT_WHOLE, DANGEROUS),
    "float-infinite": (b"F-inf\n0" + TEXT_WHOLE, DANGEROUS),
    "long4": (b"\x80\x02\x8b\x01\0\0\0\x050" + RUN + b".", DANGEROUS),
    # protocols and frames
    "no-protocol": (RUN + b".", DANGEROUS),
    "protocol-in-the-middle": (RUN[:11] + b"\x80\x04" + RUN[11:] + b".", DANGEROUS),
    "protocol-twice": (b"\x80\x04\x80\x00" + RUN + b".", DANGEROUS),
    "protocol-5": (b"\x80\x05" + RUN + b".", DANGEROUS),
    "frame-too-long": (b"\x80\x04\x95\xff\0\0\0\0\0\0\0" + RUN + b".", DANGEROUS),
    "frame-too-short": (b"\x80\x04\x95\x02\0\0\0\0\0\0\0" + RUN + b".", DANGEROUS),
    "frame-in-frame": (b"\x80\x04\x95\x30\0\0\0\0\0\0\0\x95\x02\0\0\0\0\0\0\0" + RUN + b"." + bytes(20), DANGEROUS),
    "frame-at-odd-place": (b"\x80\x04cos\nsystem\n\x95\x10\0\0\0\0\0\0\0" + ARGUMENT + b"\x85R.", DANGEROUS),
    "out-of-band-buffer-first": (b"\x80\x05\x97\x980" + RUN + b".", DANGEROUS),
    # several streams, padding, breaks
    "second-stream": (b"\x80\x02N." + WHOLE, DANGEROUS),
    "second-stream-of-protocol-0": (b"\x80\x02N." + TEXT_WHOLE, DANGEROUS),
    "behind-zeros": (b"\x80\x02N." + bytes(64) + WHOLE, DANGEROUS),
    "behind-newlines": (b"\x80\x02N.\n\n" + WHOLE, DANGEROUS),
    "behind-junk": (b"\x80\x02N.\xfe\xff\xfe junk" + WHOLE, DANGEROUS),
    "behind-junk-protocol-0": (b"\x80\x02N.\xfe\xff\xfe junk " + TEXT_WHOLE, DANGEROUS),
    "third-stream": (b"\x80\x02N.\x80\x02K\x01." + WHOLE, DANGEROUS),
    "memo-of-stream-before": (b"\x80\x04\x8c\x02osq\x00\x8c\x06systemq\x01.\x80\x04h\x00h\x01\x93.", DANGEROUS),
    "cut-after-call": (b"\x80\x02" + RUN, DANGEROUS),
    "broken-after-call": (b"\x80\x02" + RUN + b"\xff\xff\xff", DANGEROUS),
    "broken-after-call-rule": (b"\x80\x02" + RUN + b"\xff\xff\xff", MALFORMED),
    "cut-in-operand-after-call": (b"\x80\x02" + RUN + b"X\xff\xff\0\0ab", DANGEROUS),
    "stack-underflow-after-call": (b"\x80\x02" + RUN + b"00R.", DANGEROUS),
    "memo-missing-after-call": (b"\x80\x02" + RUN + b"h\x63.", DANGEROUS),
    "stop-with-empty-stack": (b"\x80\x02" + RUN + b"0.", DANGEROUS),
    "global-cut-without-newline": (b"\x80\x02cos\nsystemX", DANGEROUS),
    "bad-utf8-after-call": (b"\x80\x02" + RUN + b"\x8c\x02\xff\xff.", DANGEROUS),
    # extension codes and persistent ids
    "ext1": (b"\x80\x02\x82\x05)R.", UNRESOLVED),
    "ext2": (b"\x80\x02\x83\x05\x01)R.", UNRESOLVED),
    "ext4": (b"\x80\x02\x84\x05\x01\x02\x00)R.", UNRESOLVED),
    "ext-registered-in-stream": (
        b"\x80\x02ccopyreg\nadd_extension\n\x8c\x02os\x8c\x06systemK\x07\x87R0\x82\x07" + ARGUMENT + b"\x85R.", DANGEROUS),
    "ext-registered-in-stream-before": (
        b"\x80\x02ccopy_reg\nadd_extension\n\x8c\x02os\x8c\x06systemK\x07\x87R.\x80\x02\x82\x07" + ARGUMENT + b"\x85R.", DANGEROUS),
    "persistent-tuple": (b"\x80\x02(X\x07\0\0\0storagecos\nsystem\nX\x01\0\0\x000tQ.", DANGEROUS),
    "persistent-called": (b"\x80\x02\x8c\x01xQ)R.", "unknown-persistent-id"),
    "persistent-built": (b"\x80\x02\x8c\x01xQ}b.", "unknown-persistent-id"),
    "persistent-line": (b"Pthing\n.", "unknown-persistent-id"),
    "persistent-reduce-package": (
        b"\x80\x02(X\x0e\0\0\0reduce_packageK\x01cevil\nrun\n)tQ.", UNKNOWN),
    # attribute paths
    "dunder-name": (b"\x80\x02cnumpy\n__builtins__\n.", PATH),
    "dunder-path": (b"\x80\x04" + stack_global(b"numpy", b"__builtins__.eval") + b".", PATH),
    "dunder-module": (b"\x80\x03c__builtin__\neval\n.", PATH),
    "dunder-dict": (b"\x80\x04" + stack_global(b"collections", b"OrderedDict.__dict__") + b".", PATH),
    "dotted-name": (b"\x80\x04" + stack_global(b"numpy.core", b"sub.os.system") + ARGUMENT + b"\x85R.", PATH),
    "dotted-name-below-protocol-4": (b"\x80\x02cnumpy\nf2py.os\n.", PATH),
    "dotted-name-of-listed-class": (b"\x80\x04" + stack_global(b"collections", b"OrderedDict.fromkeys") + b".", PATH),
    "main": (b"\x80\x02c__main__\nNet\n)\x81.", "main-global"),
    "getattr-computed": (b"\x80\x02cbuiltins\ngetattr\n" + OD + b")R\x8c\x05clearN\x87R)R.", DANGEROUS),
    "getattr-path": (b"\x80\x02cbuiltins\ngetattr\ncnumpy\nf2py\n\x8c\x02os\x86R.", PATH),
    "getattr-chain": (
        b"\x80\x02cbuiltins\ngetattr\n(cbuiltins\ngetattr\n(cnumpy\nf2py\n\x8c\x02ostR\x8c\x06systemtR" + ARGUMENT + b"\x85R.", PATH),
    "getattr-python-2": (b"\x80\x02c__builtin__\ngetattr\n(" + OD + b"K\x01tR.", DANGEROUS),
    "getattr-of-instance": (b"\x80\x02cbuiltins\ngetattr\n(" + OD + b")R\x8c\x06updatetR.", PATH),
    "getattr-in-defaultdict": (b"\x80\x02ccollections\ndefaultdict\ncbuiltins\ngetattr\n\x85R.", DANGEROUS),
    # Python 2 names
    "python2-eval": (b"c__builtin__\neval\n(S'1'\ntR.", DANGEROUS),
    "python2-commands": (b"ccommands\ngetoutput\n(S'echo seen'\ntR.", DANGEROUS),
    "python2-urllib": (b"curllib\nurlopen\n(S'http://index.example'\ntR.", DANGEROUS),
    "python2-cpickle": (b"ccPickle\nloads\n(S'x'\ntR.", DANGEROUS),
    "python2-apply": (b"c__builtin__\napply\n(S'x'\ntR.", DANGEROUS),
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
    "partial-called": (b"\x80\x02cfunctools\npartial\n(cbuiltins\nstr\ntR)R.", MISUSED),
    "partial-state": (b"\x80\x02cfunctools\npartial\n(cbuiltins\nstr\ntR(cevil\nrun\n)}NtNb0b.", UNKNOWN),
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
    # nested
    "nested-raw": (b"\x80\x03" + literal(WHOLE) + b".", DANGEROUS),
    "nested-raw-protocol-0": (b"\x80\x03" + literal(TEXT_WHOLE) + b".", DANGEROUS),
    "nested-in-bytearray": (b"\x80\x05\x96" + struct.pack("<Q", len(WHOLE)) + WHOLE + b".", DANGEROUS),
    "nested-in-string": (b"U" + bytes((len(TEXT_WHOLE),)) + TEXT_WHOLE + b".", DANGEROUS),
    "nested-in-quoted-string": (b"S" + repr(TEXT_WHOLE.decode()).encode() + b"\n.", DANGEROUS),
    "nested-in-unicode-line": (b"V" + TEXT_WHOLE.replace(b"\n", b"\\u000a") + b"\n.", DANGEROUS),
    "nested-in-text": (b"\x80\x04" + long_text(WHOLE.decode("latin-1").encode()) + b".", DANGEROUS),
    "nested-base64": (b"\x80\x04" + long_text(base64.b64encode(WHOLE)) + b".", DANGEROUS),
    "nested-base64-protocol-0": (b"\x80\x04" + long_text(base64.b64encode(TEXT_WHOLE)) + b".", DANGEROUS),
    "nested-base64-lines": (b"\x80\x04" + long_text(base64.encodebytes(WHOLE * 3)) + b".", DANGEROUS),
    "nested-base64-url": (b"\x80\x04" + long_text(base64.urlsafe_b64encode(WHOLE)) + b".", DANGEROUS),
    "nested-base64-bytes": (b"\x80\x04" + literal(base64.b64encode(WHOLE)) + b".", DANGEROUS),
    "nested-hexadecimal": (b"\x80\x04" + long_text(binascii.hexlify(WHOLE)) + b".", DANGEROUS),
    "nested-zlib": (b"\x80\x03" + literal(zlib.compress(WHOLE)) + b".", DANGEROUS),
    "nested-gzip": (b"\x80\x03" + literal(gzip.compress(WHOLE)) + b".", DANGEROUS),
    "nested-zlib-base64": (b"\x80\x03" + long_text(base64.b64encode(zlib.compress(WHOLE))) + b".", DANGEROUS),
    "nested-base64-repeated": (b"\x80\x04" + (long_text(base64.b64encode(WHOLE)) + b"0") * 2 + b"N.", DANGEROUS),
    "nested-twice": (b"\x80\x03" + literal(b"\x80\x03" + literal(WHOLE) + b".") + b".", DANGEROUS),
    "nested-in-loads": (b"\x80\x03cpickle\nloads\n" + literal(WHOLE) + b"\x85R.", DANGEROUS),
    "nested-in-load-from-bytes": (b"\x80\x03ctorch.storage\n_load_from_bytes\n" + literal(WHOLE) + b"\x85R.", DANGEROUS),
    "nested-in-load-from-bytes-as-text": (
        b"\x80\x02ctorch.storage\n_load_from_bytes\nc_codecs\nencode\n" + long_text(WHOLE.decode("latin-1").encode())
        + b"X\x06\0\0\0latin1\x86R\x85R.", DANGEROUS),
    "load-from-bytes-of-junk": (
        b"\x80\x03ctorch.storage\n_load_from_bytes\n" + literal(b"\xfe no format at all") + b"\x85R.", MISUSED),
    "load-from-bytes-hidden": (b"\x80\x03ctorch.storage\n_load_from_bytes\n]R.", MISUSED),
}  # fmt: skip

GADGETS = (
    "builtins eval", "builtins exec", "builtins compile", "builtins open", "builtins __import__", "builtins map",
    "posix system", "nt system", "pty spawn", "code interact", "pdb run", "bdb Bdb", "timeit timeit", "cProfile run",
    "profile run", "trace Trace", "doctest debug_script", "runpy _run_code", "importlib import_module", "imp load_source",
    "pkgutil resolve_name", "pydoc pipepager", "ctypes CDLL", "_ctypes dlopen", "webbrowser open", "socket create_connection",
    "urllib.request urlopen", "requests get", "ftplib FTP", "smtplib SMTP", "pip main", "ensurepip _run_pip",
    "idlelib.run Executive", "lib2to3.pgen2.grammar Grammar", "distutils.file_util write_file", "marshal loads",
    "pickle loads", "_pickle Unpickler", "shelve open", "joblib load", "types CodeType", "types FunctionType",
    "operator attrgetter", "operator methodcaller", "_operator attrgetter", "functools reduce", "_functools partial",
    "itertools starmap", "copyreg add_extension", "sys settrace", "shutil rmtree", "tempfile mktemp", "_io FileIO",
    "io open_code", "_posixsubprocess fork_exec", "_interpreters exec", "_osx_support _find_build_tool",
    "_aix_support _read_cmd_output", "uuid _get_command_stdout", "imaplib IMAP4_stream", "ssl get_server_certificate",
    "logging.config dictConfig", "multiprocessing.util spawnv_passfds", "asyncio run", "numpy load", "numpy.f2py compile",
    "numpy.testing._private.utils runstring", "torch.hub load", "torch.utils.bottleneck run_prof", "torch load",
    "torch.utils._config_module ConfigModule", "torch.jit load", "yaml unsafe_load", "pandas read_pickle",
    "sympy sympify", "setuptools setup", "site addsitedir", "atexit register", "gc get_objects", "inspect getattr_static",
)  # fmt: skip


@pytest.mark.parametrize("name", STREAMS)
def test_a_malicious_stream_is_found(look: Look, name: str) -> None:
    data, rule = STREAMS[name]
    seen = look(data)
    assert rule in seen.rules, [str(item) for item in seen.findings + seen.gaps]
    assert seen.worst >= Severity.HIGH or name in {"empty-name", "persistent-line", "frame-in-frame"}, seen.findings


@pytest.mark.parametrize("gadget", GADGETS)
def test_a_known_gadget_has_a_technique(look: Look, asm: Assembler, gadget: str) -> None:
    module, name = gadget.split()
    finding = look(asm.run(module, name)).of(DANGEROUS)
    assert finding.severity is Severity.CRITICAL
    assert finding.facts["technique"]
    assert (finding.facts["module"], finding.facts["name"]) == (module, name)


@pytest.mark.parametrize("name", STREAMS)
@pytest.mark.parametrize("form", ["framed", "memoised", "repeated"])
def test_a_finding_survives_a_change_of_form(look: Look, name: str, form: str) -> None:
    data, rule = STREAMS[name]
    padding = b"\x80\x04]\x94(K\x01K\x02e0"
    changed = {
        "framed": b"\x80\x04\x95" + struct.pack("<Q", len(padding) - 2) + padding[2:] + data,
        "memoised": b"".join((b"\x80\x02N", b"q\xfe", b"0", data)),
        "repeated": data + data,
    }[form]
    seen = look(changed)
    assert seen.rules & {rule, DANGEROUS, UNRESOLVED, MISUSED, UNKNOWN, PATH, MALFORMED}
    assert not seen.clean


def test_streams_are_many(look: Look) -> None:
    assert len(STREAMS) + len(GADGETS) >= 240
