"""Nodes of TensorFlow graphs: is their operator TensorFlow's, and what does it do beyond computing?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from chainguard_ml.model import Severity
from chainguard_ml.rules import carries_code
from chainguard_ml.rules import protobuf as rules
from chainguard_ml.scan.formats import tensorflow_loading as loading
from chainguard_ml.scan.formats.tensorflow_graph import Graph, Node, Resolved, strings
from chainguard_ml.scan.formats.tensorflow_operators import ATTRIBUTES, EFFECTS, of_attribute
from chainguard_ml.scan.protobuf import content, operators
from chainguard_ml.text import printable

if TYPE_CHECKING:
    from chainguard_ml.model import Observations
    from chainguard_ml.scan.formats.tensorflow_operators import Effect
    from chainguard_ml.scan.interface import Blob
    from chainguard_ml.scan.protobuf.schema import Record
    from chainguard_ml.scan.protobuf.wire import Wire

_NOTHING = Resolved((), frozenset())
_WHATEVER_THEY_SAY = frozenset({carries_code.GRAPH_PYTHON.id, rules.CUSTOM_OPERATOR.id})  # whatever their inputs are


class Nodes:
    """Judges the nodes of one file.

    ``training`` says that the graph is one to train with, which reads its examples from files.
    """

    def __init__(self, blob: Blob, wire: Wire, *, training: bool) -> None:
        self._blob = blob
        self._wire = wire
        self._training = training
        self._graphs: dict[int, Graph] = {}
        self._names: dict[int, dict[tuple[int, int], str]] = {}
        self._known = operators.known("tensorflow")
        self._said: set[str] = set()

    def examine(self, record: Record, node: Node) -> Observations:
        """Yield what is wrong with one node."""
        for operator in dict.fromkeys(node.operators):
            if effect := EFFECTS.get(operator):
                yield from self._judged(effect, operator, node, record)
            elif attribute := ATTRIBUTES.get(operator):
                for text in self._texts(node, attribute):
                    if found := of_attribute(operator, text):
                        yield from self._judged(found, operator, node, record, Resolved((text,), frozenset()))
            elif operator not in self._known and operator not in self._said:
                yield from self._unknown(operator, node, record)

    def _texts(self, node: Node, attribute: str) -> list[str]:
        values = (value for key, value in node.attributes if key == attribute)
        return [text for value in values for text, _ in strings(self._wire, value)]

    def _graph(self, record: Record) -> Graph:
        """Return the graph that a node belongs to; readers merge what of it comes twice."""
        meta = record.inside("MetaGraphDef")
        place = meta.start if meta else -1
        if place not in self._graphs:
            own = record.inside("GraphDef")
            self._graphs[place] = (
                loading.read(self._wire, meta.start, meta.stop)
                if meta
                else Graph(self._wire, (own.start, own.stop) if own else (0, 0))
            )
        return self._graphs[place]

    def _function(self, record: Record) -> str:
        """Return the function whose body a node is in."""
        inside = record.inside("FunctionDef")
        if inside is None:
            return ""
        graph = self._graph(record)
        if id(graph) not in self._names:  # nodes in functions can be as many as those are
            self._names[id(graph)] = {span: name for name, span in reversed(graph.functions.items())}
        return self._names[id(graph)].get((inside.start, inside.stop), "?")

    def _unknown(self, operator: str, node: Node, record: Record) -> Observations:
        self._said.add(operator)
        if operator in self._graph(record).functions:
            return
        yield rules.CUSTOM_OPERATOR.finding(
            self._blob.subject,
            self._blob.location.at(record.start),
            f"the operator '{printable(operator, 80)}' is none that TensorFlow has",
            key=("operator", operator),
            facts={"operator": operator, "node": node.name},
        )

    def _judged(
        self, effect: Effect, operator: str, node: Node, record: Record, known: Resolved = _NOTHING
    ) -> Observations:
        graph, function = self._graph(record), self._function(record)
        resolved = known if effect.path is None else graph.resolve(node, effect.path, function)
        at_load = graph.at_load(node, function)
        severity = self._severity(effect, graph, resolved, at_load=at_load)
        if severity is None:
            return
        paths = "".join(f" '{printable(text, 120)}'" for text in resolved.texts[:3])
        when = " when the model is loaded" if at_load else ""
        place = f"the function '{printable(function, 80)}'" if function else "the graph"
        yield effect.rule.finding(
            self._blob.subject,
            self._blob.location.at(record.start),
            f"the operator '{printable(operator, 80)}' in {place} {effect.what}{when}" + (f":{paths}" if paths else ""),
            key=(function, node.name, operator),
            facts={
                "operator": operator,
                "node": node.name,
                "function": function,
                "paths": list(resolved.texts[:20]),
                "at_load": at_load,
            },
            severity=severity,
        )

    def _severity(self, effect: Effect, graph: Graph, resolved: Resolved, *, at_load: bool) -> Severity | None:
        """Return how bad an effect is here, ``None`` if it is ordinary."""
        if resolved.constants and resolved.constants <= graph.assets and not resolved.computed:
            return None  # a part of the model
        severity = effect.severity
        computed = resolved.computed and (effect.writes or effect.strict)
        leads_out = computed or any(content.outside(text) for text in resolved.texts)
        if effect.outside is not None and leads_out:
            severity = max(effect.outside, severity or effect.outside)
        if severity is None or effect.rule.id in _WHATEVER_THEY_SAY:
            return severity
        if self._training and effect.training and (effect.training == "any" or not resolved.texts):
            return None
        if graph.bare and effect.severity is None and not effect.writes:
            return Severity.MEDIUM  # a vocabulary that would be an asset in a saved model
        return Severity.CRITICAL if at_load and severity >= Severity.HIGH else severity
