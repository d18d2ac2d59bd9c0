"""Refresh the allow-list: ``python scripts/allowlist.py [--judged | --classes] [--check]``.

``--judged``: from the tables alone, with what is there kept; ``--classes``: from them and from the plain classes of
installed packages; ``--check``: write nothing, fail if something would change.

Sources, all judged, none by prefix: the tables in ``allowlist_judged.py``; plain classes of packages, of which loading
runs nothing that nobody has read (``allowlist_classes.py``); module classes of torch, where it is
installed; globals of real fitted objects of every installed framework (``allowlist_objects.py``), as the machine sees
them used; the survey of Hugging Face models under ``$CHAINGUARD_ML_ALLOWLIST``. Entries of frameworks that are not
installed stay as they are. What cannot be judged is printed and not written.
"""

from __future__ import annotations

import enum
import functools
import importlib
import inspect
import json
import os
import sys
from collections import defaultdict
from pathlib import Path

import allowlist_classes
import allowlist_judged as judged
from allowlist_classes import REASON as PLAIN
from allowlist_functions import FUNCTIONS
from allowlist_hooks import unread
from allowlist_language import LANGUAGE
from allowlist_objects import enumerations, legacy_modules, streams, torch_classes, transformers_classes

from chainguard_ml.scan.allowlist import FRAMEWORKS
from chainguard_ml.scan.pickle.collecting import EXPANDING
from chainguard_ml.scan.pickle.effects import EFFECTS
from chainguard_ml.scan.pickle.walk import walk

HERE = Path(__file__).resolve().parent.parent / "chainguard_ml" / "scan" / "allowlist"
TABLES = (
    FUNCTIONS,
    judged.STDLIB,
    judged.NUMPY,
    judged.JOBLIB,
    judged.SKLEARN,
    judged.SCIPY,
    judged.PANDAS,
    judged.TORCH,
    judged.TRANSFORMERS,
    judged.OTHERS,
    LANGUAGE,
)
FIELDS = frozenset({"module", "names", "may_be", "judged", "kept"})
ORDER = ("called", "newobj", "built", "slots", "fed")
INFRASTRUCTURE = frozenset({"referenced", "instantiated", "resolved", "computed", "kept", "wrapped"})
LISTS = (*FRAMEWORKS, "stdlib", "others")

Entries = dict[tuple[str, str], tuple[frozenset[str], str]]


def source_of(module: str) -> str:
    """Return the file that holds a module's entries."""
    top = module.partition(".")[0]
    if top in FRAMEWORKS:
        return top
    return "stdlib" if top in sys.stdlib_module_names else "others"


def by_hand() -> Entries:
    """Return the entries of the judged tables."""
    entries: Entries = {}
    for table in TABLES:
        for module, names, uses, reason in table:
            for name in names.split():
                entries[module, name] = (frozenset(judged.USES[use] for use in uses), reason)
    return entries


@functools.cache
def version(package: str) -> str:
    """Return the installed version of a package by its import name."""
    from importlib import metadata

    names = metadata.packages_distributions().get(package) or [package]
    try:
        return metadata.version(names[0])
    except metadata.PackageNotFoundError:  # a module beside the packages
        return "of no package"


def collected(known: Entries) -> tuple[Entries, list[str]]:
    """Return globals of real objects that are classes, or functions that are only referred to; and what is refused."""
    uses: dict[tuple[str, str], set[str]] = defaultdict(set)
    for data in streams():
        trace = walk(data).trace
        if trace.problems:
            print("breaks:", trace.problems[:2])
        for key, seen in trace.seen.items():
            uses[key] |= set(seen.uses)
    entries: Entries = {}
    refused = []
    for (module, name), how in sorted(uses.items()):
        if (module, name) in known and (how - INFRASTRUCTURE) <= known[module, name][0]:
            continue
        found = _resolve(module, name)
        top = module.partition(".")[0]
        methods = unread(found) if inspect.isclass(found) else []
        if methods:
            refused.append(f"{module}.{name}: nobody has read {', '.join(methods)}")
        elif inspect.isclass(found) and top in FRAMEWORKS and _only_looks_up(found, how):
            may_be = frozenset({"newobj", "built"} | (how & {"called", "slots"}))
            entries[module, name] = (may_be, f"class that fitted objects of {top} {version(top)} write; holds state")
        elif not how - INFRASTRUCTURE and top in FRAMEWORKS and found is not None:
            entries[module, name] = (
                frozenset(),
                f"function that objects of {top} {version(top)} refer to; a call is denied",
            )
        elif name.startswith("__pyx_unpickle_") and top in FRAMEWORKS:
            entries[module, name] = (
                frozenset({"called", "built"}),
                "written by Cython: constructs the class among its arguments, which is judged itself",
            )
        else:
            refused.append(f"{module}.{name} ({', '.join(sorted(how))})")
    return entries, refused


