"""Frozen records with slots: what ``dataclass(frozen=True, slots=True)`` gives, made eight times faster.

``dataclasses`` compiles six methods for every class as it is imported, about a millisecond each time; a command that
answers in a tenth of a second imports forty of them. Here ``__init__`` is compiled, and the other methods are shared.
``dataclasses.fields``, ``replace``, ``asdict`` and subclassing by a dataclass work as with any frozen dataclass.
"""

from __future__ import annotations

import dataclasses
import operator
from types import FunctionType, SimpleNamespace
from typing import TYPE_CHECKING, ClassVar, TypeVar, cast, dataclass_transform

if TYPE_CHECKING:
    from collections.abc import Callable

_Class = TypeVar("_Class", bound=type)
_Fields = dict[str, dataclasses.Field[object]]

_PARAMS = SimpleNamespace(
    init=True, repr=True, eq=True, order=False, unsafe_hash=False, frozen=True, match_args=True, kw_only=False,
    slots=True, weakref_slot=False,
)  # fmt: skip
_KIND = vars(dataclasses)["_FIELD"]  # neither a class variable nor for ``__init__`` alone


@dataclass_transform(frozen_default=True, field_specifiers=(dataclasses.field,))
def record(cls: _Class) -> _Class:
    """Return the class as a frozen record with slots; its annotations are its fields, as in PEP 557.

    Fields take ``dataclasses.field`` with ``default``, ``default_factory``, ``compare`` and ``repr``.

    Raises:
        TypeError: A field without a default follows one with a default.
    """
    own = _own_fields(cls)
    slots = tuple(name for name in own if name not in _inherited(cls))
    body = {name: value for name, value in vars(cls).items() if name not in {*own, "__dict__", "__weakref__"}}
    made = type(cls)(cls.__name__, cls.__bases__, {**body, "__slots__": slots, "__qualname__": cls.__qualname__})
    _furnish(made, own)
    return made


@dataclass_transform(field_specifiers=(dataclasses.field,))
def changing_record(cls: _Class) -> _Class:
    """Return the class as a record that can be changed, and so has no hash; else ``record``."""
    made = record(cls)
    free: dict[str, object] = {name: getattr(object, name) for name in ("__setattr__", "__delattr__")}
    params = SimpleNamespace(**vars(_PARAMS) | {"frozen": False})
    for name, value in {**free, "__hash__": None, "__dataclass_params__": params}.items():
        setattr(made, name, value)
    return made


@dataclass_transform(frozen_default=True, field_specifiers=(dataclasses.field,))
def open_record(cls: _Class) -> _Class:
    """Return the class as a frozen record without slots, so that another can inherit from several; else ``record``."""
    _furnish(cls, _own_fields(cls))
    return cls


def _furnish(cls: type, own: _Fields) -> None:
    """Give a class what makes it a record."""
    fields = {**_inherited(cls), **own}
    for name, method in vars(_Shared).items():
        if callable(method) and (name not in vars(cls) or vars(cls)[name] is None):  # no hash beside an equality
            setattr(cls, name, method)
    compared = [name for name, item in fields.items() if item.compare]
    furniture = {
        "__init__": _init(fields, cls),
        "__match_args__": tuple(fields),
        "__dataclass_fields__": fields,
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
    return getattr(cls, "__dataclass_fields__", {})


def _own_fields(cls: type) -> _Fields:
    found: _Fields = {}
    for name, annotation in vars(cls).get("__annotations__", {}).items():
        if str(annotation).startswith(("ClassVar", "typing.ClassVar")):
            continue
        value = vars(cls).get(name, dataclasses.MISSING)
        item: dataclasses.Field[object]
        item = value if isinstance(value, dataclasses.Field) else dataclasses.field(default=value)
        item.name, item.type = name, annotation
        setattr(item, "_field_type", _KIND)  # noqa: B010 (mypy knows no such attribute; ``fields`` reads it)
        found[name] = item
    return found


def _init(fields: _Fields, cls: type) -> Callable[..., None]:
    """Compile ``__init__``: parameters in the order of the fields, each set past the frozen ``__setattr__``."""
    scope: dict[str, object] = {"_set": object.__setattr__, "_absent": dataclasses.MISSING}
    parameters, lines = ["self"], []
    for name, item in fields.items():
        value = name
        if item.default_factory is not dataclasses.MISSING:
            scope[f"_make_{name}"] = item.default_factory
            parameters.append(f"{name}=_absent")
            value = f"_make_{name}() if {name} is _absent else {name}"
        elif item.default is not dataclasses.MISSING:
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
    init.__annotations__ = {name: item.type for name, item in fields.items()} | {"return": None}
    return init


class _Shared:
    """Methods that every record has; ``self`` is the record."""

    __dataclass_fields__: ClassVar[_Fields]
    __record_key__: ClassVar[operator.attrgetter[object]]  # what equality and hash look at

    def __repr__(self) -> str:
        shown = (name for name, item in self.__dataclass_fields__.items() if item.repr)
        return f"{type(self).__qualname__}({', '.join(f'{name}={getattr(self, name)!r}' for name in shown)})"

    def __eq__(self, other: object) -> bool:
        if other.__class__ is not self.__class__:
            return NotImplemented
        return self.__record_key__(self) == self.__record_key__(other)

    def __hash__(self) -> int:
        return hash(self.__record_key__(self))

    def __setattr__(self, name: str, value: object) -> None:
        raise dataclasses.FrozenInstanceError(f"cannot assign to field {name!r}")

    def __delattr__(self, name: str) -> None:
        raise dataclasses.FrozenInstanceError(f"cannot delete field {name!r}")

    def __getstate__(self) -> list[object]:
        return [getattr(self, name) for name in self.__dataclass_fields__]

    def __setstate__(self, state: list[object]) -> None:
        for name, value in zip(self.__dataclass_fields__, state, strict=True):
            object.__setattr__(self, name, value)
