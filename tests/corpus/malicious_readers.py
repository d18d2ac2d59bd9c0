"""Containers as their readers read them, where that is not what the format says: one technique each.

Python's ``tarfile`` and ``lzma``, torch's zip reader and its older loaders, joblib: each takes what others do not.
"""

from __future__ import annotations

import lzma
import struct
import zlib
from typing import TYPE_CHECKING

from tests.corpus.containers import PAYLOAD, Entry, end_record, raw_zip
from tests.corpus.frame import malicious
from tests.corpus.pickles import glob, number, text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.corpus.frame import Malicious

CALL = "dangerous-global"
LATE = b"N0" + PAYLOAD  # does not begin as pickles do
END = bytes(1024)
MAGIC = b"\x8a\x0a" + 0x1950A86A20F9469CFC6C.to_bytes(10, "little") + b"."
LZMA_NAMES = ("dictionary-0", "dictionary-256", "properties-0")


def samples() -> Iterator[Malicious]:
    """Tar, zip, compressed streams, torch's and joblib's own."""
    for name, data in {**TAR, **ZIP, **compressed(), **TORCH, **JOBLIB}.items():
        path = f"model.{name.partition('-')[0]}" if name.partition("-")[0] in {"pt", "joblib"} else f"m.{name[:3]}"
        yield malicious(f"reader-{name}", path, data, CALL)


def block(name: bytes, size: int = 0, kind: bytes = b"0", magic: bytes = b"ustar\x0000", more: bytes = b"") -> bytes:
    """Return a tar header; ``more`` stands from the 386th byte on."""
    head = name.ljust(100, b"\0") + b"0000644\0" * 3 + b"%011o\0" % size + bytes(12) + b" " * 8 + kind + bytes(100)
    return checked((head + magic).ljust(386, b"\0") + more.ljust(126, b"\0"))


def checked(head: bytes, form: Callable[[int], bytes] = lambda value: b"%06o\0 " % value) -> bytes:
    """Return a header with its checksum."""
    return head[:148] + form(sum(head[:148]) + sum(head[156:512]) + 256) + head[156:]


def padded(data: bytes) -> bytes:
    """Return whole blocks."""
    return data + bytes(-len(data) % 512)


def member(name: bytes, data: bytes) -> bytes:
    """Return a member of a tar archive."""
    return block(name, len(data)) + padded(data)


def pax(kind: bytes = b"x", **values: bytes) -> bytes:
    """Return an extended header."""
    data = b""
    for key, value in values.items():
        record = b" " + key.replace("_", ".").encode() + b"=" + value + b"\n"
        length = len(record) + len(str(len(record) + 2))
        data += str(length).encode() + record
    return block(b"pax", len(data), kind) + padded(data)


def hiding(*before: bytes) -> bytes:
    """Return an archive whose first member of 512 bytes takes in the next one, where its size is taken for 1,536."""
    return b"".join(before) + block(b"a.txt", 512) + padded(b"text\n" * 100) + member(b"m.pkl", PAYLOAD) + END


LARGER = b"1536"
PAIRS = b"%011o\0" * 6 % (0, 1, 0, 0, 1, len(LATE) - 1)
HOLES = PAIRS.ljust(97, b"\0") + b"%011o\0" % len(LATE)  # and the size of the whole
TAR = {
    "tar-name-is-a-signature": member(b"%PDF-1.4", PAYLOAD) + END,
    "tar-name-of-an-image": member(b"GIF89a", PAYLOAD) + END,
    "tar-size-with-a-sign": pax(size=b"+512") + block(b"a.txt", 1536) + padded(b"text") + member(b"m", PAYLOAD) + END,
    "tar-two-extended-headers": hiding(pax(size=b"512"), pax(size=LARGER)),
    "tar-size-of-all-members": hiding(pax(b"g", size=LARGER)),
    "tar-size-behind-a-long-comment": pax(comment=b"x" * (1 << 20), size=b"512")
    + block(b"a.txt", 1536) + padded(b"text") + member(b"m.pkl", PAYLOAD) + END,
    "tar-holes-without-a-size": pax(GNU_sparse_offset=b"0", GNU_sparse_numbytes=b"1") + member(b"m", LATE) + END,
    "tar-holes-with-a-sign": pax(GNU_sparse_map=b"0,1,+1,%d" % (len(LATE) - 1), GNU_sparse_size=b"%d" % len(LATE))
    + member(b"m", LATE)
    + END,
    "tar-holes-behind-an-unused-pair": block(b"m", len(LATE), b"S", b"ustar  \0", HOLES) + padded(LATE) + END,
    "tar-directory-with-a-size": block(b"d/", 2048, b"\0") + member(b"%PDF-1", PAYLOAD) + END,
    "tar-checksum-with-a-tail": checked(member(b"m", PAYLOAD), lambda value: (b"%o\0abcdefgh" % value)[:8]) + END,
    "tar-checksum-behind-a-separator": checked(member(b"m", PAYLOAD), lambda value: b"\x1c%06o\0" % value) + END,
}  # fmt: skip

