"""Model directories as wholes: code that loaders import from them.

What the files say each for itself is examined by their formats. Here, the Python files are looked at that a loader of
the directory imports: those that configurations name (``auto_map``, ``model_index.json``, ``modules.json``,
``MLmodel``), those it looks for by name (``handler.py``, ``custom_generate/generate.py``, ``hubconf.py``), those
that run without a name (``__init__.py``, ``conftest.py``), and what these import.
"""

from __future__ import annotations

import hashlib
import posixpath
import re
from pathlib import Path
from typing import TYPE_CHECKING, cast

from chainguard_ml import jsonsafe
from chainguard_ml.errors import InputError
from chainguard_ml.files import read_beneath
from chainguard_ml.model import ArtifactKind, Component, Digest, Gap, GapReason, Location, Subject
from chainguard_ml.rules import carries_code
from chainguard_ml.rules import configs as rules
from chainguard_ml.scan import beside, import_effects
from chainguard_ml.scan.formats import config_walk, yaml_reader
from chainguard_ml.text import printable
from chainguard_ml.workers import Task

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from chainguard_ml.codec import JsonObject
    from chainguard_ml.context import Context
    from chainguard_ml.model import Json, Observation, Observations

_WORKER = "chainguard_ml.scan.repository:examine_directory"
_CONFIGURATION = re.compile(r"(?:.*[_-])?config\.json\Z|model_index\.json\Z|modules\.json\Z|MLmodel\Z")
_LARGEST = 4_000_000  # bytes of one file
_FILES = 2_000  # of one directory that are looked at
# Run by torch.hub, by an import of what lies beside them, by a test run: nothing names them.
_UNNAMED = frozenset({"hubconf.py", "__init__.py", "conftest.py"})
_ENTRIES = {"handler.py": b"EndpointHandler", "custom_generate/generate.py": b""}  # and what they must hold


def examine(context: Context) -> Observations:
    """Examine every model directory of the inventory, and what loaders import by its name where no weights lie."""
    directories = [item for item in context.artifacts if item.kind is ArtifactKind.MODEL_DIRECTORY]
    for directory in directories:
        yield from beside.examine(context, directory)
        if len(_files(directory.members)) > _FILES:
            what = f"more than {_FILES:,} Python files and configurations; the rest is not looked at as a whole"
            yield Gap(directory.subject, GapReason.BUDGET, what)
    tasks = [_task(context, item.path, item.members) for item in directories]
    inside = {member for item in directories for member in item.members}
    alone = _alone(item.path for item in context.artifacts if item.path not in inside)
    tasks += [_task(context, directory, [path]) for directory, path in alone]
    for result in context.pool.run(task for task in tasks if task):
        yield from (record for record in result.records if not isinstance(record, Component))


