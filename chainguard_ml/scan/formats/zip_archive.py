"""Zip archives: every member of both directories, whatever its name, is examined as a file of its own."""

from __future__ import annotations

import lzma
import re
import zlib
from typing import TYPE_CHECKING, TypeAlias

from chainguard_ml.model import GapReason, Severity
from chainguard_ml.records import changing_record, field
from chainguard_ml.rules import formats as rules
from chainguard_ml.scan import naming
from chainguard_ml.scan.expand import bunzip2, expand, inflate, raw_lzma, unlzma
from chainguard_ml.scan.formats import zip_reader
from chainguard_ml.scan.formats.ending import trailing
from chainguard_ml.scan.formats.member_names import Links, traversal
from chainguard_ml.scan.formats.raw import HEAD, examine_raw, looks_like_a_file
from chainguard_ml.scan.modern import unzstd
from chainguard_ml.text import plural, printable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from chainguard_ml.model import Finding, Gap, Observations
    from chainguard_ml.scan.expand import Engine, Expansion
    from chainguard_ml.scan.formats.zip_reader import Archive, Member
    from chainguard_ml.scan.interface import Blob, Examination

_CHECKED = 16_000_000  # stored bytes whose checksum is computed; larger members are windows that nobody reads through
_LINK_TARGET = 4096
_SHOWN = 50  # problems of one kind in one archive that are reported one by one
_STORED = 0
_METHODS: dict[int, Callable[[], Engine]] = {
    8: inflate(-15),
    12: bunzip2,
    20: unzstd,  # the number that APPNOTE.TXT 6.3.7 gave it first
    93: unzstd,
    95: unlzma(lzma.FORMAT_XZ),
}
_LZMA = 14
_NAMES = {1: "Shrink", 6: "Implode", 9: "Deflate64", 94: "MP3", 96: "JPEG", 97: "WavPack", 98: "PPMd", 99: "AES"}


def examine_archive(
    blob: Blob, examination: Examination, is_raw: Callable[[str], object] = lambda _: False
) -> Observations:
    """Examine everything in the zip archive ``blob``.

    Members for which ``is_raw`` holds are numbers that no loader parses: they are not read through, only their
    first bytes are looked at.
    """
    found = zip_reader.archive(blob)
    yield from _report(blob, found, examination)
    done: set[_Key] = set()
    links = Links()
    for member in found.members[: examination.budgets.members]:
        yield from _placed(blob, member, links)
        raw = bool(is_raw(member.name))
        key = _key(member, raw=raw)
        if key not in done:
            done.add(key)
            yield from _member(blob, member, examination, raw=raw)
    if found.comment[0] < found.comment[1]:
        yield from examination.nested(blob.window("(comment)", *found.comment))
    for start, stop in found.strays:
        text = f"{plural(stop - start, 'byte')} between the members belong to none"
        yield rules.ZIP_INCONSISTENT.finding(
            blob.subject, blob.location.at(start), text, key=("stray",), facts={"bytes": stop - start}
        )
        yield from examination.nested(blob.window("(between members)", start, stop))
    yield from trailing(blob, found.end, examination)


def contents(blob: Blob, examination: Examination, wanted: Callable[[str], bool]) -> Iterator[Blob]:
    """Yield the contents of the members whose name is wanted, within the budgets."""
    for member in zip_reader.archive(blob).members[: examination.budgets.members]:
        if wanted(member.name) and member.start < member.stop:
            yield _open(blob, member, examination).blob


_Key: TypeAlias = tuple[int, int, int, int, str, bool]


def _key(member: Member, *, raw: bool) -> _Key:
    """Return what decides how content is examined: the same under another name is not examined again."""
    ending = naming.extension(member.name)
    hint = ending if ending in naming.KNOWN_EXTENSIONS else ""
    return member.start, member.stop, member.method, member.flags, hint, raw