def read_classes(found: Entries) -> tuple[Entries, list[str]]:
    """Return the classes of which every method that loading runs was read, and what is refused."""
    refused = []
    for module, name in list(found):
        kind = _resolve(module, name)
        if inspect.isclass(kind) and (methods := unread(kind)):
            refused.append(f"{module}.{name}: nobody has read {', '.join(methods)}")
            del found[module, name]
    return found, refused


def _resolve(module: str, name: str) -> object:
    try:
        found: object = importlib.import_module(module)
        for part in name.split("."):
            found = getattr(found, part)
    except (ImportError, AttributeError):
        return None
    return found


def _only_looks_up(found: type, how: set[str]) -> bool:
    """Return whether a class is not called, or is an enumeration, or is compiled and converts what it is given.

    What else is called is judged by hand.
    """
    return "called" not in how or issubclass(found, enum.Enum) or not inspect.isfunction(found.__init__)


def both_numpy_names(entries: Entries) -> Entries:
    """NumPy 2 renamed ``numpy.core`` to ``numpy._core``; files of either release name the one or the other."""
    renamed = {
        (module.replace("numpy._core", "numpy.core", 1), name): value
        for (module, name), value in entries.items()
        if module.startswith("numpy._core")
    }
    return {**renamed, **entries}


def older_names(entries: Entries) -> Entries:
    """scikit-learn moved its modules in 0.22 and 1.x; older files name the old ones."""
    renamed = {}
    for (module, name), (may_be, _) in entries.items():
        for old in legacy_modules(module):
            renamed[old, name] = (may_be, f"older name of {module}.{name}")
    return {**renamed, **entries}


def survey(known: Entries) -> tuple[Entries, list[str]]:
    """Return what of the Hugging Face survey is accepted, each module with its judgement, and what is refused."""
    directory = os.environ.get("CHAINGUARD_ML_ALLOWLIST")
    if not directory:
        return {}, ["the survey of Hugging Face models ($CHAINGUARD_ML_ALLOWLIST is not set)"]
    entries: Entries = {}
    refused = []
    for module, name in _surveyed(Path(directory) / "hf_traced_globals.json"):
        if (module, name) in known:
            continue
        if f"{module}.{name}" in judged.HUGGING_FACE_REFUSED or module not in judged.HUGGING_FACE:
            top = module.partition(".")[0]
            reasons = judged.HUGGING_FACE_REFUSED
            refused.append(
                f"{module}.{name}: {reasons.get(f'{module}.{name}') or reasons.get(module) or reasons.get(top)}"
            )
            continue
        uses, reason = judged.HUGGING_FACE[module]
        if name in judged.HUGGING_FACE_ENUMS:
            uses, reason = "cb", "enumeration: looks a member up by value"
        entries[module, name] = (frozenset(judged.USES[use] for use in uses), f"{reason} (Hugging Face survey)")
    return entries, refused


def _surveyed(path: Path) -> list[tuple[str, str]]:
    """Return module and name of each global of the survey: a list of objects, also inside of an object."""
    document = json.loads(path.read_text(encoding="utf-8"))
    if isinstance(document, dict):
        document = next((value for value in document.values() if isinstance(value, list)), [])
    pairs = ((item.get("module"), item.get("name")) for item in document if isinstance(item, dict))
    return sorted({(module, name) for module, name in pairs if isinstance(module, str) and isinstance(name, str)})


