"""Names of the operators that frameworks have: data, made by ``scripts/protobuf.py``."""

from __future__ import annotations

import functools
import json
from importlib import resources
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


@functools.cache
def load(name: str) -> Mapping[str, frozenset[str]]:
    """Return the operators' names of ``onnx``, ``tensorflow`` or ``paddle`` by domain or library."""
    source = resources.files(__package__).joinpath(f"operators_{name}.json").read_text(encoding="utf-8")
    return {key: frozenset(names) for key, names in json.loads(source).items()}


@functools.cache
def known(name: str) -> frozenset[str]:
    """Return the operators' names of all domains or libraries together."""
    return frozenset().union(*load(name).values())
