"""What a part of the corpus is made of."""

from __future__ import annotations

import os
import random
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

SEED = 20240102


@dataclass(frozen=True)
class Sample:
    """One file, or one directory of files, as a framework writes it.

    Attributes:
        name: Path inside the part's folder; its parents are made.
        write: Writes it, given its whole path.
        carries: What code it carries by design, if it does: only then may a scan say so.
    """

    name: str
    write: Callable[[Path], object]
    carries: str = ""


def quiet() -> None:
    """Let frameworks run on one thread, from one seed, without network and without greetings."""
    os.environ.update(
        TF_CPP_MIN_LOG_LEVEL="3", TF_ENABLE_ONEDNN_OPTS="0", CUDA_VISIBLE_DEVICES="", HF_HUB_OFFLINE="1",
        TRANSFORMERS_OFFLINE="1", HF_DATASETS_OFFLINE="1", KERAS_BACKEND="tensorflow", OMP_NUM_THREADS="1",
        TOKENIZERS_PARALLELISM="false", SOURCE_DATE_EPOCH="1704164645", PYTHONHASHSEED="0",
    )  # fmt: skip
    random.seed(SEED)
