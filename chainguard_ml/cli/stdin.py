"""Standard input as a file: what is examined must be mapped, and readable from its end."""

from __future__ import annotations

import contextlib
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from chainguard_ml.errors import InputError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_DASH = Path("-")


@contextlib.contextmanager
def as_file(paths: Sequence[Path]) -> Iterator[Sequence[Path]]:
    """Give the paths, or for ``-`` a private copy of standard input that is called so and is gone afterwards.

    Raises:
        UsageError: ``-`` stands beside other paths, or standard input is a terminal.
        InputError: The copy cannot be written.
    """
    if _DASH not in paths:
        yield paths
        return
    if len(paths) > 1:
        raise UsageError("'-' stands for standard input and is examined alone", hint="scan the other paths apart")
    if sys.stdin.isatty():
        raise UsageError("standard input is a terminal", hint="pipe a file into it: chainguard-ml scan - < model.pkl")
    import shutil
    import tempfile

    with tempfile.TemporaryDirectory(prefix="chainguard-ml-") as directory:
        copy = Path(directory) / _DASH
        try:
            with copy.open("wb") as stream:
                shutil.copyfileobj(sys.stdin.buffer, stream, 1 << 20)
        except OSError as error:
            raise InputError(f"cannot keep standard input: {error.strerror}") from None
        yield [copy]
