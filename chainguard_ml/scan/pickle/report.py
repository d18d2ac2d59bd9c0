"""From what a stream does to what is said about it: each global judged, each unusual use explained."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from chainguard_ml.model import Confidence, Evidence, GapReason, Severity
from chainguard_ml.rules import carries_code
from chainguard_ml.rules import pickle as rules
from chainguard_ml.scan.interface import Use
from chainguard_ml.scan.pickle.effects import RESOLVERS
from chainguard_ml.scan.pickle.names import is_special_path
from chainguard_ml.text import plural, printable

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from chainguard_ml.model import Finding, Json, Observations, Rule
    from chainguard_ml.scan.interface import Blob, Examination, Judgement
    from chainguard_ml.scan.pickle.trace import Note, Seen
    from chainguard_ml.scan.pickle.walk import Walk

_LISTED = 1000  # globals named in the evidence
_VERBS = {"referenced": "refers to", "called": "calls", "newobj": "constructs", "built": "sets the state of",
          "slots": "sets one by one attributes of", "fed": "adds items to", "kept": "keeps",
          "wrapped": "wraps"}  # fmt: skip
_ORDER = ("called", "newobj", "instantiated", "built", "slots", "fed", "wrapped", "referenced", "kept")
_WORST = ("dangerous", "code", "unknown", "misused", "allowed")
_TORCHSCRIPT = "__torch__"
_NOT_BY_NAME = (
    "No framework writes this, and allowing the name does not cover it. Take the model again from its publisher and "
    "compare digests; what is accepted all the same is a waiver's business, in a policy, with a reason and a date."
)
_NOTES = {
    "unresolved": rules.UNRESOLVED_GLOBAL,
    "overwritten": rules.OVERWRITTEN_GLOBAL,
    "misused": rules.MISUSED_GLOBAL,
    "code": carries_code.PICKLE_CODE,
    "persistent": rules.PERSISTENT_ID,
    "supplied": rules.PERSISTENT_ID,
}


class Report:
    """Turns one walk into observations."""

    def __init__(self, blob: Blob, walk: Walk, examination: Examination) -> None:
        self._blob = blob
        self._walk = walk
        self._judge = examination.judge
        self._listing: dict[str, Json] | None = {} if examination.listing else None
        self._denied: set[tuple[str, str]] = set()
        self._extended: dict[str, str] = {}

    def observations(self) -> Observations:
        """Yield findings about globals and their uses, breaks, limits, and the evidence of what is in the streams."""
        trace = self._walk.trace
        if trace.silent:  # mere data, as most files are
            yield self._evidence()
            return
        yield from self._torchscript()
        for seen in trace.seen.values():
            if not _is_torchscript(seen):
                yield from self._global(seen)
        yield from self._doubtful()
        for note in trace.notes.values():
            yield from self._note(note)
        yield from self._hidden()
        yield from self._breaks()
        for limit in trace.exceeded:
            yield self._blob.gap(GapReason.BUDGET, f"{limit}; the rest was not followed")
        yield self._evidence()

    def _doubtful(self) -> Observations:
        """Of a second reading of the same bytes only names that are known to be dangerous count."""
        trace = self._walk.trace
        for key, seen in trace.doubtful.seen.items() if trace.doubtful else ():
            if key not in trace.seen:
                yield from (item for item in self._global(seen) if item.rule == rules.DANGEROUS_GLOBAL.id)

    def _torchscript(self) -> Observations:
        """TorchScript's own reader resolves ``__torch__`` to the archive's code; Python has no such package."""
        classes = [seen for seen in self._walk.trace.seen.values() if _is_torchscript(seen)]
        if classes:
            yield carries_code.PICKLE_CODE.finding(
                self._blob.subject,
                self._blob.location.at(classes[0].offset),
                f"it has {plural(len(classes), 'class', 'classes')} of a TorchScript program, such as "
                f"{printable(_dotted(classes[0]), 200)}",
                key=(_TORCHSCRIPT,),
                facts={"classes": len(classes)},
            )

    def _global(self, seen: Seen) -> Iterator[Finding]:
        module, name = seen.target.module, seen.target.name
        if _is_resolver(seen):
            return
        uses = [how for how in _ORDER if how in seen.uses]
        judged = [(self._use(module, name, how, seen.uses[how]), how) for how in uses]
        judgement, how = min(judged, key=lambda pair: _WORST.index(pair[0].verdict))
        if self._listing is not None:
            self._listing[_dotted(seen)] = {
                "uses": sorted(_public(seen.uses)),
                "verdict": judgement.verdict,
                "because": judgement.technique or judgement.facts.get("judged") or judgement.facts.get("reason", ""),
                "source": judgement.source,
                "offset": seen.offset,
            }
        if judgement.source == "configuration":
            self._extended[_dotted(seen)] = judgement.facts.get("reason", "")
        if judgement.verdict != "allowed":
            self._denied.add((module, name))
            yield self._finding(seen, judgement, how)

    def _use(self, module: str, name: str, how: str, offset: int) -> Judgement:
        """Ask the judge; what INST makes without arguments may be a construction or a call."""
        subject = self._blob.subject
        if how != "instantiated":
            return self._judge.judge(Use(module, name, how, offset), subject)
        made = self._judge.judge(Use(module, name, "newobj", offset), subject)
        return made if made.verdict == "allowed" else self._judge.judge(Use(module, name, "called", offset), subject)

    def _finding(self, seen: Seen, judgement: Judgement, how: str) -> Finding:
        rule, severity = _rule(seen, judgement, how)
        full = _dotted(seen)
        verb = _VERBS.get(how, "calls")
        message = f"it {verb} {printable(full, 200)}"
        if judgement.technique:
            message += f": {judgement.technique}"
        elif judgement.verdict == "misused":
            message += ", which is listed, but not for this"
        uses = sorted(_public(seen.uses))
        facts: dict[str, Json] = {"module": seen.target.module, "name": seen.target.name, "uses": uses}
        return rule.finding(
            self._blob.subject,
            self._blob.location.at(seen.offset),
            message,
            key=(seen.target.module, seen.target.name),
            facts={**facts, "technique": judgement.technique} if judgement.technique else facts,
            severity=severity,
            confidence=Confidence.MEDIUM if judgement.verdict == "unknown" and severity else Confidence.HIGH,
            hint=_how_to_allow(full, uses) if rule in {rules.UNKNOWN_GLOBAL, rules.MISUSED_GLOBAL} else None,
        )

    def _note(self, note: Note) -> Observations:
        target = note.target
        if note.kind == "misused" and target and (target.module, target.name) in self._denied:
            return  # the name itself is denied, which says more
        rule = _NOTES[note.kind]
        name = f"{target.module}.{target.name}" if target else ""
        where = f"{printable(name, 200)}: " if name else ""
        yield rule.finding(
            self._blob.subject,
            self._blob.location.at(note.offset),
            f"{where}{note.detail}",
            key=(name, note.detail),
            facts={"module": target.module, "name": target.name} if target else {},
            severity=Severity.HIGH if note.kind == "supplied" else None,
            hint=_NOT_BY_NAME if note.kind == "misused" else None,
        )

    def _hidden(self) -> Observations:
        for offset in self._walk.trace.hidden:
            yield rules.HIDDEN_PICKLE.finding(
                self._blob.subject,
                self._blob.location.at(offset),
                "a pickle that names something stands behind the end of the content",
                key=("hidden",),
            )

    def _breaks(self) -> Observations:
        """Report breaks: high where something was imported before, else medium and a gap, because nothing ran."""
        trace = self._walk.trace
        ran = bool(trace.seen or trace.notes)
        for problem in trace.problems:
            yield rules.MALFORMED_PICKLE.finding(
                self._blob.subject,
                self._blob.location.at(problem.offset),
                f"the pickle breaks off: {problem.reason}"
                if not problem.differs
                else f"unpicklers differ: {problem.reason}",
                key=(problem.reason,),
                facts={"reason": problem.reason},
                severity=None if ran or problem.differs else Severity.MEDIUM,
            )
        if trace.problems and not ran:
            first = trace.problems[0]
            yield self._blob.gap(GapReason.MALFORMED, f"the pickle breaks off: {first.reason}", first.offset)

    def _evidence(self) -> Evidence:
        trace = self._walk.trace
        names = sorted({f"{module}.{name}" for module, name in trace.seen})
        statement: dict[str, Json] = {"protocol": trace.protocol, "streams": trace.streams, "globals": names[:_LISTED]}
        if len(names) > _LISTED:
            statement["count"] = len(names)
        if self._listing is not None:
            statement["listing"] = dict(sorted(self._listing.items()))
        if self._extended:
            statement["allowed_by_configuration"] = dict(sorted(self._extended.items()))
        return Evidence("pickle", self._blob.subject, "scan", statement, self._blob.location)


def _dotted(seen: Seen) -> str:
    return f"{seen.target.module}.{seen.target.name}"


def _is_torchscript(seen: Seen) -> bool:
    return seen.target.module.partition(".")[0] == _TORCHSCRIPT


def _is_resolver(seen: Seen) -> bool:
    """A resolver that was only called with literals has been replaced by what they name, which is judged."""
    resolver = (seen.target.module, seen.target.name) in RESOLVERS
    others = {"computed", "newobj", "built", "instantiated", "kept"} & seen.uses.keys()
    return resolver and "resolved" in seen.uses and not others


def _public(uses: dict[str, int]) -> set[str]:
    """Return the uses as the allow-list names them."""
    renamed = {
        "instantiated": "newobj",
        "resolved": "called",
        "computed": "called",
        "fed": "built",
        "slots": "built",
        "kept": "referenced",
        "wrapped": "called",
    }
    return {renamed.get(how, how) for how in uses}


def _rule(seen: Seen, judgement: Judgement, how: str) -> tuple[Rule, Severity | None]:
    """Return the rule that a denied global breaks, and its severity where it is not the rule's own."""
    module, name = seen.target.module, seen.target.name
    if judgement.verdict == "code":
        return carries_code.PICKLE_CODE, None
    if judgement.verdict == "dangerous":
        return rules.DANGEROUS_GLOBAL, None
    if judgement.verdict == "misused":
        return rules.MISUSED_GLOBAL, None
    if module == "__main__":
        return rules.MAIN_GLOBAL, None
    if is_special_path(module, name):
        return rules.ATTRIBUTE_PATH, None
    return rules.UNKNOWN_GLOBAL, Severity.MEDIUM if how == "referenced" else None


def _how_to_allow(name: str, uses: Sequence[str]) -> str:
    shown = printable(name, 200)
    table = f'name = {json.dumps(shown)}, may-be = {json.dumps(uses)}, reason = "…"'
    return (
        f"if {shown} is yours and harmless, allow it with a table [[scan.allow]] in chainguard-ml.toml: {table}; "
        "better, export the weights as safetensors"
    )
