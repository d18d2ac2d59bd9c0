"""The graph of an exported program (``torch/_export/serde/schema.py``): which of its texts torch runs, and how.

Sizes are evaluated with sympy and guards are executed. Operators are looked up as dotted paths. Names of inputs, values
and parameters are written into the Python source that ``torch.fx`` executes. The structure of inputs and outputs
(``torch/utils/_pytree.py``) names factories and enumerations, whose modules are imported.
"""

from __future__ import annotations

import contextlib
import re
from typing import TYPE_CHECKING

from chainguard_ml import jsonsafe
from chainguard_ml.errors import InputError
from chainguard_ml.model import GapReason
from chainguard_ml.rules import containers as rules
from chainguard_ml.scan.formats import torch_program
from chainguard_ml.scan.formats.torch_expressions import is_guard, is_size
from chainguard_ml.text import printable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chainguard_ml.model import Finding, Json, Observations, Rule
    from chainguard_ml.scan.interface import Blob

_TARGET = re.compile(
    r"#?torch\.ops\.(\w+)\.(\w+)(?:\.\w+)?|math\.\w+|torch\.(?:sym_|_sym_)\w+"
    r"|_operator\.(?:add|sub|mul|truediv|floordiv|mod|pow|matmul|neg|pos|abs|inv|invert|index|getitem|lshift|rshift"
    r"|and_|or_|xor|not_|truth|lt|le|gt|ge|eq|ne|is_|is_not"
    r"|i(?:add|sub|mul|truediv|floordiv|mod|pow|matmul|and|or|xor|lshift|rshift))"
)
_NAME = re.compile(r"[\w .:@$<>/+-]*")  # nothing that calls, quotes, or ends a statement
_QUOTING = re.compile(r'["\\\r\n]')
_TEXTS = frozenset({"metadata", "as_string", "as_strings", "as_string_to_argument"})  # quoted wherever they are used
_KINDS = {"expr_str": "size", "guards_code": "guard", "as_operator": "target", "target": "target",
          "in_spec": "structure", "out_spec": "structure"}  # fmt: skip
_FACTORIES = frozenset({"list", "dict", "set", "int", "float", "str", "bool", "tuple", "frozenset", "bytes", "complex"})
_MOST = 10_000  # JSON texts inside each other
_SHOWN = 200


def examine(blob: Blob, document: Json) -> Observations:
    """Yield what is wrong with the texts of a program's parsed JSON, each text once."""
    seen: set[tuple[str, str]] = set()
    for pointer, item in jsonsafe.containers(document):
        for kind, text in _texts(pointer.rpartition("/")[2], item):
            if (kind, text) in seen:
                continue
            seen.add((kind, text))
            yield from _judged(blob, pointer, kind, text)


def _texts(holder: str, item: dict[str, Json] | list[Json]) -> Iterator[tuple[str, str]]:
    """Yield the texts of one object or list, which its parent calls ``holder``, by what they are."""
    if isinstance(item, list):
        if holder not in _TEXTS:
            yield from ((_KINDS.get(holder, "name"), text) for text in item if isinstance(text, str))
        return
    for key, value in item.items():
        if holder not in _TEXTS:
            yield "size" if holder == "range_constraints" else "name", key
        if isinstance(value, str):
            kind = "name" if key == "target" and "inputs" not in item else _KINDS.get(key, "name")
            if kind != "name" or not _TEXTS.intersection((key, holder)):
                yield kind, value


def _judged(blob: Blob, pointer: str, kind: str, text: str) -> Observations:
    if kind == "size" and not is_size(text):
        yield _finding(rules.EXPORT_EXPRESSION, blob, pointer, text, f"an expression{_at(pointer)} is no arithmetic")
    elif kind == "guard" and not is_guard(text):
        yield _finding(rules.EXPORT_EXPRESSION, blob, pointer, text, f"a guard{_at(pointer)} is no comparison of sizes")
    elif kind == "name" and not _NAME.fullmatch(text):
        what = f"a name{_at(pointer)} is none, and becomes part of a program"
        yield _finding(rules.EXPORT_EXPRESSION, blob, pointer, text, what)
    elif kind == "structure":
        yield from _structure(blob, pointer, text)
    elif kind == "target":
        yield from _target(blob, pointer, text)


def _target(blob: Blob, pointer: str, target: str) -> Iterator[Finding]:
    """Judge the operator of a node."""
    match = _TARGET.fullmatch(target)
    if match is None:
        what = f"a node{_at(pointer)} calls what is no operator"
        yield _finding(rules.EXPORT_TARGET, blob, pointer, target, what)
    elif match[1]:
        yield from torch_program.judged(blob, match[1], match[2])


def _structure(blob: Blob, pointer: str, text: str) -> Observations:
    """Judge how inputs or outputs are nested: JSON whose contexts are JSON again."""
    pending = [text]
    count = 0
    while pending:
        count += 1
        if count > _MOST:
            yield blob.gap(GapReason.BUDGET, f"more than {_MOST:,} structures stand inside each other{_at(pointer)}")
            return
        document = _parsed(pending.pop())
        for word in _keywords(document):
            if not _NAME.fullmatch(word):
                what = f"the name of an argument{_at(pointer)} is none, and becomes part of a program"
                yield _finding(rules.EXPORT_EXPRESSION, blob, pointer, word, what)
        for _, item in jsonsafe.containers([document]):
            yield from _imported(blob, pointer, item)
            for value in item.values() if isinstance(item, dict) else item:
                if isinstance(value, str) and value[:1] in {"{", "[", '"'}:
                    pending.append(value)
                elif isinstance(value, str) and _QUOTING.search(value):
                    what = f"a key of the inputs{_at(pointer)} ends a quotation"
                    yield _finding(rules.EXPORT_EXPRESSION, blob, pointer, value, what)


def _parsed(text: str) -> Json:
    with contextlib.suppress(InputError, UnicodeEncodeError):
        return jsonsafe.loads(text.encode(), lenient=True)
    return None


def _keywords(document: Json) -> Iterator[str]:
    """Yield the names of keyword arguments: the structure of inputs is a tuple of positional ones and a dictionary."""
    schema = document[1] if isinstance(document, list) and len(document) == 2 else None
    children = schema.get("children_spec") if isinstance(schema, dict) else None
    keywords = children[1] if isinstance(children, list) and len(children) == 2 else None
    context = keywords.get("context") if isinstance(keywords, dict) else None
    names = _parsed(context) if isinstance(context, str) else None
    yield from (name for name in names if isinstance(name, str)) if isinstance(names, list) else ()


def _imported(blob: Blob, pointer: str, item: dict[str, Json] | list[Json]) -> Iterator[Finding]:
    """Report a module that is imported to build a structure."""
    if not isinstance(item, dict):
        return
    name = ""
    if "default_factory_module" in item:
        module, factory = item["default_factory_module"], item.get("default_factory_name")
        if module != "builtins" or factory not in _FACTORIES:
            name = f"{module}.{factory}"
    elif "__enum__" in item:
        name = str(item.get("fqn"))
    if name:
        what = f"the structure of inputs or outputs{_at(pointer)} imports a module"
        yield _finding(rules.EXPORT_TARGET, blob, pointer, name, what)


def _at(pointer: str) -> str:
    return f" at {printable(pointer, 120)}" if pointer else ""


def _finding(rule: Rule, blob: Blob, pointer: str, text: str, what: str) -> Finding:
    return rule.finding(
        blob.subject,
        blob.location,
        f"{what}: {printable(text, _SHOWN)}",
        key=(text,),
        facts={"pointer": pointer, "text": text[:1000]},
    )
