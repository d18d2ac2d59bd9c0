"""What some callables do with their arguments, where that decides whether a call is harmless.

A class that is handed to ``copyreg._reconstructor`` is constructed by it, a factory that is handed to ``defaultdict``
will be called. This file says which; whether that is allowed is the allow-list's business.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, TypeAlias

from chainguard_ml.scan.pickle.collecting import EXPANDING, collects
from chainguard_ml.scan.pickle.partials import call_wrapped, wrap
from chainguard_ml.scan.pickle.states import check_state
from chainguard_ml.scan.pickle.values import (
    BORING,
    DATA,
    NONE,
    PERSISTENT,
    UNKNOWN,
    Dict,
    Global,
    Instance,
    Span,
    Value,
    is_partial,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from chainguard_ml.scan.pickle.machine import Machine

Effect: TypeAlias = "Callable[[Machine, Global, tuple[Value, ...] | None, int], Value]"
"""Models a call of a global with arguments (``None``: not known) at an offset; returns what comes out."""

NOT_FOLLOWED = "its arguments cannot be followed"
"""What is said of a call whose effect depends on arguments that are not known."""

_TYPES = frozenset({("types", "GenericAlias"), ("operator", "getitem"), ("_operator", "getitem"), ("builtins", "type")})
_LONGEST = 1000  # characters of a path that is followed further


def _argument(arguments: tuple[Value, ...], index: int) -> Value:
    return arguments[index] if index < len(arguments) else DATA


def _uses(how: str, *indexes: int, returns: int | None = None) -> Effect:
    """Return the effect of a callable that constructs (``newobj``) or calls the arguments at ``indexes``.

    It returns an instance of the argument at ``returns``, or one of its own.
    """

    def effect(machine: Machine, target: Global, arguments: tuple[Value, ...] | None, offset: int) -> Value:
        if arguments is None:
            machine.trace.note("misused", offset, NOT_FOLLOWED, target)
            return Instance(target)
        for index in indexes:
            value = _argument(arguments, index)
            if isinstance(value, Global | Instance) or value is PERSISTENT or value is UNKNOWN:
                machine.call(value, (), offset, how)
        made = _argument(arguments, returns) if returns is not None else DATA
        return Instance(made if isinstance(made, Global) else target)

    return effect


def _getattr(machine: Machine, target: Global, arguments: tuple[Value, ...] | None, offset: int) -> Value:
    """``getattr`` with a literal is one more step of a path, which is judged; anything else stays a call.

    Of an instance it is a bound method.
    """
    match arguments:
        case (Global() as parent, str() as name) | (Instance(of=parent), str() as name) if len(parent.name) < _LONGEST:
            machine.trace.use(target, "resolved", offset)
            return machine.trace.imported(parent.module, f"{parent.name}.{name}", offset)
        case (Global("dill", "_dill") as parent, "_setattr", Global("builtins", "setattr") as other):
            # dill's own function, which is missing in some releases, and what it does where it is there
            machine.trace.use(target, "resolved", offset)
            machine.trace.use(other, "resolved", offset)
            return machine.trace.imported(parent.module, f"{parent.name}._setattr", offset)
    machine.trace.use(target, "computed", offset)
    return UNKNOWN


def _setattr(machine: Machine, target: Global, arguments: tuple[Value, ...] | None, offset: int) -> Value:
    """``setattr(object, name, value)`` with a literal is BUILD with one attribute, which is how dill writes classes."""
    match arguments:
        case (Global() as owner, str(), _):
            machine.trace.use(target, "resolved", offset)
            machine.trace.note("overwritten", offset, "an attribute is set on it", owner)
        case (Instance() as owner, str() as name, value) if owner.of.module.partition(".")[0] == "dill":
            machine.trace.use(target, "resolved", offset)
            state = Dict()
            state.put(name, value)
            machine.trace.use(owner.of, "built", offset)
            check_state(machine, owner, state, offset)
        case _:
            machine.trace.use(target, "computed", offset)
    return DATA


def _reconstruct_ufunc(machine: Machine, target: Global, arguments: tuple[Value, ...] | None, offset: int) -> Value:
    """``numpy.core._ufunc_reconstruct(module, name)`` is an import of its own, as old releases write functions."""
    match arguments:
        case (str() as module, str() as name):
            machine.trace.use(target, "resolved", offset)
            return machine.trace.imported(module, name, offset)
    machine.trace.use(target, "computed", offset)
    return UNKNOWN


def _calls_first(machine: Machine, target: Global, arguments: tuple[Value, ...] | None, offset: int) -> Value:
    """torch: ``f(function, type, arguments, state)`` calls the function and turns the result into the type."""
    if arguments is None:
        machine.trace.note("misused", offset, NOT_FOLLOWED, target)
        return Instance(target)
    inner = _argument(arguments, 2)
    called = machine.call(_argument(arguments, 0), inner if isinstance(inner, tuple) else None, offset)
    made = _argument(arguments, 1)
    if isinstance(made, Global | Instance):
        machine.call(made, (), offset, "newobj")
    result = Instance(made if isinstance(made, Global) else target)
    for value in (called, result):
        if isinstance(value, Instance):
            machine.trace.use(value.of, "built", offset)
            check_state(machine, value, _argument(arguments, 3), offset)
    return result


def _newobj(machine: Machine, target: Global, arguments: tuple[Value, ...] | None, offset: int) -> Value:
    """``copyreg.__newobj__(class, *arguments)`` and ``__newobj_ex__(class, arguments, keywords)``."""
    if not arguments or arguments is BORING:
        machine.trace.note("misused", offset, NOT_FOLLOWED, target)
        return Instance(target)
    inner: Value = arguments[1:]
    if target.name == "__newobj_ex__":
        inner = _argument(arguments, 1)
    return machine.call(arguments[0], inner if isinstance(inner, tuple) else None, offset, "newobj")


def _create_array(machine: Machine, target: Global, arguments: tuple[Value, ...] | None, offset: int) -> Value:
    """``dill._dill._create_array(function, arguments, state, attributes)`` calls the function and sets both states."""
    inner = _argument(arguments or (), 1)
    if not arguments or not isinstance(inner, tuple):
        machine.trace.note("misused", offset, NOT_FOLLOWED, target)
        return Instance(target)
    made = machine.call(arguments[0], inner, offset)
    if isinstance(made, Instance):
        machine.trace.use(made.of, "built", offset)
        for state in arguments[2:4]:
            check_state(machine, made, state, offset)
    return made


def _sets_state(machine: Machine, target: Global, arguments: tuple[Value, ...] | None, offset: int) -> Value:
    """torch: ``f(data, requires_grad, hooks, state)`` sets the attributes of a parameter."""
    result = Instance(target)
    if arguments is None:
        machine.trace.note("misused", offset, NOT_FOLLOWED, target)
    else:
        check_state(machine, result, _argument(arguments, 3), offset)
    return result


def _reconstructor(machine: Machine, target: Global, arguments: tuple[Value, ...] | None, offset: int) -> Value:
    """``copyreg._reconstructor(class, base, state)`` constructs the class, and calls ``base.__init__`` with the state.

    Only ``object``, which is what nearly all have for a base, has no constructor of its own.
    """
    made = _CONSTRUCTS_FIRST(machine, target, arguments, offset)
    base = _argument(arguments or (), 1)
    if isinstance(base, Global) and (base.module, base.name) == ("builtins", "object"):
        machine.call(base, (), offset, "newobj")
    elif isinstance(base, Global | Instance) or base is PERSISTENT or base is UNKNOWN:
        state = machine.call(base, (arguments or ())[2:], offset)
        if isinstance(made, Instance) and isinstance(state, Instance):
            made.odd = state.odd
    return made


def _calls_second(machine: Machine, target: Global, arguments: tuple[Value, ...] | None, offset: int) -> Value:
    """numpy: ``f(x, constructor)`` calls ``constructor(x)``, and ``x`` itself where it is a class."""
    if arguments is None:
        machine.trace.note("misused", offset, NOT_FOLLOWED, target)
        return Instance(target)
    for value, inner in ((_argument(arguments, 0), ()), (_argument(arguments, 1), arguments[:1])):
        if isinstance(value, Global) or (inner and isinstance(value, Instance)):
            machine.call(value, inner, offset)
    return Instance(target)


def _load_from_bytes(machine: Machine, target: Global, arguments: tuple[Value, ...] | None, offset: int) -> Value:
    """torch, Keras: loads the bytes, or a buffer with them, as a file of its own."""
    content = _argument(arguments, 0) if arguments else UNKNOWN
    if isinstance(content, str):
        content = Span(0, 0, content=content.encode("latin-1", "replace"))
    if isinstance(content, Instance) and content.notes:
        content = content.notes[0]  # bytes written as text by protocols below 3, or what a buffer was filled with
        if isinstance(content, Instance) and content.notes:
            content = content.notes[0]
    if isinstance(content, Span):
        machine.trace.look_into(content, offset, certain=True)
    else:
        machine.trace.note("misused", offset, NOT_FOLLOWED, target)
    return Instance(target)


def _encode(machine: Machine, target: Global, arguments: tuple[Value, ...] | None, offset: int) -> Value:
    """``_codecs.encode(text, 'latin1')`` is how protocols below 3 write bytes; other codecs are not needed."""
    match arguments:
        case (str() | Span() as text, str() as codec) if codec in {"latin1", "latin-1"}:
            content = Span(0, 0, content=text.encode("latin-1", "replace")) if isinstance(text, str) else text
            return Instance(target, (content,))
    machine.trace.note("misused", offset, "it is not used to write bytes as text", target)
    return Instance(target)


def _type(machine: Machine, target: Global, arguments: tuple[Value, ...] | None, offset: int) -> Value:
    """``type(None)`` and its like are how singletons' types are written; with three arguments it makes a class."""
    if arguments is None or len(arguments) != 1:
        machine.trace.note("misused", offset, "it makes a class", target)
    return Instance(target)