def _report(blob: Blob, found: Archive, examination: Examination) -> Observations:
    """Report what is wrong with the archive as a whole."""
    for problem in found.problems[:_SHOWN]:
        place = blob.location.inside(problem.member) if problem.member else blob.location
        yield rules.ZIP_INCONSISTENT.finding(
            blob.subject,
            place.at(problem.offset),
            problem.text,
            key=(problem.text,),
            severity=Severity.HIGH if problem.grave else None,
        )
    if len(found.problems) > _SHOWN:
        text = f"{len(found.problems) - _SHOWN:,} more places are inconsistent"
        yield rules.ZIP_INCONSISTENT.finding(blob.subject, blob.location, text, key=("more",), severity=Severity.HIGH)
    if found.cut:
        yield blob.gap(GapReason.MALFORMED, "the zip archive has no usable central directory")
    if found.limited or len(found.members) > examination.budgets.members:
        yield blob.gap(GapReason.BUDGET, f"more than {examination.budgets.members:,} members; the rest is unread")


def _member(blob: Blob, member: Member, examination: Examination, *, raw: bool) -> Observations:
    if member.start == member.stop:
        return
    if raw and not member.flags & zip_reader.ENCRYPTED:
        yield from _raw(blob, member, examination)
        return
    content = _open(blob, member, examination)
    encrypted = member.flags & zip_reader.ENCRYPTED
    if encrypted:
        text = f"'{printable(member.name)}' is marked as encrypted"
        yield rules.ZIP_ENCRYPTED.finding(
            blob.subject, blob.location.inside(member.name).at(member.header), text, key=("encrypted",)
        )
    if encrypted and not content.sound:  # else the mark lies: the data is plain
        yield content.blob.gap(GapReason.ENCRYPTED, "the content is encrypted")
        yield from examine_raw(content.blob, examination)
        return
    yield from content.notes
    yield from examination.nested(content.blob)
    if content.rest:
        yield from examination.nested(content.rest)


def _placed(blob: Blob, member: Member, links: Links) -> Observations:
    """Report where a member would be unpacked to, and that only its local header knows it."""
    target = None
    if member.is_link:
        target = blob.read(member.start, min(member.stop, member.start + _LINK_TARGET)).decode(errors="surrogateescape")
    if finding := traversal(blob, member.name, member.header, target) or links.crossed(
        blob, member.name, member.header, target
    ):
        yield finding
    links.hidden += not member.listed
    if not member.listed and links.hidden <= _SHOWN and not zip_reader.archive(blob).cut:
        yield rules.ZIP_HIDDEN_MEMBER.finding(
            blob.subject,
            blob.location.inside(member.name).at(member.header),
            f"'{printable(member.name)}' has a local header but is not in the central directory",
            key=("hidden",),
        )


@changing_record
class _Content:
    """A member's content, what reading it brought up, and whether it is what the directory states."""

    blob: Blob
    notes: list[Finding | Gap] = field(default_factory=list)
    sound: bool = True
    rest: Blob | None = None


def _open(blob: Blob, member: Member, examination: Examination) -> _Content:
    """Return the content of a member: a window if it is stored, else what it decompresses to within the budgets."""
    packed = blob.window(member.name, member.start, member.stop)
    make, skip = _engine(packed, member)
    if make is None and member.method != _STORED:
        name = _NAMES.get(member.method, f"method {member.method}")
        note = packed.gap(GapReason.UNSUPPORTED, f"compressed with {name}, which is not read")
        return _Content(packed, [note], sound=False)
    if make is None:
        content = _Content(packed)
    else:
        expansion = expand(make, memoryview(packed.data)[skip:], examination.allowance(packed.size))
        examination.spend(len(expansion.data))
        content = _Content(blob.inside(member.name, memoryview(expansion.data).toreadonly()))
        content.notes.extend(_unfinished(packed, member, expansion))
        if expansion.finished and expansion.consumed + skip < packed.size:
            content.notes.append(_rest(blob, member))
            content.rest = packed.window("(behind the compressed data)", expansion.consumed + skip, packed.size)
    if not content.notes:
        _check(blob, member, content)
    content.sound = content.sound and not content.notes
    return content


def _engine(packed: Blob, member: Member) -> tuple[Callable[[], Engine] | None, int]:
    """Return the maker of decompressors for a member, and how many bytes of its data are for the maker."""
    if member.method != _LZMA:
        return _METHODS.get(member.method), 0
    head = packed.read(0, 9)  # version, length of the properties, properties (5.8.8)
    return (raw_lzma(head[4:9]), 9) if head[2:4] == b"\5\0" else (None, 0)


