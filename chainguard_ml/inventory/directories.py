"""Directories that are one model: how frameworks lay them out, and which shards are missing."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, TypeAlias

from chainguard_ml.inventory.names import promised
from chainguard_ml.model import ArtifactKind

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from chainguard_ml.inventory.interface import Directory
    from chainguard_ml.model import Json

Layout: TypeAlias = "Callable[[Directory], bool]"
"""Says, from names and first bytes, whether a directory is laid out so."""

INDEX_LIMIT = 16_000_000
"""Bytes of a shard index that are read; those of the largest models have nine million."""

# Keys that transformers and diffusers write into their configurations.
_TRANSFORMERS = re.compile(
    rb'"(?:model_type|architectures|transformers_version|auto_map|_name_or_path|_class_name)"\s*:'
)
_INDEX = re.compile(r".+\.(?:safetensors|bin|h5|msgpack)\.index(?:\.[^.]+)?\.json\Z")
_WEIGHTS = "safetensors|bin|gguf|h5|msgpack|pth?"
_SHARD = re.compile(rf"(.+)-[0-9]{{5}}-of-([0-9]{{5}})(\.(?:{_WEIGHTS}))\Z", re.DOTALL)
_SHARD_NAME = re.compile(rb'"([^"\\\x00-\x1f]{1,255}\.(?:safetensors|bin|h5|msgpack))"')
_MOST_LISTED = 1000  # missing shards that are named
_MOST_EXPECTED = 100_000  # shards of one directory; the largest models have a few hundred


def _holds(*names: str) -> Layout:
    return lambda directory: any(name in directory.names for name in names)


def _has_weights(directory: Directory) -> bool:
    return ArtifactKind.MODEL in directory.kinds(promised) or any(map(_INDEX.match, directory.names))


def _is_sentence_transformers(directory: Directory) -> bool:
    return "modules.json" in directory.names and b"sentence_transformers" in directory.head("modules.json")


def _is_hugging_face(directory: Directory) -> bool:
    if "config.json" not in directory.names or not _has_weights(directory):
        return False
    return _TRANSFORMERS.search(directory.head("config.json")) is not None


def _is_adapter(directory: Directory) -> bool:
    return "adapter_config.json" in directory.names and _has_weights(directory)


def _is_sharded(directory: Directory) -> bool:
    return any(_INDEX.match(name) or _SHARD.match(name) for name in directory.names)


LAYOUTS: tuple[tuple[str, Layout], ...] = (
    ("mlflow", _holds("MLmodel")),
    ("saved-model", _holds("saved_model.pb", "saved_model.pbtxt")),
    ("sentence-transformers", _is_sentence_transformers),
    ("diffusers", _holds("model_index.json")),
    ("huggingface", _is_hugging_face),
    ("huggingface-adapter", _is_adapter),
    ("sharded-checkpoint", _is_sharded),
)
"""Layouts and their names, in the order they are asked."""


def layout(directory: Directory) -> str | None:
    """Return the name of the layout of a model's directory, or ``None`` where it is none.

    A file that cannot be opened says nothing here; it has a gap of its own.
    """
    for name, matches in LAYOUTS:
        try:
            if matches(directory):
                return name
        except OSError:
            continue
    return None


def indexes(names: Iterable[str]) -> list[str]:
    """Return the names of the shard indexes among ``names``, sorted."""
    return sorted(name for name in names if _INDEX.match(name))


def indexed(index: bytes) -> set[str]:
    """Return the names of the shards that an index speaks of. It is searched, not parsed."""
    return {name.decode("utf-8", "surrogateescape") for name in _SHARD_NAME.findall(index)}


def shards(names: Iterable[str], listed: Iterable[str]) -> dict[str, Json]:
    """Return the facts about shards: how many the model has, and which are missing; nothing where there are none.

    Args:
        names: The names in the directory; ``model-00001-of-00003.safetensors`` says that there are three.
        listed: The shards that its indexes speak of.
    """
    present = frozenset(names)
    expected = set(listed)
    for stem, count, ending in sorted({match.groups() for name in present if (match := _SHARD.match(name))}):
        if len(expected) < _MOST_EXPECTED:
            expected.update(f"{stem}-{number:05}-of-{count}{ending}" for number in range(1, int(count) + 1))
    if not expected:
        return {}
    missing = sorted(expected - present)
    return {"shards": len(expected), "missing_shards": list(missing[:_MOST_LISTED])}