def _partial(machine: Machine, target: Global, arguments: tuple[Value, ...] | None, offset: int) -> Value:
    """``partial(function, …)``: the function will be called with the arguments that are there, and others."""
    made = Instance(target)
    if arguments:
        wrap(machine, made, arguments[0], arguments[1:], offset)
    else:
        machine.trace.note("misused", offset, NOT_FOLLOWED, target)
    return made


def _iterator(machine: Machine, target: Global, arguments: tuple[Value, ...] | None, offset: int) -> Value:
    """``iter(collection)``, as iterators are written; of a function it is one that calls it."""
    match arguments:
        case (only,) if not isinstance(only, Global | Instance) and only is not UNKNOWN and only is not PERSISTENT:
            pass
        case _:
            machine.trace.note("misused", offset, "it is not given a collection of the stream", target)
    return Instance(target)


def _getitem(machine: Machine, target: Global, arguments: tuple[Value, ...] | None, offset: int) -> Value:
    """``getitem(typing.List, int)`` is how generic types are written."""
    match arguments:
        case (Global("typing", name), _) if name[:1].isupper():  # what else it has are modules and tables
            pass
        case _:
            machine.trace.note("misused", offset, "it takes an item out of an object", target)
    return Instance(target)


def _union(machine: Machine, target: Global, arguments: tuple[Value, ...] | None, offset: int) -> Value:
    """``reduce(operator.or_, (int, None))`` is how unions of types are written; other uses call what they are given."""
    match arguments:
        case (Global("operator" | "_operator", "or_"), tuple() as types) if all(map(_is_type, types)):
            machine.trace.use(target, "resolved", offset)
            return Instance(target)
    machine.trace.use(target, "computed", offset)
    return UNKNOWN


