"""Expressions that put text of strangers into scripts.

A run step's script is made before the shell starts: every ``${{ … }}`` is replaced by its value. Which values strangers
choose: https://docs.github.com/en/actions/reference/security/secure-use, "understanding the risk of script injections".
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from chainguard_ml.rules.source import TEMPLATE_INJECTION
from chainguard_ml.source.document import Script, text
from chainguard_ml.source.interface import Place
from chainguard_ml.text import printable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chainguard_ml.model import Finding
    from chainguard_ml.source.document import Document, Node, Step
    from chainguard_ml.source.interface import Reporter

_EXPRESSION = re.compile(r"\$\{\{((?:[^}$]|\$(?!\{\{)|\}(?!\}))*)\}\}")
_INDEX = re.compile(r"\s*\[\s*(?:'([^']*)'|[0-9]+|\*)\s*\]")
# Functions whose result is true or false, or a digest: nothing of their argument gets through.
_HARMLESS_CALL = re.compile(r"\b(?:contains|startswith|endswith|hashfiles)\s*\([^()]*\)")
_COMPARED = re.compile(r"(?<![\w.*-])[\w.*-]++\s*+[=!]=|[=!]=\s*+[\w.*-]++")
_UNTRUSTED = re.compile(
    r"(?<![\w.-])(?:github\.head_ref"
    r"|github\.event\.(?:issue|pull_request|discussion)\.(?:title|body)"
    r"|github\.event\.(?:comment|review|review_comment)\.body"
    r"|github\.event\.pull_request\.head\.(?:ref|label|repo\.default_branch|repo\.description|repo\.homepage)"
    r"|github\.event\.(?:head_commit|commits\.\*|workflow_run\.head_commit)\.(?:message|author\.(?:name|email))"
    r"|github\.event\.workflow_run\.(?:head_branch|display_title|head_repository\.description"
    r"|pull_requests\.\*\.head\.ref)"
    r"|github\.event\.pages\.\*\.page_name"
    r"|github\.event\.discussion_comment\.body"
    r")(?![\w-])"
)
_WHOLE = re.compile(
    r"\btojson\s*\(\s*(github(?:\.event(?:\.(?:issue|pull_request|comment|review|discussion|head_commit|commits|"
    r"workflow_run|pages))?)?)\s*\)"
)
_VARIABLE = re.compile(r"(?<![\w.-])env\.([a-z_][\w-]*)")


def injected(document: Document, reporter: Reporter) -> Iterator[Finding]:
    """Yield a finding for each expression in a script whose value a stranger chooses."""
    environments = {name: job.inner("env") for name, job in document.jobs}
    for step in document.steps:
        script = _script(step)
        job = str(step.node.path[1])  # "steps" in an action, which has no jobs
        around = environments.get(job, step.node.inner("env"))
        tainted = _tainted([document.root.inner("env"), around, step.node.inner("env")])
        for match in _EXPRESSION.finditer(script.text):
            source = _untrusted(match[1], tainted)
            if source:
                place = Place(script.line(match.start(), match[0]), scope=step.scope)
                yield _finding(reporter, place, match[0], source)


def _script(step: Step) -> Script:
    """Return the program of a step: a shell's, or the one that a well-known action runs."""
    action = step.node.text("uses").partition("@")[0].lower()
    if action == "actions/github-script":
        return Script.of(step.node.inner("with"), "script")
    return Script.of(step.node, "run")


def _tainted(environments: list[Node]) -> dict[str, str]:
    """Return the environment variables that strangers fill, and with what; an inner one replaces an outer one."""
    found: dict[str, str] = {}
    for environment in environments:
        for name, value in environment.value.items():
            sources = (_untrusted(match[1], {}) for match in _EXPRESSION.finditer(text(value)))
            source = next(filter(None, sources), "")
            if source:
                found[name.lower()] = source
            else:
                found.pop(name.lower(), None)
    return found


def _untrusted(expression: str, tainted: dict[str, str]) -> str:
    """Return the context in an expression that a stranger fills, or an empty string."""
    plain = _INDEX.sub(lambda match: f".{match[1] or '*'}", expression).lower()
    plain = _COMPARED.sub(" ", _HARMLESS_CALL.sub(" ", plain))
    match = _UNTRUSTED.search(plain) or _WHOLE.search(plain)
    if match:
        return match[1] if match.re is _WHOLE else match[0]
    return next((tainted[name] for name in _VARIABLE.findall(plain) if name in tainted), "")


def _finding(reporter: Reporter, place: Place, expression: str, source: str) -> Finding:
    return reporter.finding(
        TEMPLATE_INJECTION,
        place,
        f"whoever fills {printable(source, 100)} writes into the script: {printable(expression, 200)}",
        key=(expression,),
        facts={"expression": expression, "source": source, "scope": place.scope},
    )
