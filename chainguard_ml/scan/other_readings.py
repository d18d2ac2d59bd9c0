"""What other loaders read in bytes that one format recognises: a file can be two things at once.

Formats begin with what can be anything: a name, a length, opcodes. And zip is read from its end. So whatever a file is
recognised as, it is also examined as a pickle, a tar archive, a compressed stream, a protobuf message, an HDF5 file
behind a user block and a zip archive, if it can be one. Of what is no such file after all, only what would run counts.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from chainguard_ml.model import Finding
from chainguard_ml.scan import naming, registry
from chainguard_ml.scan.formats.raw import payloads
from chainguard_ml.scan.interface import CONTENT_END
from chainguard_ml.scan.recognition import possible, recognising

if TYPE_CHECKING:
    from chainguard_ml.model import Observations
    from chainguard_ml.scan.interface import Blob, Examination

# What these hold may end in a zip archive that is examined anyway, where they account for all bytes.
_CONTAINERS = frozenset(
    {"tar", "torch-tar", "mlflow", "bento", "sagemaker", "7z"}
    | {"gzip", "bzip2", "xz", "zstd", "lz4", "zfile", "zlib", "lzma"}
)

# Their own reading is that of a pickle, a tar archive, a stream, so it is not asked for twice.
_PICKLES = frozenset({"", "pickle", "torch-legacy"})
_TARS = frozenset({"torch-tar", "mlflow", "bento", "sagemaker", "tar"})
_STREAMS = {"lzma": frozenset({"lzma", "xz"}), "zlib": frozenset({"zlib"})}

# Texts that a loader takes by their names.
_BY_NAME = frozenset({"formats.yaml_document", "formats.python_files:PATHS", "formats.python_files:PYTHON"})
_TEXT_NAMES = frozenset(name for form in registry.FORMATS if form.path in _BY_NAME for name in form.names)

_TORCH_PICKLES = 5
_LZMA_HEADER, _DEFLATE = 14, 8
_HDF5 = b"\x89HDF\r\n\x1a\n"
_STREAM, _TABLES = b"\xff\xff\xff\xff", frozenset({b"PAR1", b"PARE"})  # of Arrow; ends of Parquet
_FIRST_BLOCK = 512  # bytes of the smallest user block; others are twice as long each
_ZIP_TAIL = 65_535 + 22  # bytes: the end record with the longest comment


def other_readings(blob: Blob, name: str, examination: Examination) -> Observations:
    """Examine a blob, recognised as ``name`` (empty if as nothing), as whatever else a loader can take it for."""
    if name not in _PICKLES:
        yield from _pickles_too(blob, examination)
        yield from _messages_too(blob, name, examination)
    if name not in _TARS:
        yield from _tar_too(blob, examination)
    yield from _named_too(blob, name, examination)
    yield from _streams_too(blob, name, examination)
    yield from _table_too(blob, name, examination)
    if name != "hdf5":
        yield from _hdf5_too(blob, examination)
    yield from _appended_zip(blob, examination, expected=name in _CONTAINERS and CONTENT_END in blob.memo)


def _pickles_too(blob: Blob, examination: Examination) -> Observations:
    """Examine the opcodes that a file of another format starts with; what is no pickle after all is no gap.

    What formats start with (a member's name, a length, a number, a letter) can be opcodes as well: one file, two
    contents. Behind the first pickle torch's loader reads four more.
    """
    from chainguard_ml.scan import pickle
    from chainguard_ml.scan.formats.torch_streams import opcodes_end

    if blob.data[0] in b"P":  # no loader has an object called "K\3\4..."
        return
    position = 0
    for _ in range(_TORCH_PICKLES):
        if position >= blob.size or blob.data[position] not in pickle.FIRST:
            return
        end = opcodes_end(blob, position) + 1
        start = blob.window("(as a pickle)", position, end)
        if start.size <= 1 or not pickle.recognise(start):
            return
        yield from payloads(pickle.examine(start, examination))
        position = end


def _tar_too(blob: Blob, examination: Examination) -> Observations:
    """Examine the tar archive that the same bytes are: its first 124 bytes are a name, so they can be anything."""
    whole = blob.window("(as a tar archive)", 0, blob.size)
    archives = [form for form in possible(blob) if form.path in registry.TARS]
    for archive in recognising(whole, archives):
        yield from payloads(archive.examine(whole, examination))
        return


def _messages_too(blob: Blob, name: str, examination: Examination) -> Observations:
    """Examine the protobuf messages that the same bytes can be: nothing in them says which one a loader reads."""
    messages = [form for form in possible(blob) if form.path in registry.MESSAGES]
    for other in recognising(blob, messages):
        if name != other.NAME:
            yield from payloads(other.examine(blob, examination))


def _named_too(blob: Blob, name: str, examination: Examination) -> Observations:
    """Examine a text as what its name says, where its first letters are a signature: ``GIF89a: 1``."""
    if naming.extension(blob.name) not in _TEXT_NAMES and blob.name.rpartition("/")[2] not in _TEXT_NAMES:
        return
    texts = [form for form in possible(blob) if form.path in _BY_NAME]
    for other in recognising(blob, texts):
        if name not in {"", "json", other.NAME}:
            yield from payloads(other.examine(blob, examination))


def _streams_too(blob: Blob, name: str, examination: Examination) -> Observations:
    """Examine what comes out of decoders of LZMA alone and of zlib, which take nearly any header or one in a thousand.

    What comes out before a break counts, as loaders have read it by then.
    """
    head = blob.read(0, _LZMA_HEADER)
    if head[0] & 0x0F != _DEFLATE and head[_LZMA_HEADER - 1 :] != b"\0":
        return
    from chainguard_ml.scan.formats.compressed import UNSIGNED

    for stream in UNSIGNED:
        whole = blob.window(f"(as {stream.NAME})", 0, blob.size)
        if name not in _STREAMS[stream.NAME] and stream.recognise(whole):
            yield from payloads(stream.examine(whole, examination))


def _table_too(blob: Blob, name: str, examination: Examination) -> Observations:
    """Examine the table of Parquet that ends like one, or the stream of Arrow, which begins with a length."""
    if name == "arrow" or not (blob.read(0, 4) == _STREAM or blob.read(max(0, blob.size - 4), blob.size) in _TABLES):
        return
    from chainguard_ml.scan.formats import arrow_table

    yield from payloads(arrow_table.examine(blob, examination))


def _hdf5_too(blob: Blob, examination: Examination) -> Observations:
    """Examine the HDF5 file behind a user block, which can be anything of 512, 1,024 and so on bytes."""
    start = _FIRST_BLOCK
    while start < blob.size and blob.read(start, start + len(_HDF5)) != _HDF5:
        start *= 2
    if start < blob.size:
        from chainguard_ml.scan import hdf5

        whole = blob.window("(as HDF5)", 0, blob.size)
        yield from payloads(hdf5.examine_from(whole, start, examination))


def _appended_zip(blob: Blob, examination: Examination, *, expected: bool) -> Observations:
    """Examine a zip archive at the end of something else: zip readers look from the end.

    It is ``expected`` in containers, whose last member can be one; only what runs something counts there.
    """
    if registry.ZIP_END not in blob.read(max(0, blob.size - _ZIP_TAIL), blob.size):
        return
    from chainguard_ml.rules.formats import TRAILING_DATA
    from chainguard_ml.scan.formats import zip_ends, zip_reader

    span = None if zip_reader.is_zip(blob) else zip_ends.appended(blob)
    end = blob.memo.get(CONTENT_END)
    if span and expected:
        yield from payloads(examination.nested(blob.window("(appended zip)", *span)))
    elif span and not (isinstance(end, int) and span[0] >= end):  # else it was examined as what follows the content
        for item in examination.nested(blob.window("(appended zip)", *span)):
            # What follows it belongs to what it was found in, which may be what holds it.
            if not (isinstance(item, Finding) and item.rule == TRAILING_DATA.id):
                yield item
