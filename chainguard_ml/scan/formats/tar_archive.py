"""Tar archives, and among them the checkpoints of torch before 0.1.10.

The old checkpoint has the members ``sys_info``, ``pickle``, ``storages`` and ``tensors``: pickles, in the last two with
numbers between them.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from chainguard_ml.model import GapReason
from chainguard_ml.rules import formats as rules
from chainguard_ml.scan.formats import tar_reader
from chainguard_ml.scan.formats.ending import trailing
from chainguard_ml.scan.formats.member_names import Links, traversal
from chainguard_ml.scan.formats.raw import payloads
from chainguard_ml.scan.formats.tar_sparse import assembled, map_in_data
from chainguard_ml.scan.formats.torch_streams import examine_storages
from chainguard_ml.scan.interface import CONTENT_END
from chainguard_ml.text import printable

if TYPE_CHECKING:
    from collections.abc import Callable

    from chainguard_ml.model import Finding, Observations
    from chainguard_ml.scan.formats.tar_reader import Member
    from chainguard_ml.scan.interface import Blob, Examination


class TarFormat:
    """A kind of tar archive.

    Attributes:
        NAME: Short name.
        EXAMINES: What is looked at.
    """

    def __init__(self, name: str, matches: Callable[[frozenset[str]], bool], examines: str) -> None:
        self.NAME = name
        self.EXAMINES = examines
        self._matches = matches

    def recognise(self, blob: Blob) -> bool:
        """Return whether it is a tar archive with the names that this kind has."""
        if not tar_reader.is_tar(blob):
            return False
        return self._matches(frozenset(_plain(member.name) for member in tar_reader.archive(blob).members))

    def examine(self, blob: Blob, examination: Examination) -> Observations:
        """Examine every member as a file of its own."""
        found = tar_reader.archive(blob)
        links = Links()
        for member in found.members[: examination.budgets.members]:
            yield from _placed(blob, member, links)
            yield from self._member(blob, member, examination, doubtful=bool(found.doubts))
            yield from _padding(blob, member, examination)
        for start, stop in found.strays:
            yield from examination.nested(blob.window("(no header)", start, stop))
        for doubt, place in found.doubts.items():
            yield blob.gap(GapReason.MALFORMED, f"{doubt}: readers differ in what its members are", place)
        for start, stop in tar_reader.unread(blob, found) if found.doubts else ():
            yield from payloads(examination.nested(blob.window("(no member)", start, stop)))
        if found.limited or len(found.members) > examination.budgets.members:
            yield blob.gap(GapReason.BUDGET, f"more than {examination.budgets.members:,} members; the rest is unread")
            return
        if found.broken:
            yield blob.gap(GapReason.MALFORMED, found.broken, found.place)
        yield from trailing(blob, found.end, examination)
        if found.broken:  # then what follows is not accounted for
            del blob.memo[CONTENT_END]

    def _member(self, blob: Blob, member: Member, examination: Examination, *, doubtful: bool) -> Observations:
        if member.start >= member.stop:
            return
        content = blob.window(member.name, member.start, member.stop)
        if member.sparse:
            whole = _without_holes(content, member, examination)
            if whole is None:
                yield content.gap(GapReason.UNSUPPORTED, "stored with holes; its parts are examined as they stand")
            elif doubtful:  # then not every reader sees holes
                yield from payloads(examination.nested(content))
            content = whole or content
        if self.NAME == "torch-tar" and _plain(member.name) in {"storages", "tensors"}:
            yield from examine_storages(content, examination)
        else:
            yield from examination.nested(content)


def _without_holes(content: Blob, member: Member, examination: Examination) -> Blob | None:
    """Return a sparse member as it is unpacked; ``None`` if its map is wrong or it is too large."""
    parts, start = member.parts, 0
    if not parts:
        parts, start = map_in_data(content.read(0, content.size))
    data = assembled(content, parts, start, examination.allowance(content.size))
    if not data:
        return None
    examination.spend(len(data))
    return replace(content, data=memoryview(data), memo={})


def _padding(blob: Blob, member: Member, examination: Examination) -> Observations:
    """Examine what fills the last block of a member; old tools leave there what was in memory."""
    end = -(-member.stop // tar_reader.BLOCK) * tar_reader.BLOCK
    if any(blob.read(member.stop, end)):
        yield from payloads(examination.nested(blob.window("(padding)", member.stop, end)))


def _placed(blob: Blob, member: Member, links: Links) -> Observations:
    """Report where a member would be unpacked to, and that it is no file."""
    target = member.target if member.is_link else None
    name = member.name
    if member.kind == tar_reader.HARD_LINK:  # its target counts from the archive's root, a symbolic link's from itself
        name = member.name.rpartition("/")[2]
    symbolic = target if member.kind == tar_reader.SYMBOLIC_LINK else None
    finding = (
        traversal(blob, member.name, member.header)
        or traversal(blob, name, member.header, target)
        or links.crossed(blob, member.name, member.header, symbolic)
    )
    if finding:
        yield finding
    if member.kind in tar_reader.SPECIAL:
        yield _special(blob, member)


def _special(blob: Blob, member: Member) -> Finding:
    kind = tar_reader.SPECIAL[member.kind]
    return rules.TAR_UNSAFE.finding(
        blob.subject,
        blob.location.inside(member.name).at(member.header),
        f"'{printable(member.name)}' is {kind}",
        key=("special",),
        facts={"type": kind},
    )


def _plain(name: str) -> str:
    return name.removeprefix("./")


TORCH_TAR = TarFormat("torch-tar", lambda names: "storages" in names, "every pickle; storages are not read")
TAR = TarFormat("tar", lambda _: True, "every member, its path, its links, header checksums, what readers differ in")
