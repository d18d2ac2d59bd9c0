"""modelscan as second opinion: asked about what it can read, in a worker, without its settings file.

It goes by file extensions, so it gets each file under a name that fits what our own recognition found: a link in a
private directory to the file that is already open. What it skips or fails on is a gap of reason ``engine``.
"""

from __future__ import annotations

import copy
import importlib.util
import logging
import os
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, cast

from chainguard_ml.errors import InputError
from chainguard_ml.files import open_beneath, sha256_of, stable
from chainguard_ml.model import Evidence, Gap, GapReason, Location, Severity, Subject
from chainguard_ml.rules import formats as rules
from chainguard_ml.text import printable

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from chainguard_ml.codec import JsonObject
    from chainguard_ml.model import Digest, Facts, Observation, Observations

    Answer = Mapping[str, Sequence[Mapping[str, str]]]

FORMATS = {
    "pickle": ".pkl",
    "torch-zip": ".pt",
    "torchscript": ".pt",
    "torch-legacy": ".pt",
    "zip": ".zip",
}
"""What it can read, by our names, and the extension under which it reads it. (Its array reader needs NumPy 1.)"""

WORKER = "chainguard_ml.scan.engines.modelscan:examine_files"
"""The function that a worker calls."""

_ENGINE = "modelscan"
_LISTED = 20  # errors and skips told one by one
# What its readers raise on broken input; anything else ends the task and is reported there.
_ERRORS = (ArithmeticError, AttributeError, ImportError, LookupError, OSError, RuntimeError, TypeError, ValueError)


def absent() -> list[Observation]:
    """Return the gap that modelscan is not installed, or nothing if it is."""
    if importlib.util.find_spec(_ENGINE) is not None:
        return []
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    why = f"its releases stop at Python 3.12 and this is {version}" if sys.version_info >= (3, 13) else "install it"
    return [Gap(Subject(_ENGINE, "engine"), GapReason.ENGINE, f"the engine modelscan is not installed ({why})")]


def examine_files(argument: JsonObject) -> Observations:
    """Ask modelscan about several files: ``{"root": directory, "files": […], "formats": {path: our name}}``."""
    root = Path(cast("str", argument["root"]))
    formats = cast("Mapping[str, str]", argument["formats"])
    logging.getLogger(_ENGINE).disabled = True
    for path in cast("Sequence[str]", argument["files"]):
        yield from _file(root, path, formats[path])


def _file(root: Path, path: str, form: str) -> Observations:
    subject = Subject(path)
    try:
        with open_beneath(root, path) as stream, stable(stream, path):
            subject = Subject(path, size=os.fstat(stream.fileno()).st_size)
            told = _asked(stream.fileno(), FORMATS[form])
            digest = sha256_of(stream) if told.get("issues") else None
    except InputError as error:
        yield Gap(subject, GapReason.UNREADABLE, f"modelscan could not be asked: {error}")
    except _ERRORS as error:
        yield Gap(subject, GapReason.ENGINE, f"modelscan failed with {type(error).__name__}: {printable(str(error))}")
    else:
        yield from _told(told, subject, digest)
        if told["scanned"]:
            statement: Facts = {"format": form, "engine": _ENGINE, "issues": len(told["issues"])}
            yield Evidence("scan", subject, "scan", statement)


def _asked(descriptor: int, extension: str) -> Answer:
    from modelscan.modelscan import ModelScan
    from modelscan.settings import DEFAULT_SETTINGS

    with tempfile.TemporaryDirectory(prefix="chainguard-ml-") as private:
        link = Path(private) / f"model{extension}"
        link.symlink_to(f"/dev/fd/{descriptor}")
        results = ModelScan(settings=copy.deepcopy(DEFAULT_SETTINGS)).scan(link)
    summary = results["summary"]
    scanned = [{"source": name} for name in summary["scanned"].get("scanned_files", [])]
    return {
        "issues": results["issues"],
        "errors": results["errors"],
        "skipped": summary["skipped"]["skipped_files"],
        "scanned": scanned,
    }


def _told(answer: Answer, subject: Subject, digest: Digest | None) -> Observations:
    for issue in answer["issues"]:
        yield _finding(issue, Subject(subject.name, digest=digest, size=subject.size))
    silent = [] if answer["scanned"] else answer["skipped"]  # tensors are skipped in every archive
    for item in [*answer["errors"], *silent][:_LISTED]:
        text = printable(item.get("description", "no reason given"), 300)
        yield Gap(subject, GapReason.ENGINE, f"modelscan did not examine it: {text}")
    if not (answer["scanned"] or answer["errors"] or answer["skipped"]):
        yield Gap(subject, GapReason.ENGINE, "modelscan did not examine it and gave no reason")


def _finding(issue: Mapping[str, str], subject: Subject) -> Observation:
    module, operator = issue.get("module", ""), issue.get("operator", "")
    _, _, member = issue.get("source", "").partition(":")
    place = Location(subject.name, (member,) if member else ())
    return rules.MODELSCAN_ISSUE.finding(
        subject,
        place,
        f"modelscan: unsafe operator '{printable(operator)}' of module '{printable(module)}'",
        key=(module, operator),
        facts={"engine": _ENGINE, "operator": operator, "module": module},
        severity=_severity(issue.get("severity", "")),
    )


def _severity(text: str) -> Severity | None:
    return Severity[text] if text in Severity.__members__ else None
