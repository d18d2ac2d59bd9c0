"""Callables that configurations name: ``_target_`` of Hydra, ``class_path`` of Lightning, tags of YAML.

A target is imported and called with the arguments beside it. ``targets.json`` lists what ordinary configurations
name: families of classes (a class with a capital letter below a module of a framework), families of functions, and
exact callables. What a pickle may not call is dangerous here too; the rest is unknown, which weighs more the more
likely it is that the callable is at hand where the file is loaded.
"""

from __future__ import annotations

import enum
import functools
import json
import re
from dataclasses import dataclass
from importlib import resources
from typing import TYPE_CHECKING, TypedDict

from chainguard_ml.scan.interface import Use

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from chainguard_ml.model import Subject
    from chainguard_ml.scan.interface import Judge

_DOTTED = re.compile(r"[^\W\d]\w*(?:\.[^\W\d]\w*)+\Z")
_SEPARATORS = re.compile(r"[:/]+")
_PARTS = 32  # of a dotted path; real ones have at most ten
_LONGEST = 1000
# Modules that other modules import under this name: a path through them reaches the same functions.
_REACHED = frozenset({"os", "posix", "nt", "subprocess", "sys", "builtins", "importlib", "shutil", "socket", "ctypes",
                      "pickle", "marshal", "runpy", "pty", "popen2", "commands"})  # fmt: skip


class Verdict(enum.Enum):
    """What is known about a target."""

    ALLOWED = "allowed"
    DANGEROUS = "dangerous"
    STANDARD = "standard"  # of Python's standard library, and not listed: always at hand
    FUNCTION = "function"  # of a package that is not known
    CLASS = "class"  # of a package that is not known
    NO_TARGET = "no target"  # it cannot be imported


@dataclass(frozen=True, slots=True)
class Opinion:
    """The verdict on a target, and what a dangerous one does."""

    verdict: Verdict
    technique: str = ""


class _Family(TypedDict):
    module: str
    judged: str


class _Data(TypedDict):
    classes: list[_Family]
    functions: list[_Family]
    callables: list[str]
    arguments: dict[str, str]
    standard_library: list[str]


@dataclass(frozen=True, slots=True)
class _Lists:
    classes: frozenset[str]
    functions: frozenset[str]
    callables: frozenset[str]
    arguments: Mapping[str, str]
    standard_library: frozenset[str]


@functools.cache
def _lists() -> _Lists:
    text = resources.files(__package__ or __name__).joinpath("targets.json").read_bytes()
    data: _Data = json.loads(text)  # data of this package
    return _Lists(
        frozenset(family["module"] for family in data["classes"]),
        frozenset(family["module"] for family in data["functions"]),
        frozenset(data["callables"]),
        data["arguments"],
        frozenset(data["standard_library"]),
    )


def path_argument(target: str) -> str:
    """Return the argument in which a target gets another one (``hydra.utils.get_method(path=…)``), or nothing."""
    return _lists().arguments.get(target, "")


def is_target(text: str) -> bool:
    """Return whether a text is a dotted path, as importers take it."""
    return len(text) <= _LONGEST and _DOTTED.match(_normal(text)) is not None


def _normal(text: str) -> str:
    """Return a path with dots: ``module:name`` and ``module/name`` are ways to write it too."""
    return _SEPARATORS.sub(".", text.strip())


def judge(text: str, judge: Judge, subject: Subject) -> Opinion:
    """Return what is known about the callable that ``text`` names; the operator's own list counts too."""
    name = _normal(text)
    if len(text) > _LONGEST or not _DOTTED.match(name):
        return Opinion(Verdict.NO_TARGET)
    parts = name.split(".")
    if parts[0] in {"exceptions", "__builtin__"}:  # as Python 2 called it, which jsonpickle still takes
        parts[0] = "builtins"
    if len(parts) > _PARTS:
        return Opinion(Verdict.FUNCTION)
    if any(part.startswith("__") and part.endswith("__") for part in parts):
        return Opinion(Verdict.DANGEROUS, "reaches Python's internals")
    if name in _lists().callables:
        return Opinion(Verdict.ALLOWED)
    return _judged(parts, judge, subject)


def _judged(parts: list[str], judge: Judge, subject: Subject) -> Opinion:
    name = ".".join(parts)
    is_class = _is_class(parts)
    if is_class and any(parent in _lists().classes for parent in _parents(parts)) and not _reaches(parts):
        return Opinion(Verdict.ALLOWED)
    allowed = False
    for start in range(len(parts) - 1):
        if start and parts[start] not in _REACHED:
            continue
        for stop in range(start + 1, len(parts)):
            use = Use(".".join(parts[start:stop]), ".".join(parts[stop:]), "called", 0)
            judgement = judge.judge(use, subject)
            if judgement.verdict in {"dangerous", "code"}:
                return Opinion(Verdict.DANGEROUS, judgement.technique)
            allowed |= judgement.verdict == "allowed" and not start
    if allowed or any(parent in _lists().functions for parent in _parents(parts)):
        return Opinion(Verdict.ALLOWED)
    if name.partition(".")[0] in _lists().standard_library:
        return Opinion(Verdict.STANDARD)
    return Opinion(Verdict.CLASS if is_class else Verdict.FUNCTION)


def _is_class(parts: list[str]) -> bool:
    """Return whether the last name is a class by its capital, or the constructor of one (``Model.from_config``)."""
    last, before = parts[-1].lstrip("_"), parts[-2].lstrip("_")
    return last[:1].isupper() or (before[:1].isupper() and last in {"from_pretrained", "from_config", "create"})


def _reaches(parts: list[str]) -> bool:
    return any(part in _REACHED for part in parts[1:])


def _parents(parts: list[str]) -> Iterator[str]:
    for stop in range(1, len(parts) + 1):
        yield ".".join(parts[:stop])
