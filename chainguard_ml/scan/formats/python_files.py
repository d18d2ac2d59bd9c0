"""Python that starts by itself, and keys in Python's source.

``site`` (Python documentation; ``Lib/site.py``, ``addpackage``) executes every line of a ``.pth`` file that begins with
``import`` and a space or tab, and imports ``sitecustomize`` and ``usercustomize``. Triton's Python backend imports the
file with ``TritonPythonModel``, SageMaker's containers the one with ``model_fn``. Nothing is run here: syntax trees are
looked at.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from chainguard_ml.errors import InputError
from chainguard_ml.model import GapReason
from chainguard_ml.rules import carries_code, configs, startup
from chainguard_ml.scan import import_effects, naming
from chainguard_ml.scan.formats import scripts, secrets, startup_lines
from chainguard_ml.text import printable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chainguard_ml.model import Finding, Observations, Rule
    from chainguard_ml.scan.interface import Blob, Examination

_LIMIT = 1_000_000  # bytes that are parsed
_LINE = re.compile(
    rb"(?:\A(?:\xef\xbb\xbf)?|[\n\r\x0b\x0c\x1c-\x1e])import[ \t]|\xc2\x85import[ \t]|\xe2\x80[\xa8\xa9]import[ \t]"
)
_PATH = re.compile(r"#.*|[^\x00-\x1f\x7f]*[\\/][^\x00-\x1f\x7f]*|")
_ARCHIVES = frozenset({"mar", "bento"})  # whose files a server imports
_SMALL = 65_536  # bytes of a file with nothing but paths
_IMPORTS = ("import ", "import\t")
_STARTED = re.compile(r"(?:.*/)?(?:site|user)customize(?:/__init__)?\.pyw?\Z")
_SERVED = (
    ("Triton's Python backend", re.compile(r""), re.compile(rb"^class[ \t]+TritonPythonModel\b", re.MULTILINE)),
    ("SageMaker's containers", re.compile(r"inference\.py\Z"), re.compile(rb"^def[ \t]+model_fn\(", re.MULTILINE)),
    (
        "Hugging Face's datasets",
        re.compile(r""),
        re.compile(rb"^class[ \t]+\w+\((?:datasets\.)?(?:Generator|Arrow|Beam)BasedBuilder\b", re.MULTILINE),
    ),
)  # server, name of the file, what it defines


class PathFile:
    """``.pth`` files whose lines are executed.

    Attributes:
        NAME: Short name.
        EXAMINES: What is looked at.
    """

    NAME = "python-path"
    EXAMINES = "lines that Python executes when it starts"

    def recognise(self, blob: Blob) -> bool:
        """Return whether a text under this name has a line that is executed, or nothing but paths."""
        if naming.extension(blob.name) != "pth" or b"\0" in blob.read(0, 512):
            return False  # archives and pickles of torch have the same extension
        return _LINE.search(blob.data, 0, _LIMIT) is not None or _is_paths(blob)

    def examine(self, blob: Blob, examination: Examination) -> Observations:
        """Judge every line that is executed."""
        yield from secrets.examine_text(blob)
        if blob.size > _LIMIT:
            yield blob.gap(GapReason.BUDGET, f"lines behind {_LIMIT:,} bytes are not looked at")
        text = blob.read(0, _LIMIT).decode("utf-8-sig", "replace")
        said: set[str] = set()
        for number, line in enumerate(text.splitlines(), 1):
            if line in said or not line.startswith(_IMPORTS) or startup_lines.is_known(line):
                continue
            said.add(line)
            if len(said) > examination.budgets.findings:
                yield blob.gap(GapReason.BUDGET, f"more than {examination.budgets.findings:,} lines that are executed")
                return
            yield from _started(blob, line.encode("utf-8", "replace"), number)


class PythonSource:
    """Python's source under its name.

    Attributes:
        NAME: Short name.
        EXAMINES: What is looked at.
    """

    NAME = "python"
    EXAMINES = "keys and tokens; what runs when Python starts (sitecustomize) or a model server imports it"

    def recognise(self, blob: Blob) -> bool:
        """Return whether a text is called Python's source; one with a script's first line only where it starts."""
        if naming.extension(blob.name) not in {"py", "pyw"} or b"\0" in blob.read(0, 512):
            return False
        return not scripts.recognise(blob) or _is_started(blob) or any(_servers(blob))

    def examine(self, blob: Blob, examination: Examination) -> Observations:  # noqa: ARG002 (the seam's shape)
        """Look for keys, and at what starts without being called."""
        yield from secrets.examine_text(blob)
        data = blob.read(0, _LIMIT)
        if _is_started(blob):
            yield from _started(blob, data, 1)
        if any(naming.extension(name) in _ARCHIVES for name in (blob.location.path, *blob.location.member[:-1])):
            yield from _effects(blob, data, 1, configs.IMPORTED_CODE, "importing this file")
        for server in _servers(blob):
            yield _finding(blob, carries_code.REPOSITORY_CODE, f"{server} import this file", server, 1)
            yield from _effects(blob, data, 1, configs.IMPORTED_CODE, "importing this file")


def _is_started(blob: Blob) -> bool:
    return _STARTED.match(blob.name.replace("\\", "/")) is not None


def _servers(blob: Blob) -> Iterator[str]:
    """Yield which servers import a file by what it defines."""
    name = blob.name.rpartition("/")[2]
    for server, named, pattern in _SERVED:
        if named.match(name) and pattern.search(blob.data, 0, _LIMIT):
            yield server


def _is_paths(blob: Blob) -> bool:
    """Return whether every line is a directory's path, a comment, or empty."""
    lines = blob.read(0, _SMALL).decode("utf-8-sig", "replace").splitlines()
    return blob.size <= _SMALL and any(lines) and all(_PATH.fullmatch(line) for line in lines)


def _started(blob: Blob, data: bytes, line: int) -> Observations:
    """Report code that runs when Python starts, and what it does then."""
    shown = printable(" ".join(data.decode("utf-8", "replace").split()), 100)
    what = f"Python runs this when it starts: {shown}"
    yield _finding(blob, carries_code.STARTUP_CODE, what, shown, line)
    yield from _effects(blob, data, line, startup.STARTUP_EFFECT, "what Python runs when it starts")


def _effects(blob: Blob, data: bytes, line: int, rule: Rule, when: str) -> Observations:
    try:
        tree = import_effects.parse(data)
    except InputError as error:
        yield blob.gap(GapReason.MALFORMED, f"{when} is not looked at: {error.message}")
        return
    for effect in import_effects.effects(tree):
        what = f"{when} {effect.what}: {printable(effect.call, 100)}"
        yield _finding(blob, rule, what, effect.call, line + effect.line - 1)


def _finding(blob: Blob, rule: Rule, what: str, key: str, line: int) -> Finding:
    return rule.finding(blob.subject, replace(blob.location, line=line), what, key=(key,), facts={"code": key})


PATHS = PathFile()
PYTHON = PythonSource()
