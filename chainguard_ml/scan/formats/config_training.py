"""Configurations of training code that run or import something: Ultralytics, MMEngine, PEFT, transformers, AllenNLP.

Ultralytics' ``check_det_dataset`` executes ``download`` of a data set's YAML: a shell line, or Python; older releases
evaluate the modules and arguments of a model's YAML (``parse_model``). MMEngine imports ``custom_imports``
(``Config.fromfile``). PEFT imports ``megatron_core`` (``dispatch_megatron``). transformers fetches a kernel from a
repository that ``attn_implementation`` names. AllenNLP imports a ``type`` with dots (``Registrable.by_name``).
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from chainguard_ml import jsonsafe
from chainguard_ml.rules import carries_code
from chainguard_ml.rules import configs as rules
from chainguard_ml.scan import targets
from chainguard_ml.scan.formats import config_targets, config_walk
from chainguard_ml.text import printable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chainguard_ml.model import Finding, Json, Observations
    from chainguard_ml.scan.interface import Blob, Examination

_ADDRESS = re.compile(r"https?://\S+\Z")
_REPOSITORY = re.compile(r"[\w.-]+/[\w.-]+(?:@[\w./-]+)?(?::[\w.-]+)?\Z")
_EXPRESSION = re.compile(r"[()]|__\w+__|\blambda\b")
_OWN_KERNELS = "kernels-community/"
# A module of torch with plain arguments, nn.ReLU(inplace=True), or a class of the program's own with numbers, SiLU().
_CALLED = re.compile(
    r"(?:torch\.)?nn\.(?:[a-z]\w*\.)*[A-Z]\w*\(\s*[\w.,= \"'-]*\)\Z|(?!Popen)[A-Z][A-Za-z0-9]*\(\s*[\w.,= -]*\)\Z"
)
# What an expression of MONAI's bundles has that starts a program or reaches for internals; imports are ordinary.
_BUNDLE = re.compile(
    r"__(?:import|builtins|globals|subclasses|class|loader)__|(?<![.\w])(?:eval|exec)\s*\(|\b(?:subprocess|pty|runpy)\s*\."
    r"|\bos\s*\.\s*(?:system|popen|exec\w*|spawn\w*|posix_spawn\w*|fork|remove|unlink)\b|\bshutil\s*\.\s*rmtree\b"
)
_RUNS = re.compile(r"__\w+__|\b(?:import|exec|eval|compile|open|getattr|globals|system|popen|subprocess|lambda)\b")


def examine_document(blob: Blob, document: Json, examination: Examination) -> Observations:
    """Report what a document's loader runs, imports or fetches."""
    for pointer, item in jsonsafe.objects(document):
        if "custom_imports" in item:
            yield from _imports(blob, f"{pointer}/custom_imports", item["custom_imports"])
        for key in item:
            if "{{$" in key:  # MMEngine replaces it by a variable of the environment, or by what stands there instead
                yield _code(
                    blob, pointer or "/", f"the name '{printable(key, 80)}' is computed by its loader", key[:200]
                )
    if not isinstance(document, dict):
        return
    yield from _dataset(blob, document)
    yield from _layers(blob, document)
    if {"dataset_reader", "model"} <= document.keys():
        yield from _registered(blob, document, examination)
    core = document.get("megatron_core")
    if isinstance(core, str) and core != "megatron.core" and document.get("megatron_config"):
        yield _code(blob, "/megatron_core", f"megatron_core imports the module '{printable(core, 80)}'", core)
    yield from _kernels(blob, document)
    yield from _expressions(blob, document)


def _kernels(blob: Blob, document: dict[str, Json]) -> Observations:
    """Report kernels from repositories; ``paged|`` and its like may stand before the name."""
    for pointer, item in jsonsafe.objects(document):
        for key in ("attn_implementation", "_attn_implementation"):
            kernel = item.get(key)
            for name in kernel.values() if isinstance(kernel, dict) else [kernel]:
                plain = name.rpartition("|")[2] if isinstance(name, str) else ""
                if _REPOSITORY.match(plain) and not plain.startswith(_OWN_KERNELS):
                    what = f"{key} fetches code from the repository '{printable(plain, 80)}'"
                    yield _code(blob, f"{pointer}/{key}", what, plain)


