"""Packages against the licences that the operator accepts, as far as anything in the pipeline states a licence."""

from __future__ import annotations

from typing import TYPE_CHECKING

from packaging.utils import canonicalize_name

from chainguard_ml.audit import spdx
from chainguard_ml.audit.vulnerabilities import label_of, package_facts, place_of, subject_of
from chainguard_ml.model import Location, Subject
from chainguard_ml.rules.packages import LICENCE_NOT_ACCEPTED, LICENCE_UNKNOWN
from chainguard_ml.text import plural, printable

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from chainguard_ml.config import LicencesConfig
    from chainguard_ml.model import Component, Finding

_SHOWN = 5  # packages named in one message
_Key = tuple[str, str]


def findings(components: Sequence[Component], config: LicencesConfig) -> Iterator[Finding]:
    """Yield each package whose licence is not accepted once, and for each manifest those whose licence is not known.

    What one place states about a release (an environment, a bill, a lock) holds for every other that names it.
    """
    terms = spdx.Terms(config.allow, config.deny)
    stated: dict[_Key, set[str]] = {}
    for component in components:
        stated.setdefault(_key(component), set()).update(component.licences)
    unknown: dict[str, dict[_Key, Component]] = {}
    told: set[_Key] = set()
    for component in components:
        key = _key(component)
        canonical = [spdx.canonical(text) for text in sorted(stated[key])]
        if not canonical or None in canonical:
            unknown.setdefault(place_of(component).path, {}).setdefault(key, component)
        expressions = [each for each in canonical if each]
        refused = [each for each in expressions if not spdx.acceptable(each, terms)]
        if refused and key not in told:
            told.add(key)
            yield _refused(component, refused)
    for path, packages in sorted(unknown.items()):
        yield _unknown(path, [label_of(each) for each in packages.values()])


def _key(component: Component) -> _Key:
    return canonicalize_name(component.name), component.version or ""


def _refused(component: Component, expressions: Sequence[str]) -> Finding:
    shown = " and ".join(printable(each, 200) for each in expressions)
    return LICENCE_NOT_ACCEPTED.finding(
        subject_of(component),
        place_of(component),
        f"{label_of(component)} is under {shown}, which is not accepted",
        facts={**package_facts(component), "licences": list(expressions)},
    )


def _unknown(path: str, labels: Sequence[str]) -> Finding:
    more = f" and {len(labels) - _SHOWN} more" if len(labels) > _SHOWN else ""
    return LICENCE_UNKNOWN.finding(
        Subject(path),
        Location(path),
        f"the licence of {plural(len(labels), 'package')} is not known: {', '.join(labels[:_SHOWN])}{more}",
        facts={"packages": list(labels)},
    )
