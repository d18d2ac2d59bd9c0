"""The command line: one short file for each verb.

The only place that prints, reads the environment or ends the process.
"""

from __future__ import annotations


def main() -> None:
    """Run the command line and end the process with its exit code (design, section 5)."""
    import sys

    if sys.argv[1:] == ["--version"]:  # needs nothing but the version
        from chainguard_ml import __version__

        sys.stdout.write(f"chainguard-ml {__version__}\n")
        return
    import gc

    from chainguard_ml.cli import exit as boundary

    gc.set_threshold(50_000)  # what is imported is no garbage, and looking for some takes a twentieth of the time

    boundary.leave(boundary.run(sys.argv[1:]))
