"""Secrets in texts: keys and tokens by the exact shapes that their issuers give them.

Shapes are those that the issuers document (GitHub's token formats with their CRC-32, AWS "Unique identifiers", RFC 7468
for PEM, RFC 7519 for JSON web tokens). Placeholders and the issuers' own examples are no secrets. Of a secret, only the
first characters and the length are ever told.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import math
import re
import zlib
from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from chainguard_ml.model import Confidence
from chainguard_ml.rules import configs as rules

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from chainguard_ml.model import Observations
    from chainguard_ml.scan.interface import Blob

_LIMIT = 2_000_000  # bytes that are looked through
_BASE62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_PLACEHOLDER = re.compile(
    r"example|placeholder|dummy|sample|changeme|your[_-]?|redacted|insert|replace|xxxx|\*{4}|\.{4}|<[a-z]|\$\{"
    r"|0123456|1234567|abcdefg|aaaaaa|foobar|deadbeef|test[_-]?(?:key|token|secret)",
    re.IGNORECASE,
)
# Keys that their issuers publish: the emulator of Azure's storage.
_PUBLISHED = ("Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq",)


_WORD = 7  # letters in a row in one case: a word, or chance once in thousands of keys
_NAME = re.compile(r"[A-Z][A-Z0-9_]*|[./].*|.*\.[A-Za-z]\w{0,5}")  # of a variable of the environment, of a file
# A setting whose name says that its value is secret: the name, and a value as keys have.
_SETTING = (
    rb"""(?i:(?<![\w.-])%s)[\"']?\s{0,4}[:=]\s{0,4}[\"']?(?P<s>[A-Za-z0-9+/_.-]{24,128}={0,2})(?![\w+/=.$(\[-])"""
)


class _Shape(NamedTuple):
    """A kind of secret.

    Its name; what every text with one contains (in lower case: in any case); its expression, whose group ``s`` is the
    secret; the least entropy in bits for each character; a check of its own.
    """

    kind: str
    hint: bytes
    pattern: bytes
    entropy: float = 3.0
    check: Callable[[str], Confidence | None] | None = None


def _github(token: str) -> Confidence:
    """The last six characters are the CRC-32 of the thirty before, in base 62."""
    body, given = token[4:-6], token[-6:]
    number, digits = zlib.crc32(body.encode()), ""
    while number:
        number, digit = divmod(number, 62)
        digits = _BASE62[digit] + digits
    return Confidence.HIGH if digits.rjust(6, "0") == given else Confidence.MEDIUM


def _web_token(token: str) -> Confidence | None:
    """The first part is a JSON object with an algorithm; the second is not the example of jwt.io."""
    try:
        header, payload = (json.loads(base64.urlsafe_b64decode(part + "==")) for part in token.split(".")[:2])
    except (ValueError, RecursionError, binascii.Error):
        return None
    example = isinstance(payload, dict) and payload.get("sub") == "1234567890"
    return Confidence.MEDIUM if isinstance(header, dict) and "alg" in header and not example else None


def _chance(text: str) -> Confidence | None:
    """What a setting holds is a key if it has letters and digits as chance mixes them, and is no name and no path."""
    if _NAME.fullmatch(text):
        return None
    words = [word for word in re.split(r"[^A-Za-z]+", text) if len(word) >= _WORD]
    mixed = re.search(r"\d", text) and re.search(r"[A-Za-z]", text)
    return Confidence.MEDIUM if mixed and not any(word.islower() or word.isupper() for word in words) else None


def _password(text: str) -> Confidence | None:
    """A password in an address counts if nobody would type it as an example."""
    mixed = re.search(r"\d", text) and re.search(r"[A-Za-z]", text)
    return Confidence.MEDIUM if mixed and len(text) >= 12 else None


