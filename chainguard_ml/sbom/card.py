"""What a model card or data card states: YAML front matter, and a few sections of its prose.

The front matter is that of Hugging Face repositories. Only what is written is taken; a key whose value cannot be
used is named, never guessed at.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from chainguard_ml import yamlsafe
from chainguard_ml.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from chainguard_ml.codec import JsonObject
    from chainguard_ml.model import Json

_FENCE = "---"
_LISTS = {
    "licences": "license",
    "datasets": "datasets",
    "base_models": "base_model",
    "languages": "language",
    "tags": "tags",
    "users": "users",
    "use_cases": "use_cases",
    "limitations": "limitations",
    "tasks": "task_categories",
    "sizes": "size_categories",
    "custodians": "custodians",
    "stewards": "stewards",
    "owners": "owners",
    "sensitive": "sensitive_data",
}
_TEXTS = {
    "licence_name": "license_name",
    "licence_link": "license_link",
    "task": "pipeline_tag",
    "library": "library_name",
    "name": "model_name",
    "title": "pretty_name",
    "classification": "classification",
    "version": "version",
}
_SECTIONS = {
    "use_cases": re.compile(r"(?:intended )?uses?(?: cases?)?|direct use|downstream use|intended uses? (?:&|and) .*"),
    "users": re.compile(r"(?:intended )?users"),
    "limitations": re.compile(r"(?:known |technical )?limitations?(?: and bias)?|bias, risks,? and limitations"
                              r"|out-of-scope use|risks and limitations"),
    "ethics": re.compile(r"ethical considerations?"),
}  # fmt: skip
_LONGEST_SECTION = 2_000  # characters kept of one section
_PLACEHOLDER = re.compile(r"\[?\s*more information needed\s*\]?|todo|n/?a|tbd", re.IGNORECASE)
_HEADING = re.compile(r"(#{1,6})[ \t]+(\S.*)")


def split(text: str) -> tuple[str | None, str]:
    """Return the front matter between two lines of ``---`` at the very top (``None`` if there is none) and the rest."""
    lines = text.removeprefix("\ufeff").replace("\r\n", "\n").split("\n")
    if lines[0].rstrip() != _FENCE:
        return None, text
    for number, line in enumerate(lines[1:], 1):
        if line.rstrip() == _FENCE:
            return "\n".join(lines[1:number]), "\n".join(lines[number + 1 :])
    return None, text


def statement(front: str, name: str) -> tuple[JsonObject, list[str]]:
    """Return the facts of front matter, and the keys whose values could not be used.

    Facts: lists of strings ``licences``, ``datasets``, ``base_models``, ``languages``, ``tags``, ``users`` …; strings
    ``task``, ``library``, ``name``, ``title`` …; ``metrics`` as ``{"type", "value", "slice"}``. Absent ones are absent.

    Raises:
        InputError: The front matter is no YAML of ``yamlsafe``, or no mapping.
    """
    table = yamlsafe.load(front, name=name)
    if table is None:
        return {}, []
    if not isinstance(table, dict):
        raise InputError("the front matter is not a mapping")
    facts: JsonObject = {}
    unusable: list[str] = []
    for fact, key in _LISTS.items():
        _put(facts, unusable, fact, key, table, _strings(table.get(key)))
    for fact, key in _TEXTS.items():
        _put(facts, unusable, fact, key, table, _string(table.get(key)))
    _put(facts, unusable, "metrics", "model-index", table, _metrics(table.get("model-index")))
    _put(facts, unusable, "emissions", "co2_eq_emissions", table, _emissions(table.get("co2_eq_emissions")))
    return facts, unusable


def _put(facts: JsonObject, unusable: list[str], fact: str, key: str, table: Mapping[str, Json], value: Json) -> None:
    if value:
        facts[fact] = value
    elif table.get(key) not in (None, "", [], {}):
        unusable.append(key)


def _string(value: Json) -> str | None:
    """Return a scalar as the text that names it."""
    if isinstance(value, str):
        return value.strip() or None
    if isinstance(value, bool | int | float):
        return json.dumps(value)
    return None


def _strings(value: Json) -> list[str] | None:
    """Return one scalar or a list of scalars as texts, each once; ``None`` if anything else is among them."""
    values = value if isinstance(value, list) else [value]
    texts = [_string(item) for item in values if item is not None]
    whole = [text for text in texts if text is not None]
    return list(dict.fromkeys(whole)) if len(whole) == len(texts) else None


def _mapping(value: Json) -> Mapping[str, Json]:
    return value if isinstance(value, dict) else {}


def _each(value: Json) -> list[Mapping[str, Json]]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def _metrics(index: Json) -> list[JsonObject]:
    """Return the metrics of ``model-index``: results, each with a data set and several measures."""
    found: list[JsonObject] = []
    for model in _each(index):
        for result in _each(model.get("results")):
            data = _mapping(result.get("dataset"))
            where = " ".join(filter(None, (_string(data.get(key)) for key in ("name", "config", "split"))))
            for metric in _each(result.get("metrics")):
                kind = _string(metric.get("type")) or _string(metric.get("name"))
                value = metric.get("value")
                text = _string(value) if not isinstance(value, dict | list) else json.dumps(value, sort_keys=True)
                if kind and text:
                    found.append({"type": kind, "value": text, "slice": where or None})
    return found


def _emissions(value: Json) -> str | None:
    """Return grams of CO2 equivalents, given plainly or as ``emissions`` of a mapping."""
    return _string(_mapping(value).get("emissions")) if isinstance(value, dict) else _string(value)


def sections(markdown: str) -> JsonObject:
    """Return the text of the sections on use, users, limitations and ethics: lists by fact, without placeholders."""
    facts: dict[str, list[str]] = {}
    current: str | None = None
    lines: list[str] = []
    fenced = False
    for line in [*markdown.split("\n"), "# "]:
        fenced ^= line.lstrip().startswith("```")
        heading = None if fenced else _HEADING.match(line.rstrip())
        if heading is None and line != "# ":
            lines.append(line)
            continue
        _close(facts, current, lines)
        title = heading[2].strip("#: \t*").lower() if heading else ""
        current = next((fact for fact, pattern in _SECTIONS.items() if pattern.fullmatch(title)), None)
        lines = []
    return dict(facts)


def _close(facts: dict[str, list[str]], fact: str | None, lines: list[str]) -> None:
    text = " ".join(word for line in lines if not line.lstrip().startswith("<!--") for word in line.split())
    if fact and text and not _PLACEHOLDER.fullmatch(text):
        facts.setdefault(fact, []).append(text[:_LONGEST_SECTION])