def _unfinished(packed: Blob, member: Member, expansion: Expansion) -> Iterator[Gap]:
    if expansion.limited:
        detail = f"decompresses to more than {plural(len(expansion.data), 'byte')}; the rest is unread"
        yield packed.gap(GapReason.BUDGET, detail)
    elif not expansion.finished and not (member.method == _LZMA and len(expansion.data) == member.size):
        why = printable(expansion.broken) or "they are cut"
        yield packed.gap(GapReason.MALFORMED, f"the compressed data are broken: {why}")


def _rest(blob: Blob, member: Member) -> Finding:
    place = blob.location.inside(member.name).at(member.header)
    text = "the compressed data end before the stated size"
    return rules.ZIP_INCONSISTENT.finding(blob.subject, place, text, key=("rest",))


def _check(blob: Blob, member: Member, content: _Content) -> None:
    """Compare length and checksum with what the directory states; readers that do not check see the content anyway."""
    if member.method == _STORED and content.blob.size > _CHECKED and not member.flags & zip_reader.ENCRYPTED:
        return
    actual = zlib.crc32(content.blob.data)
    if (actual, content.blob.size) != (member.crc, member.size):
        known = member.listed or not member.flags & zip_reader.DESCRIBED_AFTER
        if known and not member.flags & zip_reader.ENCRYPTED:
            place = blob.location.inside(member.name).at(member.header)
            text = "the content does not have the stated size or checksum"
            content.notes.append(rules.ZIP_INCONSISTENT.finding(blob.subject, place, text, key=("checksum",)))
        content.sound = False


def _raw(blob: Blob, member: Member, examination: Examination) -> Observations:
    """Look at the first bytes of a member that is only numbers; if they are a file's, examine it."""
    packed = blob.window(member.name, member.start, member.stop)
    make, skip = _engine(packed, member)
    if make is None and member.method == _STORED:
        yield from examine_raw(packed, examination)
        return
    if make is None or looks_like_a_file(bytes(expand(make, memoryview(packed.data)[skip:], HEAD).data)):
        content = _open(blob, member, examination)
        yield from (note for note in content.notes if make is None)
        yield from examine_raw(content.blob, examination)


class ZipFormat:
    """A kind of zip archive that is examined member by member.

    Attributes:
        NAME: Short name.
        EXAMINES: What is looked at.
    """

    def __init__(
        self,
        name: str,
        matches: Callable[[list[str]], bool],
        examines: str,
        is_raw: Callable[[str], object] = lambda _: False,
    ) -> None:
        self.NAME = name
        self.EXAMINES = examines
        self._matches = matches
        self._is_raw = is_raw

    def recognise(self, blob: Blob) -> bool:
        """Return whether it is a zip archive with the names that this kind has."""
        return zip_reader.is_zip(blob) and self._matches(zip_reader.names(blob))

    def examine(self, blob: Blob, examination: Examination) -> Observations:
        """Examine every member."""
        yield from examine_archive(blob, examination, self._is_raw)


def _is_npz(members: list[str]) -> bool:
    return bool(members) and all(name.endswith(".npy") for name in members)


class KerasFormat(ZipFormat):
    """A ``.keras`` archive: Keras reads ``config.json`` as JSON, whatever else it can be taken for."""

    def examine(self, blob: Blob, examination: Examination) -> Observations:
        """Examine every member; the configuration at least as what it is."""
        from chainguard_ml.scan.formats import json_document, keras_config
        from chainguard_ml.scan.recognition import recognise

        for config in contents(blob, examination, lambda name: name == "config.json"):
            if config.size > examination.budgets.header:
                text = f"a configuration of {config.size:,} bytes is not parsed"
                yield config.gap(GapReason.BUDGET, text)
            elif not config.size or recognise(config) is not json_document:
                yield from keras_config.examine_text(config, examination)
        yield from super().examine(blob, examination)


KERAS = KerasFormat("keras", lambda members: {"config.json", "metadata.json"} <= set(members),
                  "Lambda layers, classes and modules of the configuration; every other member")  # fmt: skip
SKOPS = ZipFormat(
    "skops",
    lambda members: "schema.json" in members,
    "loaders, types, files and identities of the schema's nodes; every other member",
    re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\.bin").fullmatch,  # bytes that a model holds
)
NPZ = ZipFormat("npz", _is_npz, "every array")
ZIP = ZipFormat(
    "zip", lambda _: True, "both headers of every member, duplicates, strays, paths, links, ratio; every member"
)