_SHAPES = (
    _Shape("AWS access key", b"AKIA", rb"(?P<s>AKIA[A-Z0-9]{16})(?![A-Za-z0-9+/=])"),
    _Shape("AWS access key", b"ASIA", rb"(?P<s>ASIA[A-Z0-9]{16})(?![A-Za-z0-9+/=])"),
    _Shape("AWS secret key", b"secret", rb"(?i:secret_?(?:access_?)?key)[\"']?\s{0,4}[:=]\s{0,4}[\"']?"
           rb"(?P<s>[A-Za-z0-9/+]{40})(?![A-Za-z0-9/+=])", 4.0),
    _Shape("GitHub token", b"gh", rb"(?P<s>gh[pousr]_[A-Za-z0-9]{36})(?![A-Za-z0-9])", 3.5, _github),
    _Shape("GitHub token", b"github_pat_", rb"(?P<s>github_pat_[A-Za-z0-9]{22}_[A-Za-z0-9]{59})(?![A-Za-z0-9])", 3.5),
    _Shape("Hugging Face token", b"hf_", rb"(?P<s>hf_[A-Za-z0-9]{34,40})(?![A-Za-z0-9])", 3.5),
    _Shape("Hugging Face token", b"api_org_", rb"(?P<s>api_org_[A-Za-z0-9]{34})(?![A-Za-z0-9])", 3.5),
    _Shape("OpenAI key", b"T3BlbkFJ", rb"(?P<s>sk-[\w-]{20,99}T3BlbkFJ[\w-]{20,90})(?![\w-])", 3.5),
    _Shape("OpenAI key", b"sk-", rb"(?P<s>sk-(?:proj-[\w-]{40,180}|[A-Za-z0-9]{48}))(?![\w-])", 3.8),
    _Shape("Anthropic key", b"sk-ant-", rb"(?P<s>sk-ant-[a-z]{3,10}\d\d-[\w-]{60,120})(?![\w-])", 3.8),
    _Shape("Slack token", b"xox", rb"(?P<s>xox[abeoprs]-(?:\d{6,14}-){1,3}[A-Za-z0-9-]{16,64})(?![\w-])", 3.0),
    _Shape("Slack webhook", b"hooks.slack",
           rb"(?P<s>hooks\.slack\.com/services/T[A-Z0-9]{8,12}/B[A-Z0-9]{8,12}/[A-Za-z0-9]{24})", 3.5),
    _Shape("Google key", b"AIza", rb"(?P<s>AIza[0-9A-Za-z_-]{35})(?![0-9A-Za-z_-])", 3.8),
    _Shape("Google token", b"ya29.", rb"(?P<s>ya29\.[0-9A-Za-z_-]{60,400})", 4.0),
    _Shape("GitLab token", b"glpat-", rb"(?P<s>glpat-[\w-]{20})(?![\w-])", 3.2),
    _Shape("Stripe key", b"k_live_", rb"(?P<s>[sr]k_live_[0-9A-Za-z]{24,99})(?!\w)", 3.2),
    _Shape("npm token", b"npm_", rb"(?P<s>npm_[A-Za-z0-9]{36})(?![A-Za-z0-9])", 3.5),
    _Shape("package index token", b"pypi-AgE", rb"(?P<s>pypi-AgE[\w-]{60,400})", 3.8),
    _Shape("Replicate token", b"r8_", rb"(?P<s>r8_[A-Za-z0-9]{37})(?![A-Za-z0-9])", 3.5),
    _Shape("Groq key", b"gsk_", rb"(?P<s>gsk_[A-Za-z0-9]{52})(?![A-Za-z0-9])", 3.8),
    _Shape("Databricks token", b"dapi", rb"(?P<s>dapi[0-9a-f]{32}(?:-\d)?)(?![0-9A-Za-z])", 3.0),
    _Shape("SendGrid key", b"SG.", rb"(?P<s>SG\.[\w-]{22}\.[\w-]{43})(?![\w-])", 3.8),
    _Shape("Weights & Biases key", b"wandb", rb"(?i:wandb_api_key)[\"']?\s{0,4}[:=]\s{0,4}[\"']?"
           rb"(?P<s>[0-9a-f]{40})(?![0-9a-f])"),
    _Shape("key in a setting", b"key", _SETTING % rb"[\w.-]*(?:api|secret|access|private|auth)[_-]?key", 3.3, _chance),
    _Shape("token in a setting", b"token",
           _SETTING % rb"[\w.-]*(?:access|auth|api|bearer|secret|refresh|hf|hub)[_-]?token", 3.3, _chance),
    _Shape("secret in a setting", b"secret", _SETTING % rb"(?:[\w.-]*(?:client|app|shared)[_-])?secret", 3.3, _chance),
    _Shape("Azure storage key", b"key", rb"(?i:account_?key)[\"']?\s{0,4}[:=]\s{0,4}[\"']?"
           rb"(?P<s>[A-Za-z0-9+/]{86}==)", 4.5),
    _Shape("private key", b"-----begin", rb"(?P<s>-----BEGIN (?:RSA |EC |DSA |OPENSSH )?PRIVATE KEY-----"
           rb"(?:\s|\\[nr]){1,4}[A-Za-z0-9+/]{40})", 3.5),
    _Shape("JSON web token", b"eyJ",
           rb"(?<![\w-])(?P<s>eyJ[\w-]{10,1000}+\.eyJ[\w-]{10,4000}+\.[\w-]{20,1000})", 3.5, _web_token),
    _Shape("password in an address", b"://", rb"://[\w.%+-]{1,64}:(?P<s>[^\s:@/\"'<>${}\\]{12,128})@"
           rb"(?!localhost|127\.|example\.|[\w-]+[:/\"'\s])[\w.-]+\.[a-z]{2,}", 3.0, _password),
)  # fmt: skip
_COMPILED = tuple((shape, re.compile(shape.pattern)) for shape in _SHAPES)
_JOINED = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_+-")
_LOOSE = frozenset({"AWS secret key", "Azure storage key", "Weights & Biases key", "password in an address"})


