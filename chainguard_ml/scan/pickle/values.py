"""What the abstract machine keeps of each value: as little as deciding needs.

Short texts, whole numbers and tuples are kept as they are. Everything that can neither name nor run anything is the
one ``DATA``. A list is ``DATA`` too: what is put into it is judged when it is imported, not where it is stored.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias, TypeGuard

if TYPE_CHECKING:
    from collections.abc import Iterable


class Plain:
    """A value of which nothing is known but what its name says."""

    __slots__ = ("name",)

    def __init__(self, name: str) -> None:
        self.name = name


DATA = Plain("data")
"""A value that is only data: a fraction, a list, a set, short bytes."""

NONE = Plain("None")
"""``None``, where its difference from other data counts."""

PERSISTENT = Plain("persistent")
"""What the loader returned for a persistent id."""

UNKNOWN = Plain("unknown")
"""What an unresolvable name stands for; it has been reported."""


class Global:
    """An imported attribute of a module; one object for each distinct name of an examination."""

    __slots__ = ("module", "name")
    __match_args__ = ("module", "name")

    def __init__(self, module: str, name: str) -> None:
        self.module = module
        self.name = name


class Instance:
    """What a call or a construction returned.

    Attributes:
        of: The global that made it, or whose instance it is.
        odd: Whether keys were put into it that an ordinary state does not have (see ``is_odd``).
        notes: What the call's effect wants to remember.
    """

    __slots__ = ("notes", "odd", "of")

    def __init__(self, of: Global, notes: tuple[Value, ...] = (), *, odd: bool = False) -> None:
        self.of = of
        self.odd = odd
        self.notes = notes

    def copy(self) -> Instance:
        """Return an instance of its own with the same content."""
        return Instance(self.of, self.notes, odd=self.odd)


class Dict:
    """A dictionary; remembers the values of ``NOTED`` keys, and whether a key is odd.

    Attributes:
        odd: Whether an ordinary state does not have one of its keys.
        noted: Values of ``NOTED`` keys.
        fields: Values that can be fields of a type of NumPy, ``(type, offset)``; ``count`` of all values.
        closed: Whether a type was made of it, with the ``extent`` of its fields.
    """

    __slots__ = ("closed", "count", "extent", "fields", "noted", "odd")

    def __init__(self) -> None:
        self.odd = False
        self.noted: dict[str, Value] | None = None
        self.fields: list[tuple[Value, ...]] | None = None
        self.count = 0
        self.closed = False
        self.extent: tuple[int, bool, bool] | None = None

    def copy(self) -> Dict:
        """Return a dictionary of its own with the same content."""
        other = Dict()
        other.odd, other.noted = self.odd, self.noted
        other.fields, other.count = self.fields and [*self.fields], self.count
        other.closed, other.extent = self.closed, self.extent
        return other

    def put(self, key: Value, value: Value) -> None:
        """Set one item."""
        if type(key) is str:
            if key in NOTED:
                self.noted = {**(self.noted or {}), key: value}
            elif key[:2] == "__":
                self.odd = self.odd or is_odd(key)
            elif replaces_method(key, value):
                self.odd = True
        elif type(key) is not int and is_odd(key):
            self.odd = True
        if type(value) is tuple and len(value) > 1 and is_type(value[0]):
            self.fields = self.fields or []
            if len(self.fields) < MOST_FIELDS:  # a type of more is one whose fields do not match its count
                self.fields.append(value)

    def get(self, key: str) -> Value:
        """Return the value of a noted key, ``DATA`` if it was not set."""
        return (self.noted or {}).get(key, DATA)


class Span:
    """Literal bytes or text too long to keep: where they are in the stream, or their content where it was escaped.

    ``text`` says that the bytes from ``start`` to ``stop`` are UTF-8 that encodes code points below 256.
    """

    __slots__ = ("content", "start", "stop", "text")

    def __init__(self, start: int, stop: int, *, text: bool = False, content: bytes | None = None) -> None:
        self.start = start
        self.stop = stop
        self.text = text
        self.content = content


Value: TypeAlias = "str | int | tuple[Value, ...] | Plain | Global | Instance | Dict | Span"
"""What the stack and the memo hold. Never hash or compare one: tuples that share their halves take for ever."""

NOTED = frozenset({"subclass", "shape", "order", "dtype", "allow_mmap", "numpy_array_alignment_bytes",
                   "_parse_arg_template", "restore_model_spec", "restore_design_info", "formula",
                   "attribute_map", "num_layers", "tz", "_pa_array", "_data"})  # fmt: skip
"""Keys whose values decide something: how many bytes of joblib's arrays follow, what a class evaluates."""

