"""The memo: values by number, dense as picklers write it, sparse where a stream chooses its numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from chainguard_ml.scan.pickle.values import Value


class Memo:
    """Values by number.

    Attributes:
        dense: Those from 0 on without a gap.
        sparse: All others; MEMOIZE takes the number of entries of both, as both unpicklers count.
        lost: Whether there are entries that were not kept.
    """

    __slots__ = ("dense", "lost", "sparse")

    def __init__(self) -> None:
        self.dense: list[Value] = []
        self.sparse: dict[int, Value] = {}
        self.lost = False

    def __len__(self) -> int:
        return len(self.dense) + len(self.sparse)

    def put(self, index: int, value: Value) -> None:
        """Set one entry."""
        size = len(self.dense)
        if index < size:
            self.dense[index] = value
        elif index > size:
            self.sparse[index] = value
        else:
            self.dense.append(value)
            if self.sparse:
                self.sparse.pop(index, None)

    def get(self, index: int) -> Value | None:
        """Return an entry, ``None`` if it was never set."""
        return self.dense[index] if 0 <= index < len(self.dense) else self.sparse.get(index)

    def mapped(self, change: Callable[[Value], Value]) -> Memo:
        """Return a memo with each entry changed."""
        other = Memo()
        other.lost = self.lost
        other.dense = [change(value) for value in self.dense]
        other.sparse = {index: change(value) for index, value in self.sparse.items()}
        return other

    def update(self, other: Memo) -> None:
        """Take over the entries of another memo."""
        for index, value in enumerate(other.dense):
            self.put(index, value)
        for index, value in other.sparse.items():
            self.put(index, value)
