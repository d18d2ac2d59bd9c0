"""What names and locks give away by themselves: imitated names, releases without wheels, releases of these days."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from packaging.utils import canonicalize_name

from chainguard_ml.audit.lookalikes import resembled
from chainguard_ml.audit.vulnerabilities import label_of, package_facts, place_of, subject_of
from chainguard_ml.model import Confidence
from chainguard_ml.rules.packages import FRESH_RELEASE, LOOKALIKE_NAME, SOURCE_ONLY_PACKAGE
from chainguard_ml.text import plural, printable

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from chainguard_ml.model import Component, Finding


def findings(components: Iterable[Component], cooldown_days: int, now: datetime | None = None) -> Iterator[Finding]:
    """Yield what is wrong with packages themselves; ``now`` is a time in UTC (default: the present one).

    Messages do not depend on the time, so that reports stay the same while a finding stands.
    """
    now = now or datetime.now(tz=UTC)
    known: dict[str, str | None] = {}
    for component in components:
        name = canonicalize_name(component.name)
        if name not in known:
            known[name] = resembled(name)
        other = known[name]
        if other is not None:
            yield _lookalike(component, other)
        if component.facts.get("source_only") is True:
            yield _source_only(component)
        uploaded = component.facts.get("uploaded")
        if cooldown_days and isinstance(uploaded, str) and _fresh(uploaded, now, cooldown_days):
            yield _recent(component, uploaded, cooldown_days)


def _lookalike(component: Component, other: str) -> Finding:
    return LOOKALIKE_NAME.finding(
        subject_of(component),
        place_of(component),
        f"'{printable(component.name, 100)}' is nearly '{other}', a well-known package",
        key=(place_of(component).path,),
        facts={**package_facts(component), "resembles": other},
        confidence=Confidence.LOW,
    )


def _source_only(component: Component) -> Finding:
    return SOURCE_ONLY_PACKAGE.finding(
        subject_of(component),
        place_of(component),
        f"{label_of(component)} is locked without any wheel: installing it runs its build",
        key=(place_of(component).path,),
        facts=package_facts(component),
    )


def _fresh(uploaded: str, now: datetime, days: int) -> bool:
    """Tell whether a time is later than so many days ago; a day alone is its first moment, a time without zone UTC."""
    try:
        time = datetime.fromisoformat(uploaded)
        time = time if time.tzinfo else time.replace(tzinfo=UTC)
        return time > now - timedelta(days=days)
    except (ValueError, OverflowError):
        return False


def _recent(component: Component, uploaded: str, days: int) -> Finding:
    return FRESH_RELEASE.finding(
        subject_of(component),
        place_of(component),
        f"the last file of {label_of(component)} was uploaded on {printable(uploaded[:10])}, within the cooldown of "
        f"{plural(days, 'day')}",
        key=(place_of(component).path,),
        facts={**package_facts(component), "uploaded": uploaded, "cooldown_days": days},
    )
