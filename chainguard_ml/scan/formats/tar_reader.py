"""A tar reader (POSIX.1-2001 pax, ustar, GNU, V7) that stops nowhere silently."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from chainguard_ml.scan.formats.tar_sparse import Parts, is_described, old_parts, pax_parts
from chainguard_ml.scan.interface import Budgets

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chainguard_ml.scan.interface import Blob

BLOCK = 512
_MEMBERS = Budgets().members
_LONG = 1 << 20  # bytes of a long name or of extended headers that are read
_ZERO = bytes(BLOCK)
_SKIPPED = 1_000_000  # blocks behind a wrong header in which the next right one is looked for
_RECORD = 24  # bytes of a record that are neither key nor value, at most
_EXTENDED = b"xgXLK"  # pax headers, Solaris' own, GNU's long names
_GNU_MAGIC = b"ustar  \0"

REGULAR, HARD_LINK, SYMBOLIC_LINK = b"0\0" + b"7", b"1", b"2"
SPECIAL = {b"3": "a character device", b"4": "a block device", b"6": "a pipe"}


@dataclass(frozen=True, slots=True)
class Member:
    """One member: its name, where its header and data are, its type flag, what a link points at.

    A sparse member has parts; without any, they are listed at the beginning of its data.
    """

    name: str
    header: int
    start: int
    stop: int
    kind: bytes
    target: str = ""
    sparse: bool = False
    parts: Parts = ()

    @property
    def is_link(self) -> bool:
        """Whether it unpacks to a hard or symbolic link."""
        return self.kind in {HARD_LINK, SYMBOLIC_LINK}


@dataclass(slots=True)
class Archive:
    """A tar archive as read.

    Attributes:
        members: In the order of the file.
        strays: Byte ranges where a header should be and none is.
        end: Offset behind the end-of-archive blocks, or of the first block that is no header.
        broken: What is wrong with a header, or an empty string.
        place: Where that is.
        limited: Whether there are more members than were read.
        doubts: What readers take differently, and where: what they see as members may not be what is examined.
    """

    members: list[Member] = field(default_factory=list)
    strays: list[tuple[int, int]] = field(default_factory=list)
    end: int = 0
    broken: str = ""
    place: int = 0
    limited: bool = False
    doubts: dict[str, int] = field(default_factory=dict)


def is_tar(blob: Blob) -> bool:
    """Return whether the first block is a header: its checksum holds."""
    block = blob.read(0, BLOCK)
    return len(block) == BLOCK and _is_header(block)


def archive(blob: Blob) -> Archive:
    """Return the archive that starts at the first byte, reading it once for each blob."""
    known = blob.memo.get("tar")
    if not isinstance(known, Archive):
        known = blob.memo["tar"] = _read(blob)
    return known


def _read(blob: Blob) -> Archive:
    found = Archive()
    for member in _members(blob, found):
        if len(found.members) >= _MEMBERS:
            found.limited = True
            break
        found.members.append(member)
    return found


def _members(blob: Blob, found: Archive) -> Iterator[Member]:
    position, extended = 0, _Extended()
    while position < blob.size:
        block = blob.read(position, position + BLOCK)
        if block == _ZERO:
            second = blob.read(position + BLOCK, position + 2 * BLOCK)
            found.end = position + (2 * BLOCK if second == _ZERO else BLOCK)
            return
        size = number(block[124:136])
        if len(block) < BLOCK or not _is_header(block) or size is None:
            following = _next_header(blob, position + BLOCK)
            found.broken = found.broken or "a header block is cut or has a wrong checksum"
            found.place = found.place or position
            if following is None:
                found.end = position
                return
            found.strays.append((position, following))
            position = following
            continue
        kind, start = block[156:157], position + BLOCK
        size = extended.size if extended.size is not None and kind not in _EXTENDED else size
        if kind == b"\0" and block[:100].split(b"\0", 1)[0].endswith(b"/"):  # a directory of tar before POSIX
            kind = b"5"
            if size:
                found.doubts.setdefault("a directory has a size", position)
        stop = start + (0 if kind in {HARD_LINK, SYMBOLIC_LINK, b"5", *SPECIAL} else size)
        if kind in _EXTENDED:
            _take(extended, kind, blob.window("(header)", start, stop), found, position)
        else:
            blocks = _sparse_blocks(blob, block, start)
            stop += blocks
            parts = old_parts(block, blob.read(start, start + blocks)) if kind == b"S" else extended.parts
            yield replace(extended.member(block, position, start + blocks, min(stop, blob.size)), parts=parts)
            extended = extended.next()
        if stop > blob.size:
            found.end, found.place = blob.size, found.place or position
            found.broken = found.broken or "the last member is cut"
            return
        position = -(-stop // BLOCK) * BLOCK
        found.end = min(stop, blob.size)


def _take(extended: _Extended, kind: bytes, data: Blob, found: Archive, position: int) -> None:
    for doubt in extended.take(kind, data.read(0, _LONG)):
        found.doubts.setdefault(doubt, position)
    if data.size > _LONG:
        found.doubts.setdefault("an extended header is too long to be read", position)


@dataclass(slots=True)
class _Extended:
    """What pax and GNU extended headers say about the next member; ``everywhere`` holds for all that follow."""

    name: bytes | None = None
    target: bytes | None = None
    size: int | None = None
    sparse: bool = False
    parts: Parts = ()
    everywhere: dict[bytes, bytes] = field(default_factory=dict)
    kinds: set[bytes] = field(default_factory=set)

    def take(self, kind: bytes, data: bytes) -> Iterator[str]:
        """Take over what one of them says; yield what readers take differently."""
        if kind != b"g" and kind.lower() in self.kinds:
            yield "two extended headers say the same of one member"
        self.kinds.add(kind.lower())
        if kind == b"L":
            self.name = data.split(b"\0", 1)[0]
        elif kind == b"K":
            self.target = data.split(b"\0", 1)[0]
        else:
            listed = list(_records(data))
            records = dict(listed)
            yield from _doubts(kind, data, listed, records)
            self.parts = pax_parts(listed) or self.parts
            if kind == b"g":
                self.everywhere = {**self.everywhere, **records}
            self._apply(records)

    def _apply(self, records: dict[bytes, bytes]) -> None:
        self.name = records.get(b"path", self.name)
        self.target = records.get(b"linkpath", self.target)
        size = records.get(b"size", b"")
        if size.isdigit() and len(size) < 20:
            self.size = int(size)
        self.sparse = self.sparse or any(key.startswith(b"GNU.sparse") for key in records)
        self.name = records.get(b"GNU.sparse.name", self.name)

    def next(self) -> _Extended:
        """Return the state before the next member."""
        following = _Extended(everywhere=self.everywhere)
        following._apply(self.everywhere)
        return following

    def member(self, block: bytes, header: int, start: int, stop: int) -> Member:
        """Return the member of a header block with what the extended headers say about it."""
        name = block[:100].split(b"\0", 1)[0]
        prefix = block[345:500].split(b"\0", 1)[0]
        if prefix and block[257:265] != _GNU_MAGIC:  # whatever else the magic is, as Python's tarfile
            name = prefix + b"/" + name
        name = name if self.name is None else self.name
        target = block[157:257].split(b"\0", 1)[0] if self.target is None else self.target
        kind = block[156:157]
        return Member(_text(name), header, start, stop, kind, _text(target), self.sparse or kind == b"S")


def _doubts(kind: bytes, data: bytes, listed: list[tuple[bytes, bytes]], records: dict[bytes, bytes]) -> Iterator[str]:
    """Yield what of a pax header no tool writes, and readers take differently."""
    size = records.get(b"size", b"0")
    if not (size.isdigit() and len(size) < 20):
        yield "a size is no plain number"
    if sum(len(key) + len(value) for key, value in listed) < len(data.rstrip(b"\0")) - _RECORD * len(listed):
        yield "an extended header has a wrong record"
    if kind == b"g" and (b"size" in records or any(key.startswith(b"GNU.sparse") for key in records)):
        yield "a header for all members has the size of one"
    if not is_described(listed, records):
        yield "a file with holes is described in an unusual way"


def _records(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Yield the records ``LENGTH KEY=VALUE`` and a line feed of a pax header, up to the first wrong one."""
    position = 0
    while position < len(data):
        digits, space, _ = data[position : position + 20].partition(b" ")
        if not (space and digits.isdigit() and int(digits) > len(digits) + 1):
            return
        record = data[position + len(digits) + 1 : position + int(digits)]
        key, equals, value = record.partition(b"=")
        if equals:
            yield key, value.removesuffix(b"\n")
        position += int(digits)


