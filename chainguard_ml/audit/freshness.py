"""Whether the advisory database is recent enough."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

from chainguard_ml.model import Location, Subject
from chainguard_ml.rules.audit import STALE_ADVISORIES
from chainguard_ml.text import plural

if TYPE_CHECKING:
    from chainguard_ml.model import Finding, Json


def stale(newest: str, max_age_days: int, name: str, today: date | None = None) -> Finding | None:
    """Return the finding that a database is too old, that its age is not known, or that the clock is wrong.

    ``newest`` is the RFC 3339 time of its newest record, ``name`` the file's name, ``today`` a day in UTC (default:
    the present one). The message does not depend on the day, so that reports stay the same.
    """
    today = today or datetime.now(tz=UTC).date()
    changed = _day(newest)
    if changed is None:
        message = "no advisory in the database says when it was last changed, so its age is not known"
    elif changed > today + timedelta(days=1):
        message = f"the newest advisory is of {changed}, which is in the future: the clock or the database is wrong"
    elif today - changed > timedelta(days=max_age_days):
        message = f"the newest advisory is of {changed}, more than {plural(max_age_days, 'day')} ago"
    else:
        return None
    facts: dict[str, Json] = {"newest": newest, "max_age_days": max_age_days}
    return STALE_ADVISORIES.finding(Subject(name, "database"), Location(name), message, facts=facts)


def age(newest: str, today: date | None = None) -> str:
    """Return in words how old an RFC 3339 time is, or that it is not known or lies in the future."""
    today = today or datetime.now(tz=UTC).date()
    changed = _day(newest)
    if changed is None:
        return "age not known"
    if changed > today + timedelta(days=1):
        return f"in the future: the clock, which says {today}, or the database is wrong"
    return f"{plural(max((today - changed).days, 0), 'day')} old"


def _day(time: str) -> date | None:
    try:
        return date.fromisoformat(time[:10])
    except ValueError:
        return None
