"""Which registered formats recognise some bytes. A format's module is imported when it is asked."""

from __future__ import annotations

import functools
import importlib
from typing import TYPE_CHECKING, cast

from chainguard_ml.scan import registry

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from chainguard_ml.scan.interface import Blob, Format


@functools.cache
def formats() -> tuple[Format, ...]:
    """Return the registered formats, imported, in the order they are asked."""
    return tuple(load(form.path) for form in registry.FORMATS)


@functools.cache
def load(path: str) -> Format:
    """Return a registered format by its path, imported."""
    module, _, attribute = path.partition(":")
    loaded = importlib.import_module(f"chainguard_ml.scan.{module}")
    return cast("Format", getattr(loaded, attribute) if attribute else loaded)


def recognise(blob: Blob) -> Format | None:
    """Return the first registered format that recognises the bytes, or ``None``; there is at least one byte."""
    return next(recognising(blob, possible(blob)), None)


def possible(blob: Blob) -> Sequence[registry.Form]:
    """Return the registered formats that the bytes could be of, by their beginning and end, and by their name."""
    tail = blob.read(max(0, blob.size - registry.TAIL), blob.size)
    return registry.possible(blob.read(0, registry.HEAD), tail, blob.name)


def recognising(blob: Blob, forms: Iterable[registry.Form]) -> Iterator[Format]:
    """Yield those that recognise the bytes, in order, importing no other."""
    asked = cast("dict[str, bool]", blob.memo.setdefault("asked", {}))
    for form in forms:
        candidate = load(form.path)
        if form.path not in asked:
            asked[form.path] = candidate.recognise(blob)
        if asked[form.path]:
            yield candidate
