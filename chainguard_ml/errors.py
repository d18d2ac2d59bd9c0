"""What can go wrong, as one tree.

Every error says what happened, hints at what to do, and knows its exit code::

    ChainguardError                4   could not finish
    ├── UsageError                 2   the call is wrong
    │   ├── ConfigError            2   the configuration is wrong (all problems at once)
    │   ├── PolicyError            2   a policy document is wrong (all problems at once)
    │   └── MissingExtraError      2   an optional dependency is not installed
    ├── NothingToExamineError      3   there is nothing to examine
    ├── InputError                 4   an input cannot be read or is not what it claims to be
    │   └── ChangedError           4   a file changed while it was read
    ├── RefusedError               1   a function that hands out only what is acceptable refuses
    ├── ServiceError               4   a remote service failed or is not allowed
    └── OutputError                4   a result cannot be written

What is *wrong with the examined thing* is never an error of an examination: it is a ``Finding``; what could
not be examined inside a run is a ``Gap`` (see ``model.py``). Only who asks for the thing itself is refused.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from collections.abc import Sequence

    from chainguard_ml.model import Finding, Gap


class ChainguardError(Exception):
    """Base of every error this package raises on purpose.

    Attributes:
        message: What happened, one line, without a final full stop.
        hint: What the user can do about it, or ``None``.
        exit_code: The process's exit code when nothing catches the error (design, section 5).
    """

    exit_code: ClassVar[int] = 4

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class UsageError(ChainguardError):
    """The call is wrong: a missing path, contradicting options."""

    exit_code: ClassVar[int] = 2


class DocumentError(UsageError):
    """A document the operator wrote is wrong; carries every problem found, not only the first.

    Attributes:
        problems: One line each, with the place (``file:line`` or a key path).
    """

    def __init__(self, message: str, problems: Sequence[str], *, hint: str | None = None) -> None:
        super().__init__("\n  - ".join([message, *problems]), hint=hint)
        self.problems = tuple(problems)


class ConfigError(DocumentError):
    """The configuration is wrong."""


class PolicyError(DocumentError):
    """A policy document is wrong."""


class MissingExtraError(UsageError):
    """An optional dependency is needed and not installed."""

    def __init__(self, what: str, extra: str) -> None:
        super().__init__(
            f"{what} needs the extra '{extra}', which is not installed",
            hint=f"install it with: pip install 'chainguard-ml[{extra}]'",
        )


class NothingToExamineError(ChainguardError):
    """There is nothing to examine: an empty directory, no model, no requirement."""

    exit_code: ClassVar[int] = 3


class InputError(ChainguardError):
    """An input cannot be read, or is not what it claims to be."""


class ChangedError(InputError):
    """A file changed while it was read, so nothing can be said about it."""


class RefusedError(ChainguardError):
    """What was asked for is not handed out, because it is not acceptable.

    Attributes:
        reasons: The findings and gaps for which it is refused, worst first.
    """

    exit_code: ClassVar[int] = 1

    def __init__(self, message: str, reasons: Sequence[Finding | Gap], *, hint: str | None = None) -> None:
        super().__init__("\n  - ".join([message, *map(_said, reasons)]), hint=hint)
        self.reasons = tuple(reasons)


def _said(reason: Finding | Gap) -> str:
    from chainguard_ml.text import printable

    text = getattr(reason, "message", "") or getattr(reason, "detail", "")
    return printable(f"{reason.location or reason.subject.name}: {text}", 500)


class ServiceError(ChainguardError):
    """A remote service failed, or a network was needed and not allowed."""


class OutputError(ChainguardError):
    """A result could not be written."""