def _is_type(value: Value) -> bool:
    """Return whether a value is a class by its name, a generic type, or None."""
    if isinstance(value, Instance):
        return (value.of.module, value.of.name) in _TYPES
    return isinstance(value, Global) or value is NONE


def _returns_first(machine: Machine, target: Global, arguments: tuple[Value, ...] | None, offset: int) -> Value:
    """``restore_type_tag(value, type)`` returns the value itself."""
    if not arguments:
        machine.trace.note("misused", offset, NOT_FOLLOWED, target)
        return UNKNOWN
    return arguments[0]


def _add_extension(machine: Machine, _target: Global, arguments: tuple[Value, ...] | None, _offset: int) -> Value:
    """``copyreg.add_extension(module, name, code)`` decides what EXT opcodes import."""
    match arguments:
        case (str() as module, str() as name, int() as code):
            machine.trace.extensions[code] = (module, name)
    return DATA


def _scalar(_machine: Machine, target: Global, arguments: tuple[Value, ...] | None, _offset: int) -> Value:
    """``numpy.core.multiarray.scalar(dtype, value)`` returns the value itself where the type is that of objects.

    ``numpy.object_(value)`` always does.
    """
    value = (arguments or (DATA,))[-1]
    if isinstance(value, Global) or (isinstance(value, Instance) and value.of.name != "encode"):
        return value
    return Instance(target)