def _sparse_blocks(blob: Blob, block: bytes, start: int) -> int:
    """Return the length of the extension blocks that an old GNU sparse header continues in."""
    if block[156:157] != b"S" or not block[482]:
        return 0
    length = 0
    while length < _LONG:
        extension = blob.read(start + length, start + length + BLOCK)
        length += BLOCK
        if len(extension) < BLOCK or not extension[504]:
            break
    return length


def _next_header(blob: Blob, position: int) -> int | None:
    """Return the offset of the next block that is a header, as GNU tar skips to it."""
    for start in range(position, min(blob.size - BLOCK + 1, position + _SKIPPED * BLOCK), BLOCK):
        block = blob.read(start, start + BLOCK)
        if block[148:156].strip(b" \0") and _is_header(block):
            return start
    return None


def unread(blob: Blob, found: Archive) -> Iterator[tuple[int, int]]:
    """Yield where the data of headers start and stop that the archive's own reading does not come to."""
    known = {member.header for member in found.members}
    position: int | None = 0
    while position is not None:
        block = blob.read(position, position + BLOCK)
        size = number(block[124:136])
        if size and position not in known and block[156:157] not in _EXTENDED and _is_header(block):
            yield position + BLOCK, min(position + BLOCK + size, blob.size)
        position = _next_header(blob, position + BLOCK)


def number(octets: bytes) -> int | None:
    """Return a numeric field as Python's ``tarfile`` reads it; ``None`` if it is none or negative.

    Base 256 if its first bit is set, else whatever ``int`` takes with base 8: prefix and underscores too.
    """
    if octets[:1] and octets[0] & 0x80:
        return int.from_bytes(octets[1:], "big") if octets[0] == 0x80 else None
    try:
        value = int(octets.split(b"\0", 1)[0].decode("ascii").strip() or "0", 8)
    except ValueError:
        return None
    return value if value >= 0 else None


def _is_header(block: bytes) -> bool:
    checksum = number(block[148:156])
    if not checksum:
        spaced = block[148:156].strip(b" \0")  # some tools start with a zero byte
        checksum = number(spaced) if spaced else None
    if not checksum:
        return False
    unsigned = sum(block) - sum(block[148:156]) + 8 * 0x20
    if checksum == unsigned:
        return True
    negative = sum(octet > 127 for octet in block[:148] + block[156:])  # some old writers summed signed characters
    return checksum == unsigned - 256 * negative


def _text(name: bytes) -> str:
    return name.decode("utf-8", "surrogateescape")
