"""Text for people: escaping what is not ours, sizes, plurals, suggestions."""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

# Control (Cc), format incl. bidirectional marks and zero-width characters (Cf), lone surrogates (Cs),
# private use (Co), unassigned (Cn), and line and paragraph separators (Zl, Zp).
_UNSAFE_CATEGORIES = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
_SURROGATE_ESCAPES = range(0xDC80, 0xDD00)  # PEP 383: a byte that was not valid UTF-8


def printable(text: str, limit: int = 500) -> str:
    r"""Return untrusted ``text`` safe for a terminal, a log line or a report.

    Control, bidirectional, zero-width and unassigned characters become ``\x1b``, ``\u202e`` or ``\U000e0001``;
    bytes that were not UTF-8 (PEP 383 surrogates) become ``\xff``. Text longer than ``limit`` characters is
    cut in the middle, and says how much was cut.
    """
    if len(text) > limit:
        half = limit // 2
        text = f"{text[:half]} … {len(text) - 2 * half} characters … {text[-half:]}"
    if text.isascii() and text.isprintable():
        return text
    return "".join(_escape(char) if unicodedata.category(char) in _UNSAFE_CATEGORIES else char for char in text)


def reason_of(error: BaseException, limit: int = 500) -> str:
    """Return what a parser's error says, printable; the same words wherever nesting was too deep for the stack."""
    return "it is nested too deeply" if isinstance(error, RecursionError) else printable(str(error), limit)


def _escape(char: str) -> str:
    code = ord(char)
    if code in _SURROGATE_ESCAPES:
        return f"\\x{code - 0xDC00:02x}"
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def plural(count: int, singular: str, several: str | None = None) -> str:
    """Return ``1 file``, ``2 files``; ``several`` overrides the regular plural."""
    return f"{count:,} {singular if count == 1 else several or singular + 's'}"


def size(octets: int) -> str:
    """Return a size in bytes as people read it, in powers of 1000: ``4.3 GB``."""
    value = float(octets)
    for unit in ("B", "kB", "MB", "GB"):
        if value < 1000:
            return f"{value:.0f} {unit}" if unit == "B" else f"{value:.1f} {unit}"
        value /= 1000
    return f"{value:.1f} TB"


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Return ``; did you mean 'x'?`` for the nearest known word, or an empty string."""
    import difflib

    near = difflib.get_close_matches(word, list(known), n=1, cutoff=0.6)
    return f"; did you mean '{near[0]}'?" if near else ""