def _expressions(blob: Blob, document: dict[str, Json]) -> Observations:
    """Report expressions of MONAI's bundles that run something: texts that begin with a dollar are evaluated."""
    if not {"network_def", "initialize", "bundle_root", "_meta_", "imports"} & document.keys():
        return
    for pointer, text in config_walk.strings(document, "$"):
        if text.startswith("$") and _BUNDLE.search(text):
            yield rules.CONFIG_TARGET.finding(
                blob.subject,
                replace(blob.location, pointer=pointer),
                f"the expression '{printable(text, 80)}' is evaluated",
                key=("$", text[:200]),
                facts={"construct": "$", "target": text[:1000], "technique": "evaluates text"},
            )


def _imports(blob: Blob, pointer: str, value: Json) -> Observations:
    modules = value.get("imports") if isinstance(value, dict) else None
    names = [name for name in (modules if isinstance(modules, list) else [modules]) if isinstance(name, str) and name]
    if names:
        shown = ", ".join(printable(name, 60) for name in names[:5])
        yield _code(blob, pointer, f"custom_imports imports {shown}", shown)


def _registered(blob: Blob, document: dict[str, Json], examination: Examination) -> Observations:
    """Judge names that AllenNLP's ``Registrable`` imports: those with a dot."""
    for pointer, item in jsonsafe.objects(document):
        name = item.get("type")
        if isinstance(name, str) and targets.is_target(name):
            opinion = targets.judge(name, examination.judge, blob.subject)
            if opinion.verdict is targets.Verdict.DANGEROUS:
                yield from config_targets.examine_target(
                    blob, config_targets.Named("type", name, f"{pointer}/type"), examination
                )


def _dataset(blob: Blob, document: dict[str, Json]) -> Observations:
    script = document.get("download")
    described = "names" in document or "nc" in document
    if not (isinstance(script, str) and script.strip() and described and {"train", "val"} & document.keys()):
        return
    if not (_ADDRESS.match(script.strip()) or script.strip().isdecimal()):
        shown = " ".join(script.split())
        yield _code(blob, "/download", f"what stands under download is executed: {printable(shown, 80)}", shown[:80])


def _layers(blob: Blob, document: dict[str, Json]) -> Observations:
    said: set[str] = set()
    for pointer, text in _evaluated_texts(document):
        if text not in said:
            said.add(text)
            yield rules.CONFIG_TARGET.finding(
                blob.subject,
                replace(blob.location, pointer=pointer),
                f"a layer holds the expression '{printable(text, 80)}', which is evaluated",
                key=(pointer.split("/")[1], text),
                facts={"construct": pointer.split("/")[1], "target": text, "technique": "evaluates text"},
            )


def _evaluated_texts(document: dict[str, Json]) -> Iterator[tuple[str, str]]:
    parts = [part for part in ("backbone", "head") if isinstance(document.get(part), list)]
    for key in ("activation", "act") if parts else ():
        yield from ((f"/{key}", text) for text in _evaluated([document.get(key)]))
    for part in parts:
        rows = document[part]
        for index, row in enumerate(rows if isinstance(rows, list) else ()):
            if isinstance(row, list) and len(row) == 4:
                yield from ((f"/{part}/{index}", text) for text in _evaluated(row))


def _evaluated(row: list[Json]) -> Iterator[str]:
    """Yield texts of a layer that are more than a name, or than a module with plain arguments."""
    arguments = row[-1] if isinstance(row[-1], list) else []
    for text in (*row, *arguments):
        if isinstance(text, str) and _EXPRESSION.search(text) and (_RUNS.search(text) or not _CALLED.match(text)):
            yield text


def _code(blob: Blob, pointer: str, what: str, value: str) -> Finding:
    return carries_code.REPOSITORY_CODE.finding(
        blob.subject, replace(blob.location, pointer=pointer), what, key=(pointer,), facts={"value": value}
    )
