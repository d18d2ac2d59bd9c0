"""Shell commands: downloads that do not verify whom they come from. Text is searched, never run."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_EXTENSIONS = (
    "pkl|pickle|joblib|dill|pth?|ckpt|bin|safetensors|gguf|ggml|np[yz]|onnx|h5|hdf5|keras|pb|tflite|skops|msgpack|mar|nemo|"
    "parquet|csv|tsv|jsonl|arrow|avro|zip|whl|tar|tgz|gz|bz2|xz|zst|sh|py"
)
_LOOPBACK = r"(?:localhost|127\.[0-9.]+|\[::1\]|0\.0\.0\.0)(?:[:/]|$)"
HTTP_DOWNLOAD = re.compile(rf"http://(?!{_LOOPBACK})[^\s\"'<>|;&]{{1,500}}?\.(?:{_EXTENSIONS})(?![\w.])", re.IGNORECASE)
"""A plain HTTP address of a model, a data set, an archive or a script, on another machine."""

# Between words of one command stand neither separators nor the end of the line.
_COMMAND = re.compile(r"(?<![\w.-])(curl|wget|git|aria2c)(?=\s)([^|;&\n]*)")
_SWITCHES = {
    # Short options of curl that take no value may stand before the k.
    "curl": re.compile(r"(?<!\S)(?:--insecure|--proxy-insecure|-[0-9#BafgGiIjJlLMnNOpqRsSvZ]*k[A-Za-z]*)(?!\S)"),
    "wget": re.compile(r"(?<!\S)--no-check-certificate(?!\S)"),
    "git": re.compile(r"(?<!\S)http\.sslVerify=(?:false|0)(?!\S)", re.IGNORECASE),
    "aria2c": re.compile(r"(?<!\S)--check-certificate=false(?!\S)"),
}
_VARIABLE = re.compile(r"(?<!\S)(GIT_SSL_NO_VERIFY|PYTHONHTTPSVERIFY)=[\"']?(\w+)")
_SWITCHED_OFF = {"GIT_SSL_NO_VERIFY": {"1", "true"}, "PYTHONHTTPSVERIFY": {"0"}}
_CREDENTIALS = re.compile(r"//[^/@\s]*@")
_COMMENT = re.compile(r"\s*#")


@dataclass(frozen=True, slots=True)
class Download:
    """A download without verification: its line within the text, from 0; the words that show it; what is wrong."""

    line: int
    text: str
    what: str


def downloads(text: str) -> Iterator[Download]:
    """Yield the downloads of a script that do not verify whom they come from."""
    for number, line in _commands(text):
        if _COMMENT.match(line):
            continue
        for command in _COMMAND.finditer(line):
            switch = _SWITCHES[command[1]].search(command[2])
            if switch:
                words = f"{command[1]} {switch[0]}"
                yield Download(number, words, "the certificate of the other side is not checked")
        for variable in _VARIABLE.finditer(line):
            if variable[2].lower() in _SWITCHED_OFF[variable[1]]:
                yield Download(number, variable[0], "certificate checks are switched off")
        for address in HTTP_DOWNLOAD.finditer(line):
            yield Download(number, without_password(address[0]), "a file is downloaded over plain HTTP")


def without_password(address: str) -> str:
    """Return an address without the user and the password before its host."""
    return _CREDENTIALS.sub("//", address)


def _commands(text: str) -> Iterator[tuple[int, str]]:
    """Yield the lines of a script, those that a backslash continues joined, with the number of the first, from 0."""
    first = 0
    parts: list[str] = []
    for number, line in enumerate(text.split("\n")):
        if not parts:
            first = number
        parts.append(line.removesuffix("\\"))
        if line.endswith("\\"):
            continue
        yield first, " ".join(parts)
        parts = []
    if parts:
        yield first, " ".join(parts)
