"""Files of ggml before GGUF: llama.cpp's ``ggml``, ``ggmf``, ``ggjt`` (versions 1 to 3), ``ggla``, and whisper.cpp's.

All start with a magic number, hyperparameters and a vocabulary, then tensors with their names. Layouts as the loaders
of that time read them; a file whose hyperparameters are another model's is a gap.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from chainguard_ml.model import GapReason
from chainguard_ml.scan.formats import ggml_tensors
from chainguard_ml.scan.formats.bounds import broken
from chainguard_ml.scan.formats.cursor import BoundsError, Cursor
from chainguard_ml.scan.formats.ending import trailing
from chainguard_ml.scan.formats.raw import examine_tensor

if TYPE_CHECKING:
    from collections.abc import Callable

    from chainguard_ml.model import Observations
    from chainguard_ml.scan.interface import Blob, Examination

NAME = "ggml"
EXAMINES = "structure, sizes and bounds of llama.cpp's, LoRA's and whisper.cpp's files; others are a gap"

_MAGICS = frozenset({b"lmgg", b"fmgg", b"tjgg", b"algg"})
_ALIGNMENT = 32
_DIMENSIONS = 4
_NAME = 1 << 16
_LLAMA_PARAMETERS, _WHISPER_PARAMETERS = 7, 11
_MULTILINGUAL = range(1, 1_000_000)  # sizes of a vocabulary


def recognise(blob: Blob) -> bool:
    """Return whether one of the magic numbers starts the file."""
    return blob.read(0, 4) in _MAGICS


def examine(blob: Blob, examination: Examination) -> Observations:
    """Try the layouts that a magic number had; the one that reaches the tensors counts."""
    magic = blob.read(0, 4)
    layouts: list[Callable[[Cursor], bool]] = [_lora] if magic == b"algg" else [_llama]
    if magic == b"lmgg":
        layouts.append(_whisper)
    error: BoundsError | None = None
    for layout in layouts:
        cursor = Cursor(blob, 4, count_code="I")
        try:
            aligned = layout(cursor)
            first = _tensor(cursor, aligned=aligned)
        except BoundsError as problem:
            error = error or problem
            continue
        yield from _tensors(blob, cursor, first, examination, aligned=aligned)
        return
    if error and error.grave:
        yield broken(blob, str(error), error.offset, grave=True)
    yield blob.gap(GapReason.UNSUPPORTED, "a file of ggml before GGUF whose model is not known")


def _llama(cursor: Cursor) -> bool:
    """Read what stands before the tensors of LLaMA; return whether their data are aligned."""
    magic = cursor.blob.read(0, 4)
    if magic != b"lmgg":
        cursor.skip(4)  # version
    words, *_ = cursor.numbers(f"{_LLAMA_PARAMETERS}I")
    cursor.room(words, 4, 4)
    for _ in range(words):
        cursor.skip(cursor.count())
        if magic != b"lmgg":
            cursor.skip(4)  # score
    return magic == b"tjgg"


def _lora(cursor: Cursor) -> bool:
    cursor.skip(12)  # version, rank, alpha
    return True


def _whisper(cursor: Cursor) -> bool:
    cursor.skip(4 * _WHISPER_PARAMETERS)
    start = cursor.position
    rows, columns = cursor.numbers("2i")
    cursor.room(rows * columns if rows > 0 else -1, 4, start)
    cursor.skip(rows * columns * 4)
    for _ in range(cursor.items(4)):
        cursor.skip(cursor.count())
    return False


def _tensor(cursor: Cursor, *, aligned: bool) -> tuple[int, int, str]:
    """Read one tensor; return where its data start and stop, and its name."""
    start = cursor.position
    dimensions, length, kind = cursor.numbers("3i")
    if not 0 <= dimensions <= _DIMENSIONS or not 0 <= length < _NAME:
        raise BoundsError(f"a tensor has {dimensions:,} dimensions and a name of {length:,} bytes", start)
    shape = cursor.numbers(f"{dimensions}i") if dimensions else ()
    name = cursor.read(length).decode("utf-8", "replace")
    size = ggml_tensors.size(kind, shape, name[:80], start)
    if size is None:
        raise BoundsError(f"the tensor type {kind} is not known", start)
    if aligned:
        cursor.skip(-cursor.position % _ALIGNMENT)
    data = cursor.skip(size)
    return data, data + size, name


def _tensors(
    blob: Blob, cursor: Cursor, tensor: tuple[int, int, str], examination: Examination, *, aligned: bool
) -> Observations:
    try:
        yield from examine_tensor(blob, *tensor, examination)
        while cursor.left:
            before = cursor.position
            yield from examine_tensor(blob, *_tensor(cursor, aligned=aligned), examination)
    except BoundsError as error:
        yield broken(blob, str(error), error.offset, grave=error.grave)
        yield blob.gap(GapReason.MALFORMED, f"the tensors cannot be read to their end: {error}", error.offset)
        yield from trailing(blob, before, examination)
