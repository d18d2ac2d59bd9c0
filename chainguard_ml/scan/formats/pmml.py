"""PMML, the Predictive Model Markup Language 2 to 4.4 (dmg.org): functions, extensions, tables from elsewhere.

A PMML document describes a model as data. What leads beyond are functions that only the consumer knows (JPMML takes
the name of a Java class), extensions of vendors with code in them, and tables that the consumer fetches.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from chainguard_ml.model import Severity
from chainguard_ml.rules import xml as rules
from chainguard_ml.scan.formats import xml_findings, xml_reader
from chainguard_ml.text import printable

if TYPE_CHECKING:
    from chainguard_ml.model import Observations
    from chainguard_ml.scan.formats.xml_reader import Element
    from chainguard_ml.scan.interface import Blob, Examination

NAME = "pmml"
EXAMINES = "function names, extensions and build tasks, external tables, entities"

_TEXT = 1_000_000  # characters of an extension that are looked at together
_BUILT_IN = frozenset(
    """
    + - * / min max sum avg median product log10 ln sqrt abs exp pow threshold floor ceil round modulo isMissing
    isNotMissing isValid isNotValid equal notEqual lessThan lessOrEqual greaterThan greaterOrEqual isIn isNotIn and or
    not if uppercase lowercase stringLength substring trimBlanks concat replace matches formatNumber formatDatetime
    dateDaysSinceYear dateSecondsSinceYear dateSecondsSinceMidnight normalCDF normalPDF stdNormalCDF stdNormalPDF erf
    normalIDF stdNormalIDF expm1 hypot ln1p rint sin asin sinh cos acos cosh tan atan tanh
    x-atan2 x-erfinv atan2 erfinv
    """.split()  # noqa: SIM905 (a list of 90 literals is no easier to read)
)  # PMML 4.4.1, "Built-in functions"; and two that JPMML adds
_CLASS = re.compile(r"[\w$]+(?:[.:/#]+[\w$]+)+(?:\(.*)?")
_FREE = frozenset({"Extension", "MiningBuildTask", "script", "Script"})  # whose content PMML leaves to vendors
# How programs start others, evaluate text or load code, in the languages in which consumers are written.
_CODE = re.compile(
    r"""\b(?:os\s*\.\s*(?:system|popen|exec\w*|spawn\w*)|subprocess\s*\.|__import__|(?:eval|exec|system|popen|execfile)\s*\(
    |Runtime\s*\.\s*getRuntime|ProcessBuilder|java\.lang\.(?:Runtime|Process\w*|System|Class)\b|javax\.script|ScriptEngine
    |GroovyShell|URLClassLoader|InitialContext|(?:ldap|rmi|jndi|javascript|vbscript)\s*:|child_process|System\.Diagnostics
    |powershell(?:\.exe)?\s+-|cmd(?:\.exe)?\s+/c|(?:curl|wget)\s+\S*://|builtins\s*\.)
    |<\s*script\b|/bin/(?:ba|da|z)?sh\b|\$\{\s*(?:jndi|T\(|script:)""",
    re.VERBOSE | re.IGNORECASE,
)


def recognise(blob: Blob) -> bool:
    """Return whether the root is called PMML."""
    root, _ = xml_reader.root_of(blob)
    return root is not None and root.name == "PMML"


def examine(blob: Blob, examination: Examination) -> Observations:  # noqa: ARG001 (the seam's shape)
    """Read the whole document."""
    yield from _Document(blob).observations()


class _Document(xml_findings.Model):
    """Looks at functions while it goes; functions that are defined later in the document are known at its end."""

    def __init__(self, blob: Blob) -> None:
        super().__init__(blob)
        self._defined: set[str] = set()
        self._called: dict[str, int] = {}
        self._free = 0  # depth of the extension that is open, else zero
        self._start = 0
        self._text: list[str] = []
        self._length = 0

    def opened(self, element: Element) -> None:
        """Look at an element."""
        name = element.name
        if name == "DefineFunction":
            self._defined.add(element.attributes.get("name", ""))
        elif name in {"Apply", "Aggregate"}:
            self._called.setdefault(element.attributes.get("function", ""), element.offset)
        elif name == "TableLocator":
            self.say(rules.PMML_TABLE, element.offset, "a table is taken from outside of the document", ("table",))
        if not self._free and (name in _FREE or name.startswith(("X-", "x-"))):
            self._free, self._start = len(self.path), element.offset
            self._text, self._length = [], 0
        if self._free:
            if name.lower().rpartition("-")[2] == "script":
                self._code("<script", element.offset)
            for value in element.attributes.values():
                self._keep(value)

    def end(self) -> None:
        """Close an element; at the end of an extension look at its text."""
        if self._free == len(self.path):
            self._free = 0
            if match := _CODE.search("\n".join(self._text)):
                self._code(match[0], self._start)
        super().end()

    def text(self, text: str) -> None:
        """Keep what an extension holds."""
        if self._free:
            self._keep(text)

    def _keep(self, text: str) -> None:
        if self._length < _TEXT:
            self._text.append(text[:_TEXT])
            self._length += len(text)

    def _code(self, what: str, offset: int) -> None:
        shown = printable(" ".join(what.split()), 60)
        self.say(rules.PMML_CODE, offset, f"an extension holds code: {shown}", (shown,))

    def observations(self) -> Observations:
        """Read the document, then judge the functions that it calls."""
        yield from super().observations()
        for name, offset in sorted(self._called.items(), key=lambda item: item[1]):
            if name in _BUILT_IN or name in self._defined or not name:
                continue
            is_class = _CLASS.fullmatch(name) is not None
            what = "names a class that the evaluator loads" if is_class else "is none of PMML's own"
            shown = printable(name, 120)
            yield rules.PMML_FUNCTION.finding(
                self.blob.subject,
                self.blob.location.at(offset),
                f"the function '{shown}' {what}",
                key=(shown,),
                facts={"function": shown},
                severity=Severity.HIGH if is_class else None,
            )
