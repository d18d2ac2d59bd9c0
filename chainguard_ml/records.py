"""Frozen records with slots: what ``dataclass(frozen=True, slots=True)`` gives, in less of a command's time to start.

``dataclasses`` compiles six methods for every class as it is imported, and imports ``inspect``; a command that answers
in a tenth of a second imports forty classes (``benchmarks/bench_startup.py`` compares). Here ``__init__`` is compiled,
and the other methods are shared. For ``dataclasses.fields``, ``replace`` and ``asdict``, and for subclasses that are
dataclasses, a record is a dataclass from the moment that it is asked.
"""

from __future__ import annotations

import operator
import sys
from types import FunctionType, SimpleNamespace
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar, cast, dataclass_transform

if TYPE_CHECKING:
    import dataclasses
    from collections.abc import Callable

_Class = TypeVar("_Class", bound=type)
_Record = TypeVar("_Record")

_ABSENT: Any = type("Absent", (), {"__repr__": lambda _: "<made anew>", "__slots__": ()})()
_PARAMS = SimpleNamespace(
    init=True, repr=True, eq=True, order=False, unsafe_hash=False, frozen=True, match_args=True, kw_only=False,
    slots=True, weakref_slot=False,
)  # fmt: skip


class Field:
    """One field of a record: its name, the text of its annotation, its default or how one is made."""

    __slots__ = ("compare", "default", "default_factory", "name", "repr", "type")

    def __init__(self, default: object, default_factory: object, *, compare: bool, repr: bool) -> None:  # noqa: A002 (dataclasses' name)
        self.name = self.type = ""
        self.default, self.default_factory, self.compare, self.repr = default, default_factory, compare, repr


_Fields = dict[str, Field]


def field(
    *, default: Any = _ABSENT, default_factory: Any = _ABSENT, compare: bool = True, repr: bool = True  # noqa: A002 (as above)
) -> Any:  # fmt: skip
    """Describe a field, as ``dataclasses.field`` does."""
    return Field(default, default_factory, compare=compare, repr=repr)


def fields(kind: type) -> tuple[str, ...]:
    """Return the names of a record's fields, in order."""
    return cast("tuple[str, ...]", kind.__match_args__)  # type: ignore[attr-defined]  # every record has them


def required(kind: type) -> tuple[str, ...]:
    """Return the names of a record's fields that have no default, in order."""
    known: _Fields = kind.__record_fields__  # type: ignore[attr-defined]  # every record has them
    return tuple(name for name, item in known.items() if item.default is item.default_factory is _ABSENT)


def is_record(kind: type) -> bool:
    """Return whether a class is a record."""
    return hasattr(kind, "__record_fields__")


def replace(record: _Record, **changes: object) -> _Record:
    """Return a record like ``record`` with some fields changed.

    Raises:
        TypeError: A change names no field.
    """
    kind = type(record)
    return kind(**{name: getattr(record, name) for name in fields(kind)} | changes)


@dataclass_transform(frozen_default=True, field_specifiers=(field,))
def record(cls: _Class) -> _Class:
    """Return the class as a frozen record with slots; its annotations are its fields, as in PEP 557.

    Raises:
        TypeError: A field without a default follows one with a default.
    """
    own = _own_fields(cls)
    slots = tuple(name for name in own if name not in _inherited(cls))
    body = {name: value for name, value in vars(cls).items() if name not in {*own, "__dict__", "__weakref__"}}
    made = type(cls)(cls.__name__, cls.__bases__, {**body, "__slots__": slots, "__qualname__": cls.__qualname__})
    _furnish(made, own)
    return made


@dataclass_transform(field_specifiers=(field,))
def changing_record(cls: _Class) -> _Class:
    """Return the class as a record that can be changed, and so has no hash; else ``record``."""
    made = record(cls)
    free: dict[str, object] = {name: getattr(object, name) for name in ("__setattr__", "__delattr__")}
    params = SimpleNamespace(**vars(_PARAMS) | {"frozen": False})
    for name, value in {**free, "__hash__": None, "__dataclass_params__": params}.items():
        setattr(made, name, value)
    return made


@dataclass_transform(frozen_default=True, field_specifiers=(field,))
def open_record(cls: _Class) -> _Class:
    """Return the class as a frozen record without slots, so that another can inherit from several; else ``record``."""
    _furnish(cls, _own_fields(cls))
    return cls


def _furnish(cls: type, own: _Fields) -> None:
    """Give a class what makes it a record."""
    known = {**_inherited(cls), **own}
    for name, method in vars(_Shared).items():
        if callable(method) and (name not in vars(cls) or vars(cls)[name] is None):  # no hash beside an equality
            setattr(cls, name, method)
    compared = [name for name, item in known.items() if item.compare]
    furniture = {
        "__init__": _init(known, cls),
        "__match_args__": tuple(known),
        "__record_fields__": known,
        "__dataclass_fields__": _AsDataclass(),
        "__dataclass_params__": _PARAMS,
        "__record_key__": operator.attrgetter(*compared) if compared else staticmethod(_nothing),
    }
    for name, value in furniture.items():
        setattr(cls, name, value)


