"""Targets in configurations: what a loader imports by name and calls with arguments from the file.

Hydra and NeMo call ``_target_`` (``hydra.utils.instantiate``), torchtune ``_component_``, configurations of Lightning
and jsonargparse ``class_path`` beside ``init_args``, latent-diffusion code ``target`` beside ``params``, and
``logging.config`` the factory ``()`` (Python documentation, "User-defined objects"), jsonpickle ``py/function``; what
stands in its ``py/repr`` is evaluated (``jsonpickle.unpickler.loadrepr``).
OmegaConf's interpolations (2.3, "Variable interpolation") are resolved first where they point into the same document.
"""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from chainguard_ml import jsonsafe
from chainguard_ml.model import Severity
from chainguard_ml.rules import configs as rules
from chainguard_ml.scan import naming, targets
from chainguard_ml.scan.formats import config_walk
from chainguard_ml.text import printable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chainguard_ml.model import Finding, Json, Observations
    from chainguard_ml.scan.interface import Blob, Examination

_KEYS = ("_target_", "_component_", "class_path")
_WEAK = (
    "()",
    "class",
    "type",
    "py/function",
    "py/type",
    "py/object",
)  # constructs that other documents have with other meanings
_COMMON = frozenset({"class", "type"})
_AT_HAND = re.compile(
    r"(?:os|posix|nt|subprocess|builtins|sys|importlib|shutil|runpy|pty|socket|ctypes|code|pickle|marshal)[.:/]"
)
_EVALUATED = "py/repr"
_NAMING = frozenset({"target", *_KEYS, *_WEAK})
_REFERENCE = re.compile(r"\$\{\s*([^${}:]+?)\s*\}")  # without another inside
_SELECTED = re.compile(r"\$\{\s*oc\.select\s*:\s*([^${}:,]+?)\s*(?:,[^${}]*)?\}")
_LITERAL = re.compile(r"\$\{\s*oc\.(?:env\s*:[^${},]*,|decode\s*:)\s*([^${}]*?)\s*\}")
_INSTANTIATES = frozenset({"hydra.utils.instantiate", "hydra.utils.call"})
_CALL = re.compile(r"\$\{\s*([A-Za-z_][\w.]*)\s*:((?:[^{}$]|\$(?!\{)|\$\{[^{}]*\})*+)\}?")
_ROUNDS = 50  # of references to references
_LONGEST = 2000
_CODE = re.compile(
    r"__\w+__|\b(?:import|exec|eval|compile|open|getattr|globals|locals|system|popen|subprocess|breakpoint)\b"
)
# Resolvers that evaluate text, by the names under which projects register them.
_EVALUATING = frozenset({"eval", "exec", "python", "py", "code", "call", "calc", "import", "get_method", "get_class",
                         "get_obj", "get_object", "obj", "run", "shell", "sh", "cmd", "system", "lambda"})  # fmt: skip
_MODEL_NAMES = frozenset({"model_config.yaml", "model_config.yml", "mlmodel", "hparams.yaml", "hparams.yml"})
_PACKED = naming.MODEL_EXTENSIONS | {"nemo", "mar", "riva", "qnemo", "rmir", "nemofile"}


@dataclass(frozen=True, slots=True)
class Named:
    """A target: the construct that names it, the name, and where."""

    construct: str
    name: str
    pointer: str
    line: int | None = None
    computed: bool = False  # what it is given is made by another target


def in_model(blob: Blob) -> bool:
    """Return whether a configuration belongs to a model: by its name, or because it lies in a model's file."""
    names = (blob.location.path, *blob.location.member)
    inside = any(naming.extension(name) in _PACKED for name in (names if blob.location.member else ()))
    return inside or blob.name.rpartition("/")[2].lower() in _MODEL_NAMES


def examine_document(blob: Blob, document: Json, examination: Examination) -> Observations:
    """Judge every target and every interpolation of a document, each once."""
    said: set[tuple[str, bool]] = set()
    for named in _named(document, packed=in_model(blob)):
        if (named.name, named.computed) not in said:
            said.add((named.name, named.computed))
            yield from examine_target(blob, named, examination)
    yield from _evaluated(blob, document)
    yield from _interpolations(blob, document)


def _named(document: Json, *, packed: bool) -> Iterator[Named]:
    for pointer, item in jsonsafe.objects(document):
        if _NAMING.isdisjoint(item):
            continue
        for key in _KEYS:
            for name in _resolved(item.get(key), document, pointer):
                yield Named(key, name, f"{pointer}/{key}")
                yield from _given(key, name, pointer, item, document)
        for weak in ("target", *_WEAK):
            for name in _resolved(item.get(weak), document, pointer) if weak in item else ():
                if targets.is_target(name) and (weak != "target" or "params" in item or (packed and not pointer)):
                    yield Named(weak, name, f"{pointer}/{weak}")


def _given(key: str, name: str, pointer: str, item: dict[str, Json], document: Json) -> Iterator[Named]:
    """Yield the target that a target is given as an argument, by name or as the first."""
    inner = "config" if name in _INSTANTIATES else targets.path_argument(name)
    positional = item.get("_args_")
    first = positional[:1] if isinstance(positional, list) else []
    for value in [item.get(inner), *first] if inner else ():
        if inner != "config":
            yield from (Named(f"{key} … {inner}", text, pointer) for text in _resolved(value, document, pointer))
        if any("_target_" in made for _, made in jsonsafe.objects([value])):
            yield Named(key, name, pointer, computed=True)


