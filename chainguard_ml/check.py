"""Check."""


def check() -> None:
    """Check."""
