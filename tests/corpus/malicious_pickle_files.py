"""Pickles in files that say they are something else, or nothing; decoys; streams that exhaust a reader's patience."""

# ruff: noqa: E501 (a table: one row is one technique)

from __future__ import annotations

import base64
import bz2
import gzip
import lzma
import struct
import zlib
from typing import TYPE_CHECKING

from tests.corpus.frame import malicious
from tests.corpus.pickles import DANGEROUS, OVERWRITTEN, RUN, TEXT_WHOLE, UNRESOLVED, WHOLE, glob, literal, text, whole
from tests.corpus.reassemble import array_of_objects

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.corpus.frame import Malicious

_BUILT = glob("numpy", "mean") + b"}S'a'\nNsb."
_DECOY = b"\x80\x02N.\xff"
_NUMBERS = b"](" + b"K\1" * 200 + b"e0"

FILES: dict[str, tuple[str, bytes, str]] = {
    # names and first bytes of other formats
    "no-name": ("model", WHOLE, DANGEROUS),
    "name-of-text": ("README.md", TEXT_WHOLE, DANGEROUS),
    "name-of-picture": ("logo.png", WHOLE, DANGEROUS),
    "name-of-safetensors": ("model.safetensors", WHOLE, DANGEROUS),
    "name-of-json": ("config.json", TEXT_WHOLE, DANGEROUS),
    "name-of-hdf5": ("model.h5", WHOLE, DANGEROUS),
    "name-of-archive": ("model.zip", WHOLE, DANGEROUS),
    "name-hidden": (".cache", WHOLE, DANGEROUS),
    "name-in-capitals": ("MODEL.PKL", WHOLE, DANGEROUS),
    "starts-as-rds": ("model.rds", b"X\n\0\0\0\3\0\0\0\0\3\5\0\0\3\5" + RUN + b".", DANGEROUS),
    "starts-as-catboost": ("model.cbm", b"CBM1" + bytes(64) + b"0" + RUN + b".", DANGEROUS),
    "starts-as-msgpack": ("model.msgpack", b"\x8c\x03abc0" + RUN + b".", DANGEROUS),
    "starts-as-protobuf": ("model.onnx", b"(\x0a\x02"[:1] + RUN + b".", DANGEROUS),
    "starts-as-gguf": ("model.gguf", b"GGUF\3\0\0\0\0" + RUN + b".", DANGEROUS),
    "starts-as-program": ("model.exe", b"MZ\x90" + b"0" + RUN + b"." + bytes(100), DANGEROUS),
    "starts-as-lzma": ("model.lzma", b"]" + RUN + b".", DANGEROUS),
    "starts-as-tar": ("model.tar", (RUN + b".").ljust(257, b"\0") + b"ustar\00000" + bytes(247), DANGEROUS),
    "starts-with-a-number": ("values.txt", b"I1\n0" + TEXT_WHOLE, DANGEROUS),
    "starts-with-a-word": ("words.txt", b"Vwords\n0" + TEXT_WHOLE, DANGEROUS),
    "array-of-objects-by-name": ("a.npy", array_of_objects(WHOLE, "'object'"), DANGEROUS),
    "array-of-types-by-name": ("a.npy", array_of_objects(WHOLE, "'f8,O'"), DANGEROUS),
    "array-of-structures": ("a.npy", array_of_objects(WHOLE, "[('a', '|O', (2,))]"), DANGEROUS),
    "junk-behind-change": ("weights", _BUILT + b"\xff\xff", OVERWRITTEN),
    "junk-behind-import": ("weights", b"cos\nsystem\n.\xff\xff", DANGEROUS),
    "junk-behind-extension": ("weights", b"\x82\x05)R\xff", UNRESOLVED),
    # where a stream begins
    "hidden-without-protocol": ("model.pkl", _DECOY + TEXT_WHOLE, DANGEROUS),
    "hidden-with-long-texts": ("model.pkl", _DECOY + text("os") + text("system") + b"\x93" + text("echo seen") + b"\x85R.", DANGEROUS),
    "hidden-with-short-strings": ("model.pkl", _DECOY + b"U\x02osU\x06system\x93U\x04seen\x85R.", DANGEROUS),
    "hidden-with-quoted-strings": ("model.pkl", _DECOY + b"S'os'\nS'system'\n\x93S'seen'\n\x85R.", DANGEROUS),
    "hidden-with-lines": ("model.pkl", _DECOY + b"Vos\nVsystem\n\x93Vseen\n\x85R.", DANGEROUS),
    "hidden-inst": ("model.pkl", _DECOY + b"(S'seen'\nios\nsystem\n.", DANGEROUS),
    "hidden-behind-megabyte": ("model.pkl", b"\x80\x02N." + bytes(1_000_000) + WHOLE, DANGEROUS),
    "hidden-behind-decoys": ("model.pkl", _DECOY + b"\x80\x02\xff" * 5000 + WHOLE, DANGEROUS),
    "hidden-behind-streams": ("model.pkl", b"N." * 3000 + WHOLE, DANGEROUS),
    "behind-numbers": ("model.pkl", b"\x80\x04" + _NUMBERS * 200 + RUN + b".", DANGEROUS),
    "behind-other-numbers": ("model.pkl", b"\x80\x04" + _NUMBERS * 200 + b"N." + WHOLE, DANGEROUS),
    "behind-marks": ("model.pkl", b"\x80\x02" + b"(" * 20_000 + RUN + b".", DANGEROUS),
    "behind-shared-tuples": ("model.pkl", b"\x80\x02\x8c\x01a" + b"2\x86" * 5000 + b"0" + RUN + b".", DANGEROUS),
    "behind-memo": ("model.pkl", b"\x80\x02" + b"".join(b"Nr" + struct.pack("<I", 1 << at) + b"0" for at in range(32)) + RUN + b".", DANGEROUS),
    "behind-names": ("model.pkl", whole(b"".join(glob(f"m{at}", "n") + b"0" for at in range(20_050)), RUN), UNRESOLVED),
    "behind-texts": ("model.pkl", whole(b"".join(text(f"cm{at}\nn\n(tR.") + b"0" for at in range(1500)), literal(WHOLE)), DANGEROUS),
    "behind-array-of-bytes": ("model.pkl", b"\x80\x05\x96" + struct.pack("<Q", 5_000_000) + bytes(5_000_000) + b"0" + RUN + b".", DANGEROUS),
    # in literals
    "literal-number-with-space": ("model.pkl", whole(_NUMBERS * 3, text("I 5\n0" + TEXT_WHOLE.decode())), DANGEROUS),
    "literal-bzip2": ("model.pkl", whole(literal(bz2.compress(WHOLE)), protocol=3), DANGEROUS),
    "literal-xz": ("model.pkl", whole(literal(lzma.compress(WHOLE)), protocol=3), DANGEROUS),
    "literal-gzip-base64": ("model.pkl", whole(text(base64.b64encode(gzip.compress(WHOLE, mtime=0)).decode()), protocol=3), DANGEROUS),
    "literal-zlib-hexadecimal": ("model.pkl", whole(text(WHOLE.hex().upper()), protocol=3), DANGEROUS),
    "literal-in-literal-compressed": ("model.pkl", whole(literal(zlib.compress(whole(literal(WHOLE), protocol=3))), protocol=3), DANGEROUS),
    "literal-key": ("model.pkl", whole(b"}", text(TEXT_WHOLE.decode()), b"Ns"), DANGEROUS),
    "literal-persistent": ("model.pkl", whole(text(TEXT_WHOLE.decode()), b"Q"), DANGEROUS),
    "literal-popped": ("model.pkl", whole(literal(WHOLE), b"0N", protocol=3), DANGEROUS),
}  # fmt: skip


def samples() -> Iterator[Malicious]:
    """Every row as a file."""
    for key, (name, data, rule) in FILES.items():
        yield malicious(f"file-{key}", name, data, rule)