def kept() -> Entries:
    """Return the present entries, so that a framework which is not installed here loses none.

    A list of a framework that is new has no file yet. A use or a field that this script does not know stops it, so that
    an older copy of it cannot drop what a newer one wrote.
    """
    entries: Entries = {}
    for name in LISTS:
        path = HERE / f"{name}.json"
        document = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {"entries": []}
        for item in document["entries"]:
            strange = {*item} - FIELDS or {*item["may_be"]} - {*ORDER}
            if strange:
                raise SystemExit(f"{path.name}: an entry of {item['module']} has what is not known here: {strange}")
            for each in item["names"]:
                entries[item["module"], each] = (frozenset(item["may_be"]), item["judged"])
    return entries


def may_be_kept(module: str, name: str, may_be: frozenset[str]) -> bool:
    """Return whether a name may be held as data, so that a method of another object can call it with any arguments.

    Not what is modelled only where the stream itself calls it, nor what opens, loads or evaluates when it is called.
    """
    modelled = (module, name) in EFFECTS or name.startswith("__pyx_unpickle_")
    if (module, name) in {("builtins", "type"), ("numpy", "object_")} or (
        module == "numpy" and (module, name) in EXPANDING
    ):
        return True  # types that settings name; what they return for one argument is data or that argument
    return not (modelled and "newobj" not in may_be) and not judged.is_confined(module, name)


def plain(known: Entries) -> Entries:
    """Return the plain classes of installed packages that nothing else has listed."""
    found = allowlist_classes.plain_classes()
    return {key: entry for key, entry in found.items() if key not in known or known[key][1].startswith(PLAIN)}


def grouped(entries: Entries) -> dict[str, list[str]]:
    """Return the entries of each list as texts: all names of a module that are judged alike are one entry."""
    groups: dict[tuple[str, str], list[str]] = defaultdict(list)
    for (module, name), (may_be, reason) in sorted(entries.items()):
        item: dict[str, object] = {
            "module": module,
            "may_be": [use for use in ORDER if use in may_be],
            "judged": reason,
        }
        if reason.startswith(PLAIN) or not may_be_kept(module, name, may_be):
            item["kept"] = False
        groups[source_of(module), json.dumps(item)].append(json.dumps(name))
    files: dict[str, list[str]] = defaultdict(list)
    for (source, item_text), names in groups.items():
        files[source].append(item_text[:-1] + ', "names": [\n' + ",\n".join(names) + "\n]}")
    return files


def write(name: str, lines: list[str]) -> bool:
    """Write one list, one name a line, so that a refresh reads well in a diff; return whether it changed."""
    head = f'{{"schema": "chainguard-ml/allowlist/v2", "list": "{name}", "entries": ['
    text = head + "\n" + ",\n".join(lines) + "\n]}\n"
    path = HERE / f"{name}.json"
    if path.exists() and path.read_text(encoding="utf-8") == text:
        return False
    if "--check" not in sys.argv:
        path.write_text(text, encoding="utf-8")
    print("differs:", path.name)
    return True


def main() -> int:
    """Write the lists; with ``--judged`` from the tables alone, with what is there kept."""
    entries = by_hand()
    present = kept()
    refused: list[str] = []
    if not {"--judged", "--classes"} & {*sys.argv}:
        torch, unsuited = read_classes({**torch_classes(), **transformers_classes(), **enumerations()})
        fitted, refused = collected({**torch, **entries})
        refused += unsuited
        entries = {**torch, **fitted, **entries}
    entries = older_names(both_numpy_names(entries))
    if "--judged" not in sys.argv:
        entries = {**plain({**present, **entries}), **entries}
    found, unsuited = survey({**present, **entries})
    entries = {**found, **entries}
    files = grouped({**present, **entries})
    changed = [write(name, files[name]) for name in LISTS]
    catalogue = [(*row, "dangerous") for row in judged.DANGEROUS] + [(*row, "code") for row in judged.CODE]
    changed.append(write("dangerous", [
        json.dumps({"module": module, "names": names.split(), "technique": technique, "verdict": verdict})
        for module, names, technique, verdict in catalogue
    ]))  # fmt: skip
    print({name: sum(line.count("\n") - 1 for line in lines) for name, lines in files.items()})
    print("refused:", *sorted({*refused, *unsuited}), sep="\n  ")
    return int("--check" in sys.argv and any(changed))


if __name__ == "__main__":
    sys.exit(main())
