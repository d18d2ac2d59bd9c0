"""Write ``chainguard_ml/cli/calls.json``, the table of plain calls, from what the verbs declare to Typer.

``scripts/docs.py`` runs it, so that one command keeps everything generated true.
"""

from __future__ import annotations

import enum
import importlib
import inspect
import json
import types
from pathlib import Path
from typing import TYPE_CHECKING, Any, Union, get_args, get_origin, get_type_hints

import typer.main

from chainguard_ml.cli.app import DEFAULT, Application, verbs
from chainguard_ml.cli.parser import expanded, typed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

PATH = Path(__file__).parent.parent / "chainguard_ml" / "cli" / "calls.json"
_PACKAGE = "chainguard_ml.cli."


def table() -> str:
    """Return the table as JSON."""
    rows: dict[str, Any] = {}
    for name in verbs():
        application = importlib.import_module(_PACKAGE + name).app
        rows.update(_commands(name, application, typer.main.get_command(typed(application))))
    return json.dumps(rows, indent=1, sort_keys=True) + "\n"


def _commands(name: str, application: Application, parsed: Any) -> Iterator[tuple[str, Any]]:
    single = len(application.commands) == 1 and not application.groups
    for command in application.commands:
        inner = parsed if single else parsed.commands[command.name]
        words = name if single or command.name == DEFAULT else f"{name} {command.name}"
        yield words, {**_row(command.function, inner), "workers": list(command.workers)}
    for key, group in application.groups.items():
        yield from _commands(f"{name} {key}", group, parsed.commands[key])


def _row(function: Callable[..., object], parsed: Any) -> dict[str, Any]:
    signature = inspect.signature(expanded(function))
    common = get_type_hints(function, localns={"typer": typer})["common"]
    row: dict[str, Any] = {
        "function": _path(function), "common": _path(common), "arguments": [], "required": 0, "options": {},
        "environment": [],
    }  # fmt: skip
    for param in parsed.params:
        if param.name == "help":
            continue
        item = {"name": param.name, "type": _type(signature.parameters[param.name].annotation), "kind": "value"}
        if param.param_type_name == "argument":
            item["kind"] = "many" if param.nargs == -1 else "value"
            row["arguments"].append(item)
            row["required"] += bool(param.required)
            continue
        item["kind"] = "count" if param.count else "true" if param.is_flag else "many" if param.multiple else "value"
        if item["type"] in {"str", "int", "bool", "Path"} or ":" in item["type"]:  # else it is Typer's
            row["options"].update(dict.fromkeys(param.opts, item))
            row["options"].update({key: {**item, "kind": "false"} for key in param.secondary_opts})
        row["environment"] += [param.envvar] if param.envvar else []
    return row


def _type(annotation: Any) -> str:
    """Return the type of one value: of the items of a list, without ``None``."""
    kind = get_args(annotation)[0] if hasattr(annotation, "__metadata__") else annotation
    while get_origin(kind) in {Union, types.UnionType, list}:
        kind = next(item for item in get_args(kind) if item is not type(None))
    if inspect.isclass(kind) and issubclass(kind, enum.Enum):
        return _path(kind)
    return kind.__name__


def _path(item: Any) -> str:
    """Return where a function or class is, as ``module:name`` below the command line's package."""
    module = item.__module__
    if not module.startswith(_PACKAGE):  # an enumeration of another room, which the options' module imports
        module = f"{_PACKAGE}options"
    return f"{module.removeprefix(_PACKAGE)}:{item.__name__}"
