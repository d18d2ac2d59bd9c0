"""How a stream comes by a name: opcodes, memo, stack, registries, paths through other objects.

One row is one technique.
"""

# ruff: noqa: E501 (tables: one row is one technique)

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.corpus.pickles import (
    ARGUMENT,
    DANGEROUS,
    OD,
    PATH,
    SYSTEM,
    TEXT_WHOLE,
    UNKNOWN,
    UNRESOLVED,
    WHOLE,
    long_text,
    stack_global,
    table,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.corpus.frame import Malicious

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
}  # fmt: skip


def samples() -> Iterator[Malicious]:
    """Every row as a file."""
    return table(STREAMS)