ARCHIVE = raw_zip([Entry(b"m.pkl", PAYLOAD)])
CUT = len(ARCHIVE) - 22


def _gzip_with_field() -> bytes:
    """A zip archive in the header of a gzip stream, whose comment takes in all that follows."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    packed = packer.compress(b"text") + packer.flush() + struct.pack("<2I", zlib.crc32(b"text"), 4)
    comment = end_record(1, CUT - ARCHIVE.index(b"PK\1\2"), ARCHIVE.index(b"PK\1\2"), bytes(len(packed)))[
        : -len(packed)
    ]
    field = ARCHIVE[:CUT] + comment
    return b"\x1f\x8b\x08\x04" + bytes(6) + struct.pack("<H", len(field)) + field + packed


def _zip_over_members() -> bytes:
    """A zip archive whose parts are two members of a tar archive, and whose comment is all that follows."""
    bad = Entry(b"m.pkl", PAYLOAD)
    first, listed = b"text" + bad.local(), bad.central(512 + 4)
    place = 512 + len(padded(first)) + 512
    rest = -(len(listed) + 22) % 512 + len(END)
    second = listed + end_record(1, len(listed), place, bytes(rest))[:22]
    return member(b"a.txt", first) + member(b"b.txt", second) + END


def _zip_and_tar() -> bytes:
    """A zip archive whose first header, read as that of a tar archive, has a payload: in a field that zip skips."""
    good = Entry(b"a.txt", b"text")
    room = 512 - 30 - len(good.name) + len(padded(PAYLOAD) + END)
    field = struct.pack("<2H", 0x6376, room - 4) + bytes(room - 4)
    whole = bytearray(raw_zip([Entry(good.name, good.data, local_extra=field)]))
    whole[:512] = checked(bytes(whole[:100]) + block(b"", len(PAYLOAD))[100:])
    whole[512 : 512 + room - 512 + 35] = padded(PAYLOAD) + END
    return bytes(whole)


def _wide_end(entries: int, length: int, offset: int) -> bytes:
    return struct.pack("<4sQ2H2I4Q", b"PK\6\6", 44, 45, 45, 0, 0, entries, entries, length, offset)


def _two_wide_ends() -> bytes:
    """The locator points at a record in a tensor; another one stands where it is looked for by its place."""
    plain = [Entry(b"archive/data.pkl", b"\x80\x02}."), Entry(b"archive/version", b"3\n")]
    start = sum(len(entry.local()) for entry in plain) + 30 + len(b"archive/data/0")
    bad = Entry(b"archive/data.pkl", PAYLOAD)
    inner = bad.local() + bad.central(start)
    place = start + len(inner)
    inner += _wide_end(1, len(bad.central(start)), start + len(bad.local())) + bytes(64)
    whole = raw_zip([*plain, Entry(b"archive/data/0", inner)])
    directory = whole.rindex(b"PK\5\6")
    length, offset = struct.unpack("<2I", whole[directory + 12 : directory + 20])
    locator = struct.pack("<4sIQI", b"PK\6\7", 0, place, 1)
    return whole[:directory] + _wide_end(3, length, offset) + locator + whole[directory:]


def _directory_in_comment() -> bytes:
    """The directory that the end record points at stands in the record's own comment."""
    good, bad = Entry(b"a.txt", b"text"), Entry(b"m.pkl", PAYLOAD)
    body = good.local() + bad.local()
    listed = good.central(0)
    place = len(body) + len(listed) + 22
    comment = bad.central(len(good.local()))
    return body + listed + end_record(1, len(listed), place, comment)


def _locator_without_record() -> bytes:
    """Behind the directory stands a locator that leads nowhere: some count back from it, some from the end record."""
    bad = Entry(b"m.pkl", PAYLOAD)
    listed = bad.central(0)
    locator = struct.pack("<4sIQI", b"PK\6\7", 0, 0, 1)
    inside = listed[:28] + struct.pack("<H", len(bad.name)) + listed[30:32] + struct.pack("<H", 20) + listed[34:]
    return bad.local() + inside + locator + end_record(1, len(inside) + 20, len(bad.local()))


ZIP = {
    "gz-zip-in-its-header": _gzip_with_field(),
    "tar-zip-of-two-members": _zip_over_members(),
    "pt-zip-with-two-wide-ends": _two_wide_ends(),
    "zip-directory-in-its-comment": _directory_in_comment(),
    "zip-locator-without-a-record": _locator_without_record(),
    "zip-is-a-tar-too": _zip_and_tar(),
}  # fmt: skip


