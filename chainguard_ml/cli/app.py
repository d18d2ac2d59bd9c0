"""The verbs by purpose, and how a verb's module declares its commands; nothing heavy.

The command line is Typer's (``parser``). Its import takes longer than most of what is asked for, so a verb's module
only notes its commands here, and a call that is written plainly needs no parser (``direct``).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from chainguard_ml.records import changing_record, field

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

VERBS = {
    "Everyday": {
        "check": "Examine everything configured, let the policy decide: one verdict",
        "init": "Write a starter configuration, policy and workflow",
    },
    "Examine": {
        "scan": "Look for unsafe payloads in serialized models",
        "audit": "Match dependencies against advisories; 'audit db' manages them",
        "source": "Look at pipeline code and workflows",
    },
    "Record": {"sbom": "Write a CycloneDX bill of materials: packages, models, data sets"},
    "Prove": {
        "sign": "Sign a model (OpenSSF Model Signing)",
        "verify": "Verify a signed model, with the complete difference",
        "attest": "Claim something about a model, signed, beside its signature",
    },
    "Decide": {"policy": "Check, test and list policies"},
    "Learn": {"rule": "Explain a rule, or list all of them"},
}
"""Verbs by panel with their one line; each verb is the module of this package with its name. Adding one is one line."""

DEFAULT = "<default>"
"""Name of a group's default command; nobody types it, so that no path is taken for it."""

_Function = TypeVar("_Function", bound="Callable[..., object]")


@changing_record
class Command:
    """A function whose parameters are a command's; ``common`` stands for the options that its class declares.

    ``workers`` are modules that its first worker imports: the worker is started before anything else is.
    """

    name: str
    function: Callable[..., object]
    hidden: bool = False
    workers: tuple[str, ...] = ()


@changing_record
class Application:
    """A verb: one command, or a group of them.

    Attributes:
        help: What its help says, for a group.
        default: Whether the group is also a verb: its command ``DEFAULT`` is meant where no other is named.
        commands: Its commands.
        groups: Groups in it, by name.
    """

    help: str | None = None
    default: bool = False
    commands: list[Command] = field(default_factory=list)
    groups: dict[str, Application] = field(default_factory=dict)

    def command(
        self, name: str | None = None, *, hidden: bool = False, workers: tuple[str, ...] = ()
    ) -> Callable[[_Function], _Function]:
        """Note a function as a command, under its own name unless another is given."""

        def note(function: _Function) -> _Function:
            self.commands.append(Command(name or function.__name__, function, hidden, workers))
            return function

        return note

    def group(self, name: str, help: str) -> Application:  # noqa: A002 (the field's standard name)
        """Note a group in this one and return it."""
        self.groups[name] = Application(help)
        return self.groups[name]


def verbs() -> Iterator[str]:
    """Yield the name of every verb."""
    for panel in VERBS.values():
        yield from panel
