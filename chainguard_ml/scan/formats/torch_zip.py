"""torch's zip container, written by ``torch.save`` since 1.6, by ``torch.jit.save`` and by ``torch.package``.

A state is ``<prefix>/data.pkl``, ``<prefix>/version`` and tensors as ``<prefix>/data/<number>``: numbers that no loader
parses. TorchScript adds ``code/`` and ``constants.pkl``.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from chainguard_ml.rules import carries_code
from chainguard_ml.scan.formats import torch_program, zip_reader
from chainguard_ml.scan.formats.zip_archive import contents, examine_archive
from chainguard_ml.text import plural

if TYPE_CHECKING:
    from chainguard_ml.model import Observations
    from chainguard_ml.scan.interface import Blob, Examination

_TENSOR = re.compile(r"(?:[^/]*/)*?(?:data|constants|tensors)/\d+", re.ASCII)


def _prefix(members: list[str]) -> str | None:
    """Return the directory that holds ``data.pkl``, with its slash; ``None`` if there is none."""
    pickles = (name for name in members if name == "data.pkl" or name.endswith("/data.pkl"))
    return next((name.removesuffix("data.pkl") for name in pickles), None)


def _is_torch(members: list[str]) -> bool:
    prefix = _prefix(members)
    return prefix is not None and f"{prefix}version" in members


def _code(members: list[str]) -> list[str]:
    prefix = _prefix(members) or ""
    return [name for name in members if name.startswith(f"{prefix}code/") and name.endswith(".py")]


class TorchZip:
    """A zip archive as torch writes it.

    Attributes:
        NAME: Short name.
        EXAMINES: What is looked at.
    """

    def __init__(self, name: str, *, script: bool) -> None:
        self.NAME = name
        self.EXAMINES = "a program, and every pickle" if script else "every pickle; tensors are not read"
        self._script = script

    def recognise(self, blob: Blob) -> bool:
        """Return whether it is a zip archive with torch's members; a script also has code."""
        members = zip_reader.names(blob)
        if not _is_torch(members):
            return False
        return not self._script or f"{_prefix(members)}constants.pkl" in members or bool(_code(members))

    def examine(self, blob: Blob, examination: Examination) -> Observations:
        """Examine every member but the tensors' numbers; say that a script is a program."""
        if self._script:
            members = zip_reader.names(blob)
            code = _code(members)
            wanted = set(code)
            for source in contents(blob, examination, lambda name: name in wanted):
                yield from torch_program.examine_source(source)
            for bytecode in contents(blob, examination, lambda name: name == f"{_prefix(members) or ''}bytecode.pkl"):
                yield from torch_program.examine_bytecode(bytecode)
            text = f"the archive carries a TorchScript program ({plural(len(code), 'source file')})"
            yield carries_code.TORCHSCRIPT_CODE.finding(
                blob.subject, blob.location, text, facts={"sources": sorted(code)[:100]}
            )
        yield from examine_archive(blob, examination, lambda name: _TENSOR.fullmatch(name) is not None)


TORCHSCRIPT = TorchZip("torchscript", script=True)
TORCH_ZIP = TorchZip("torch-zip", script=False)
