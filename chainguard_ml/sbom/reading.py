"""Reads cards, model configurations and the project's table, in a worker process, one file a task.

Each file yields one ``Evidence`` of kind ``card``, ``model-config`` or ``project`` whose statement holds the facts,
and a ``Gap`` for what could not be understood.
"""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, cast

from chainguard_ml.errors import ChangedError, InputError
from chainguard_ml.files import read_beneath
from chainguard_ml.model import Evidence, Gap, GapReason, Json, Subject
from chainguard_ml.sbom import card
from chainguard_ml.text import reason_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chainguard_ml.codec import JsonObject

LIMIT = 1_000_000
"""Bytes of the largest file that is read."""

# The names the CycloneDX property taxonomy registers beneath cdx:ai-ml:model:hyperparameter.
_HYPERPARAMETERS = (
    "activation_dropout",
    "context_length",
    "d_model",
    "hidden_act",
    "hidden_size",
    "intermediate_size",
    "layer_norm_epsilon",
    "layer_norm_type",
    "max_position_embeddings",
    "num_attention_heads",
    "num_hidden_layers",
    "num_key_value_heads",
    "num_layers",
    "tokenizer_class",
    "vocab_size",
)


def read(argument: JsonObject) -> Iterator[Evidence | Gap]:
    """Read one file.

    Args:
        argument: ``{"root", "path", "kind"}``: absolute directory, file beneath it, and ``card``, ``model-config`` or
            ``project``.
    """
    root, path, kind = (cast("str", argument[key]) for key in ("root", "path", "kind"))
    subject = Subject(path)
    try:
        text = read_beneath(Path(root), path, LIMIT).decode()
    except UnicodeDecodeError:
        yield Gap(subject, GapReason.MALFORMED, "it is not UTF-8 text")
    except InputError as error:
        yield refused(subject, error)
    else:
        yield from {"card": _card, "model-config": _config, "project": _project}[kind](text, subject)


def refused(subject: Subject, error: InputError) -> Gap:
    """Return the gap of a file that could not be read, or that changed meanwhile."""
    reason = GapReason.CHANGED if isinstance(error, ChangedError) else GapReason.UNREADABLE
    return Gap(subject, reason, error.message)


def _card(text: str, subject: Subject) -> Iterator[Evidence | Gap]:
    front, prose = card.split(text)
    facts = card.sections(prose)
    if front is not None:
        try:
            stated, unusable = card.statement(front, subject.name)
        except InputError as error:
            yield Gap(subject, GapReason.MALFORMED, f"front matter: {error}")
        else:
            facts |= stated
            if unusable:
                yield Gap(subject, GapReason.MALFORMED, f"front matter: no usable value for {', '.join(unusable)}")
    yield Evidence("card", subject, "sbom", facts)


def _config(text: str, subject: Subject) -> Iterator[Evidence | Gap]:
    """Read a Hugging Face ``config.json``."""
    try:
        table = json.loads(text)
    except (ValueError, RecursionError) as error:
        yield Gap(subject, GapReason.MALFORMED, f"it is not JSON: {reason_of(error)}")
        return
    if not isinstance(table, dict):
        return
    architectures = table.get("architectures")
    first = architectures[0] if isinstance(architectures, list) and architectures else None
    plain = {name: table.get(name) for name in _HYPERPARAMETERS}
    facts: JsonObject = {
        "family": _text(table.get("model_type")),
        "architecture": _text(first),
        "hyperparameters": {name: json.dumps(value) for name, value in plain.items() if _is_number(value)}
        | {name: value for name, value in plain.items() if isinstance(value, str) and value},
    }
    yield Evidence("model-config", subject, "sbom", facts)


def _is_number(value: Json) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _project(text: str, subject: Subject) -> Iterator[Evidence | Gap]:
    """Read the ``[project]`` table of a ``pyproject.toml`` (PEP 621)."""
    try:
        table = tomllib.loads(text).get("project", {})
    except (ValueError, RecursionError) as error:
        yield Gap(subject, GapReason.MALFORMED, f"it is not TOML: {reason_of(error)}")
        return
    if not isinstance(table, dict):
        return
    licence = table.get("license")
    facts: JsonObject = {key: _text(table.get(key)) for key in ("name", "version", "description")}
    facts["licence"] = _text(licence.get("text") if isinstance(licence, dict) else licence)
    yield Evidence("project", subject, "sbom", facts)


def _text(value: Json) -> str | None:
    return value.strip() or None if isinstance(value, str) else None