def _frombuffer(_machine: Machine, target: Global, arguments: tuple[Value, ...] | None, _offset: int) -> Value:
    """``numpy.core.numeric._frombuffer(buffer, dtype, shape, order)``, as protocol 5 writes arrays."""
    return Instance(target, (arguments or (DATA,))[:1])


def _dtype(_machine: Machine, target: Global, arguments: tuple[Value, ...] | None, _offset: int) -> Value:
    """Remember the type's code for the size of arrays."""
    first = _argument(arguments, 0) if arguments else DATA
    return Instance(target, (first,))


def _mapping(machine: Machine, target: Global, arguments: tuple[Value, ...] | None, offset: int) -> Value:
    """A mapping that is filled by its constructor may have any keys."""
    if arguments == ():
        return Instance(target)
    collects(machine, target, arguments, offset)
    return Instance(target, odd=True)


def _defaultdict(machine: Machine, target: Global, arguments: tuple[Value, ...] | None, offset: int) -> Value:
    """``defaultdict(factory)``: the factory will be called, and of a partial the function that it wraps."""
    factory = _argument(arguments, 0) if arguments else DATA
    if is_partial(factory) and factory.notes:
        call_wrapped(machine, factory, offset)
    else:
        _CALLS_FACTORY(machine, target, arguments, offset)
    return Instance(target, odd=arguments is None or arguments is BORING or len(arguments) > 1)


def _fills(index: int, *classes: int, how: str) -> Effect:
    """Return the effect of making an array of the shape at ``index``, which picklers write empty and fill later."""
    uses = _uses(how, *classes, returns=0)

    def effect(machine: Machine, target: Global, arguments: tuple[Value, ...] | None, offset: int) -> Value:
        shape = _argument(arguments or (), index)
        sizes = [size for size in shape if isinstance(size, int)] if isinstance(shape, tuple) else []
        if math.prod(sizes) > _MOST_FILLED and sizes:
            machine.trace.note("misused", offset, "it makes an array of as many items as a number says", target)
        return uses(machine, target, arguments, offset)

    return effect


_MOST_FILLED = 1 << 24  # items
_CALLS_FACTORY = _uses("called", 0)
_CONSTRUCTS_FIRST = _uses("newobj", 0, returns=0)
_FILLS_FIRST = _fills(1, 0, how="built")  # numpy allocates the subclass without its constructor
_FILLS_BOTH = _fills(2, 0, 1, how="newobj")

