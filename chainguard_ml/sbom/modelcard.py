"""Model cards and data descriptions as CycloneDX 1.6 writes them (``modelCard``, ``data[]``)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chainguard_ml.text import printable

if TYPE_CHECKING:
    from collections.abc import Iterable

    from chainguard_ml.codec import JsonObject
    from chainguard_ml.model import Json
    from chainguard_ml.sbom.graph import DataFacts, DatasetUse, Metric, ModelFacts, Node

_LONGEST = 100_000  # characters of one text


def model_card(facts: ModelFacts) -> JsonObject:
    """Return ``modelCard``; empty if nothing is stated."""
    parameters = _present(
        task=_optional(facts.task),
        architectureFamily=_optional(facts.family),
        modelArchitecture=_optional(facts.architecture),
        datasets=[_dataset(use) for use in facts.datasets],
    )
    considerations = _present(
        users=_texts(facts.users),
        useCases=_texts(facts.use_cases),
        technicalLimitations=_texts(facts.limitations),
        ethicalConsiderations=[{"name": _text(text)} for text in facts.ethics],
    )
    return _present(
        modelParameters=parameters,
        quantitativeAnalysis=_present(performanceMetrics=[_metric(metric) for metric in facts.metrics]),
        considerations=considerations,
        properties=properties(facts.properties),
    )


def data_of(node: Node, facts: DataFacts) -> JsonObject:
    """Return the entry of ``data[]`` that describes a data set's node."""
    governance = _present(
        custodians=_organizations(facts.custodians),
        stewards=_organizations(facts.stewards),
        owners=_organizations(facts.owners),
    )
    return _present(
        type="dataset",
        name=_text(facts.title or node.name),
        contents=_present(properties=properties(facts.properties)),
        classification=_optional(facts.classification),
        sensitiveData=_texts(facts.sensitive),
        governance=governance,
    )


def properties(pairs: Iterable[tuple[str, str]]) -> list[Json]:
    """Return CycloneDX properties: names and values, several of one name allowed."""
    return [{"name": name, "value": _text(value)} for name, value in pairs]


def _present(**values: Json) -> JsonObject:
    return {name: value for name, value in values.items() if value}


def _dataset(use: DatasetUse) -> JsonObject:
    return {"ref": use.ref} if use.ref else {"type": "dataset", "name": _text(use.name)}


def _metric(metric: Metric) -> JsonObject:
    return _present(type=_text(metric.type), value=_text(metric.value), slice=_optional(metric.slice))


def _organizations(names: Iterable[str]) -> list[Json]:
    return [{"organization": {"name": _text(name)}} for name in names]


def _texts(texts: Iterable[str]) -> list[Json]:
    return [_text(text) for text in texts]


def _optional(text: str | None) -> str | None:
    return _text(text) if text else None


def _text(text: str) -> str:
    return printable(text, _LONGEST)
