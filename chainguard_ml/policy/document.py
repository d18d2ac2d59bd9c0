"""Policy documents: YAML to a checked and compiled ``Policy``.

A document states ``apiVersion: chainguard-ml/v1``, ``kind: Policy`` and ``metadata``; it has ``params``, ``rules``,
``allow``, ``waivers``, and ``include`` for documents whose parts come before its own. Everything that is
wrong with it and with what it includes is found in one reading and reported together, with file and line.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from chainguard_ml.errors import PolicyError
from chainguard_ml.policy import allowing, compiling, params, waivers
from chainguard_ml.policy.expressions import Expressions, shared
from chainguard_ml.policy.including import Documents, Shape, named
from chainguard_ml.policy.interface import Param, Policy, PolicyRule
from chainguard_ml.text import printable

if TYPE_CHECKING:
    from pathlib import Path

    from chainguard_ml.config import AllowedGlobal
    from chainguard_ml.model import Waiver
    from chainguard_ml.policy.reading import Node

_POLICY = Shape("Policy", ("include", "params", "rules", "allow", "waivers"), ("metadata",))
_WAIVERS = Shape("Waivers", ("waivers",), ("waivers",))
_METADATA = ("name", "title", "owner", "version")


def load(path: Path) -> Policy:
    """Read a policy and the documents it includes.

    Raises:
        PolicyError: With every problem found, each with its file and line.
    """
    documents = Documents(_POLICY)
    documents.add(path)
    policy = _policy(documents)
    _refuse(documents, f"the policy '{printable(str(path))}' is wrong")
    return policy


def load_waivers(path: Path) -> tuple[Waiver, ...]:
    """Read waivers from a document of their own (``kind: Waivers``), so that they need no change of the policy.

    Raises:
        PolicyError: With every problem found, each with its file and line.
    """
    documents = Documents(_WAIVERS)
    documents.add(path)
    found = _waivers(documents)
    _refuse(documents, f"the waivers '{printable(str(path))}' are wrong")
    return found


def check_document(path: Path) -> tuple[str, ...]:
    """Return everything that is wrong with a policy; nothing where it can be used."""
    try:
        load(path)
    except PolicyError as error:
        return error.problems
    return ()


def _refuse(documents: Documents, message: str) -> None:
    if documents.problems.texts:
        raise PolicyError(message, documents.problems.texts, hint="see docs/policy.md for every key and fact")


def _policy(documents: Documents) -> Policy:
    """Build the policy of what was read; where problems were found it is not to be used."""
    declared: dict[str, Param] = {}
    metadata: dict[str, str] = {}
    for members in documents.read:
        metadata = _metadata(members["metadata"]) if "metadata" in members else {}
        if "params" in members:
            declared |= params.declared(members["params"], declared)
    rules = _rules(documents, Expressions(shared(declared)))
    name = metadata.get("name", "")
    return Policy(
        name=name,
        title=metadata.get("title", name),
        owner=metadata.get("owner", ""),
        version=metadata.get("version", ""),
        params=declared,
        rules=rules,
        allow=_allow(documents, name),
        waivers=_waivers(documents),
        sources=tuple(documents.sources),
    )


def _metadata(node: Node) -> dict[str, str]:
    found = {}
    for key, field in node.fields(_METADATA, ("name",)).items():
        if key == "name":
            found[key] = named(field, ())
        elif key == "version" and isinstance(field.value, int | float) and not isinstance(field.value, bool):
            found[key] = str(field.value)
        else:
            found[key] = field.sentence()
    return found


def _rules(documents: Documents, expressions: Expressions) -> tuple[PolicyRule, ...]:
    found: dict[str, PolicyRule] = {}
    nodes = [node for members in documents.read if "rules" in members for node in members["rules"].items()]
    for node in nodes:
        rule = compiling.rule(node, expressions, found)
        found[rule.id] = rule
    last = documents.read[-1] if documents.read else {}
    if last and not nodes and ("rules" not in last or isinstance(last["rules"].value, list)):
        place = next(iter(last.values()))
        place.problems.add(place.document, place.line, "there is no rule, so that everything would pass")
    return tuple(found.values())


def _allow(documents: Documents, name: str) -> tuple[AllowedGlobal, ...]:
    nodes = [node for members in documents.read if "allow" in members for node in members["allow"].items()]
    read = [allowing.read(node, name) for node in nodes]
    return tuple(item for item in read if item)


def _waivers(documents: Documents) -> tuple[Waiver, ...]:
    found = []
    for members in documents.read:
        for node in members["waivers"].items() if "waivers" in members else ():
            waiver = waivers.read(node)
            if waiver:
                found.append(waiver)
    return tuple(found)
