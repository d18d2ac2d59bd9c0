"""Every layer of torch.nn, whole and as a state."""

from __future__ import annotations

import contextlib
import inspect
from typing import TYPE_CHECKING

import torch
from torch import nn

from corpus_parts.frame import SEED, Sample

if TYPE_CHECKING:
    from collections.abc import Iterator

ARGUMENTS = ((), (2,), (2, 2), (2, 2, 2), (4, 2), (2, 4), (1, 2, 3, 4), ([2],), ([2], 2))


def layers() -> Iterator[tuple[str, nn.Module]]:
    """Yield one of each layer that can be made of small numbers."""
    torch.manual_seed(SEED)
    for name in sorted(dir(nn)):
        kind = getattr(nn, name)
        if not (inspect.isclass(kind) and issubclass(kind, nn.Module)):
            continue
        for arguments in ARGUMENTS:
            with contextlib.suppress(Exception):
                yield name, kind(*arguments)
                break
    yield "Transformer_small", nn.Transformer(4, 2, 1, 1, 4)
    yield "TransformerEncoder", nn.TransformerEncoder(nn.TransformerEncoderLayer(4, 2, 4, activation="gelu"), 1)
    yield "AdaptiveLogSoftmaxWithLoss", nn.AdaptiveLogSoftmaxWithLoss(4, 6, [2])
    yield "ParametrizedLinear", nn.utils.parametrizations.orthogonal(nn.Linear(2, 2)).parametrizations


def samples() -> Iterator[Sample]:
    """Yield the files."""
    for name, layer in layers():
        if name == "Transformer":
            continue  # tens of megabytes
        yield Sample(f"torch/layers/{name}.pt", lambda path, layer=layer: torch.save(layer, path))
