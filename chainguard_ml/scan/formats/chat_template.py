"""Chat templates: Jinja programs that must not reach Python's internals.

The template is parsed, never rendered. Names of attributes and items are followed where the template computes them:
from constants by operators, filters, slices, loops, macros, and with characters that it can only know at run time.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from chainguard_ml.model import GapReason, Severity
from chainguard_ml.rules import formats as rules
from chainguard_ml.scan.formats import jinja_lexer, jinja_program
from chainguard_ml.scan.formats.jinja_values import ANY, text
from chainguard_ml.text import printable

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from chainguard_ml.model import Observations
    from chainguard_ml.scan.formats.jinja_lexer import Piece, Token
    from chainguard_ml.scan.formats.jinja_program import Access
    from chainguard_ml.scan.interface import Blob

_DUNDER = re.compile(r"__\w+__")
# Names of Python's data model (Python documentation, "Data model" and ``inspect``) through which templates climb.
_INTERNAL = re.compile(
    r"__(?:class|bases?|mro|subclasses|globals|builtins|builtin|import|init|new|del|dict|code|func|self|module|loader"
    r"|spec|package|path|getattr|getattribute|setattr|delattr|getitem|call|reduce|reduce_ex|closure|wrapped|qualname"
    r"|name|file|doc|weakref|slots|annotations|kwdefaults|defaults|enter|exit|iter|next|str|repr|format|subclasshook"
    r"|init_subclass|instancecheck|subclasscheck|mro_entries|class_getitem|objclass|text_signature|cached|html)__"
)
_FRAMES_NAMES = (
    "gi_frame gi_code gi_yieldfrom cr_frame cr_code cr_await ag_frame ag_code f_globals f_builtins f_locals f_back "
    "f_code tb_frame tb_next co_code co_consts func_globals func_code func_defaults im_func im_class im_self mro"
)
_FRAMES = frozenset(_FRAMES_NAMES.split())
# What is left of a name whose underscores are only known at run time.
_CORE_NAMES = "class base bases mro subclasses globals builtins import getattribute reduce reduce_ex init subclasshook"
_CORE = frozenset(_CORE_NAMES.split())
_STRANGE_NAMES = (
    "lipsum url_for get_flashed_messages os sys subprocess builtins importlib open eval exec compile getattr popen "
    "system"
)
_STRANGE = frozenset(_STRANGE_NAMES.split())
_GLOBALS_NAMES = (
    "range dict namespace joiner cycler raise_exception strftime_now strftime now caller super loop varargs kwargs "
    "self tojson len str int list zip enumerate min max sum abs set isinstance date today _ gettext ngettext"
)
_GLOBALS = frozenset(_GLOBALS_NAMES.split())
_METHODS_NAMES = (
    "popen system check_output check_call getoutput getstatusoutput Popen spawn import_module load_module "
    "exec_module execve urlopen read_text read_bytes"
)
_METHODS = frozenset(_METHODS_NAMES.split())
# What chats call beside the methods of texts, lists, dictionaries and numbers: of loops, dates, and data classes.
_OTHER_METHODS = (
    "cycle changed next reset strftime isoformat date now today to_dict model_dump model_dump_json dict json"
)
_KNOWN_METHODS = frozenset(_OTHER_METHODS.split()).union(
    *([name for name in dir(kind) if name[0] != "_"] for kind in (str, list, dict, tuple, set, int, float))
)
_FIELD = re.compile(r"\{[^{}]*[.\[]_")
_INDIRECT = re.compile(r"\{[^{}]*[.\[][^{}]*" + ANY)
_MOST = 10_000_000  # repetitions
_SHORT = 12  # characters of a piece of a name
_HARMLESS = frozenset({"__name__", "__doc__", "__version__", "__file__"})
_PLACES = re.compile(r"chat[-_.]?template", re.IGNORECASE)
_CONVERSATION = re.compile(
    r"\b(?:add_generation_prompt|[be]os_token|raise_exception)\b|\bmessage(?:\.role|\[['\"]role)"
)
# Modules that no template of a page needs: Tornado's templates import them, Flask's are handed them by mistake.
_MODULES_NAMES = "subprocess importlib builtins ctypes pty shutil runpy pickle marshal os sys posix"
_MODULES = frozenset(_MODULES_NAMES.split())
_ALSO_VARIABLES = frozenset({"os", "sys"})  # pages have them with methods of texts
_RUNNING = re.compile(
    r"popen\w*|Popen|system|exec\w*|spawn\w*|posix_spawnp?|startfile|fork|remove|unlink|rmtree|check_output|check_call|getoutput"
    r"|getstatusoutput|import_module|load_module|modules|listdir"
)
_EVERYWHERE = _METHODS - {"system", "urlopen", "read_text", "read_bytes"}


class _Suspect(NamedTuple):
    """What was found: its severity, what it is, the construct, and where."""

    severity: Severity
    what: str
    construct: str
    offset: int


def is_chat(name: str) -> bool:
    """Return whether a template is for chats, by the path it has: others may include files and call functions."""
    return _PLACES.search(name) is not None


def is_conversation(source: str) -> bool:
    """Return whether a template is for chats, by what it is given: tokens, messages with roles."""
    return _CONVERSATION.search(source) is not None


def examine_source(blob: Blob, source: str, key: str, *, strict: bool = True, certain: bool = True) -> Observations:
    """Yield a finding for each way in which a template reaches for internals; ``key`` says where the template is.

    ``strict`` is for chats: what only other templates need is reported too. ``certain``: it is a template; else only if
    Jinja would take it, because other languages have double braces too.
    """
    said: set[str] = set()
    pieces = list(jinja_lexer.pieces(source))
    if not certain and not jinja_lexer.compiles(pieces):
        return
    for suspect in _suspects(pieces, strict=strict):
        if suspect.construct in said:
            continue
        said.add(suspect.construct)
        construct = printable(suspect.construct.replace(ANY, "…"), 80)
        yield rules.CHAT_TEMPLATE_INJECTION.finding(
            blob.subject,
            blob.location,
            f"the template '{printable(key, 80)}' {suspect.what}: {construct}",
            key=(key, construct),
            facts={"template": key, "construct": construct, "character": suspect.offset},
            severity=suspect.severity,
        )
    if jinja_lexer.is_cut(pieces):
        yield blob.gap(GapReason.BUDGET, f"the template '{printable(key, 80)}' is too long; its end is not examined")


def _suspects(pieces: Sequence[Piece], *, strict: bool) -> Iterator[_Suspect]:
    for piece in pieces:
        yield from _names(piece.tokens, strict=strict)
        yield from _modules(piece)
    for access in jinja_program.reached(pieces):
        yield from _judged(access, strict=strict)
    yield from _joined(pieces)


def _names(tokens: Sequence[Token], *, strict: bool) -> Iterator[_Suspect]:
    for index, token in enumerate(tokens):
        if token.kind != "name":
            continue
        attribute = index > 0 and tokens[index - 1].text == "." and tokens[index - 1].kind == "other"
        if _DUNDER.fullmatch(token.text):
            if strict or not (_is_harmless(tokens, index) and attribute):
                yield _Suspect(Severity.CRITICAL, "uses a double-underscore name", token.text, token.offset)
        elif attribute and (token.text in _FRAMES or token.text.startswith("_TemplateReference__")):
            yield _Suspect(Severity.CRITICAL, "reads an internal attribute", token.text, token.offset)
        elif strict and attribute and token.text.startswith("_"):
            yield _Suspect(Severity.HIGH, "reads a private attribute", token.text, token.offset)


def _modules(piece: Piece) -> Iterator[_Suspect]:
    """Yield uses of modules that run something, by their names: ``{{ os.popen(…) }}``, ``{% import os %}``."""
    words = [token.text for token in piece.tokens[:3]]
    if piece.kind == "{%" and len(words) > 1 and words[0] in {"import", "from"} and words[1] in _MODULES:
        yield _Suspect(Severity.CRITICAL, "imports a module", " ".join(words), piece.tokens[0].offset)
    for token, dot, name in zip(piece.tokens, piece.tokens[1:], piece.tokens[2:], strict=False):
        is_module = token.kind == "name" and token.text in _MODULES and dot.text == "." and name.kind == "name"
        if is_module and (token.text not in _ALSO_VARIABLES or _RUNNING.fullmatch(name.text)):
            yield _Suspect(Severity.HIGH, "uses a module", f"{token.text}.{name.text}", token.offset)


def _is_harmless(tokens: Sequence[Token], index: int) -> bool:
    """Return whether it is ``x.__name__`` or the beginning of ``x.__class__.__name__``, as pages print them."""
    following = "".join(token.text for token in tokens[index + 1 : index + 3])
    plain = tokens[index].text in _HARMLESS and not following.startswith((".", "[", "("))
    return plain or (tokens[index].text == "__class__" and following in {".__name__", ".__doc__"})


def _judged(access: Access, *, strict: bool) -> Iterator[_Suspect]:
    checks = {"item": _item, "attr": _attr, "path": _path, "format": _format, "size": _size}
    if access.how in checks:
        found = checks[access.how](access, strict=strict)
    elif strict or _is_never_needed(access):
        found = _plain(access)
    else:
        return
    if found is not None:
        yield found


def _is_never_needed(access: Access) -> bool:
    """Return whether no template of any kind calls this."""
    name = text(access.names[0]) if access.names else ""
    return (access.how == "method" and name in _EVERYWHERE) or (
        access.how == "call" and name in {"eval", "exec", "open"}
    )


def _plain(access: Access) -> _Suspect | None:
    """Judge a name that stands in the template as it is."""
    name = text(access.names[0]) if access.names else ""
    how, high = access.how, Severity.HIGH
    ways: tuple[tuple[bool, Severity, str, str], ...] = (
        (how == "statement", high, "reads another template or the context", f"{{% {name} %}}"),
        (how == "method" and name in _METHODS, high, "calls a function that runs or reads something", f".{name}(…)"),
        (
            how == "method" and name not in _KNOWN_METHODS,
            high,
            "calls a method that no text or list has",
            f".{name}(…)",
        ),
        (how == "called", high, "calls what is neither a function nor a method", f"{name}(…)"),
        (how == "depth", high, "nests brackets deeper than anybody writes them", "((…"),
        (how in {"name", "call"} and name in _STRANGE, high, "uses a function that no chat needs", name),
        (
            how == "call" and name not in _GLOBALS,
            Severity.MEDIUM,
            "calls a function that it does not define",
            f"{name}(…)",
        ),
    )
    for holds, severity, what, construct in ways:
        if holds:
            return _Suspect(severity, what, construct, access.offset)
    return None


def _item(access: Access, *, strict: bool) -> _Suspect | None:  # noqa: ARG001 (one shape for every check)
    for name in access.names:
        if isinstance(name, str) and (_INTERNAL.fullmatch(name) or name in _FRAMES):
            return _Suspect(Severity.CRITICAL, "computes the name of an internal", name, access.offset)
        if isinstance(name, str) and _is_core(name):
            return _Suspect(Severity.CRITICAL, "hides the name of an internal", name, access.offset)
    return None


def _is_core(name: str) -> bool:
    """Return whether a name that is not wholly known could be one of an internal."""
    known = name.strip(f"{ANY}_")
    surrounded = name[:1] in {ANY, "_"} and name[-1:] in {ANY, "_"}
    return ANY in name and surrounded and (known in _CORE or known[::-1] in _CORE)


def _attr(access: Access, *, strict: bool) -> _Suspect | None:
    found = _item(access, strict=strict)
    if found is not None:
        return found
    for name in access.names:
        if isinstance(name, str) and (name.startswith("_") or _DUNDER.search(name)):
            return _Suspect(Severity.HIGH, "reads a private attribute", f"attr('{name}')", access.offset)
    if strict and (not access.names or any(ANY in text(name) for name in access.names)):
        return _Suspect(Severity.HIGH, "computes the name of an attribute", "attr(…)", access.offset)
    return None


def _path(access: Access, *, strict: bool) -> _Suspect | None:
    """Judge the argument ``attribute`` of a filter: names with dots between them."""
    names = [part for name in access.names if isinstance(name, str) for part in name.split(".")]
    unknown = not access.names
    return _attr(access._replace(names=[*names]), strict=strict) if names or unknown else None


def _format(access: Access, *, strict: bool) -> _Suspect | None:
    for name in access.names:
        pattern = text(name)
        if _FIELD.search(pattern) or _INDIRECT.search(pattern):
            return _Suspect(Severity.CRITICAL, "formats an attribute that is private", pattern[:80], access.offset)
        if strict and pattern == ANY:
            return _Suspect(Severity.MEDIUM, "formats a text that comes from outside", "format(…)", access.offset)
    return None


def _size(access: Access, *, strict: bool) -> _Suspect | None:
    large = [each for each in access.names if isinstance(each, int) and each > _MOST]
    if large and strict:
        return _Suspect(Severity.MEDIUM, "repeats something very often", f"{large[0]} times", access.offset)
    return None


def _joined(pieces: Sequence[Piece]) -> Iterator[_Suspect]:
    """Yield names of internals in the short texts of a template, joined in their order and against it.

    A loop can join what no single expression does.
    """
    parts = [token.text for piece in pieces for token in piece.tokens if token.kind == "string"]
    parts = [part for part in parts if len(part) <= _SHORT]
    forwards = "".join(parts)
    for joined in (forwards, "".join(reversed(parts)), forwards[::-1]):
        for match in _INTERNAL.finditer(joined):
            if len(match[0]) > _SHORT or match[0] not in parts:
                what = "has the pieces of an internal's name in a row"
                yield _Suspect(Severity.CRITICAL, what, match[0], 0)
