"""Plain calls understand what Typer understands, or leave it to Typer."""

from __future__ import annotations

import importlib
import inspect
import json
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import hypothesis.strategies as st
import pytest
import typer.main
from hypothesis import given

from chainguard_ml.cli import direct
from chainguard_ml.cli.app import DEFAULT, Application, Command
from chainguard_ml.cli.parser import typed

if TYPE_CHECKING:
    from collections.abc import Callable

TABLE: dict[str, direct.Verb] = json.loads(Path(direct.__file__).with_name("calls.json").read_text(encoding="utf-8"))


def _recording(name: str, seen: list[dict[str, Any]]) -> Application:
    """Return a verb of one command that only notes what it is called with."""
    module, _, function = TABLE[name]["function"].partition(":")
    verb = getattr(importlib.import_module(f"chainguard_ml.cli.{module}"), function)

    def note(**values: Any) -> None:
        seen.append(values)

    note.__signature__ = inspect.signature(verb)  # type: ignore[attr-defined]
    note.__annotations__ = verb.__annotations__
    note.__globals__.update(
        {key: value for key, value in vars(inspect.getmodule(verb)).items() if not key.startswith("__")}
    )
    return Application(commands=[Command(name.replace(" ", "-"), note)])


def _parsed(name: str, words: list[str]) -> dict[str, Any] | None:
    """Return what Typer makes of the words, ``None`` if it refuses them or shows help."""
    seen: list[dict[str, Any]] = []
    command = typer.main.get_command(typed(_recording(name, seen)))
    try:
        command.main(words, prog_name="x", standalone_mode=False)
    except Exception:  # noqa: BLE001 (Typer's errors have no public base)
        return None
    return seen[0] if seen else None


def _planned(name: str, words: list[str]) -> dict[str, Any] | None:
    """Return what a plain call is called with, defaults filled in."""
    plain = direct.plan([*name.split(), *words])
    if plain is None:
        return None
    call = direct.bound(*plain)
    bound = inspect.signature(call.func).bind(**call.keywords)  # type: ignore[attr-defined]
    bound.apply_defaults()
    return dict(bound.arguments)


WORDS = ("model", "a=b", "-", "", "x y", "high", "json", "text", "sha256", "modelscan", "always", "db", "--", "-qv",
         "-fjson", "--fail", "--output=", "--quiet=1", "-h")  # fmt: skip


@given(data=st.data())
@pytest.mark.parametrize("name", sorted(TABLE))
def test_same_as_typer(name: str, data: st.DataObject) -> None:
    options = sorted(TABLE[name]["options"])
    tokens = st.sampled_from([*options, *WORDS, *(f"{option}=high" for option in options)])
    words = data.draw(st.lists(tokens, max_size=6))
    planned = _planned(name, words)
    if planned is not None:
        assert planned == _parsed(name, words)


@pytest.mark.parametrize(
    ("words", "given"),
    [
        (["scan", "m.pkl"], {"paths": [Path("m.pkl")]}),
        (["scan", "-f", "json", "a", "-", "--engine=modelscan"], {"paths": [Path("a"), Path("-")]}),
        (["check"], {}),
        (
            ["verify", "m", "--key", "k.pub", "--no-strict"],
            {"path": Path("m"), "key": [Path("k.pub")], "strict": False},
        ),
        (["audit", "a", "b"], {"paths": [Path("a"), Path("b")]}),
        (["audit", "db", "import", "all.zip"], {"source": Path("all.zip")}),
        (["policy", "check", "release"], {"policies": ["release"]}),
    ],
)
def test_plain(words: list[str], given: dict[str, object]) -> None:
    planned = direct.plan(words)
    assert planned is not None
    assert {name: planned[1].get(name) for name in given} == given


@pytest.mark.parametrize(
    "words",
    ["", "scan", "scan --help", "scan a --nonsense", "scan a -qv", "scan a -f", "scan a -f nonsense", "scan a -f -q",
     "scan a -fjson", "scan -- a", "check a b", "audit db", "audit db nonsense", "policy", "nonsense", "--version",
     "scan a --quiet=1", "scan a -f=json", "rule a b", "sbom --fail-on high"],
)  # fmt: skip
def test_anything_else_is_left_to_typer(words: str) -> None:
    assert direct.plan(words.split()) is None


@pytest.mark.parametrize("variable", ["CHAINGUARD_ML_FORMAT", "_CHAINGUARD_ML_COMPLETE"])
def test_what_the_environment_says_is_left_to_typer(variable: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(variable, "json")
    assert direct.plan(["scan", "a"]) is None


def test_a_plain_call_imports_no_parser(tmp_path: Path) -> None:
    code = "import sys; from chainguard_ml.cli import exit; exit.run(sys.argv[1:]); print('typer' in sys.modules)"
    words = ["rule", "unknown-global"]
    result = subprocess.run(
        [sys.executable, "-c", code, *words], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert result.stdout.endswith("\nFalse\n"), result.stderr


def test_default_command_is_the_group() -> None:
    assert "audit" in TABLE
    assert not any(DEFAULT in name for name in TABLE)


def test_every_command_is_in_the_table() -> None:
    from chainguard_ml.cli.app import verbs

    def count(application: Application) -> int:
        return len(application.commands) + sum(count(group) for group in application.groups.values())

    modules: list[Callable[..., Any]] = [importlib.import_module(f"chainguard_ml.cli.{name}").app for name in verbs()]
    assert sum(count(application) for application in modules) == len(TABLE)  # type: ignore[arg-type]
