"""The boundary: every error becomes ``error:``, ``hint:`` and an exit code; nothing else ends the process."""

from __future__ import annotations

import contextlib
import os
import sys
from typing import TYPE_CHECKING, NoReturn

from chainguard_ml import __version__, forking
from chainguard_ml.cli import direct
from chainguard_ml.errors import ChainguardError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from chainguard_ml.model import Report

USAGE, INCOMPLETE, INTERRUPTED = 2, 4, 130


class End(Exception):  # noqa: N818 (no error: a verb has answered)
    """Raised by a verb to end with an exit code."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


def code(report: Report, *, exit_zero: bool = False) -> int:
    """Return a report's exit code: 0 acceptable, 1 not acceptable, 4 incomplete."""
    from chainguard_ml.model import Outcome

    if report.verdict.outcome is Outcome.FAIL:
        return 0 if exit_zero else 1
    return INCOMPLETE if report.verdict.outcome is Outcome.INCOMPLETE else 0


def run(arguments: Sequence[str]) -> int:
    """Run the command line and return its exit code."""
    try:
        return _call(arguments)
    except End as end:
        return end.code
    except KeyboardInterrupt:
        sys.stderr.write("\ninterrupted\n")
        return INTERRUPTED
    except Exception as error:  # noqa: BLE001 (the one place: a defect gets an exit code and a way to report it)
        return _failed(error, arguments)
    finally:
        forking.abandon()


def leave(code: int) -> NoReturn:
    """End the process, all that was written being out, without taking apart its modules: a tenth of a short command."""
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError):  # its reader has gone
            stream.flush()
    os._exit(code)


def _failed(error: Exception, arguments: Sequence[str]) -> int:
    """Say what went wrong and return its exit code."""
    if isinstance(error, BrokenPipeError):  # the reader of our output has gone; what it did not want is no failure
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    if isinstance(error, ChainguardError):
        _explain(error.message if not hasattr(error, "problems") else str(error), error.hint)
        _trace(arguments)
        return error.exit_code
    if isinstance(error, OSError):
        _explain(f"{error.strerror or error}", None)
        _trace(arguments)
        return INCOMPLETE
    return _defect(error, arguments)


def _call(arguments: Sequence[str]) -> int:
    plain = direct.plan(arguments)
    if not plain:
        return _parsed(arguments)
    verb, values = plain
    if verb["workers"]:
        forking.ahead(*verb["workers"])
    direct.bound(verb, values)()
    return 0


def _parsed(arguments: Sequence[str]) -> int:
    # Typer carries its own copy of Click; its exceptions have no public name.
    from typer._click.exceptions import ClickException, NoArgsIsHelpError
    from typer.main import get_command

    from chainguard_ml.cli.parser import app

    try:
        result = get_command(app).main(list(arguments), prog_name="chainguard-ml", standalone_mode=False)
    except NoArgsIsHelpError as error:
        sys.stderr.write(error.format_message() + "\n")
        return USAGE
    except ClickException as error:
        context = getattr(error, "ctx", None)
        where = context.command_path.strip() if context else "chainguard-ml"
        _explain(error.format_message().rstrip("."), f"see: {where} --help")
        return USAGE
    return result if isinstance(result, int) else 0


def _trace(arguments: Sequence[str]) -> None:
    """Print the traceback of the error at hand if ``-v`` asks for it."""
    if any(word in {"-v", "-vv", "--verbose"} for word in arguments):
        import traceback

        traceback.print_exc()


def _explain(message: str, hint: str | None) -> None:
    sys.stderr.write(f"error: {message}\n" + (f"hint: {hint}\n" if hint else ""))


def _defect(error: Exception, arguments: Sequence[str]) -> int:
    _trace(arguments)
    import platform

    _explain(
        f"internal error: {type(error).__name__}: {error}",
        f"this is a defect of chainguard-ml {__version__} (Python {platform.python_version()}); "
        "run again with -v and report what it prints",
    )
    return INCOMPLETE
