"""Inventory: what is there. One walk through a directory, one record for each thing, recognised by content and name.

Adding a kind of file is one line in a table of ``names`` or ``signatures``; adding a layout of a model directory is
one entry of ``directories.LAYOUTS``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from chainguard_ml.context import Silent

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from chainguard_ml.context import Observer
    from chainguard_ml.model import Artifact, Evidence, Gap

_SILENT = Silent()


def walk(
    root: Path,
    inputs: Sequence[Path] = (),
    *,
    exclude: Sequence[str] = (),
    digests: bool = False,
    observer: Observer = _SILENT,
) -> Iterator[Artifact | Gap | Evidence]:
    """Yield what is beneath ``root``, in one pass: directory by directory, names in the order of their bytes.

    Nothing is followed, imported or parsed; of a file at most the first few KiB are read. What cannot be recorded is a
    ``Gap``; what was left out is ``Evidence`` of kind ``excluded``.

    Args:
        root: Absolute directory; every path is relative to it.
        inputs: Files and directories beneath ``root`` to restrict the walk to; empty means all of it. An input is
            recorded whatever its name and whatever is excluded.
        exclude: Patterns of what to leave out, as in ``.gitignore``, relative to ``root``.
        digests: Whether to take the SHA-256 of models, data sets, cards, signatures, and files of model directories.
        observer: Is told of every file.

    Raises:
        UsageError: An input is not beneath ``root``.
    """
    from chainguard_ml.inventory.walking import Walk

    items = Walk(root, inputs, exclude, observer)
    if not digests:
        yield from items
        return
    from chainguard_ml.inventory.digests import with_digests

    yield from with_digests(items, root)