# Of dictionaries, lists, sets, texts, files, arrays and tensors. No object of a model has a function for one of them.
_METHODS = frozenset(name for kind in (dict, list, set, str, bytes) for name in dir(kind) if name[0] != "_") - {
    "count", "format", "index",
} | {
    "astype", "as_subclass", "close", "cpu", "detach", "item", "numpy", "read", "readline", "requires_grad_", "reshape",
    "seek", "size", "stride", "to", "tolist", "untyped_storage", "view", "write",
}  # fmt: skip

# Generic classes, wrapped functions and NetworkX's graphs leave these in ordinary objects.
_HARMLESS = frozenset(
    {"__networkx_cache__", "__orig_class__", "__doc__", "__name__", "__qualname__", "__module__", "__wrapped__"}
)


BORING: tuple[Value, ...] = (DATA,)
"""Stands for every tuple that holds only data, so that tuples of tuples cost nothing."""

_IMPORTS = frozenset({Global})
MOST_FIELDS = 100_000
"""Fields of a type of NumPy that are kept."""

LONGEST_TEXT = 10_000
"""Characters of a text that is looked into; Python reads no number of more, and no system a path."""

LONGEST_TUPLE = 64
"""Elements of a tuple that is kept; no call that is modelled has more."""


class Holding(tuple["Value", ...]):
    """A tuple that has imports among its items."""

    __slots__ = ()


def imports_among(items: Iterable[Value]) -> bool:
    """Return whether there is an import among the items, at C speed."""
    return not _IMPORTS.isdisjoint(map(type, items))


def pack(items: list[Value] | tuple[Value, ...]) -> Value:
    """Return the tuple of ``items``: itself where something may be asked of it later, else what stands for it."""
    for item in items:
        if item is not DATA and item is not NONE and item is not BORING:
            if len(items) > LONGEST_TUPLE:
                return DATA
            return Holding(items) if imports_among(items) else tuple(items)
    return BORING if items else ()


def is_type(value: Value) -> TypeGuard[Instance]:
    """Return whether it is a ``numpy.dtype``."""
    return type(value) is Instance and value.of.name == "dtype" and value.of.module == "numpy"


def is_partial(value: Value) -> TypeGuard[Instance]:
    """Return whether it is a ``functools.partial``, which runs what it wraps when it is called."""
    return type(value) is Instance and value.of.name == "partial" and value.of.module == "functools"


def text_of(value: Value, data: bytes | memoryview) -> str:
    """Return the beginning of a text that may be too long to keep: as much of it as any number or path has."""
    if isinstance(value, str):
        return value
    if not isinstance(value, Span):
        return ""
    content = (
        data[value.start : min(value.stop, value.start + LONGEST_TEXT)] if value.content is None else value.content
    )
    return bytes(content[:LONGEST_TEXT]).decode("latin-1")


def is_odd(key: Value) -> bool:
    """Return whether no ordinary state has this key: a special name such as ``__class__``, or one that is computed."""
    if isinstance(key, str):
        return key[:2] == "__" == key[-2:] and key not in _HARMLESS
    return isinstance(key, Instance) or key is UNKNOWN or key is PERSISTENT


def replaces_method(key: Value, value: Value) -> bool:
    """Return whether a key stands in for a method that loading calls of what it is given, and would run an import."""
    return type(key) is str and key in _METHODS and (type(value) is Global or is_partial(value))


def has_odd_keys(state: Value) -> bool:
    """Return whether a state sets odd attributes: a mapping, or a pair of mappings for the dictionary and the slots."""
    parts = state if isinstance(state, tuple) and len(state) == 2 else (state,)
    return any(isinstance(part, Dict | Instance) and part.odd for part in parts)
