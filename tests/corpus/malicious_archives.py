"""Zip and tar archives that show one reader something else than another: one technique each."""

from __future__ import annotations

import dataclasses
import struct
import tarfile
import zlib
from typing import TYPE_CHECKING

from chainguard_ml.model import Severity
from tests.corpus.containers import BROKEN, HARMLESS, PAYLOAD, Entry, end_record, raw_zip, tarred, zipped
from tests.corpus.frame import malicious

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.corpus.frame import Malicious

CALL = "dangerous-global"
TEXT = Entry(b"a.txt", b"text")
MODEL = Entry(b"archive/data.pkl", PAYLOAD)
VERSION = Entry(b"archive/version", b"3\n")


def samples() -> Iterator[Malicious]:
    """Zip, then tar."""
    yield from _headers()
    yield from _directories()
    yield from _names()
    yield from _tar()
    yield from _tar_headers()


def deflated(data: bytes) -> bytes:
    """Return raw deflate."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    return packer.compress(data) + packer.flush()


def _headers() -> Iterator[Malicious]:
    change = dataclasses.replace
    for method in (0, 8, 12, 14):
        data = zipped({"archive/data.pkl": PAYLOAD, "archive/version": b"3\n"}, method)
        yield malicious(f"zip-method-{method}", "model.pt", data, CALL)
    yield malicious("zip-wrong-crc", "model.pt", raw_zip([change(MODEL, crc=1), VERSION]), CALL)
    yield malicious("zip-encrypted-bit", "model.pt", raw_zip([change(MODEL, flags=1), VERSION]), CALL)
    yield malicious("zip-encrypted-bit-local", "model.pt", raw_zip([change(MODEL, local_flags=1), VERSION]), CALL)
    yield malicious("zip-strong-encryption-bit", "model.pt", raw_zip([change(MODEL, flags=0x2041), VERSION]), CALL)
    yield malicious("zip-local-name", "model.pt", raw_zip([change(MODEL, local_name=b"README.txt"), VERSION]), CALL)
    yield malicious("zip-central-name", "m.pt", raw_zip([change(MODEL, name=b"a.txt", local_name=MODEL.name)]), CALL)
    yield malicious("zip-local-method", "m.zip", raw_zip([change(MODEL, local_method=8)]), CALL)
    packed = deflated(PAYLOAD)
    lie = Entry(b"m.pkl", packed, 0, crc=zlib.crc32(PAYLOAD), size=len(packed), local_method=8)
    yield malicious("zip-deflated-only-locally", "m.zip", raw_zip([lie]), CALL)
    yield malicious("zip-zero-size", "model.pt", raw_zip([change(MODEL, size=0), VERSION]), CALL)
    yield malicious("zip-local-size-zero", "model.pt", raw_zip([change(MODEL, local_size=0), VERSION]), CALL)
    yield malicious("zip-version-needed", "model.pt", raw_zip([MODEL, VERSION]).replace(b"PK\1\2\x14\0\x14\0",
                    b"PK\1\2\xff\3\xff\0"), CALL)  # fmt: skip
    yield malicious("zip-descriptor", "m.zip", raw_zip([Entry(b"m.pkl", PAYLOAD, flags=8, local_size=0, local_crc=0),
                    TEXT]), CALL)  # fmt: skip
    yield malicious("zip-behind-deflated", "m.zip", raw_zip([Entry(b"a", deflated(b"text") + PAYLOAD, 8,
                    crc=zlib.crc32(b"text"), size=4)]), CALL)  # fmt: skip
    yield malicious("zip-broken-pickle", "model.pt", raw_zip([change(MODEL, data=BROKEN), VERSION]), CALL)
    yield malicious("zip-odd-extension", "m.zip", raw_zip([change(MODEL, name=b"x.cfg")]), CALL)
    yield malicious("zip-no-extension", "m.zip", raw_zip([change(MODEL, name=b"x")]), CALL)
    yield malicious("zip-tensor-is-a-pickle", "m.pt", raw_zip([change(MODEL, data=HARMLESS), VERSION,
                    Entry(b"archive/data/0", PAYLOAD)]), CALL)  # fmt: skip
    yield malicious("zip-xz-method", "m.zip", raw_zip([_xz()]), CALL)


def _xz() -> Entry:
    import lzma

    return Entry(b"m.pkl", lzma.compress(PAYLOAD), 95, crc=zlib.crc32(PAYLOAD), size=len(PAYLOAD))


def _directories() -> Iterator[Malicious]:
    bad, good = raw_zip([MODEL, VERSION]), raw_zip([TEXT])
    yield malicious("zip-unlisted", "m.zip", raw_zip([TEXT, dataclasses.replace(MODEL, listed=False)]), CALL)
    yield malicious("zip-unlisted-first", "m.zip", raw_zip([dataclasses.replace(MODEL, listed=False), TEXT]), CALL)
    twice = raw_zip([Entry(b"data.pkl", HARMLESS), Entry(b"data.pkl", PAYLOAD)])
    yield malicious("zip-duplicate-last", "m.zip", twice, CALL)
    yield malicious(
        "zip-duplicate-first", "m.zip", raw_zip([Entry(b"d.pkl", PAYLOAD), Entry(b"d.pkl", HARMLESS)]), CALL
    )
    yield malicious("zip-duplicate-case", "m.zip", raw_zip([Entry(b"D.pkl", PAYLOAD), Entry(b"d.pkl", HARMLESS)]), CALL)
    yield malicious("zip-no-directory", "m.zip", bad[: bad.index(b"PK\1\2")], CALL)
    yield malicious("zip-prefix", "model.pt", b"GIF89a junk" + bad, CALL)
    yield malicious("zip-prefix-counted", "model.pt", raw_zip([MODEL], prefix=b"#!/bin/sh\nexit\n"), CALL)
    yield malicious("zip-prefix-and-bogus-entry", "m.pt", _bogus(), CALL)
    yield malicious("zip-suffix-zip", "m.zip", good + bad, CALL)
    yield malicious("zip-prefix-zip", "m.zip", bad + good, CALL)
    yield malicious("zip-in-comment", "m.zip", raw_zip([TEXT], comment=bad), CALL)
    yield malicious("zip-pickle-in-comment", "m.zip", raw_zip([TEXT], comment=PAYLOAD), CALL)
    hider = bad[:-2] + struct.pack("<H", len(good)) + good
    yield malicious("zip-hidden-by-comment", "m.zip", hider, CALL)
    yield malicious("zip-hidden-by-comment-prefixed", "m.zip", b"junk" + hider, CALL)
    fakes = end_record(0, 0, 0) * 40
    yield malicious("zip-many-end-records", "m.zip", bad[:-2] + struct.pack("<H", len(fakes)) + fakes, CALL)
    yield malicious("zip-many-end-records-prefixed", "m", b"j" + bad[:-2] + struct.pack("<H", len(fakes)) + fakes, CALL)
    yield malicious("zip-split-marker", "m.zip", b"PK\7\x08" + raw_zip([MODEL], shift=4), CALL)
    yield malicious("zip-disk-numbers", "m.zip", bad.replace(b"PK\5\6\0\0\0\0", b"PK\5\6\1\0\1\0"), CALL)
    yield malicious("zip-two-directories-64", "m.zip", _two_by_zip64(), CALL)
    yield malicious("zip-end-record-then-pickle", "m.zip", end_record(0, 0, 0) + PAYLOAD, CALL)
    yield malicious("zip-count-too-small", "m.zip", raw_zip([TEXT, MODEL]).replace(b"\2\0\2\0", b"\1\0\1\0"), CALL)
    overlap = raw_zip([Entry(b"a.zip", bad), TEXT])
    yield malicious("zip-nested-stored", "m.zip", overlap, CALL)
    at = overlap.index(b"PK\3\4", 4)
    swapped = overlap.replace(TEXT.central(len(Entry(b"a.zip", bad).local())), TEXT.central(at))
    yield malicious("zip-overlap", "m.zip", swapped, CALL)


def _bogus() -> bytes:
    """A first entry of the directory that points into the bytes before the archive."""
    body = b"junk" * 10 + MODEL.local()
    directory = TEXT.central(3) + MODEL.central(40)
    return body + directory + end_record(2, len(directory), len(body))


def _two_by_zip64() -> bytes:
    """The zip64 end record points at one directory, the ordinary one at another."""
    body = TEXT.local() + MODEL.local()
    good, bad = TEXT.central(0), MODEL.central(len(TEXT.local()))
    tail = body + bad + good
    record = struct.pack("<4sQ2H2I4Q", b"PK\6\6", 44, 45, 45, 0, 0, 1, 1, len(good), len(body) + len(bad))
    locator = struct.pack("<4sIQI", b"PK\6\7", 0, len(tail), 1)
    return tail + record + locator + end_record(1, len(bad), len(body))


def _names() -> Iterator[Malicious]:
    rule = "archive-path-traversal"
    for label, name in {
        "up": b"../x", "absolute": b"/etc/x", "drive": b"C:/x", "backslash": b"..\\x", "inside": b"a/../../x",
        "nul": b"a\0.txt", "unc": b"\\\\host\\share",
    }.items():  # fmt: skip
        yield malicious(f"zip-name-{label}", "m.zip", raw_zip([Entry(name, b"text")]), rule)
    link = {"made": 0x0314, "attributes": 0o120777 << 16}
    for label, target in {"up": b"../../x", "absolute": b"/etc/passwd"}.items():
        entry = Entry(b"a/link", target, made=link["made"], attributes=link["attributes"])
        yield malicious(f"zip-link-{label}", "m.zip", raw_zip([entry]), rule)
    here = Entry(b"a/link", b".", made=link["made"], attributes=link["attributes"])
    yield malicious("zip-through-link", "m.zip", raw_zip([here, Entry(b"a/link/x", b"text")]), rule)
    other = b"\1" + struct.pack("<I", zlib.crc32(b"a.txt")) + b"../x"
    field = struct.pack("<2H", 0x7075, len(other)) + other
    yield malicious("zip-unicode-path", "m.zip", raw_zip([dataclasses.replace(TEXT, extra=field)]), rule)
    renamed = b"\1" + struct.pack("<I", zlib.crc32(b"a.txt")) + b"archive/data.pkl"
    field = struct.pack("<2H", 0x7075, len(renamed)) + renamed
    yield malicious("zip-unicode-name", "m.zip", raw_zip([dataclasses.replace(TEXT, extra=field)]), "zip-inconsistent")


def _tar() -> Iterator[Malicious]:
    for label, form in {"ustar": 0, "gnu": 1, "pax": 2}.items():
        yield malicious(f"tar-{label}", "m.tar", tarred({"a": b"text", "m": PAYLOAD}, form), CALL)
        yield malicious(f"tar-{label}-long", "m.tar", tarred({"d/" * 55 + "m": PAYLOAD}, form), CALL)
    yield malicious("tar-named-pt", "model.pt", tarred({"pickle": PAYLOAD, "storages": b"", "tensors": b""}), CALL)
    yield malicious("tar-duplicate", "m.tar", tarred({"a": HARMLESS})[:1024] + tarred({"a": PAYLOAD}), CALL)
    yield malicious("tar-behind-end", "m.tar", tarred({"a": b"text"}) + PAYLOAD, CALL)
    yield malicious("tar-behind-end-tar", "m.tar", tarred({"a": b"text"}) + tarred({"m": PAYLOAD}), CALL)
    rule = "archive-path-traversal"
    for label, name in {"up": "../x", "absolute": "/etc/x", "inside": "a/../../x"}.items():
        yield malicious(f"tar-name-{label}", "m.tar", tarred({name: b"text"}), rule)
    for label, kind, name, target in (
        ("symlink-absolute", tarfile.SYMTYPE, "x", "/etc/passwd"),
        ("symlink-up", tarfile.SYMTYPE, "d/x", "../../x"),
        ("hard-link-up", tarfile.LNKTYPE, "d/x", "../x"),
        ("hard-link-absolute", tarfile.LNKTYPE, "x", "/etc/passwd"),
    ):
        yield malicious(f"tar-{label}", "m.tar", tarred({}, extra=[_info(name, kind, target)]), rule)
    chain = [_info("a/b", tarfile.DIRTYPE), _info("l", tarfile.SYMTYPE, "a/b"), _info("m", tarfile.SYMTYPE, "l/../..")]
    yield malicious("tar-link-chain", "m.tar", tarred({}, extra=chain), rule)
    below = [_info("l", tarfile.SYMTYPE, "."), _info("l/x", tarfile.REGTYPE)]
    yield malicious("tar-through-link", "m.tar", tarred({}, extra=below), rule)
    device = tarred({}, extra=[_info("x", tarfile.CHRTYPE)])
    yield malicious("tar-device", "m.tar", device, "tar-unsafe-member", least=Severity.MEDIUM)


def _info(name: str, kind: bytes, target: str = "") -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, target
    return info


def resummed(data: bytes, form: bytes = b"%06o\0 ", signed: int = 0) -> bytes:
    """Return a tar archive whose first header has its checksum written anew."""
    head = data[:148] + b" " * 8 + data[156:512]
    return head[:148] + (form % (sum(head) - signed)).ljust(8, b" ")[:8] + head[156:] + data[512:]


def _tar_headers() -> Iterator[Malicious]:
    plain = tarred({"m": PAYLOAD}, tarfile.USTAR_FORMAT)
    for label, form in {"prefixed": b"0o%o\0", "signed": b"+%o\0", "spaced": b"  %o"}.items():
        yield malicious(f"tar-checksum-{label}", "m.tar", resummed(plain, form), CALL)
    old = plain[:257] + bytes(255) + plain[512:]
    yield malicious("tar-v7", "m.tar", resummed(old), CALL)
    large = plain[:124] + b"\x80" + len(PAYLOAD).to_bytes(11, "big") + plain[136:]
    yield malicious("tar-base-256-size", "m.tar", resummed(large), CALL)
    size = b"0o%o" % len(PAYLOAD)
    yield malicious("tar-size-prefixed", "m.tar", resummed(plain[:124] + size.ljust(12, b"\0") + plain[136:]), CALL)
    nameless = b"\0" * 100 + plain[100:]
    yield malicious("tar-no-name", "m.tar", resummed(nameless), CALL)
    high = b"\xe4" + plain[1:]
    yield malicious("tar-signed-checksum", "m.tar", resummed(high, signed=256), CALL)
    broken = tarred({"a": b"text"}, tarfile.USTAR_FORMAT)[:1024] + b"x" * 512 + plain
    yield malicious("tar-behind-broken-header", "m.tar", broken, CALL)
    for kind in (b"7", b"Z", b"D"):
        yield malicious(f"tar-type-{kind.decode()}", "m.tar", resummed(plain[:156] + kind + plain[157:]), CALL)
    info = tarfile.TarInfo("short")
    info.pax_headers = {"path": "../renamed"}
    yield malicious("tar-pax-path", "m.tar", tarred({}, extra=[info]), "archive-path-traversal")
    info = tarfile.TarInfo("link")
    info.type, info.linkname, info.pax_headers = tarfile.SYMTYPE, "ok", {"linkpath": "/etc/passwd"}
    yield malicious("tar-pax-linkpath", "m.tar", tarred({}, extra=[info]), "archive-path-traversal")
