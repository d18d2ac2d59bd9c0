"""The policies that come with the package."""

from __future__ import annotations

from pathlib import Path

_INSTALLED = Path(__file__).with_name("library")  # where a wheel carries them
_CHECKOUT = Path(__file__).parents[2] / "policies"  # where they are kept


def library() -> dict[str, Path]:
    """Return the ready-made policies: name and file."""
    directory = _INSTALLED if _INSTALLED.is_dir() else _CHECKOUT
    return {path.stem: path for path in sorted(directory.glob("*.yaml")) if not path.name.endswith(".test.yaml")}