def compressed() -> dict[str, bytes]:
    """Return streams that decoders take and that have no ordinary header."""
    alone = lzma.compress(PAYLOAD, lzma.FORMAT_ALONE)
    late = [{"id": lzma.FILTER_LZMA1, "lc": 0, "lp": 0, "pb": 0, "dict_size": 1 << 16}]
    zeros = zlib.compress(PAYLOAD)
    empty = zeros[:2] + b"\0\0\0\xff\xff" * 1000 + zeros[2:]
    old = b"ZF" + (b"%x" % len(PAYLOAD)).ljust(19)
    return {
        "xz-dictionary-of-nothing": alone[:1] + bytes(4) + alone[5:],
        "xz-dictionary-of-256-bytes": alone[:1] + struct.pack("<I", 256) + alone[5:],
        "xz-unusual-properties": lzma.compress(
            b"(" + LATE[1:].replace(b"\x80\x02", b""), lzma.FORMAT_ALONE, filters=late
        ),
        "xz-then-lzma": lzma.compress(LATE[:1]) + lzma.compress(LATE[1:], lzma.FORMAT_ALONE),
        "xz-behind-empty-streams": bytes(18 * 100) + alone,
        "z-empty-blocks": empty,
        "z-broken-behind-its-payload": zlib.compress(b"(" + LATE[1:], 0)[:-4] + b"\7" * 40,
        "z-empty-blocks-behind-a-byte": _slow(b"(" + LATE[1:]),
        "z-joblib-without-0x": old + zeros,
        "z-joblib-with-a-space": old + b" " + zeros,
        "zst-behind-many-frames": struct.pack("<2I", 0x184D2A50, 0) * 500 + _stored_zstd(PAYLOAD),
    }


def _slow(data: bytes) -> bytes:
    """Return a zlib stream whose first byte comes long before the others."""
    first = b"\0" + struct.pack("<2H", 1, 0xFFFE) + data[:1]
    rest = b"\1" + struct.pack("<2H", len(data) - 1, 0xFFFF - len(data) + 1) + data[1:]
    return b"x\x01" + first + b"\0\0\0\xff\xff" * 2000 + rest + struct.pack(">I", zlib.adler32(data))


def _stored_zstd(data: bytes) -> bytes:
    """Return a Zstandard frame with one raw block (RFC 8878, 3.1.1)."""
    return b"\x28\xb5\x2f\xfd\x20" + bytes([len(data)]) + (len(data) << 3 | 1).to_bytes(3, "little") + data


def torch_tar(storages: bytes, **others: bytes) -> bytes:
    """Return what torch before 0.1.10 wrote."""
    return b"".join(member(name.encode(), data) for name, data in {"storages": storages, **others}.items()) + END


OTHERS = {"tensors": b"I0\n.", "pickle": b"N."}
TORCH = {
    "pt-second-pickle-at-once": torch_tar(b"I1\n." + LATE, **OTHERS),
    "pt-pickle-behind-a-storage": torch_tar(b"I2\n.N." + struct.pack("<q", 3) + bytes(12) + LATE, **OTHERS),
    "pt-storages-alone": torch_tar(b"I1\n." + LATE),
    "pt-pickles-behind-an-image": b"GIF89a01" + b"0" + MAGIC + PAYLOAD,
    "pt-pickles-behind-a-bitmap": b"BM\0\0\0" + bytes(0x4D) + b"0" + MAGIC + PAYLOAD,
}


def _array(items: bytes, kind: bytes, *, size: int = 1, twice: bytes = b"") -> bytes:
    """Return a file of joblib with one array of 8 items."""
    described = glob("numpy", "dtype") + text(kind.decode()) + b"\x89\x88\x87R(K\x03" + text("|")
    described += b"NNNJ" + struct.pack("<i", size) + b"J\1\0\0\0K\0tb"
    state = b"}(" + text("subclass") + glob("numpy", "ndarray") + text("order") + text("C")
    state += text("shape") + number(8) + b"\x85" + text("dtype") + described + text("allow_mmap") + b"\x89u"
    first = b"}(" + text("subclass") + glob("numpy", "ndarray") + text("shape") + number(0) + b"\x85" if twice else b""
    first += text("dtype") + described + twice + b"ub\0" + b"0h\x63" if twice else b""
    return glob("joblib.numpy_pickle", "NumpyArrayWrapper") + b")\x81q\x63" + first + state + b"b" + items + PAYLOAD[2:]


JOBLIB = {
    "joblib-texts-of-many-bytes": b"\x80\x02" + _array(b"." + bytes(8 * 64 - 1), b"c", size=64),
    "joblib-array-described-twice": b"\x80\x02"
    + _array(b"." + bytes(7), b"u1", twice=text("numpy_array_alignment_bytes") + number(16)),
}
