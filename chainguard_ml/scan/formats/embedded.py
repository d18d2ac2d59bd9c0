"""Texts in metadata: is one of them something else than a description?

A text can be JSON or YAML that a loader acts on, a Jinja template, a pickle or a file in Latin-1, base64 or
hexadecimal, or the source of a program. Names, licences and descriptions are none of these. What only looks like a
file is data, so of what is found inside only findings count.
"""

from __future__ import annotations

import binascii
import re
import zlib
from typing import TYPE_CHECKING

from chainguard_ml.model import Finding
from chainguard_ml.rules import classical as rules
from chainguard_ml.scan.formats import chat_template
from chainguard_ml.scan.formats.raw import HEAD, looks_like_a_file, payloads
from chainguard_ml.text import printable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chainguard_ml.model import Observations
    from chainguard_ml.scan.interface import Blob, Examination

_LONGEST = 8_000_000  # characters in which programs and encodings are looked for
_SHORTEST = 6  # characters that can be a program
_JSON = re.compile(r"\s*+[{\[]")
_YAML = re.compile(r"!!python/|yaml\.org,2002:|_target_[\"']?[ \t]*:")
_BASE64 = re.compile(r"[A-Za-z0-9+/_\-\s]{16,}={0,2}\s*+")
_HEX = re.compile(r"(?:0x)?((?:[0-9A-Fa-f]{2}){12,})")
_URL_SAFE = bytes.maketrans(b"-_", b"+/")
_DATA_URL = re.compile(r"data:[\w.+/-]{0,80};base64,")
_TEMPLATE = re.compile(r"\{[{%]")
_COMPRESSED = re.compile(rb"x[\x01\x5e\x9c\xda]")

# Calls and commands that no description has. Each begins with a word, so that a search is linear.
_PROGRAM = re.compile(
    r"""\A\#!\s*/
    |__import__\s*\(\s*['"]
    |\b(?:os|posix|nt)\s*\.\s*(?:system|popen|exec[lv]p?e?|spawn[lv]p?e?|fork|startfile)\s*\(
    |\bsubprocess\s*\.\s*(?:run|call|Popen|check_call|check_output|getoutput|getstatusoutput)\s*\(
    |\b(?:eval|exec)\s*\(\s*(?:compile|open|input|bytes|base64|codecs|zlib|marshal|requests|urllib|__import__|getattr|['"])
    |\b(?:pickle|cPickle|marshal|dill|cloudpickle|shelve)\s*\.\s*loads?\s*\(
    |\bimportlib\s*\.\s*import_module\s*\(
    |\bsocket\s*\.\s*(?:socket|create_connection)\s*\(
    |\bctypes\s*\.\s*(?:CDLL|cdll|windll|WinDLL)\b
    |\bpty\s*\.\s*spawn\s*\(
    |!!python/(?:object|name|module|apply)
    |\b(?:curl|wget)\s[^|\n]{1,300}\|\s*(?:sudo\s+)?(?:ba|z|da|k)?sh\b
    |\b(?:ba|z|da|k)?sh\s+-i\b[^\n]{0,80}/dev/(?:tcp|udp)/
    |\bnc\s+-\w*e\s+/bin/
    |\bpowershell(?:\.exe)?\s[^\n]{0,200}-e(?:nc|ncodedcommand)?\s
    |\brm\s+-(?:rf|fr)\s+[/~]
    |<script[\s>]
    |\bjavascript\s*:\s*\w+\s*\(
    |<[a-z]{1,20}\s[^<>\n]{0,200}\bon(?:error|load)\s*=""",
    re.VERBOSE | re.IGNORECASE,
)


def examine_text(blob: Blob, key: str, text: str, examination: Examination) -> Observations:
    """Examine one text of the metadata of ``blob``; ``key`` says which."""
    if len(text) < _SHORTEST:
        return
    if _JSON.match(text) or _YAML.search(text, 0, _LONGEST):
        inner = blob.inside(f"({key})", text.encode("utf-8", "surrogatepass"))
        yield from _certain(examination.nested(inner))
    if _TEMPLATE.search(text, 0, _LONGEST):
        yield from chat_template.examine_source(blob, text, key)
    if match := _PROGRAM.search(text, 0, _LONGEST):
        yield _program(blob, key, match.group())
    for what, content in _bytes(text):
        inner = blob.inside(f"({key}: {what})", content)
        if _is_file(inner):
            yield _program(blob, key, f"a file in {what}")
            yield from payloads(examination.nested(inner))


def _certain(observations: Observations) -> Observations:
    """Yield the findings: a text that is no JSON after all is no gap."""
    yield from (item for item in observations if isinstance(item, Finding))


def _program(blob: Blob, key: str, construct: str) -> Finding:
    construct = printable(construct, 80)
    return rules.CODE_IN_METADATA.finding(
        blob.subject,
        blob.location,
        f"the text '{printable(key, 80)}' holds {construct}",
        key=(key, construct),
        facts={"key": key, "construct": construct},
    )


def _bytes(text: str) -> Iterator[tuple[str, bytes]]:
    text = text[:_LONGEST]
    try:
        yield "Latin-1", text.encode("latin-1")
    except UnicodeEncodeError:
        return  # neither base64 nor hexadecimal either
    if match := _HEX.fullmatch(text.strip()):
        yield "hexadecimal", bytes.fromhex(match.group(1))
    elif match := _DATA_URL.match(text):
        yield from _decoded(text[match.end() :])
    elif _BASE64.fullmatch(text):
        yield from _decoded(text)


def _decoded(text: str) -> Iterator[tuple[str, bytes]]:
    raw = b"".join(text.encode("latin-1").split()).translate(_URL_SAFE).rstrip(b"=")
    try:
        yield "base64", binascii.a2b_base64(raw + b"==")
    except binascii.Error:
        return


def _is_file(inner: Blob) -> bool:
    """Return whether decoded bytes are a file that a format recognises, or a pickle that names something."""
    from chainguard_ml.scan.pickle.names import is_identifier
    from chainguard_ml.scan.pickle.recognition import FIRST, walked
    from chainguard_ml.scan.recognition import recognise

    head = inner.read(0, HEAD)
    if looks_like_a_file(head) or (_COMPRESSED.match(head) and _inflates(bytes(inner.data))):
        return recognise(inner) is not None
    if not head or head[0] not in FIRST:
        return False
    walk = walked(inner)
    if not walk.trace.executed and not (walk.started and (walk.trace.names_globals or walk.trace.nested)):
        return False
    # Words such as a layer's name decode to an extension's code by chance; nobody's names are made by chance.
    return head[:1] == b"\x80" or bool(walk.trace.nested) or any(is_identifier(*key) for key in walk.trace.seen)


def _inflates(content: bytes) -> bool:
    try:
        head = zlib.decompressobj().decompress(content, HEAD)
    except zlib.error:
        return False
    return looks_like_a_file(head) or head[:1] == b"\x80"
