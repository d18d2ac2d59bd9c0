"""Jinja templates cut into text, expressions and statements, as Jinja's own lexer does (``jinja2.lexer``, 3.1).

Comments and raw blocks are found in the order in which they stand, so that neither hides behind the other. Braces
inside an expression are balanced, names are compared as Python compares identifiers (NFKC), and strings take
``unicode-escape``. Line statements are off, as in every engine that renders chat templates.
"""

from __future__ import annotations

import re
import unicodedata
import warnings
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_OPEN = re.compile(r"\{\{|\{%|\{#")
_RAW = re.compile(r"\{%[-+]?\s*raw\s*[-+]?%\}")
_ENDRAW = re.compile(r"\{%[-+]?\s*endraw\s*[-+]?%\}")
_TOKEN = re.compile(
    r"(?P<end>[-+]?[%}]\})|(?P<string>'(?:[^'\\]|\\.)*+'|\"(?:[^\"\\]|\\.)*+\")"
    r"|(?P<unclosed>['\"])"
    r"|(?P<number>0[bB](?:_?[01])++|0[oO](?:_?[0-7])++|0[xX](?:_?[\da-fA-F])++"
    r"|\d(?:_?\d)*+(?:\.\d(?:_?\d)*+)?(?:[eE][-+]?\d(?:_?\d)*+)?)"
    r"|(?P<name>(?:[^\W\d]|[^\x00-\xa0\s])(?:\w|[^\x00-\xa0\s])*)|(?P<other>\*\*|//|==|!=|<=|>=|\S)",
    re.DOTALL,
)
# Statements of Jinja and of its extensions (documentation, "Template Designer" and "Extensions"; ``transformers``).
_STATEMENT_NAMES = (
    "if elif else endif for endfor set endset macro endmacro call endcall filter endfilter with endwith block endblock "
    "include import from extends autoescape endautoescape raw endraw do break continue debug trans pluralize endtrans "
    "print generation endgeneration"
)
_STATEMENTS = frozenset(_STATEMENT_NAMES.split())
_FOREIGN = frozenset(";&!?@$^`#\\")  # characters of no operator of Jinja
_MOST = 40_000  # tokens of one template; real ones have a few thousand


class Token(NamedTuple):
    """A token: ``name``, ``string`` (its value), ``number`` or ``other``, and where it starts."""

    kind: str
    text: str
    offset: int


class Piece(NamedTuple):
    """Text (``text``), an expression (``{{``) or a statement (``{%``) with its tokens; ``ends``: its end is there."""

    kind: str
    text: str
    tokens: list[Token]
    ends: bool = True


def pieces(source: str) -> Iterator[Piece]:
    """Yield what a template consists of; what is open at its end ends there."""
    position = count = 0
    while match := _OPEN.search(source, position):
        if match.start() > position:
            yield Piece("text", source[position : match.start()], [])
        if match[0] == "{#":
            end = source.find("#}", match.end())
            position = len(source) if end < 0 else end + 2
        elif raw := _RAW.match(source, match.start()):
            end_of_raw = _ENDRAW.search(source, raw.end())
            yield Piece("text", source[raw.end() : end_of_raw.start() if end_of_raw else len(source)], [])
            position = end_of_raw.end() if end_of_raw else len(source)
        else:
            tokens, position, ends = _tokens(source, match.end())
            count += len(tokens)
            yield Piece(match[0], "", tokens, ends)
            if count > _MOST:
                yield Piece("cut", "", [])
                return
    if position < len(source):
        yield Piece("text", source[position:], [])


def is_cut(found: Sequence[Piece]) -> bool:
    """Return whether a template was longer than what is looked at."""
    return bool(found) and found[-1].kind == "cut"


def compiles(found: Sequence[Piece]) -> bool:
    """Return whether Jinja would take a text: what is opened ends, statements and operators are known ones."""
    return all(
        piece.ends
        and (piece.kind != "{%" or (bool(piece.tokens) and piece.tokens[0].text in _STATEMENTS))
        and not any(token.kind == "other" and token.text in _FOREIGN for token in piece.tokens)
        for piece in found
    )


def _tokens(source: str, position: int) -> tuple[list[Token], int, bool]:
    """Return the tokens up to the end of an expression, where the text goes on, and whether there was an end."""
    tokens: list[Token] = []
    depth = 0
    if source[position : position + 1] in {"-", "+"}:  # whitespace control
        position += 1
    while match := _TOKEN.search(source, position):
        kind, text = match.lastgroup or "other", match.group()
        position = match.end()
        if kind == "end" and depth == 0:
            return tokens, position, True
        if kind == "unclosed" or len(tokens) > _MOST:  # Jinja refuses a text without an end, and the whole template
            return tokens, len(source), False
        if kind == "end":  # a brace of a literal: the rest is looked at again
            kind, text, position = "other", text[:1], match.start() + 1
        if kind == "other" and text in "{[(":
            depth += 1
        elif kind == "other" and text in "}])":
            depth = max(0, depth - 1)
        tokens.append(Token(kind, _value(kind, text), match.start()))
    return tokens, len(source), False


def _value(kind: str, text: str) -> str:
    if kind == "string":
        return unescaped(text)
    return text if text.isascii() else unicodedata.normalize("NFKC", text)


def unescaped(literal: str) -> str:
    """Return the value of a string literal as Jinja reads it; as it stands where the escapes are wrong."""
    body = literal[1:-1]
    if "\\" not in body:
        return body
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # an unknown escape stays as it is
            return body.encode("ascii", "backslashreplace").decode("unicode-escape")
    except UnicodeDecodeError:
        return body
