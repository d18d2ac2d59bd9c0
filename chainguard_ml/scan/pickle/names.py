"""From what a stream names to what the unpickler imports (``find_class``)."""

from __future__ import annotations

import re
from _compat_pickle import IMPORT_MAPPING, NAME_MAPPING  # the tables of Python 2 names that pickle itself uses

_SPECIAL = re.compile(r"__\w+__")
_IDENTIFIER = re.compile(r"[^\W\d]\w*(?:\.[^\W\d]\w*)*")


def mapped(module: str, name: str, protocol: int) -> tuple[str, str]:
    """Return module and name after the mapping of Python 2 names, which holds below protocol 3."""
    if protocol >= 3:
        return module, name
    renamed: tuple[str, str] | None = NAME_MAPPING.get((module, name))
    return renamed or (IMPORT_MAPPING.get(module, module), name)


def is_special_path(module: str, name: str) -> bool:
    """Return whether a name leads through special attributes, or through the attributes of an attribute."""
    return "." in name or any(_SPECIAL.fullmatch(part) for part in (*module.split("."), name))


def is_identifier(module: str, name: str) -> bool:
    """Return whether both are names that Python code could have given."""
    return bool(_IDENTIFIER.fullmatch(module) and _IDENTIFIER.fullmatch(name))
