"""The smallest safe change of what people edit: a vulnerable pin becomes the release that the audit advises.

Requirements files, constraints, ``pyproject.toml``, pip's section of an environment, Dockerfiles and scripts are
changed in place: nothing but the version, so that comments, markers, line ends and encodings stay. A changed file is
read again before it counts, and has to name the same packages but for these versions. What is not changed is told,
with what to do instead: locks are their tool's, and the digests of a new release are its index's to know.
"""

from __future__ import annotations

import difflib
import json
import re
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from packaging.utils import canonicalize_name

from chainguard_ml import audit
from chainguard_ml.audit.versions import Release, canonical
from chainguard_ml.errors import ChangedError, InputError
from chainguard_ml.files import open_beneath, write_atomic
from chainguard_ml.inventory import packages
from chainguard_ml.model import ArtifactKind, Component, Evidence, Finding, Location, Subject
from chainguard_ml.records import record
from chainguard_ml.rules.audit import VULNERABLE_DEPENDENCY
from chainguard_ml.text import printable

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from chainguard_ml.context import Context
    from chainguard_ml.model import Artifact

_LARGEST = 32_000_000  # bytes of a file that is changed
_LINE_END = re.compile(r"(\r\n|\r|\n)")
_WIDE = (b"\xff\xfe", b"\xfe\xff", b"\0\0\xfe\xff")  # marks of encodings in which ASCII is not itself
_HARMLESS = frozenset({"not_affected", "fixed"})  # what a statement of others may say (VEX)
_COMMANDS = {
    "uv-lock": "uv lock --upgrade-package {name}=={version}",
    "poetry-lock": "poetry update {name}",
    "pdm-lock": "pdm update {name}",
    "pipfile-lock": "pipenv upgrade {name}=={version}",
    "pixi-lock": "pixi update {name}",
    "conda-lock": "conda-lock --update {name}",
    "pylock": "lock {name} {version} anew",
}
"""How the tool of a lock takes a release up."""

_NOT_DECLARED = frozenset({"environment", "cyclonedx", "spdx", "resolved"})
_VERSION = r"\s*([A-Za-z0-9][A-Za-z0-9.!+_-]*)"
_REQUIREMENT = rf"\s*(?:\[[^\]\n]*\])?\s*\(?\s*={{2,3}}{_VERSION}"  # name[extra]==1.0, name (==1.0)
_ENTRY = rf"[\"']?\s*=\s*(?:\{{[^}}\n]*?\bversion\s*=\s*)?[\"']\s*={{0,3}}{_VERSION}\s*[\"']"  # name = "1.0"


@record
class Change:
    """A version that is another now: in which file, at which line, of which package, from which to which."""

    path: str
    line: int
    package: str
    old: str
    new: str


@record
class Kept:
    """A vulnerable version that stays: where it is declared, what it is, and why it stays."""

    place: str
    label: str
    reason: str


@record
class Plan:
    """What would be changed.

    Attributes:
        root: Directory that paths are relative to.
        texts: Path, bytes as they are and as they would be, of each changed file, sorted.
        changes: The versions, in the order of files and lines.
        kept: What stays vulnerable, sorted.
    """

    root: Path
    texts: tuple[tuple[str, bytes, bytes], ...]
    changes: tuple[Change, ...]
    kept: tuple[Kept, ...]

    def diff(self) -> str:
        """Return the changes as a unified diff, fit to be shown."""
        lines: list[str] = []
        for path, before, after in self.texts:
            old, new = (data.decode("utf-8", "surrogateescape").splitlines() for data in (before, after))
            shown = printable(path)
            lines += difflib.unified_diff(old, new, f"a/{shown}", f"b/{shown}", lineterm="")
        return "".join(f"{printable(line, len(line))}\n" for line in lines)

    def evidence(self, *, written: bool) -> Evidence:
        """Return what was changed, or would be, as evidence."""
        rows = [
            {name: getattr(each, name) for name in ("path", "line", "package", "old", "new")} for each in self.changes
        ]
        kept = [{"place": each.place, "package": each.label, "reason": each.reason} for each in self.kept]
        return Evidence(
            "fix", Subject("packages", "package"), "audit", {"written": written, "changes": rows, "kept": kept}
        )


