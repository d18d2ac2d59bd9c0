"""Settings in texts of other syntaxes (.env, TOML, INI, properties, shell profiles): for secrets in them.

Such texts have no signature; the name says that they are settings. TOML (1.0) is read as JSON and YAML are where it
holds a target or a template.
"""

from __future__ import annotations

import ast
import re
import tomllib
from typing import TYPE_CHECKING

from chainguard_ml.model import GapReason
from chainguard_ml.rules import configs as rules
from chainguard_ml.scan import naming
from chainguard_ml.scan.formats import config_targets, config_templates, configuration, encoded_values, secrets
from chainguard_ml.text import printable

if TYPE_CHECKING:
    from chainguard_ml.model import Observations
    from chainguard_ml.scan.interface import Blob, Examination

NAME = "settings"
EXAMINES = "keys and tokens, files in base64; in TOML also targets and templates"

_EXTENSIONS = frozenset({"toml", "ini", "cfg", "conf", "env", "properties", "netrc", "pypirc", "npmrc", "pbtxt", "gin"})
_NAMES = re.compile(r"\.?env(?:\.[\w.-]+)?\Z|\.netrc\Z|\.pypirc\Z|\.npmrc\Z|credentials\Z|\.git-credentials\Z")
_OF_INTEREST = re.compile(
    rb"_target_|_component_|class_path|\(\)|handlers|target|\\[uU]|\$\{|trust_remote_code|" + config_templates.MARK
)
_LOGGING = re.compile(rb"^[ \t]*\[(?:handler|formatter|logger)s?_?", re.MULTILINE)
_EVALUATED = re.compile(
    rb"^[ \t]*(class|args|kwargs)[ \t]*[=:]((?:[^\r\n]|\r?\n[ \t]+)*)", re.MULTILINE | re.IGNORECASE
)
_NODES = (ast.Expression, ast.Tuple, ast.List, ast.Dict, ast.Set, ast.Constant, ast.Name, ast.Attribute, ast.UnaryOp,
          ast.unaryop, ast.BinOp, ast.operator, ast.expr_context)  # fmt: skip
_OPTION = re.compile(rb"^[ \t]*([^\s=:\[#;][^=:\r\n]{0,99}?)[ \t]*[=:]([^\r\n]*)", re.MULTILINE)
_REFERENCE = re.compile(r"%\(([^()]{1,100})\)s")
_ROUNDS = 10  # of references to references, as many as configparser resolves
_LONGEST = 10_000  # characters of an expression
_MOST = 1000  # settings that are evaluated
_LIMIT = 1_000_000  # bytes that are parsed


def recognise(blob: Blob) -> bool:
    """Return whether a text is called like settings."""
    name = blob.name.rpartition("/")[2].lower()
    if naming.extension(name) not in _EXTENSIONS and _NAMES.match(name) is None:
        return False
    return b"\0" not in blob.read(0, 512) or blob.read(0, 2) in {b"\xff\xfe", b"\xfe\xff"}


def examine(blob: Blob, examination: Examination) -> Observations:
    """Look for keys and tokens, and in TOML for what loaders act on."""
    yield from secrets.examine_text(blob)
    yield from encoded_values.examine(blob, examination)
    if _LOGGING.search(blob.data):
        yield from _logging(blob, examination)
    if naming.extension(blob.name) == "toml" and _OF_INTEREST.search(blob.data):
        yield from _toml(blob, examination)


def _logging(blob: Blob, examination: Examination) -> Observations:
    """Judge what ``logging.config.fileConfig`` imports and evaluates: classes, and the arguments beside them."""
    options = _options(blob)
    for count, match in enumerate(_EVALUATED.finditer(blob.data)):
        if count >= _MOST:
            yield blob.gap(GapReason.BUDGET, f"more than {_MOST:,} settings are evaluated; the rest is unread")
            return
        key, value = (part.decode("utf-8", "replace").strip() for part in match.groups())
        if key.lower() == "class":
            named = config_targets.Named("class", value, "", blob.read(0, match.start()).count(b"\n") + 1)
            yield from config_targets.examine_target(blob, named, examination)
        elif not _is_plain(_interpolated(value, options)):
            yield rules.CONFIG_TARGET.finding(
                blob.subject,
                blob.location.at(match.start()),
                f"{key} is evaluated: {printable(value, 120)}",
                key=(key, value[:200]),
                facts={"construct": key, "target": value[:1000], "technique": "evaluates text"},
            )


def _options(blob: Blob) -> dict[str, str]:
    """Return the options of every section, the last of each name."""
    decoded = ((name.decode("utf-8", "replace"), value) for name, value in _OPTION.findall(blob.data))
    return {name.lower(): value[: _LONGEST + 1].decode("utf-8", "replace").strip() for name, value in decoded}


def _interpolated(text: str, options: dict[str, str]) -> str:
    """Return a value with the options that it refers to put in (``configparser``, "Interpolation of values").

    The program that loads the file gives others, of which only the place is known.
    """
    for _ in range(_ROUNDS):
        if "%(" not in text or len(text) > _LONGEST:
            break
        text = _REFERENCE.sub(lambda match: options.get(match[1].lower(), "x"), text)
    return text


def _is_plain(text: str) -> bool:
    """Return whether an expression only has constants and names: ``(sys.stdout,)``, ``('app.log', 'a')``."""
    if len(text) > _LONGEST or "%(" in text:
        return False
    try:
        tree = ast.parse(text, mode="eval")
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return True  # nor does the loader take it
    return all(isinstance(node, _NODES) for node in ast.walk(tree))


def _toml(blob: Blob, examination: Examination) -> Observations:
    if blob.size > _LIMIT:
        yield blob.gap(GapReason.BUDGET, f"a configuration of {blob.size:,} bytes is not parsed")
        return
    try:
        document = tomllib.loads(blob.read(0, blob.size).decode())
    except (ValueError, RecursionError):
        return  # no loader reads it either
    yield from configuration.examine_document(blob, document, examination)
    yield from config_templates.examine_document(blob, document)
