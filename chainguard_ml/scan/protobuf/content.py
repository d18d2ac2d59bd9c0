"""What is inside of a model's strings, bytes and numbers: files, documents, templates, expressions, paths."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import unquote

from chainguard_ml.rules import protobuf as rules
from chainguard_ml.scan.formats import chat_template, member_names
from chainguard_ml.scan.formats.raw import HEAD, looks_like_a_file, payloads
from chainguard_ml.text import printable

if TYPE_CHECKING:
    from chainguard_ml.model import Finding, Observations
    from chainguard_ml.scan.interface import Blob, Examination

_LONGEST = 4_000_000  # bytes of a text that is searched
_DOCUMENT = re.compile(rb"\s*+[{\[]")
_TEMPLATE = re.compile(rb"\{[{%]")
_ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:/{2}")
_VARIABLE = re.compile(r"\$\{?\w|%\w+%|^~")
# What an expression needs to reach code; plain literals, shapes and class names have none of it.
_EXPRESSION = re.compile(
    r"\b(?:__import__|eval|exec|compile|execfile|getattr|globals|open)\s*\(|\b__(?:import|builtins|class|subclasses"
    r"|globals|mro|bases?|reduce|reduce_ex|code|loader|getattribute)__\b"
    r"|\b(?:os|posix|nt)\s*\.\s*(?:system|popen|exec[lv]p?e?|spawn[lv]p?e?)\b|\bsubprocess\s*\.\s*\w+\s*\("
    r"|\b(?:importlib|runpy|pickle|marshal|ctypes|pty)\s*\.\s*\w+\s*\("
)


def examine_bytes(blob: Blob, member: str, span: tuple[int, int], examination: Examination) -> Observations:
    """Examine bytes or numbers if they start like a file; ordinary weights do not."""
    start, stop = span
    if stop - start >= 4 and looks_like_a_file(blob.read(start, min(stop, start + HEAD))):
        yield from payloads(examination.nested(blob.window(member, start, stop)))


def examine_text(blob: Blob, member: str, span: tuple[int, int], examination: Examination) -> Observations:
    """Examine a value of the metadata: a file, a document, a template or an expression may be in it."""
    start, stop = span
    yield from examine_bytes(blob, member, span, examination)
    if _DOCUMENT.match(blob.data, start, stop):
        yield from payloads(examination.nested(blob.window(member, start, stop)))
    raw = blob.read(start, min(stop, start + _LONGEST))
    text = raw.decode("utf-8", "replace")
    if _TEMPLATE.search(raw):
        yield from chat_template.examine_source(blob, text, member)
    if match := _EXPRESSION.search(text):
        construct = printable(text[max(0, match.start() - 20) : match.end() + 40], 80)
        yield rules.METADATA_EXPRESSION.finding(
            blob.subject,
            blob.location.at(start),
            f"'{printable(member, 80)}' holds an expression: {construct}",
            key=(member, match.group()),
            facts={"name": member, "construct": construct},
        )


def outside(path: str) -> str:
    """Return how a path that a loader joins to the model's directory leaves it, or an empty string.

    Encoded forms count as what some loader makes of them.
    """
    for form in dict.fromkeys((path, unquote(path), unquote(unquote(path)))):
        if _ADDRESS.match(form):
            return "is an address"
        if _VARIABLE.search(form):
            return "holds a variable that a shell or loader expands"
        if how := member_names.escape(form):
            return how.removeprefix("its name ")
    return ""


def escapes(blob: Blob, path: str, what: str, offset: int, key: str) -> Finding | None:
    """Return the finding that ``path``, where the model's ``what`` is, leads out of the model's directory."""
    how = outside(path)
    if not how:
        return None
    return rules.EXTERNAL_PATH.finding(
        blob.subject,
        blob.location.at(offset),
        f"{what} is in the file '{printable(path, 200)}', which {how}",
        key=(key, path),
        facts={"path": path, "name": key},
    )
