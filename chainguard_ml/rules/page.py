"""A rule's page: the same Markdown on the terminal (``rule ID``) and in ``docs/rules``."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from chainguard_ml.model import Rule

_WIDTH = 118


def page(rule: Rule) -> str:
    """Return the Markdown page of a rule: facts, why it is bad, what to do, references."""
    network = "works offline" if rule.offline else "needs a network"
    lines = [
        f"# {rule.id}",
        "",
        _fill(f"{rule.title}."),
        "",
        f"Severity **{rule.severity}** · family `{rule.family}` · since {rule.since} · {network}",
        "",
        "## Why is this bad?",
        "",
        _fill(rule.why),
        "",
        "## What to do",
        "",
        _fill(rule.remediation),
    ]
    if rule.references:
        lines += ["", "## References", "", *(f"- [{item.id}]({item.url})" for item in rule.references)]
    return "\n".join(lines) + "\n"


def _fill(text: str) -> str:
    return "\n".join(textwrap.wrap(text, _WIDTH, break_long_words=False, break_on_hyphens=False))
