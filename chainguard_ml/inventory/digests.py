"""SHA-256 of what the inventory found, several files at once, in the order of the walk."""

from __future__ import annotations

import os
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from typing import TYPE_CHECKING, TypeAlias

from chainguard_ml.errors import ChangedError, InputError
from chainguard_ml.files import sha256_beneath
from chainguard_ml.model import Artifact, ArtifactKind, Gap, GapReason

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from chainguard_ml.inventory.walking import Item

KINDS = frozenset(
    {
        ArtifactKind.MODEL,
        ArtifactKind.MODEL_CARD,
        ArtifactKind.DATASET,
        ArtifactKind.DATASET_CARD,
        ArtifactKind.SIGNATURE,
        ArtifactKind.DVC,
        ArtifactKind.ARCHIVE,
    }
)
"""Kinds of files whose digest is taken."""

_LARGE = 1 << 20  # bytes; below, handing a file to a thread costs more than it saves
_WAITING = 256  # items held back while a digest before them is taken

_Waiting: TypeAlias = "Item | Future[tuple[Item, ...]]"


def with_digests(items: Iterable[Item], root: Path) -> Iterator[Item]:
    """Yield the items in their order, files of ``KINDS`` with their digest; a gap follows one that cannot be read."""
    waiting: deque[_Waiting] = deque()
    threads = ThreadPoolExecutor(len(os.sched_getaffinity(0)), "digest")
    try:
        for item in items:
            waiting.append(_begun(item, root, threads))
            while waiting and (len(waiting) > _WAITING or _is_done(waiting[0])):
                yield from _ended(waiting.popleft())
        while waiting:
            yield from _ended(waiting.popleft())
    finally:
        threads.shutdown(cancel_futures=True)


def _begun(item: Item, root: Path, threads: ThreadPoolExecutor) -> _Waiting:
    if not isinstance(item, Artifact) or item.kind not in KINDS:
        return item
    if item.size >= _LARGE:
        return threads.submit(_digested, item, root)
    done: Future[tuple[Item, ...]] = Future()
    done.set_result(_digested(item, root))
    return done


def _is_done(item: _Waiting) -> bool:
    return not isinstance(item, Future) or item.done()


def _ended(item: _Waiting) -> tuple[Item, ...]:
    return item.result() if isinstance(item, Future) else (item,)


def _digested(artifact: Artifact, root: Path) -> tuple[Item, ...]:
    try:
        return (replace(artifact, digest=sha256_beneath(root, artifact.path)),)
    except InputError as error:
        reason = GapReason.CHANGED if isinstance(error, ChangedError) else GapReason.UNREADABLE
        return (artifact, Gap(artifact.subject, reason, error.message))
