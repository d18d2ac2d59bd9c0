"""One TensorFlow graph: its nodes by name, its functions, constants behind inputs, what runs when it is loaded.

``graph.proto``, ``node_def.proto``, ``function.proto``. An input is ``node``, ``node:1``, in functions
``node:output:0``, and ``^node`` for a control dependency.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from chainguard_ml.model import GapReason
from chainguard_ml.scan.protobuf import schema
from chainguard_ml.scan.protobuf.wire import BYTES, WireError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from chainguard_ml.scan.protobuf.wire import Wire

_MOST = 300_000  # nodes of a graph that are looked up by name
_INPUTS = 64  # inputs of a node that are followed
_STEPS = 200  # nodes behind an input that are followed
_ALL_STEPS = 100_000  # of one graph
_THROUGH = frozenset(
    {"Identity", "PlaceholderWithDefault", "ExpandDims", "Reshape", "Pack", "ConcatV2", "Squeeze", "StopGradient"}
    | {"Select", "SelectV2", "Merge", "Switch", "ShardedFilename", "StringFormat", "StringLower", "StringUpper"}
    | {"StringStrip", "AsString", "Tile", "Fill", "GatherV2", "StridedSlice", "ReverseV2", "Unpack", "IdentityN"}
    | {"StringJoin", "Snapshot", "Where", "Cast"}
)
_FED = frozenset({"Placeholder", "PlaceholderV2", "_Arg", "StaticRegexFullMatch", "RegexFullMatch"})
_CALLS = frozenset({"PartitionedCall", "StatefulPartitionedCall", "TPUPartitionedCall", "While", "StatelessWhile"})
_ATTRIBUTES = 100_000  # of one node that are read
_STRINGS_KEPT = 100_000  # of one constant
_TWICE = 9  # values that are kept of a field that comes more than once
_SCALARS = frozenset({0x18, 0x28, 0x30})  # tags of AttrValue.i, .b and .type
_CALLING = frozenset({1, 10})  # AttrValue.list, AttrValue.func


@dataclass(slots=True)
class Node:
    """A node: its names and operators (one each, if nothing comes twice), inputs, and attributes as ``(key, span)``.

    ``cut`` says that it has more inputs than these.
    """

    name: str = ""
    operators: list[str] = field(default_factory=list)
    inputs: list[str] = field(default_factory=list)
    attributes: list[tuple[str, tuple[int, int]]] = field(default_factory=list)
    cut: bool = False

    @property
    def operator(self) -> str:
        """The operator that readers take: the last."""
        return self.operators[-1] if self.operators else ""


class Resolved(NamedTuple):
    """What is behind an input: constant strings, the names of the constants, and whether something computes there."""

    texts: tuple[str, ...]
    constants: frozenset[str]
    computed: bool = False


def read_node(wire: Wire, start: int, stop: int) -> Node:
    """Return the node between two offsets; of a great many inputs and attributes the first."""
    node = Node()
    for number, how, first, last in wire.sound(start, stop):
        if how != BYTES:
            continue
        if number == 1:
            node.name = wire.text(first, last)
        elif number == 2:
            node.operators.append(wire.text(first, last, 256))
            del node.operators[:-_TWICE]  # readers take the last
        elif number == 3 and len(node.inputs) < _INPUTS:
            node.inputs.append(wire.text(first, last))
        elif number == 3:
            node.cut = True
        elif number == 5:
            if len(node.attributes) >= _ATTRIBUTES:
                wire.note(WireError(f"a node has more than {_ATTRIBUTES:,} attributes", first, GapReason.BUDGET))
                break
            node.attributes += _entry(wire, first, last)
    return node


def is_scalar(wire: Wire, value: tuple[int, int]) -> bool:
    """Return whether an ``AttrValue`` is one small number, truth value or type, as most are."""
    start, stop = value
    return stop - start == 2 and wire.data[start] in _SCALARS and wire.data[start + 1] < 0x80


def _entry(wire: Wire, start: int, stop: int) -> list[tuple[str, tuple[int, int]]]:
    """Return key and value of an entry of a map; a value that comes twice is merged, so both count."""
    raw = bytes(wire.data[start : min(stop, start + 256)])
    key_end = 2 + raw[1] if len(raw) > 4 and raw[0] == 0x0A else 0  # key and value once, both short: nearly always
    if 2 < key_end < len(raw) - 1 and raw[key_end] == 0x12 and key_end + 2 + raw[key_end + 1] == stop - start < 128:
        return [(raw[2:key_end].decode("utf-8", "surrogateescape"), (start + key_end + 2, stop))]
    return list(_any_entry(wire, start, stop))


def _any_entry(wire: Wire, start: int, stop: int) -> Iterator[tuple[str, tuple[int, int]]]:
    key = ""
    values: list[tuple[int, int]] = []
    for number, how, first, last in wire.sound(start, stop):
        if how == BYTES and number == 1:
            key = wire.text(first, last, 256)
        elif how == BYTES and number == 2:
            if len(values) >= _ATTRIBUTES:
                wire.note(WireError(f"an attribute has more than {_ATTRIBUTES:,} values", first, GapReason.BUDGET))
                break
            values.append((first, last))
    yield from ((key, value) for value in values)


def strings(wire: Wire, value: tuple[int, int]) -> Iterator[tuple[str, tuple[int, int]]]:
    """Yield the strings of an ``AttrValue`` with their places: one, a list, or those of a tensor."""
    kinds = schema.load("tensorflow")
    for record in schema.walk(wire, kinds["AttrValue"], value[1], start=value[0]):
        number = _STRINGS.get(record.kind.name)
        if number is None:
            continue
        for found, how, first, last in wire.sound(record.start, record.stop):
            if found == number and how == BYTES:
                yield wire.text(first, last), (first, last)


_STRINGS = {"AttrValue": 2, "AttrValue.ListValue": 2, "TensorProto": 8}


class Graph:
    """The nodes and functions of one ``GraphDef``, looked up when they are needed.

    A message that comes twice is merged by readers, so a graph can stand in several places.

    Attributes:
        bare: Whether nothing around the graph says what its assets are and what runs when it is loaded.
        assets: Names of the constants that a loader replaces with the places of the model's assets.
        started: Names of the nodes that run when the model is loaded.
        functions_started: Names of the functions that run then.
    """

    def __init__(self, wire: Wire, *spans: tuple[int, int]) -> None:
        self._wire = wire
        self._spans = spans
        self._nodes: dict[str, dict[str, Node]] = {}
        self._functions: dict[str, tuple[int, int]] | None = None
        self._assignments: dict[str, dict[str, list[str]]] = {}
        self._called_by: dict[str, list[tuple[str, Node]]] | None = None
        self._at_load: tuple[frozenset[str], frozenset[str]] | None = None
        self._steps = 0
        self.bare = True
        self.assets: set[str] = set()
        self.started: set[str] = set()
        self.functions_started: set[str] = set()

    @property
    def functions(self) -> dict[str, tuple[int, int]]:
        """Places of the functions of the graph's library by name."""
        if self._functions is None:
            self._functions = dict(self._library())
        return self._functions

    def _library(self) -> Iterator[tuple[str, tuple[int, int]]]:
        for _, _, first, last in _fields(self._wire, self._spans, 2):
            for _, _, start, stop in _fields(self._wire, [(first, last)], 1):
                for _, _, signature, end in _fields(self._wire, [(start, stop)], 1):
                    for _, _, name, name_end in _fields(self._wire, [(signature, end)], 1):
                        yield self._wire.text(name, name_end), (start, stop)

    def nodes(self, function: str = "") -> dict[str, Node]:
        """Return the nodes of the graph, or of one of its functions, by name; of a huge graph the first."""
        if function not in self._nodes:
            spans, number = ([self.functions.get(function, (0, 0))], 3) if function else (self._spans, 1)
            found = self._nodes[function] = {}
            for _, _, first, last in _fields(self._wire, spans, number):
                node = read_node(self._wire, first, last)
                found[node.name] = node
                if len(found) >= _MOST:
                    break
        return self._nodes[function]

    def resolve(self, node: Node, index: int, function: str = "") -> Resolved:
        """Return the constants that an input of a node leads back to, also through the callers of its function.

        What is fed (a placeholder) is nothing; what another operator makes is ``computed``.
        """
        texts: list[str] = []
        constants: set[str] = set()
        computed = False
        waiting = [(function, name) for name in _data(node)[index : index + 1]]
        for step, (scope, name) in enumerate(waiting):
            self._steps += 1
            if self._steps == _ALL_STEPS:
                text = f"more than {_ALL_STEPS:,} nodes behind inputs; the rest is not followed"
                self._wire.note(WireError(text, 0, GapReason.BUDGET))
            if step >= _STEPS or self._steps >= _ALL_STEPS:
                computed = True
                break
            source = self.nodes(scope).get(_plain(name))
            if source is None:
                computed = computed or len(self.nodes(scope)) >= _MOST  # it may be behind those
                waiting += self._arguments(scope, _plain(name))
            elif source.operator == "Const":
                constants.add(source.name)
                texts += self.constant(source)
            elif source.operator in _THROUGH:
                computed = computed or source.cut
                if source.operator == "StringJoin":
                    texts.append(self._joined(source, self.nodes(scope)))
                waiting += [(scope, item) for item in _data(source)]
            elif source.operator == "ReadVariableOp":
                waiting += [(scope, item) for item in _data(source)]
            elif source.operator == "VarHandleOp" and (assigned := self._assigned(scope).get(self._variable(source))):
                waiting += [(scope, item) for item in assigned]
            else:
                computed = computed or source.operator not in _FED
        return Resolved(tuple(dict.fromkeys(text for text in texts if text)), frozenset(constants), computed)

    def _variable(self, node: Node) -> str:
        """Return the name under which a variable is shared."""
        return next((text for text in self._texts(node, "shared_name") if text), node.name)

    def _assigned(self, scope: str) -> dict[str, list[str]]:
        """Return what is assigned to the variables of a graph or function."""
        if scope not in self._assignments:
            nodes, found = self.nodes(scope), self._assignments.setdefault(scope, {})
            for node in nodes.values():
                given = _data(node) if node.operator == "AssignVariableOp" else []
                variable = nodes.get(_plain(given[0])) if len(given) > 1 else None
                if variable:
                    found.setdefault(self._variable(variable), []).append(given[1])
        return self._assignments[scope]

    def _arguments(self, function: str, name: str) -> Iterator[tuple[str, str]]:
        """Yield what callers give a function as its argument; of callers that pass them differently, everything."""
        arguments = self._arguments_of(function) if function else []
        if name not in arguments:
            return
        index = arguments.index(name)
        for scope, caller in self._callers().get(function, ()):
            given = _data(caller)
            direct = caller.operator in _CALLS or caller.operator == function
            yield from ((scope, item) for item in (given[index : index + 1] if direct else given))

    def _arguments_of(self, function: str) -> list[str]:
        span = self.functions.get(function, (0, 0))
        return [
            self._wire.text(name, end)
            for _, _, first, last in _fields(self._wire, [span], 1)
            for _, _, start, stop in _fields(self._wire, [(first, last)], 2)
            for _, _, name, end in _fields(self._wire, [(start, stop)], 1)
        ]

    def _callers(self) -> dict[str, list[tuple[str, Node]]]:
        """Return the nodes that call a function, with the function they are in."""
        if self._called_by is None:
            self._called_by = {}
            for scope in ("", *self.functions):
                for node in self.nodes(scope).values():
                    for function in self.called(node):
                        self._called_by.setdefault(function, []).append((scope, node))
        return self._called_by

    def _joined(self, node: Node, nodes: dict[str, Node]) -> str:
        """Return what a join of constants gives, as far as they are constants."""
        separator = next((text for text in self._texts(node, "separator")), "")
        sources = [nodes.get(_plain(name)) for name in _data(node)]
        parts = ["".join(self.constant(source)[:1]) for source in sources if source and source.operator == "Const"]
        return separator.join(parts)[:4096]

    def constant(self, node: Node) -> list[str]:
        """Return the strings of a constant."""
        return self._texts(node, "value")[:_STRINGS_KEPT]

    def _texts(self, node: Node, attribute: str) -> list[str]:
        return [text for key, value in node.attributes if key == attribute for text, _ in strings(self._wire, value)]

    def at_load(self, node: Node, function: str = "") -> bool:
        """Return whether a node runs when the model is loaded: it is behind what the model names as initialisation."""
        if not self.started and not self.functions_started:
            return False
        if self._at_load is None:
            self._at_load = self._reached()
        names, functions = self._at_load
        return function in functions if function else node.name in names

    def _reached(self) -> tuple[frozenset[str], frozenset[str]]:
        nodes = self.nodes()
        names: set[str] = set()
        functions: set[str] = set()
        called = set(self.functions_started)
        waiting = [_plain(name) for name in self.started]
        while waiting:
            name = waiting.pop()
            if name in names or name not in nodes:
                continue
            names.add(name)
            waiting += [_plain(item) for item in nodes[name].inputs]
            called |= self.called(nodes[name])
        while called:
            function = called.pop()
            if function in functions or function not in self.functions:
                continue
            functions.add(function)
            for node in self.nodes(function).values():
                called |= self.called(node)
        return frozenset(names), frozenset(functions)

    def called(self, node: Node) -> set[str]:
        """Return the functions that a node calls: its operator, and those in its attributes."""
        found = set(node.operators)
        kinds = schema.load("tensorflow")
        for _, value in node.attributes:
            if is_scalar(self._wire, value) or not any(item[0] in _CALLING for item in self._wire.sound(*value)):
                continue
            for record in schema.walk(self._wire, kinds["AttrValue"], value[1], start=value[0]):
                if record.kind.name == "NameAttrList":
                    names = _fields(self._wire, [(record.start, record.stop)], 1)
                    found |= {self._wire.text(*item[2:]) for item in names}
        return found & self.functions.keys()


def _data(node: Node) -> list[str]:
    """Return a node's inputs without its control dependencies."""
    return [name for name in node.inputs if not name.startswith("^")]


def _fields(wire: Wire, spans: Iterable[tuple[int, int]], number: int) -> Iterator[tuple[int, int, int, int]]:
    for span in spans:
        yield from (item for item in wire.sound(*span) if item[0] == number and item[1] == BYTES)


def _plain(name: str) -> str:
    """Return the node that an input names."""
    return name.removeprefix("^").partition(":")[0]