def _alone(paths: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Yield the files that loaders import by their names, each with the directory that a loader is given."""
    for path in paths:
        for name in ("hubconf.py", *_ENTRIES):
            if path == name or path.endswith(f"/{name}"):
                yield path.removesuffix(name).rstrip("/") or ".", path


def _task(context: Context, directory: str, members: Iterable[str]) -> Task | None:
    """Return the task of a directory with Python files, ``None`` where there are none."""
    files = _files(members)
    if not any(path.endswith(".py") for path in files):
        return None
    argument: JsonObject = {"root": str(context.root), "directory": directory, "files": files[:_FILES]}
    return Task(_WORKER, argument, Subject(directory, "directory"))


def _files(members: Iterable[str]) -> list[str]:
    return [path for path in members if path.endswith(".py") or _CONFIGURATION.match(path.rpartition("/")[2])]


def examine_directory(argument: JsonObject) -> Observations:
    """Examine the Python files that loaders of one directory import.

    ``argument`` is ``{"root": directory, "directory": path below it, "files": [path, …]}``.
    """
    root = Path(cast("str", argument["root"]))
    directory = cast("str", argument["directory"])
    files = cast("Sequence[str]", argument["files"])
    base = "" if directory == "." else f"{directory}/"
    entries, findings = _entries(root, base, files)
    yield from findings
    yield from _followed(root, entries, frozenset(files))


def _entries(root: Path, base: str, files: Sequence[str]) -> tuple[list[str], list[Observation]]:
    """Return the Python files from which loaders start, and what is said about those found by their names."""
    entries: list[str] = []
    findings: list[Observation] = []
    for path in files:
        name = path.rpartition("/")[2]
        if _CONFIGURATION.match(name):
            named = list(_named(root, path, files))
            entries += named
            if name == "model_index.json":  # whose components come from a file beside them, whatever library they name
                findings += [_imported(other) for other in named if other in files]
        elif name in _UNNAMED:
            entries.append(path)
        elif path.removeprefix(base) in _ENTRIES and _ENTRIES[path.removeprefix(base)] in _read(root, path):
            entries.append(path)
            findings.append(_imported(path))
    return entries, findings


def _imported(path: str) -> Observation:
    name = path.rpartition("/")[2]
    text = f"loaders of this directory import '{printable(name)}' by its name"
    return carries_code.REPOSITORY_CODE.finding(Subject(path), Location(path), text, key=(name,), facts={"file": path})


def _read(root: Path, path: str) -> bytes:
    try:
        return read_beneath(root, path, _LARGEST)
    except InputError:
        return b""  # unreadable or too large; the file's own examination says so


def _named(root: Path, path: str, files: Sequence[str]) -> Iterator[str]:
    """Yield the Python files that a configuration names."""
    folder = posixpath.dirname(path)
    data = _read(root, path)
    if path.endswith("MLmodel"):
        for document in yaml_reader.read(yaml_reader.text_of(data)).documents:
            yield from _mlflow(folder, document, files)
        return
    try:
        document = jsonsafe.loads(data, lenient=True)
    except InputError:
        return
    for module in _modules(document):
        yield posixpath.join(folder, f"{module.replace('.', '/')}.py")


def _modules(document: Json) -> Iterator[str]:
    """Yield the modules that a JSON configuration names, as dotted paths without the class."""
    for _, item in jsonsafe.objects(document):
        for key in ("auto_map", "custom_pipelines"):
            for _, text in config_walk.strings(item.get(key)):
                if "--" not in text and "." in text:
                    yield text.rpartition(".")[0]
        kind = config_walk.text(item, "type")
        if "idx" in item and "." in kind:
            yield kind.rpartition(".")[0]
        if "_diffusers_version" in item:
            for name, value in item.items():
                if isinstance(value, list) and value and isinstance(value[0], str):
                    yield value[0]
                    yield f"{name}.{value[0]}"


def _mlflow(folder: str, document: Json, files: Sequence[str]) -> Iterator[str]:
    for _, item in jsonsafe.objects(document):
        code = config_walk.text(item, "code")
        if code:
            inside = posixpath.join(folder, code) + "/"
            yield from (path for path in files if path.startswith(inside) and path.endswith(".py"))
        script = config_walk.text(item, "model_code_path")
        if script:
            yield posixpath.normpath(posixpath.join(folder, script))


def _followed(root: Path, entries: Iterable[str], files: frozenset[str]) -> Observations:
    """Look at the entries and at what they import from the directory."""
    queue = [path for path in entries if path in files]
    done: set[str] = set()
    while queue:
        path = queue.pop()
        if path in done:
            continue
        done.add(path)
        try:
            data = read_beneath(root, path, _LARGEST)
            tree = import_effects.parse(data)
        except InputError as error:
            yield Gap(Subject(path), GapReason.MALFORMED, f"loaders import it, but {error.message}")
            continue
        subject = Subject(path, digest=Digest("sha256", hashlib.sha256(data).hexdigest()), size=len(data))
        for effect in import_effects.effects(tree):
            yield rules.IMPORTED_CODE.finding(
                subject,
                Location(path, line=effect.line),
                f"importing this file {effect.what}: {printable(effect.call, 100)}",
                key=(effect.call,),
                facts={"call": effect.call, "effect": effect.what},
            )
        queue += [file for file in _siblings(path, import_effects.imported(tree)) if file in files]


def _siblings(path: str, imports: Iterable[tuple[int, str]]) -> Iterator[str]:
    """Yield the files that imports of ``path`` can mean."""
    for level, module in imports:
        folder = posixpath.dirname(path)
        for _ in range(min(level, 20) - 1):
            folder = posixpath.dirname(folder)
        inner = posixpath.join(folder, module.replace(".", "/")) if module else folder
        yield f"{inner}.py"
        yield posixpath.join(inner, "__init__.py")
