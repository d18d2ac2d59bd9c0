"""YAML tags that make a loader build something: PyYAML, HyperPyYAML, Ruby's Psych, SnakeYAML, Perl, PHP, js-yaml.

PyYAML's ``python/…`` tags are judged like the globals of a pickle; they resolve to the same imports and calls
(``yaml.constructor.FullConstructor`` and ``UnsafeConstructor``).
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from chainguard_ml.model import Severity
from chainguard_ml.rules import configs as rules
from chainguard_ml.scan import targets
from chainguard_ml.scan.formats import config_targets
from chainguard_ml.scan.interface import Use
from chainguard_ml.text import printable

if TYPE_CHECKING:
    from collections.abc import Iterable

    from chainguard_ml.model import Finding, Observations
    from chainguard_ml.scan.formats.yaml_reader import Tag
    from chainguard_ml.scan.interface import Blob, Examination

_STANDARD = "tag:yaml.org,2002:"
_CORE = frozenset({"map", "seq", "str", "null", "bool", "int", "float", "binary", "timestamp", "omap", "pairs", "set",
                   "merge", "value", "yaml"})  # fmt: skip
_VALUES = frozenset({"none", "bool", "str", "unicode", "bytes", "int", "long", "float", "complex", "list", "tuple",
                     "dict"})  # fmt: skip
_PYTHON = re.compile(r"python/(object/apply|object/new|object|name|module):(.*)\Z", re.DOTALL)
_HYPER = re.compile(r"!(new|name|apply|applyref|module|obj|import):(.*)\Z", re.DOTALL)
_HOW = {"object/apply": ("called",), "object/new": ("called", "newobj"), "object": ("newobj", "built"),
        "name": ("referenced",), "module": ("referenced",)}  # fmt: skip
_WHAT = {"object/apply": "a call", "object/new": "an object", "object": "an object", "name": "a name",
         "module": "a module"}  # fmt: skip
_PLAIN = re.compile(r"!(?:ruby/(?:regexp|symbol|sym|range)|php/(?:const|enum)(?::|\Z).*)\Z", re.DOTALL)
# Classes of applications in Java; those that run something when they are built are of Java, its tools and frameworks.
_APPLICATION = re.compile(
    r"!?(?:com|org|net|io)\.(?!sun\b|mchange|springframework|apache|codehaus|hibernate|yaml|zaxxer|alibaba|caucho|ibm)"
    r"[\w.$\[\]]+\Z"
)
_FOREIGN = (
    (re.compile(r"!(?:ruby|rb)/|ruby/|!?tag:ruby\.yaml\.org,2002:", re.IGNORECASE), "Ruby"),
    (re.compile(r"!?(?:php|tag:symfony\.com|tag:php)[/:,]", re.IGNORECASE), "PHP"),
    (re.compile(r"!?(?:perl|tag:perl\.yaml\.org,\d+:)[/:\w]", re.IGNORECASE), "Perl"),
    (re.compile(r"js/function\Z|!js/function\Z"), "JavaScript"),
    (re.compile(r"!?(?:javax?|jdk|com|org|net|io|sun|ch|oracle|groovy|scala|clojure)\.[\w.$\[\]]+\Z"), "Java"),
    (re.compile(r"!?System\.[\w.`,\[\] %=]+\Z"), ".NET"),
    (re.compile(r"!pkl:"), "pickle"),
)


def examine_tags(blob: Blob, tags: Iterable[Tag], examination: Examination, *, documentation: bool) -> Observations:
    """Judge every tag, each once; ``documentation`` says that it is the configuration of a documentation site."""
    said: set[str] = set()
    for tag in tags:
        if tag.name not in said:
            said.add(tag.name)
            yield from _examine(blob, tag, examination, documentation=documentation)


def _examine(blob: Blob, tag: Tag, examination: Examination, *, documentation: bool) -> Observations:
    name = tag.name.removeprefix(_STANDARD)
    if name in _CORE or _PLAIN.match(name):
        return
    if match := _PYTHON.match(name):
        yield from _python(blob, tag, match, examination, documentation=documentation)
    elif match := _HYPER.match(name):
        named = config_targets.Named(f"!{match[1]}", match[2], "", tag.line)
        if targets.is_target(match[2]):
            yield from config_targets.examine_target(blob, named, examination)
    elif name.startswith("python/"):
        if name.removeprefix("python/").partition(":")[0] not in _VALUES:
            yield _finding(blob, tag, "a tag of PyYAML that is not known", Severity.HIGH)
    elif _APPLICATION.match(name):
        yield _finding(blob, tag, "an object of Java", Severity.MEDIUM)
    elif language := next((language for pattern, language in _FOREIGN if pattern.match(name)), ""):
        yield _finding(blob, tag, f"an object of {language}" if language != "pickle" else "a pickle", Severity.HIGH)
    elif name.startswith("!") and config_targets.in_model(blob):
        yield _finding(blob, tag, "a tag that its loader must define", Severity.MEDIUM)


def _python(
    blob: Blob, tag: Tag, match: re.Match[str], examination: Examination, *, documentation: bool
) -> Observations:
    """Judge a tag of PyYAML: a name without a dot is one of ``builtins``."""
    kind, path = match.groups()
    severity, technique = _severity(kind, path, blob, examination)
    if severity is None or (documentation and severity < Severity.CRITICAL):
        return
    text = f"{_WHAT[kind]} of Python, '{printable(path, 120)}'"
    yield _finding(blob, tag, f"{text}: {technique}" if technique else text, severity)


def _severity(kind: str, path: str, blob: Blob, examination: Examination) -> tuple[Severity | None, str]:
    """Return how bad it is to build ``path``, if it is, and what a dangerous one does."""
    if kind == "module":
        verdict = examination.judge.judge(Use(path, "*", "referenced", 0), blob.subject)
        return (Severity.CRITICAL, verdict.technique) if verdict.verdict == "dangerous" else (Severity.HIGH, "")
    parts = path.split(".") if "." in path else ["builtins", path]
    verdicts = [
        examination.judge.judge(Use(".".join(parts[:stop]), ".".join(parts[stop:]), how, 0), blob.subject)
        for stop in range(1, min(len(parts), 20))
        for how in _HOW[kind]
    ]
    for item in verdicts:
        if item.verdict in {"dangerous", "code"}:
            return Severity.CRITICAL, item.technique
    if any(item.verdict == "allowed" for item in verdicts):
        return None, ""
    opinion = targets.judge(".".join(parts), examination.judge, blob.subject)
    otherwise = Severity.MEDIUM if kind == "name" else Severity.HIGH
    severities = {targets.Verdict.DANGEROUS: Severity.CRITICAL, targets.Verdict.ALLOWED: None}
    return severities.get(opinion.verdict, otherwise), opinion.technique


def _finding(blob: Blob, tag: Tag, what: str, severity: Severity) -> Finding:
    return rules.UNSAFE_YAML_TAG.finding(
        blob.subject,
        replace(blob.location, line=tag.line),
        f"the tag {printable(tag.name, 120)} builds {what}",
        key=(tag.name[:300],),
        facts={"tag": tag.name, "value": tag.value[:200]},
        severity=severity,
    )
