"""From the root group to every object, once each."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chainguard_ml.model import GapReason
from chainguard_ml.rules import hdf5 as rules
from chainguard_ml.scan.formats.raw import HEAD, examine_raw, looks_like_a_file, payloads
from chainguard_ml.scan.hdf5 import content, datatypes, storage
from chainguard_ml.scan.hdf5.attributes import attributes
from chainguard_ml.scan.hdf5.elsewhere import leaves
from chainguard_ml.scan.hdf5.links import EXTERNAL as EXTERNAL_LINK
from chainguard_ml.scan.hdf5.links import links
from chainguard_ml.scan.hdf5.objects import DATASPACE, DATATYPE, EXTERNAL, LAYOUT
from chainguard_ml.scan.hdf5.source import Hdf5Error, OverBudgetError
from chainguard_ml.text import printable

if TYPE_CHECKING:
    from chainguard_ml.model import Finding, Gap, Observations
    from chainguard_ml.scan.hdf5.filters import Filter
    from chainguard_ml.scan.hdf5.links import Link
    from chainguard_ml.scan.hdf5.objects import Header, Objects
    from chainguard_ml.scan.interface import Examination

_USER_DEFINED = range(65, 256)
_LONGEST_PATH = 4096
_MOST_GAPS = 100


class Walk:
    """One file's walk."""

    def __init__(self, objects: Objects, examination: Examination) -> None:
        self._objects = objects
        self._examination = examination
        self._blob = objects.source.blob
        self._gaps = 0

    def run(self, root: int | None) -> Observations:
        """Yield what every object that can be reached holds; a spent budget ends it with a gap."""
        try:
            yield from self._run(root)
        except OverBudgetError as error:
            yield self._blob.gap(error.reason, str(error), error.offset)

    def _run(self, root: int | None) -> Observations:
        if root is None:
            yield self._blob.gap(GapReason.MALFORMED, "there is no root group")
            return
        waiting = [(root, "")]
        seen = {root}
        while waiting:
            address, path = waiting.pop()
            header = self._objects.header(address)
            if header.problem:
                yield from self._gap(header.problem, path, header.offset)
            yield from self._attributes(header, path)
            found: list[tuple[int, str]] = []
            for link in links(self._objects, header):
                if isinstance(link, Hdf5Error):
                    yield from self._gap(link, path, header.offset)
                    continue
                name = f"{path}/{link.name}"[-_LONGEST_PATH:]
                if link.target is None:
                    yield from self._elsewhere(link, name)
                elif link.target not in seen:
                    seen.add(link.target)
                    found.append((link.target, name))
            waiting += reversed(found)
            yield from self._dataset(header, path)

    def _gap(self, error: Hdf5Error, path: str, offset: int) -> Observations:
        """Yield a gap at a path, up to a number; a broken budget ends the walk."""
        if isinstance(error, OverBudgetError):
            raise error
        self._gaps += 1
        if self._gaps <= _MOST_GAPS:
            yield self._noted(error, path, offset)

    def _noted(self, error: Hdf5Error, path: str, offset: int) -> Gap:
        place = offset if error.offset is None else error.offset
        return self._blob.gap(error.reason, f"'{printable(path or '/', 200)}' cannot be read: {error}", place)

    def _attributes(self, header: Header, path: str) -> Observations:
        for item in attributes(self._objects, header):
            if isinstance(item, Hdf5Error):
                yield from self._gap(item, path, header.offset)
                continue
            place = f"{path or '/'}@{item.name}"
            objects = self._objects
            try:
                if item.kind.is_bytes:
                    values = iter([(item.raw, item.offset)])
                else:
                    values = datatypes.values(item.kind, item.raw, item.offset, objects.source, objects.values)
                for value, _ in values:
                    yield from content.examine(self._blob, place, item.name, value, self._examination)
            except Hdf5Error as error:
                yield from self._gap(error, place, item.offset)

    def _elsewhere(self, link: Link, path: str) -> Observations:
        """Report a link that leads out of the file; soft links stay inside."""
        if link.kind == EXTERNAL_LINK:
            yield self._leaves("external link", path, link.text[0] if link.text else "", link.offset)
        elif link.kind in _USER_DEFINED:
            yield rules.HDF5_USER_LINK.finding(
                self._blob.subject,
                self._blob.location.at(link.offset),
                f"'{printable(path, 200)}' is a link of the user-defined class {link.kind}",
                key=(path,),
                facts={"path": path, "class": link.kind},
            )

    def _leaves(self, what: str, path: str, target: str, offset: int) -> Finding:
        return leaves(self._blob, what, path, target, offset)

    def _dataset(self, header: Header, path: str) -> Observations:
        message = header.first(LAYOUT)
        if message is None:
            return
        try:
            yield from self._files(header, path)
            filters = storage.pipeline(self._objects, header)
            yield from self._filters(filters, path, header.offset)
            count = datatypes.elements(self._objects.body(header.needed(DATASPACE)))
            kind = header.needed(DATATYPE)
            fields = self._objects.body(message)
            layout = storage.layout(fields, count, filtered=bool(filters))
            if layout.virtual:
                for name in dict.fromkeys(storage.virtual_sources(self._objects, layout)):
                    if name != ".":
                        yield self._leaves("virtual dataset", path, name, header.offset)
            elif header.first(EXTERNAL) is None:
                yield from self._elements(layout, filters, datatypes.parse(self._objects.body(kind)), path)
        except Hdf5Error as error:
            yield from self._gap(error, path, header.offset)

    def _files(self, header: Header, path: str) -> Observations:
        for message in header.messages.get(EXTERNAL, ()):
            for name in dict.fromkeys(storage.external_files(self._objects, self._objects.body(message))):
                yield self._leaves("dataset", path, name, header.offset)

    def _filters(self, filters: list[Filter], path: str, offset: int) -> Observations:
        for item in filters:
            if not item.is_known:
                name = f" ({printable(item.name, 60)})" if item.name else ""
                yield rules.HDF5_PLUGIN.finding(
                    self._blob.subject,
                    self._blob.location.at(offset),
                    f"reading '{printable(path, 200)}' loads filter plug-in {item.number}{name}",
                    key=(str(item.number),),
                    facts={"filter": item.number, "name": item.name},
                )

    def _elements(
        self, layout: storage.Layout, filters: list[Filter], kind: datatypes.Datatype, path: str
    ) -> Observations:
        """Examine texts and bytes; of numbers only whether a file starts where they should."""
        objects = self._objects
        if not kind.is_long:
            yield from self._numbers(layout, filters, kind, path)
            return
        for raw, place in storage.pieces(objects, layout, filters, kind.size, self._examination):
            for value, _ in datatypes.values(kind, raw, place, objects.source, objects.values):
                yield from content.examine(self._blob, path, "", value, self._examination)

    def _numbers(
        self, layout: storage.Layout, filters: list[Filter], kind: datatypes.Datatype, path: str
    ) -> Observations:
        source = self._objects.source
        if layout.span:
            start = source.offset(layout.span[0])
            stop = source.blob.size if layout.span[1] < 0 else min(source.blob.size, start + layout.span[1])
            if start < stop:
                yield from examine_raw(content.named(self._blob.window(path, start, stop)), self._examination)
        elif kind.is_bytes:
            yield from self._joined(layout, filters, path)

    def _joined(self, layout: storage.Layout, filters: list[Filter], path: str) -> Observations:
        """Put chunks of bytes together if a file starts in the first of them."""
        joined = bytearray()
        for raw, _ in storage.pieces(self._objects, layout, filters, 1, self._examination):
            if not joined and not looks_like_a_file(raw[:HEAD]):
                return
            joined += raw
            if len(joined) > self._examination.budgets.header:
                break
        yield from payloads(self._examination.nested(content.named(self._blob.inside(path, bytes(joined)))))