EFFECTS: dict[tuple[str, str], Effect] = {
    **EXPANDING,
    ("copyreg", "_reconstructor"): _reconstructor,
    ("copyreg", "__newobj__"): _newobj,
    ("copyreg", "__newobj_ex__"): _newobj,
    ("copyreg", "add_extension"): _add_extension,
    ("array", "_array_reconstructor"): _CONSTRUCTS_FIRST,
    ("builtins", "getattr"): _getattr,
    ("builtins", "setattr"): _setattr,
    ("builtins", "dict"): _mapping,
    ("collections", "OrderedDict"): _mapping,
    ("collections", "Counter"): _mapping,
    ("collections", "defaultdict"): _defaultdict,
    ("builtins", "type"): _type,
    ("builtins", "iter"): _iterator,
    ("builtins", "reversed"): _iterator,
    ("operator", "getitem"): _getitem,
    ("_operator", "getitem"): _getitem,
    ("functools", "partial"): _partial,
    ("functools", "reduce"): _union,
    ("_functools", "reduce"): _union,
    ("sklearn.metrics._dist_metrics", "newObj"): _CONSTRUCTS_FIRST,
    ("sklearn.neighbors._dist_metrics", "newObj"): _CONSTRUCTS_FIRST,
    ("sklearn.neighbors.dist_metrics", "newObj"): _CONSTRUCTS_FIRST,
    ("hdbscan.dist_metrics", "newObj"): _CONSTRUCTS_FIRST,
    ("sklearn.neighbors._ball_tree", "newObj"): _CONSTRUCTS_FIRST,
    ("sklearn.neighbors.ball_tree", "newObj"): _CONSTRUCTS_FIRST,
    ("sklearn.neighbors._kd_tree", "newObj"): _CONSTRUCTS_FIRST,
    ("sklearn.neighbors.kd_tree", "newObj"): _CONSTRUCTS_FIRST,
    ("_codecs", "encode"): _encode,
    ("codecs", "encode"): _encode,
    ("numpy", "dtype"): _dtype,
    ("numpy.core", "_ufunc_reconstruct"): _reconstruct_ufunc,
    ("numpy._core", "_ufunc_reconstruct"): _reconstruct_ufunc,
    ("numpy.core.multiarray", "_reconstruct"): _FILLS_FIRST,
    ("numpy._core.multiarray", "_reconstruct"): _FILLS_FIRST,
    ("numpy.core.numeric", "_frombuffer"): _frombuffer,
    ("numpy._core.numeric", "_frombuffer"): _frombuffer,
    ("dill._dill", "_create_array"): _create_array,
    ("numpy", "object_"): _scalar,
    ("numpy.core.multiarray", "scalar"): _scalar,
    ("numpy._core.multiarray", "scalar"): _scalar,
    ("numpy.ma.core", "_mareconstruct"): _FILLS_BOTH,
    ("numpy.ma.mrecords", "_mrreconstruct"): _FILLS_BOTH,
    ("numpy.random._pickle", "__bit_generator_ctor"): _uses("called", 0),
    ("numpy.random._pickle", "__generator_ctor"): _calls_second,
    ("numpy.random._pickle", "__randomstate_ctor"): _calls_second,
    ("pandas.core.indexes.base", "_new_Index"): _CONSTRUCTS_FIRST,
    ("pandas.core.indexes.datetimes", "_new_DatetimeIndex"): _CONSTRUCTS_FIRST,
    ("pandas.core.indexes.period", "_new_PeriodIndex"): _CONSTRUCTS_FIRST,
    ("pandas.core.indexes.interval", "_new_IntervalIndex"): _CONSTRUCTS_FIRST,
    ("pandas.core.indexes.timedeltas", "_new_TimedeltaIndex"): _CONSTRUCTS_FIRST,
    ("torch.storage", "_load_from_bytes"): _load_from_bytes,
    ("torch.tensor", "_rebuild_from_type"): _calls_first,  # as torch before 1.9 writes it
    ("torch.tensor", "_rebuild_from_type_v2"): _calls_first,
    **{
        ("keras.src.models." + where, f"{name}._unpickle_model"): _load_from_bytes
        for where, name in (("sequential", "Sequential"), ("functional", "Functional"), ("model", "Model"))
    },
    **{
        (f"{keras}.pickle_utils", "deserialize_model_from_bytecode"): _load_from_bytes
        for keras in ("keras.saving", "keras.src.saving", "keras.src.saving.legacy", "tf_keras.src.saving")
    },
    ("torch.jit._pickle", "restore_type_tag"): _returns_first,
    ("torch._tensor", "_rebuild_from_type"): _calls_first,
    ("torch._tensor", "_rebuild_from_type_v2"): _calls_first,
    ("torch._utils", "_rebuild_parameter_with_state"): _sets_state,
    ("torch._utils", "_rebuild_wrapper_subclass"): _CONSTRUCTS_FIRST,
}
"""Effects by module and name."""

RESOLVERS = frozenset(
    {
        ("builtins", "getattr"),
        ("builtins", "setattr"),
        ("functools", "reduce"),
        ("_functools", "reduce"),
        ("numpy.core", "_ufunc_reconstruct"),
        ("numpy._core", "_ufunc_reconstruct"),
    }
)
"""Callables that reach what a name stands for; with literals that name is judged instead of them."""


def by_name(name: str) -> Effect | None:
    """Return the effect of what Cython writes for extension classes: it constructs its first argument."""
    return _CONSTRUCTS_FIRST if name.startswith("__pyx_unpickle_") else None