def examine_text(blob: Blob) -> Observations:
    """Report every secret once; wide texts are looked at as UTF-8."""
    data = blob.read(0, _LIMIT)
    if data[:2] in {b"\xff\xfe", b"\xfe\xff"}:
        data = data.decode("utf-16", "replace").encode("utf-8", "replace")
    said: set[str] = set()
    for shape, secret, confidence, offset in _found(data):
        if secret in said:
            continue
        said.add(secret)
        yield rules.SECRET.finding(
            blob.subject,
            replace(blob.location, line=data.count(b"\n", 0, offset) + 1),
            f"{_article(shape.kind)} stands here: {_shown(secret)}",
            key=(shape.kind, hashlib.sha256(secret.encode()).hexdigest()[:16]),
            facts={"kind": shape.kind, "characters": len(secret)},
            confidence=confidence,
        )


def _found(data: bytes) -> Iterator[tuple[_Shape, str, Confidence, int]]:
    lower = data.lower()
    for shape, pattern in _COMPILED:
        if shape.hint not in (lower if shape.hint.islower() else data):
            continue
        for match in pattern.finditer(data):
            secret, start = match["s"].decode("latin-1"), match.start("s")
            if start and data[start - 1] in _JOINED and shape.kind not in _LOOSE:
                continue  # a part of a longer word
            confidence = shape.check(secret) if shape.check else Confidence.HIGH
            if confidence is not None and _is_secret(secret, shape.entropy):
                yield shape, secret, confidence, start


def _is_secret(text: str, least: float) -> bool:
    """Return whether a text is no placeholder: it has the entropy of chance, and no word that says otherwise."""
    body = re.sub(r"\A-----BEGIN [A-Z ]+-----(?:\s|\\[nr])+", "", text)
    if _PLACEHOLDER.search(body) or any(known in text for known in _PUBLISHED):
        return False
    counts = Counter(body)
    entropy = -sum(count / len(body) * math.log2(count / len(body)) for count in counts.values())
    return entropy >= least


def _article(kind: str) -> str:
    return f"{'an' if kind[0] in 'AEIO' else 'a'} {kind}"


def _shown(secret: str) -> str:
    """Return what may be told of a secret."""
    kept = "" if secret.startswith("-----") else f"{secret[:4]}… "
    return f"{kept}({len(secret)} characters)" if kept else "(its value is not shown)"