def plan(context: Context) -> Plan:
    """Audit the packages of a context, and return how what is vulnerable would be changed; nothing is written.

    Raises:
        InputError: A file can no longer be read.
    """
    artifacts = {artifact.path: artifact for artifact in context.artifacts}
    edits: dict[str, list[tuple[Component, str]]] = {}
    kept: list[Kept] = []
    for component, fix in _wanted(context):
        path = _place(component).path
        if reason := _untouched(component, fix, artifacts.get(path)):
            kept.append(_kept(component, reason))
        else:
            edits.setdefault(path, []).append((component, fix))
    texts: list[tuple[str, bytes, bytes]] = []
    changes: list[Change] = []
    for path, several in sorted(edits.items()):
        text, made, refused = _changed(context, path, artifacts.get(path), several)
        texts += [text] if text else []
        changes += made
        kept += refused
    return Plan(
        context.root, tuple(texts), tuple(changes), tuple(sorted(kept, key=lambda each: (each.place, each.label)))
    )


def write(planned: Plan) -> None:
    """Write the changed files, each whole or not at all.

    Raises:
        ChangedError: A file is no longer what was read; nothing is written.
        OutputError: One cannot be written; those before it are.
    """
    for path, before, _ in planned.texts:
        if _read(planned.root, path) != before:
            raise ChangedError(f"'{printable(path)}' changed while its fix was worked out", hint="try again")
    for path, _, after in planned.texts:
        write_atomic(planned.root / path, after)


def _wanted(context: Context) -> list[tuple[Component, str]]:
    """Return each vulnerable package with the advised release, empty where none is known; sorted by place."""
    fixes: dict[tuple[str, str], str] = {}
    for item in audit.examine(context):
        if (
            isinstance(item, Finding)
            and item.rule == VULNERABLE_DEPENDENCY.id
            and item.facts.get("vex") not in _HARMLESS
        ):
            fixes[str(item.location), item.subject.name] = str(item.facts.get("fix", ""))
    found = [
        (component, fixes[key])
        for component in context.components
        if (key := (str(component.origin), component.purl or component.name)) in fixes
    ]
    return sorted(found, key=lambda pair: (_place(pair[0]).path, _place(pair[0]).line or 0, pair[0].name))


def _place(component: Component) -> Location:
    """Return where the version is written: at the constraint that pins it, else where the package is declared."""
    constraint = component.facts.get("constraint")
    if isinstance(constraint, str):
        path, _, line = constraint.rpartition(":")
        return Location(path, line=int(line)) if line.isdigit() else Location(constraint)
    return component.origin or Location(component.name)


def _untouched(component: Component, fix: str, artifact: Artifact | None) -> str:
    """Return why a version stays as it is, and what to do instead; nothing where it can be changed."""
    kind, form = (artifact.kind, artifact.format) if artifact else (ArtifactKind.REQUIREMENTS, "requirements")
    name, version = printable(component.name, 100), printable(fix, 60)
    label = Release.of(component.version or "").label
    command = _COMMANDS.get(form, "").format(name=name, version=version)
    undeclared = component.facts.get("source") in _NOT_DECLARED or kind is ArtifactKind.NOTEBOOK
    elsewhere = not (component.purl or "").startswith("pkg:pypi/")
    reasons = (
        (not fix, "no release outside all of its advisories is known: replace it, or isolate its use"),
        (command, f"a lock is its tool's: {command}"),
        (undeclared, f"it is not declared in a text that can be changed: install {name} {version}"),
        (elsewhere, f"its version is another index's: see which of its builds has {name} {version}"),
        (label, f"the build '{printable(label, 60)}' is another index's: see which of its builds is {name} {version}"),
        (
            component.facts.get("hashed") is True,
            f"its digests are of the old release: lock {name} {version} with new ones",
        ),
    )
    return next((reason for holds, reason in reasons if holds), "")


def _kept(component: Component, reason: str) -> Kept:
    label = f"{printable(component.name, 100)} {printable(component.version or '', 60)}"
    return Kept(printable(str(_place(component))), label.strip(), reason)


