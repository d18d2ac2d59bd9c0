"""Chat templates: Jinja programs that must not reach Python's internals.

The template is cut into tokens as Jinja's own lexer does (braces inside an expression are balanced, strings take
``unicode-escape``), and never rendered. Strings that an expression could join are also looked at joined, in both
directions, with the constants that the template sets.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from chainguard_ml.model import Severity
from chainguard_ml.rules import formats as rules
from chainguard_ml.text import printable

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from chainguard_ml.model import Observations
    from chainguard_ml.scan.interface import Blob

_OPEN = re.compile(r"\{\{|\{%|\{#")
_TOKEN = re.compile(
    r"(?P<end>[-+]?[%}]\})|(?P<string>'(?:[^'\\]|\\.)*+'|\"(?:[^\"\\]|\\.)*+\")|(?P<name>[^\W\d]\w*)|(?P<other>\S)",
    re.DOTALL,
)
_RAW = re.compile(r"\{%[-+]?\s*raw\s*[-+]?%\}.*?\{%[-+]?\s*endraw\s*[-+]?%\}", re.DOTALL)
_DUNDER = re.compile(r"__\w+__")
_INTERNALS = re.compile(
    r"__(?:class|bases?|mro|subclasses|globals|builtins|import|init|new|dict|code|func|self|module|loader|spec|getattr"
    r"|getattribute|getitem|call|reduce|reduce_ex|closure|wrapped|qualname|file|name|doc)__"
)


class _Token(NamedTuple):
    kind: str
    text: str
    offset: int


class _Suspect(NamedTuple):
    """What was found: its severity, what it is, the construct, and where."""

    severity: Severity
    what: str
    construct: str
    offset: int


def examine_source(blob: Blob, source: str, key: str) -> Observations:
    """Yield a finding for each way in which a template reaches for internals; ``key`` says where the template is."""
    said: set[str] = set()
    for suspect in _suspects(_RAW.sub("", source)):
        if suspect.construct in said:
            continue
        said.add(suspect.construct)
        construct = printable(suspect.construct, 80)
        yield rules.CHAT_TEMPLATE_INJECTION.finding(
            blob.subject,
            blob.location,
            f"the template '{printable(key, 80)}' {suspect.what}: {construct}",
            key=(key, construct),
            facts={"template": key, "construct": construct, "character": suspect.offset},
            severity=suspect.severity,
        )


def _suspects(source: str) -> Iterator[_Suspect]:
    constants: dict[str, str] = {}
    everything: list[str] = []
    for tokens in _expressions(source):
        yield from _names(tokens)
        yield from _computed(tokens)
        texts = [token.text if token.kind == "string" else constants.get(token.text, "") for token in tokens]
        texts = [text for text in texts if text]
        everything += texts
        yield from _joined(texts, tokens[0].offset)
        if len(tokens) > 3 and tokens[0].text == "set" and tokens[2].text == "=":
            constants[tokens[1].text] = "".join(texts)[:1000]
    yield from _joined(everything, 0)


def _expressions(source: str) -> Iterator[list[_Token]]:
    """Yield the tokens of each expression and statement; what is outside of them is text."""
    position = 0
    while match := _OPEN.search(source, position):
        if match.group() == "{#":
            end = source.find("#}", match.end())
            position = len(source) if end < 0 else end + 2
            continue
        tokens, position = _tokens(source, match.end())
        if tokens:
            yield tokens


def _tokens(source: str, position: int) -> tuple[list[_Token], int]:
    """Return the tokens up to the end of an expression, and where the text goes on."""
    tokens: list[_Token] = []
    depth = 0
    while match := _TOKEN.search(source, position):
        kind, text = match.lastgroup or "other", match.group()
        position = match.end()
        if kind == "end" and depth == 0:
            return tokens, position
        if kind == "end":  # a brace of a literal: the rest is looked at again
            kind, text, position = "other", text[:1], match.start() + 1
        if text in "{[(" and kind == "other":
            depth += 1
        elif text in "}])" and kind == "other":
            depth = max(0, depth - 1)
        tokens.append(_Token(kind, _unescaped(text) if kind == "string" else text, match.start()))
    return tokens, len(source)


def _unescaped(literal: str) -> str:
    """Return the value of a string literal as Jinja reads it; as it stands where the escapes are wrong."""
    body = literal[1:-1]
    try:
        return body.encode("ascii", "backslashreplace").decode("unicode-escape")
    except UnicodeDecodeError:
        return body


def _names(tokens: Sequence[_Token]) -> Iterator[_Suspect]:
    before = ""
    for token in tokens:
        if token.kind == "name" and _DUNDER.fullmatch(token.text):
            yield _Suspect(Severity.CRITICAL, "uses a double-underscore name", token.text, token.offset)
        elif token.kind == "name" and before == "." and token.text.startswith("_"):
            yield _Suspect(Severity.HIGH, "reads a private attribute", token.text, token.offset)
        before = token.text if token.kind == "other" else ""


def _computed(tokens: Sequence[_Token]) -> Iterator[_Suspect]:
    """Yield uses of the filters ``attr`` and ``map(attribute=…)`` whose argument is not one literal."""
    for index, token in enumerate(tokens):
        window = [item.text if item.kind != "string" else "''" for item in tokens[index : index + 6]]
        if window[:3] == ["|", "attr", "("] and window[3:5] != ["''", ")"]:
            yield _Suspect(Severity.HIGH, "computes the name of an attribute", "attr(…)", token.offset)
        elif window[:5] == ["|", "map", "(", "attribute", "="] and window[5:] != ["''"]:
            yield _Suspect(Severity.HIGH, "computes the name of an attribute", "map(attribute=…)", token.offset)


def _joined(texts: Sequence[str], offset: int) -> Iterator[_Suspect]:
    """Yield names of internals in the strings of an expression, joined forwards, backwards and each reversed."""
    forwards = "".join(texts)
    for text in (forwards, "".join(reversed(texts)), forwards[::-1]):
        for match in _INTERNALS.finditer(text):
            yield _Suspect(Severity.CRITICAL, "builds the name of an internal from strings", match.group(), offset)
