"""What lies in a model's directory beside its weights: the same weights as a pickle, native programs."""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING

from chainguard_ml.errors import InputError
from chainguard_ml.files import open_beneath
from chainguard_ml.model import Location, Subject
from chainguard_ml.rules import configs
from chainguard_ml.rules import formats as rules
from chainguard_ml.scan import naming
from chainguard_ml.scan.formats import programs
from chainguard_ml.scan.interface import Blob
from chainguard_ml.text import printable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chainguard_ml.context import Context
    from chainguard_ml.model import Artifact, Finding

_PICKLES = frozenset({"bin", "pt", "pth", "pkl", "ckpt"})
_WEIGHTS = re.compile(r"(?:pytorch_)?(model)(?:[-.]\d+-of-\d+)?\Z")
_HEAD = 1 << 16  # bytes in which a program's headers stand


def examine(context: Context, directory: Artifact) -> Iterator[Finding]:
    """Yield what the files of one model directory say together."""
    yield from _pickles(directory)
    yield from _programs(context, directory)


def _pickles(directory: Artifact) -> Iterator[Finding]:
    """Say once for a directory that weights are there as safetensors and as a pickle."""
    kinds: dict[tuple[str, str], dict[bool, str]] = {}
    for path in directory.members:
        ending = naming.extension(path)
        if ending == "safetensors" or ending in _PICKLES:
            stem = naming.stem(path)
            shared = _WEIGHTS.sub(r"\1", stem)
            kinds.setdefault((posixpath.dirname(path), shared), {}).setdefault(ending == "safetensors", path)
    for found in kinds.values():
        if len(found) == 2:
            pickle, safe = found[False], found[True]
            text = f"the weights of '{printable(posixpath.basename(safe))}' lie here as a pickle too"
            yield configs.PICKLE_BESIDE.finding(
                Subject(pickle), Location(pickle), text, key=("beside",), facts={"pickle": pickle, "safetensors": safe}
            )


def _programs(context: Context, directory: Artifact) -> Iterator[Finding]:
    members = frozenset(directory.members)
    for artifact in context.artifacts:
        if artifact.format != "binary" or artifact.path not in members:
            continue
        head = _head(context, artifact.path)
        found = next((form.NAME for form in programs.EVERY if form.recognise(head)), "")
        if found:
            kind = "compiled code" if found in naming.BYTECODE else "native machine code"
            yield rules.NATIVE_BESIDE.finding(
                artifact.subject,
                Location(artifact.path),
                f"{kind} ({found.upper()}) lies in the model's directory",
                key=(found,),
                facts={"format": found},
            )


def _head(context: Context, path: str) -> Blob:
    try:
        with open_beneath(context.root, path) as stream:
            data = stream.read(_HEAD) or b""
    except InputError:
        data = b""  # it was there a moment ago; the inventory has recorded it
    return Blob(data, Subject(path), Location(path), path)