def _resolved(value: Json, document: Json, pointer: str = "") -> Iterator[str]:
    """Yield a name with the references in it replaced, as seen from an object; a list of names is the names."""
    for item in value if isinstance(value, list) else [value]:
        if not isinstance(item, str) or len(item) > _LONGEST:
            continue
        text = item
        for _ in range(_ROUNDS if "${" in item else 0):
            before = text
            text = _LITERAL.sub(lambda match: match[1].strip("'\""), text)
            for reference in (_REFERENCE, _SELECTED):
                text = reference.sub(lambda match: _referred(match, document, pointer), text)[:_LONGEST]
            if text == before:
                break
        yield text


def _referred(match: re.Match[str], document: Json, pointer: str) -> str:
    """Return what a reference stands for: from the root, or with dots before it from the object at ``pointer``."""
    path = [part for part in re.split(r"[.\[\]]+", match[1]) if part]
    up = len(match[1]) - len(match[1].lstrip("."))
    if up:
        around = [part.replace("~1", "/").replace("~0", "~") for part in pointer.split("/")[1:]]
        path = around[: max(0, len(around) - up + 1)] + path
    value = config_walk.at(document, path)
    return value if isinstance(value, str) else match[0]


def examine_target(blob: Blob, named: Named, examination: Examination) -> Observations:
    """Judge one target."""
    packed = in_model(blob)
    if named.computed:
        yield _finding(blob, named, "what it calls is made by another target")
        return
    if "${" in named.name and named.construct not in _WEAK:
        if packed or ":" in named.name:
            what = "which is computed when the file is loaded"
            yield _unknown(blob, named, what, Severity.HIGH)
        return
    opinion = targets.judge(named.name, examination.judge, blob.subject)
    match opinion.verdict:
        case targets.Verdict.DANGEROUS if named.construct in _COMMON and not _AT_HAND.match(named.name):
            return  # of a package: other documents have kinds of things with dots
        case targets.Verdict.DANGEROUS:
            yield _finding(blob, named, opinion.technique)
        case targets.Verdict.STANDARD if packed or named.construct not in {"target", "id", *_WEAK}:
            yield _unknown(blob, named, "a function of Python's library that no model needs", Severity.HIGH)
        case targets.Verdict.FUNCTION if packed:
            yield _unknown(blob, named, "a function of a package that is not known", Severity.HIGH)
        case targets.Verdict.CLASS if packed:
            yield _unknown(blob, named, "a class of a package that is not known", Severity.MEDIUM)


def _evaluated(blob: Blob, document: Json) -> Observations:
    for pointer, item in jsonsafe.objects(document):
        text = item.get(_EVALUATED)
        if isinstance(text, str) and "/" in text:
            yield _finding(blob, Named(_EVALUATED, text, f"{pointer}/{_EVALUATED}"), "it is evaluated as Python")


def _finding(blob: Blob, named: Named, technique: str) -> Finding:
    return rules.CONFIG_TARGET.finding(
        blob.subject,
        replace(blob.location, pointer=named.pointer or None, line=named.line),
        f"{named.construct} names '{printable(named.name, 120)}': {technique}",
        key=(named.construct, named.name),
        facts={"construct": named.construct, "target": named.name, "technique": technique},
    )


def _unknown(blob: Blob, named: Named, what: str, severity: Severity) -> Finding:
    return rules.UNKNOWN_TARGET.finding(
        blob.subject,
        replace(blob.location, pointer=named.pointer or None, line=named.line),
        f"{named.construct} names '{printable(named.name, 120)}', {what}",
        key=(named.construct, named.name),
        facts={"construct": named.construct, "target": named.name},
        severity=severity,
    )


def _interpolations(blob: Blob, document: Json) -> Observations:
    packed = in_model(blob)
    said: set[str] = set()
    for pointer, text in config_walk.strings(document, "${"):
        for match in _CALL.finditer(text[:_LONGEST]):
            severity = _severity(match[1], match[2], packed=packed)
            if severity is None or match[0] in said:
                continue
            said.add(match[0])
            yield rules.INTERPOLATION.finding(
                blob.subject,
                replace(blob.location, pointer=pointer),
                f"the value is computed: {printable(match[0], 120)}",
                key=(match[0][:200],),
                facts={"resolver": match[1], "argument": match[2][:200]},
                severity=severity,
            )


def _severity(resolver: str, argument: str, *, packed: bool) -> Severity | None:
    """Return how bad an interpolation is; outside of a model, only what runs code is."""
    name = resolver.lower()
    if name in _EVALUATING:
        if _CODE.search(argument):
            return Severity.CRITICAL
        return Severity.HIGH if packed and not _is_arithmetic(argument) else None
    if packed and name in {"oc.env", "env"}:
        return Severity.MEDIUM
    return None


def _is_arithmetic(text: str) -> bool:
    """Return whether an expression only computes with numbers, names and references."""
    plain = re.sub(r"\$\{[^{}]*\}", "x", text).strip("'\" ,")
    try:
        tree = ast.parse(plain[:_LONGEST], mode="eval")
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return not any(isinstance(node, ast.Call | ast.Lambda | ast.Attribute) for node in ast.walk(tree))