def _edited(data: bytes, wanted: Sequence[tuple[Component, str]]) -> tuple[bytes, list[Change], list[Kept]]:
    """Return a file's bytes with other versions, what was changed, and what could not be."""
    if data.startswith(_WIDE):
        why = "the file is not in an encoding that is changed: save it as UTF-8"
        return data, [], [_kept(component, why) for component, _ in wanted]
    parts = _LINE_END.split(data.decode("utf-8", "surrogateescape"))  # text and line end in turn
    changes: list[Change] = []
    kept: list[Kept] = []
    for component, fix in wanted:
        place = _place(component)
        for index in _lines(parts, place.line or 0):
            if found := _pin(parts[index], component):
                start, end = found
                changes.append(Change(place.path, index // 2 + 1, component.name, parts[index][start:end], fix))
                parts[index] = parts[index][:start] + fix + parts[index][end:]
                break
        else:
            kept.append(_kept(component, "its version is not written as ==VERSION at that line: change it by hand"))
    return "".join(parts).encode("utf-8", "surrogateescape"), changes, kept


def _lines(parts: Sequence[str], line: int) -> Iterator[int]:
    """Yield where a line is among the parts, and those that continue it behind a backslash."""
    index = 2 * (line - 1)
    while 0 <= index < len(parts):
        yield index
        if not parts[index].endswith("\\"):
            return
        index += 2


def _pin(text: str, component: Component) -> tuple[int, int] | None:
    """Return where the version stands, first where a line pins the package to it (PEP 508, or a table of Poetry's)."""
    name = r"(?<![\w.-])" + "[-_.]+".join(re.escape(part) for part in re.split("[-_.]+", component.name))
    for pattern in (_REQUIREMENT, _ENTRY):
        for match in re.finditer(name + pattern, text, re.IGNORECASE):
            if canonical(match[1]) == canonical(component.version or ""):
                return match.span(1)
    return None


def _changed(
    context: Context, path: str, artifact: Artifact | None, wanted: Sequence[tuple[Component, str]]
) -> tuple[tuple[str, bytes, bytes] | None, list[Change], list[Kept]]:
    """Return a file as it is and as it would be; nothing where reading it again shows anything but other versions."""
    before = _read(context.root, path)
    after, changes, kept = _edited(before, wanted)
    if not changes:
        return None, [], kept
    form = artifact.format if artifact else "requirements"
    if _expected(_named(context, path, form, before), changes) != _named(context, path, form, after):
        why = "the changed file would not say the same otherwise: change it by hand"
        return None, [], kept + [_kept(component, why) for component, _ in wanted]
    return (path, before, after), changes, kept


def _named(context: Context, path: str, form: str, data: bytes) -> list[tuple[str, int, str, str]]:
    """Return what a file with these bytes names: package, line, version, and everything else that is said about it."""
    with tempfile.TemporaryDirectory() as directory:
        copy = Path(directory) / path
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_bytes(data)
        records = list(packages.read(context.pool, Path(directory), path, form))
    rows: list[tuple[str, int, str, str]] = []
    for item in records:
        if isinstance(item, Component):
            line = item.origin.line if item.origin else None
            facts = {name: value for name, value in item.facts.items() if name != "specifier"}
            rows.append(
                (
                    canonicalize_name(item.name),
                    line or 0,
                    item.version or "",
                    json.dumps([facts, item.scope], sort_keys=True),
                )
            )
        else:
            rows.append(("", 0, "", f"{item.reason} {item.detail}"))
    return sorted(rows)


def _expected(named: Sequence[tuple[str, int, str, str]], changes: Sequence[Change]) -> list[tuple[str, int, str, str]]:
    """Return what the changed file has to name."""
    wanted: dict[tuple[str, int, str], str] = {
        (canonicalize_name(change.package), change.line, change.old): change.new for change in changes
    }
    return sorted((name, line, wanted.get((name, line, version), version), rest) for name, line, version, rest in named)


def _read(root: Path, path: str) -> bytes:
    """Return a file's bytes.

    Raises:
        InputError: It is missing, a link, no regular file, or too large.
    """
    with open_beneath(root, path) as stream:
        data = stream.read(_LARGEST + 1)
    if len(data) > _LARGEST:
        raise InputError(f"'{printable(path)}' is larger than {_LARGEST:,} bytes")
    return data