def _inherited(cls: type) -> _Fields:
    return {name: item for base in reversed(cls.__mro__[1:]) for name, item in _fields(base).items()}


def _nothing(_: object) -> tuple[()]:
    return ()


def _fields(cls: type) -> _Fields:
    return cast("_Fields", vars(cls).get("__record_fields__", {}))


def _own_fields(cls: type) -> _Fields:
    found: _Fields = {}
    for name, annotation in vars(cls).get("__annotations__", {}).items():
        if str(annotation).startswith(("ClassVar", "typing.ClassVar")):
            continue
        item = _field(vars(cls).get(name, _ABSENT))
        item.name, item.type = name, annotation
        found[name] = item
    return found


def _field(value: object) -> Field:
    """Return the field that a class's body gives: a default, or a description, maybe that of ``dataclasses``."""
    if isinstance(value, Field):
        return value
    library = sys.modules.get("dataclasses")
    if library is None or not isinstance(value, library.Field):
        return Field(value, _ABSENT, compare=True, repr=True)
    default, factory = (_ABSENT if one is library.MISSING else one for one in (value.default, value.default_factory))
    return Field(default, factory, compare=bool(value.compare), repr=value.repr)


class _AsDataclass:
    """``__dataclass_fields__``, made when ``dataclasses`` asks for it."""

    def __get__(self, instance: object, owner: type) -> dict[str, dataclasses.Field[object]]:
        import dataclasses

        made: dict[str, dataclasses.Field[object]] = {}
        for name, item in getattr(owner, "__record_fields__").items():  # noqa: B009 (mypy knows no such attribute)
            given = {"default": item.default, "default_factory": item.default_factory}
            given = {key: value for key, value in given.items() if value is not _ABSENT}
            one: Any = dataclasses.field(**given, compare=item.compare, repr=item.repr)
            one.name, one.type, one._field_type = name, item.type, vars(dataclasses)["_FIELD"]  # noqa: SLF001 (what it reads)
            made[name] = one
        setattr(owner, "__dataclass_fields__", made)  # noqa: B010 (as above)
        return made


def _init(known: _Fields, cls: type) -> Callable[..., None]:
    """Compile ``__init__``: parameters in the order of the fields, each set past the frozen ``__setattr__``."""
    scope: dict[str, object] = {"_set": object.__setattr__, "_absent": _ABSENT}
    parameters, lines = ["self"], []
    for name, item in known.items():
        value = name
        if item.default_factory is not _ABSENT:
            scope[f"_make_{name}"] = item.default_factory
            parameters.append(f"{name}=_absent")
            value = f"_make_{name}() if {name} is _absent else {name}"
        elif item.default is not _ABSENT:
            scope[f"_default_{name}"] = item.default
            parameters.append(f"{name}=_default_{name}")
        elif "=" in parameters[-1]:
            raise TypeError(f"field '{name}' of {cls.__name__} has no default and follows one that has")
        else:
            parameters.append(name)
        lines.append(f" _set(self, {name!r}, {value})")
    if hasattr(cls, "__post_init__"):
        lines.append(" self.__post_init__()")
    source = f"def __init__({', '.join(parameters)}):\n" + ("\n".join(lines) or " pass")
    exec(source, scope)  # noqa: S102 (the names are identifiers of our own classes)
    init = cast("FunctionType", scope["__init__"])
    init.__qualname__ = f"{cls.__qualname__}.__init__"
    init.__annotations__ = {name: item.type for name, item in known.items()} | {"return": None}
    return init


class _Shared:
    """Methods that every record has; ``self`` is the record."""

    __record_fields__: ClassVar[_Fields]
    __record_key__: ClassVar[operator.attrgetter[object]]  # what equality and hash look at

    def __repr__(self) -> str:
        shown = (name for name, item in self.__record_fields__.items() if item.repr)
        return f"{type(self).__qualname__}({', '.join(f'{name}={getattr(self, name)!r}' for name in shown)})"

    def __eq__(self, other: object) -> bool:
        if other.__class__ is not self.__class__:
            return NotImplemented
        return self.__record_key__(self) == self.__record_key__(other)

    def __hash__(self) -> int:
        return hash(self.__record_key__(self))

    def __setattr__(self, name: str, value: object) -> None:
        from dataclasses import FrozenInstanceError

        raise FrozenInstanceError(f"cannot assign to field {name!r}")

    def __delattr__(self, name: str) -> None:
        from dataclasses import FrozenInstanceError

        raise FrozenInstanceError(f"cannot delete field {name!r}")

    def __getstate__(self) -> list[object]:
        return [getattr(self, name) for name in self.__record_fields__]

    def __setstate__(self, state: list[object]) -> None:
        for name, value in zip(self.__record_fields__, state, strict=True):
            object.__setattr__(self, name, value)
