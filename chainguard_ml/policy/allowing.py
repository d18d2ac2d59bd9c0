"""Globals that a policy lets pickles use, beside the shipped allow-list: ``config.AllowedGlobal`` in a policy."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from chainguard_ml.config import AllowedGlobal
from chainguard_ml.text import did_you_mean, printable

if TYPE_CHECKING:
    from chainguard_ml.policy.reading import Node

_REQUIRED = ("name", "may_be", "reason")
_USES = ("referenced", "called", "newobj", "built")
_DIGEST = re.compile(r"[0-9a-f]{64}\Z")


def read(node: Node, policy: str) -> AllowedGlobal | None:
    """Return the accepted global at ``node``, or ``None`` and problems; its reason names the ``policy``."""
    fields = node.fields((*_REQUIRED, "path", "sha256"), _REQUIRED)
    if not fields.keys() >= set(_REQUIRED):
        return None
    digest = fields["sha256"].text() if "sha256" in fields else ""
    if digest and not _DIGEST.match(digest):
        fields["sha256"].problem("must be 64 lower-case hexadecimal digits")
    return AllowedGlobal(
        name=_name(fields["name"]),
        may_be=_uses(fields["may_be"]),
        reason=f"{fields['reason'].sentence()} (policy {printable(policy)})",
        path=fields["path"].text() if "path" in fields else "",
        sha256=digest,
    )


def _name(node: Node) -> str:
    name = node.text()
    if name and ("*" in name or "." not in name.strip(".")):
        node.problem(f"'{printable(name, 60)}' is no exact dotted name such as mypackage.models.Net")
    return name


def _uses(node: Node) -> tuple[str, ...]:
    uses = node.texts()
    for use in uses:
        if use not in _USES:
            node.problem(f"'{printable(use, 60)}' is none of {', '.join(_USES)}{did_you_mean(use, _USES)}")
    return uses
